/* Works on its clients' memory without mapping it: keeps what one lends, and copies from the loan
 * of one client to that of another. See broker.h; its client is apps/lend.c.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "broker.h"
#include "lib/loan.h"
#include "lib/loop.h"
#include "lib/names.h"
#include "lib/take.h"

#include <stdio.h>

#define KEEP_MS 1u /* between two uses */

/* A request whose answer is put off. */
struct waiting {
    struct sk_ticket ticket;
    bool there;
};

struct broker {
    uint8_t *kept;
    uint32_t kept_bytes;
    struct waiting offer, take, keep;
    struct sk_timer timer;
    struct broker_last last;
};

static struct sk_loan_ref loan_of(const struct sk_client *client, uint16_t token)
{
    return (struct sk_loan_ref){.chan = &client->source.chan, .token = token};
}

static sk_err on_put(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                     struct sk_answer *answer)
{
    struct broker *b = loop->user;
    uint32_t bytes;
    (void)answer;
    sk_err err = sk_loan_size(loan_of(client, in->token), &bytes);
    if (err == SK_OK)
        err = sk_loan_read(loan_of(client, in->token), 0, b->kept, bytes);
    if (err == SK_OK)
        b->kept_bytes = bytes;
    return err;
}

static sk_err on_get(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                     struct sk_answer *answer)
{
    struct broker *b = loop->user;
    uint32_t bytes;
    (void)answer;
    sk_err err = sk_loan_size(loan_of(client, in->token), &bytes);
    if (err == SK_OK)
        err = sk_loan_write(loan_of(client, in->token), 0, b->kept,
                            bytes < b->kept_bytes ? bytes : b->kept_bytes);
    return err;
}

/* The client that waits there, or NULL: it has gone meanwhile. */
static struct sk_client *waits(struct sk_loop *loop, struct waiting *w)
{
    struct sk_client *client = w->there ? sk_ticket_client(loop, w->ticket) : NULL;
    w->there = client != NULL;
    return client;
}

/* An offer and who takes it are both there: one copy, and both have their answer. */
static void match(struct sk_loop *loop, struct broker *b)
{
    struct sk_client *from = waits(loop, &b->offer), *to = waits(loop, &b->take);
    uint32_t offered, room;
    if (from == NULL || to == NULL)
        return;
    struct sk_loan_ref source = loan_of(from, b->offer.ticket.token);
    struct sk_loan_ref target = loan_of(to, b->take.ticket.token);
    sk_err err = sk_loan_size(source, &offered);
    if (err == SK_OK)
        err = sk_loan_size(target, &room);
    if (err == SK_OK)
        err = sk_loan_copy(source, 0, target, 0, offered < room ? offered : room);
    b->offer.there = b->take.there = false;
    (void)sk_answer(loop, b->offer.ticket, err, NULL, 0, NULL, 0);
    (void)sk_answer(loop, b->take.ticket, err, NULL, 0, NULL, 0);
}

static sk_err put_off(struct sk_loop *loop, struct waiting *w, const struct sk_client *client,
                      const struct sk_in *in)
{
    if (waits(loop, w) != NULL)
        return SK_ERR_BUSY; /* one at a time */
    *w = (struct waiting){.ticket = sk_ticket(client, in), .there = true};
    match(loop, loop->user);
    return SK_ANSWER_LATER;
}

static sk_err on_offer(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                       struct sk_answer *answer)
{
    (void)answer;
    return put_off(loop, &((struct broker *)loop->user)->offer, client, in);
}

static sk_err on_take(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                      struct sk_answer *answer)
{
    (void)answer;
    return put_off(loop, &((struct broker *)loop->user)->take, client, in);
}

/* Use the kept loan once more; its end, whatever it is, is an error here. */
static void use(struct sk_loop *loop, struct sk_timer *timer)
{
    struct broker *b = timer->user;
    uint8_t byte;
    struct sk_client *client = waits(loop, &b->keep);
    sk_err err = SK_ERR_PEER_DEAD;
    if (client != NULL)
        err = sk_loan_read(loan_of(client, b->keep.ticket.token), 0, &byte, 1);
    if (err == SK_OK) {
        byte++;
        err = sk_loan_write(loan_of(client, b->keep.ticket.token), 0, &byte, 1);
    }
    b->last.err = err;
    if (err != SK_OK)
        return;
    b->last.uses++;
    sk_timer_set(loop, timer, sk_in_ms(KEEP_MS));
}

static sk_err on_keep(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                      struct sk_answer *answer)
{
    struct broker *b = loop->user;
    (void)answer;
    b->keep = (struct waiting){.ticket = sk_ticket(client, in), .there = true};
    b->last = (struct broker_last){0};
    use(loop, &b->timer);
    return SK_ANSWER_LATER;
}

static sk_err on_last(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                      struct sk_answer *answer)
{
    const struct broker *b = loop->user;
    (void)client, (void)in;
    answer->w32[0] = b->last.uses;
    answer->w32[1] = (uint32_t)b->last.err;
    answer->len = sizeof(b->last);
    return SK_OK;
}

static const struct sk_method methods[] = {
    {.label = BROKER_PUT, .handle = on_put},     {.label = BROKER_GET, .handle = on_get},
    {.label = BROKER_OFFER, .handle = on_offer}, {.label = BROKER_TAKE, .handle = on_take},
    {.label = BROKER_KEEP, .handle = on_keep},   {.label = BROKER_LAST, .handle = on_last}};

int main(int argc, char **argv)
{
    struct sk_loop loop;
    struct broker b = {.timer = {.fn = use}};
    struct sk_server server = {.methods = methods,
                               .method_count = sizeof methods / sizeof methods[0]};
    const char *name = argc > 1 ? argv[1] : BROKER_NAME;
    uint32_t clients = sk_clients_most();
    struct sk_client *client = sk_take(clients, sizeof *client, "clients");
    b.kept = sk_take(1, SK_LOAN_BYTES, "bytes to keep");
    b.timer.user = &b;
    if (client == NULL || b.kept == NULL)
        return 2;
    sk_loop_init(&loop, client, clients, &b);
    sk_err err = sk_serve(&loop, &server, SK_EV_PORT, SK_PORT_DEPTH_MAX);
    if (err == SK_OK)
        err = names_register(name, server.port);
    if (err != SK_OK) {
        printf("broker: %s: %s\n", name, sk_err_text(err));
        return 1;
    }
    sk_loop_run(&loop);
    return 0;
}
