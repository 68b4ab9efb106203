/* The PL011 as <board_uart.h>: the six functions by which a program that serves any board knows its
 * UART. All are those of drivers/pl011.h; base is where the device is mapped.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef DRIVERS_UART_PL011_H
#define DRIVERS_UART_PL011_H

#include "drivers/pl011.h"

static inline void board_uart_init(uintptr_t base)
{
    pl011_init(base);
}
static inline void board_uart_irq_enable(uintptr_t base, bool rx, bool tx)
{
    pl011_irq_enable(base, rx, tx);
}
static inline void board_uart_irq_clear(uintptr_t base)
{
    pl011_irq_clear(base);
}
static inline bool board_uart_get_try(uintptr_t base, uint8_t *c)
{
    return pl011_get_try(base, c);
}
static inline bool board_uart_put_try(uintptr_t base, uint8_t c)
{
    return pl011_put_try(base, c);
}
static inline bool board_uart_is_idle(uintptr_t base)
{
    return pl011_is_idle(base);
}

#endif
