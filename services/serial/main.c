/* The service `serial`: owns the second UART, which the manifest gives it as its only device, on
 * the core where it is placed. One request at a time, to its end: a line that is being written
 * waits for the device, and the others for it.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "serial.h"

#include "lib/loop.h"
#include "lib/names.h"
#include "lib/take.h"

#include <board_uart.h>
#include <stdio.h>

#define LOOK_MS 2u /* how long to trust the interrupt alone */

struct serial {
    struct sk_loop loop;
    sk_handle device;
    uintptr_t uart;
};

static sk_err open_uart(struct serial *s)
{
    s->device = sk_self()->start->device[0];
    sk_err err = sys_dev_map(s->device, &s->uart);
    if (err == SK_OK)
        err = sys_irq_bind(s->device, SK_EV_IRQ);
    if (err == SK_OK) {
        board_uart_init(s->uart);
        board_uart_irq_enable(s->uart, false, false);
    }
    return err;
}

static void put(struct serial *s, uint8_t c)
{
    uint32_t events;
    while (!board_uart_put_try(s->uart, c)) {
        board_uart_irq_clear(s->uart);
        board_uart_irq_enable(s->uart, false, true);
        if (!board_uart_put_try(s->uart, c)) {
            (void)sys_irq_ack(s->device);
            (void)sk_wait_events(1u << SK_EV_IRQ, sk_in_ms(LOOK_MS), &events);
            continue;
        }
        break;
    }
    board_uart_irq_enable(s->uart, false, false);
}

static sk_err on_write(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                       struct sk_answer *answer)
{
    (void)client, (void)answer;
    for (uint32_t i = 0; i < in->len; i++)
        put(loop->user, in->bytes[i]);
    return SK_OK;
}

static sk_err on_put_try(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                         struct sk_answer *answer)
{
    const struct serial *s = loop->user;
    (void)client, (void)answer;
    return board_uart_put_try(s->uart, in->bytes[0]) ? SK_OK : SK_ERR_FULL;
}

static sk_err on_get_try(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                         struct sk_answer *answer)
{
    const struct serial *s = loop->user;
    (void)client, (void)in;
    if (!board_uart_get_try(s->uart, answer->bytes))
        return SK_ERR_EMPTY;
    answer->len = 1;
    return SK_OK;
}

static sk_err on_is_idle(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                         struct sk_answer *answer)
{
    const struct serial *s = loop->user;
    (void)client, (void)in, (void)answer;
    return board_uart_is_idle(s->uart) ? SK_OK : SK_ERR_BUSY;
}

static const struct sk_method methods[] = {
    {.label = SERIAL_WRITE, .handle = on_write},
    {.label = SERIAL_PUT_TRY, .min_len = 1, .handle = on_put_try},
    {.label = SERIAL_GET_TRY, .handle = on_get_try},
    {.label = SERIAL_IS_IDLE, .handle = on_is_idle},
};

int main(int argc, char **argv)
{
    struct serial s;
    struct sk_server server = {.methods = methods,
                               .method_count = sizeof methods / sizeof methods[0]};
    uint32_t clients = sk_clients_most();
    struct sk_client *client = sk_take(clients, sizeof *client, "clients");
    (void)argc, (void)argv;
    if (client == NULL)
        return 2;
    sk_loop_init(&s.loop, client, clients, &s);
    sk_err err = open_uart(&s);
    if (err == SK_OK)
        err = sk_serve(&s.loop, &server, SK_EV_PORT, SK_PORT_DEPTH_MAX);
    if (err == SK_OK)
        err = names_register(SERIAL_NAME, server.port);
    if (err) {
        sk_log("serial: %s\n", sk_err_text(err));
        return 1;
    }
    sk_loop_run(&s.loop);
    return 0;
}
