/* The UARTs of this machine, for programs: CMSDK APB UARTs, by the names of drivers/uart_pl011.h.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef MPS2_AN521_BOARD_UART_H
#define MPS2_AN521_BOARD_UART_H

#include "drivers/cmsdk_uart.h"
#include <board.h>

#define BOARD_UART_BAUD 115200u

static inline void board_uart_init(uintptr_t base)
{
    cmsdk_uart_init(base, BOARD_CLOCK_HZ / BOARD_UART_BAUD);
}
static inline void board_uart_irq_enable(uintptr_t base, bool rx, bool tx)
{
    cmsdk_uart_irq_enable(base, rx, tx);
}
static inline void board_uart_irq_clear(uintptr_t base)
{
    cmsdk_uart_irq_clear(base);
}
static inline bool board_uart_get_try(uintptr_t base, uint8_t *c)
{
    return cmsdk_uart_get_try(base, c);
}
static inline bool board_uart_put_try(uintptr_t base, uint8_t c)
{
    return cmsdk_uart_put_try(base, c);
}
static inline bool board_uart_is_idle(uintptr_t base)
{
    return cmsdk_uart_is_idle(base);
}

#endif
