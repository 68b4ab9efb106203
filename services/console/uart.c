/* The console's device. Output waits for room: there is nothing better to do meanwhile but to take
 * input. Input that has no place stays in the device, with its interrupt off.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "console.h"
#include "drivers/pl011.h"

#define LOOK_MS 5u /* how long to trust the interrupt alone */

sk_err uart_open(struct console *c)
{
    uint64_t addr;
    c->device = sk_self()->start->device[0];
    sk_err err = sys_dev_map(c->device, &addr);
    if (err == SK_OK)
        err = sys_irq_bind(c->device, SK_EV_IRQ);
    if (err)
        return err;
    c->uart = (uintptr_t)addr;
    pl011_init(c->uart);
    (void)sys_irq_ack(c->device);
    pl011_irq_enable(c->uart, true, false);
    return SK_OK;
}

void uart_take_input(struct console *c)
{
    uint8_t ch;
    while (c->in_count < INPUT_MAX && pl011_get_try(c->uart, &ch))
        c->in[(c->in_first + c->in_count++) % INPUT_MAX] = ch;
}

/* Sleep until the device may have room. */
static void wait_for_room(struct console *c)
{
    uint32_t events;
    pl011_irq_enable(c->uart, c->in_count < INPUT_MAX, true);
    (void)sk_wait_events(1u << SK_EV_IRQ, sk_in_ms(LOOK_MS), &events);
    uart_take_input(c);
    (void)sys_irq_ack(c->device);
}

void uart_put(struct console *c, char ch)
{
    if (pl011_put_try(c->uart, (uint8_t)ch))
        return;
    do {
        pl011_irq_clear(c->uart);
        if (pl011_put_try(c->uart, (uint8_t)ch))
            break;
        wait_for_room(c);
    } while (!pl011_put_try(c->uart, (uint8_t)ch));
    pl011_irq_enable(c->uart, c->in_count < INPUT_MAX, false);
}

void uart_drain(struct console *c)
{
    while (!pl011_is_idle(c->uart))
        sk_sleep_until(sk_in_ms(1));
}
