/* The console's device. Output waits for room: there is nothing better to do meanwhile but to take
 * input. Input that has no place stays in the device, with its interrupt off.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "console.h"

#include <board_uart.h>

#define LOOK_MS 5u /* how long to trust the interrupt alone */

sk_err uart_open(struct console *c)
{
    uintptr_t addr;
    c->device = sk_self()->start->device[0];
    sk_err err = sys_dev_map(c->device, &addr);
    if (err == SK_OK)
        err = sys_irq_bind(c->device, SK_EV_IRQ);
    if (err)
        return err;
    c->uart = addr;
    board_uart_init(c->uart);
    (void)sys_irq_ack(c->device);
    board_uart_irq_enable(c->uart, true, false);
    return SK_OK;
}

void uart_take_input(struct console *c)
{
    uint8_t ch;
    while (c->in_count < c->in_max && board_uart_get_try(c->uart, &ch))
        c->in[(c->in_first + c->in_count++) % c->in_max] = ch;
}

void uart_listen(struct console *c)
{
    board_uart_irq_enable(c->uart, c->in_count < c->in_max, false);
    uart_take_input(c);
}

/* Sleep until the device may have room. */
static void wait_for_room(struct console *c)
{
    uint32_t events;
    board_uart_irq_enable(c->uart, c->in_count < c->in_max, true);
    (void)sk_wait_events(1u << SK_EV_IRQ, sk_in_ms(LOOK_MS), &events);
    uart_take_input(c);
    (void)sys_irq_ack(c->device);
}

void uart_put(struct console *c, char ch)
{
    if (board_uart_put_try(c->uart, (uint8_t)ch))
        return;
    do {
        board_uart_irq_clear(c->uart);
        if (board_uart_put_try(c->uart, (uint8_t)ch))
            break;
        wait_for_room(c);
    } while (!board_uart_put_try(c->uart, (uint8_t)ch));
    uart_listen(c);
}

void uart_drain(struct console *c)
{
    while (!board_uart_is_idle(c->uart))
        sk_sleep_until(sk_in_ms(1));
}
