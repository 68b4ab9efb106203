/* Requests of the console's clients. See console.h.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "console.h"
#include "lib/names.h"

#include <board_uart.h>
#include <string.h>

#define CTRL_C 0x03

/* The client that the input is for, or NOBODY. */
static uint32_t focus_of(const struct console *c)
{
    uint32_t best = NOBODY;
    for (uint32_t i = 0; i < c->clients; i++) {
        if (c->reader[i].focus != 0 &&
            (best == NOBODY || c->reader[i].focus > c->reader[best].focus))
            best = i;
    }
    return best;
}

/* Who gets the next input: who has the focus, if it waits; without focus, who waits longest. */
static struct reader *next_reader(struct console *c)
{
    uint32_t focus = focus_of(c);
    struct reader *best = NULL;
    if (focus != NOBODY)
        return c->reader[focus].waits ? &c->reader[focus] : NULL;
    for (uint32_t i = 0; i < c->clients; i++) {
        struct reader *r = &c->reader[i];
        if (r->waits && (best == NULL || r->order < best->order))
            best = r;
    }
    return best;
}

/* How much of the input may go to r in one piece: to the end of a line, so that what is typed ahead
 * stays here if the reader goes; and without the focus not up to a Ctrl-C. */
static uint32_t piece_for(const struct console *c, const struct reader *r, uint8_t *piece)
{
    uint32_t n = 0;
    while (n < SK_PAYLOAD_BYTES && n < c->in_count) {
        uint8_t ch = c->in[(c->in_first + n) % c->in_max];
        if (ch == CTRL_C && r->focus == 0)
            break;
        piece[n++] = ch;
        if (ch == '\r' || ch == '\n')
            break;
    }
    return n;
}

static void drop_input(struct console *c, uint32_t n)
{
    c->in_first = (c->in_first + n) % c->in_max;
    c->in_count -= n;
    uart_take_input(c);
}

/* Hand out what has been typed. */
static void hand_out(struct console *c)
{
    struct reader *r;
    while (c->in_count > 0 && (r = next_reader(c)) != NULL) {
        uint8_t piece[SK_PAYLOAD_BYTES];
        uint32_t n = piece_for(c, r, piece);
        if (n == 0)
            break;
        r->waits = false;
        if (sk_answer(&c->loop, r->ticket, SK_OK, piece, n, NULL, 0) != SK_OK)
            continue; /* not taken: for the next one */
        drop_input(c, n);
    }
}

/* Take and hand out what has been typed, and hear of what is typed next. */
static void feed(struct console *c)
{
    uint32_t had;
    uart_take_input(c);
    do {
        hand_out(c);
        had = c->in_count;
        uart_listen(c);
    } while (c->in_count != had);
}

static void on_irq(struct sk_loop *loop, void *user)
{
    struct console *c = user;
    (void)loop;
    board_uart_irq_clear(c->uart);
    feed(c);
    (void)sys_irq_ack(c->device);
}

static sk_err on_write(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                       struct sk_answer *answer)
{
    struct console *c = loop->user;
    (void)answer;
    screen_write(c, client->index, in->bytes, in->len, focus_of(c) == client->index);
    return SK_OK;
}

/* Take what all clients have sent, those that asked in the meantime included. */
static void sync_all(struct console *c)
{
    c->draining = true;
    sk_loop_drain(&c->loop);
    c->draining = false;
    uart_drain(c);
    for (uint32_t i = 0; i < c->clients; i++) {
        if (c->reader[i].syncs) {
            c->reader[i].syncs = false;
            (void)sk_answer(&c->loop, c->reader[i].sync, SK_OK, NULL, 0, NULL, 0);
        }
    }
}

static sk_err on_sync(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                      struct sk_answer *answer)
{
    struct console *c = loop->user;
    struct reader *r = &c->reader[client->index];
    (void)answer;
    if (r->syncs)
        return SK_ERR_BUSY; /* one at a time */
    r->syncs = true;
    r->sync = sk_ticket(client, in);
    screen_show(c, client->index);
    if (!c->draining)
        sync_all(c);
    return SK_ANSWER_LATER;
}

static sk_err on_read(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                      struct sk_answer *answer)
{
    struct console *c = loop->user;
    struct reader *r = &c->reader[client->index];
    (void)answer;
    if (r->waits)
        return SK_ERR_BUSY; /* one at a time */
    r->waits = true;
    r->ticket = sk_ticket(client, in);
    r->order = ++c->count;
    screen_show(c, client->index);
    feed(c);
    return SK_ANSWER_LATER;
}

static sk_err on_focus(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                       struct sk_answer *answer)
{
    struct console *c = loop->user;
    struct console_focus q;
    (void)answer;
    memcpy(&q, in->bytes, sizeof q);
    c->reader[client->index].focus = q.take ? ++c->count : 0;
    feed(c);
    return SK_OK;
}

static sk_err on_interrupt(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                           struct sk_answer *answer)
{
    struct console *c = loop->user;
    (void)client, (void)in;
    uart_take_input(c);
    answer->len = sizeof answer->w32[0];
    answer->w32[0] = 0;
    for (uint32_t i = 0; i < c->in_count; i++) {
        if (c->in[(c->in_first + i) % c->in_max] != CTRL_C)
            continue;
        drop_input(c, i);
        answer->w32[0] = 1;
        break;
    }
    feed(c);
    return SK_OK;
}

static void on_close(struct sk_loop *loop, struct sk_client *client)
{
    struct console *c = loop->user;
    c->reader[client->index] = (struct reader){.waits = false};
    screen_leave(c, client->index, focus_of(c));
    feed(c);
}

static const struct sk_method methods[] = {
    {.label = CONSOLE_WRITE, .min_len = 1, .one_way = true, .handle = on_write},
    {.label = CONSOLE_SYNC, .handle = on_sync},
    {.label = CONSOLE_READ, .handle = on_read},
    {.label = CONSOLE_FOCUS, .min_len = sizeof(struct console_focus), .handle = on_focus},
    {.label = CONSOLE_INTERRUPT, .handle = on_interrupt},
};

int main(int argc, char **argv)
{
    struct console c;
    (void)argc, (void)argv;
    memset(&c, 0, sizeof c);
    c.owner = NOBODY;
    if (!room_take(&c))
        return 4;
    sk_loop_init(&c.loop, c.client, c.clients, &c);
    c.server.methods = methods;
    c.server.method_count = sizeof methods / sizeof methods[0];
    c.server.on_close = on_close;
    if (sk_serve(&c.loop, &c.server, SK_EV_PORT, SK_PORT_DEPTH_MAX) != SK_OK)
        return 1;
    if (uart_open(&c) != SK_OK)
        return 2;
    c.irq = (struct sk_loop_event){.bit = SK_EV_IRQ, .fn = on_irq, .user = &c};
    sk_loop_on_event(&c.loop, &c.irq);
    if (names_register(SK_CONSOLE_NAME, c.server.port) != SK_OK)
        return 3;
    sk_loop_run(&c.loop);
    return 0;
}
