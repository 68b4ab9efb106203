/* A UART of another core with the functions of a UART driver (drivers/uart_pl011.h and
 * board_uart.h have the same): code that is written for the driver runs here unchanged. Each
 * function is one message to the service `serial` and its answer, hundreds of times what the
 * driver's own two register accesses cost.
 *
 * base: the address of an open channel to the service (uart_stub_base). What cannot be asked (the
 * service is gone, or does not answer within a second) is no room, no character, not idle. The
 * interrupts of the device are its owner's business: there is nothing to enable here.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef SERIAL_UART_STUB_H
#define SERIAL_UART_STUB_H

#include "services/serial/serial.h"

#define UART_STUB_MS 1000u

static inline uintptr_t uart_stub_base(struct sk_chan *serial)
{
    return (uintptr_t)serial;
}

static inline bool uart_stub_put_try(uintptr_t base, uint8_t c)
{
    return sk_call((struct sk_chan *)base, SERIAL_PUT_TRY, &c, 1, NULL, 0, NULL,
                   sk_in_ms(UART_STUB_MS)) == SK_OK;
}

static inline bool uart_stub_get_try(uintptr_t base, uint8_t *c)
{
    uint32_t got = 0;
    sk_err err = sk_call((struct sk_chan *)base, SERIAL_GET_TRY, NULL, 0, c, 1, &got,
                         sk_in_ms(UART_STUB_MS));
    return err == SK_OK && got == 1u;
}

static inline bool uart_stub_is_idle(uintptr_t base)
{
    return sk_call((struct sk_chan *)base, SERIAL_IS_IDLE, NULL, 0, NULL, 0, NULL,
                   sk_in_ms(UART_STUB_MS)) == SK_OK;
}

#endif
