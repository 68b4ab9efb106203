/* An end is handed over: the giver makes a channel, sends one end with a request to the taker and
 * three messages after it over its own end, and closes. Wherever who dies: the end is in one place
 * or nowhere, what the taker gets is the beginning of what was sent, and it learns of the end.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/sim/scenes/stand.h"

#define TAKER 0
#define SENT  0 /* witness.count: messages whose sending has begun; */
#define GOT   1 /* and that have come; */
#define ENDS  2 /* ends that have come */

struct taker {
    struct sk_source source;
    bool open;
    uint64_t next;
};

static void on_end(struct sk_loop *loop, struct sk_source *source)
{
    struct taker *t = loop->user;
    (void)source;
    sk_chan_close(&t->source.chan);
    t->open = false;
}

static void look(struct sk_loop *loop, struct taker *t)
{
    struct sk_in in;
    sk_err err = SK_OK;
    while (t->open && (err = sk_recv_until(&t->source.chan, &in, SK_FOREVER)) == SK_OK) {
        W_CHECK(in.len == 8 && in.w64[0] == t->next);
        W_CHECK(t->next < witness.count[SENT]);
        t->next++;
        witness.count[GOT]++;
    }
    if (t->open)
        W_CHECK(err == SK_ERR_PEER_DEAD);
    on_end(loop, &t->source);
}

static sk_err on_give(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                      struct sk_answer *answer)
{
    struct taker *t = loop->user;
    struct sk_ticket ticket = sk_ticket(client, in);
    (void)answer;
    witness.count[ENDS]++;
    W_CHECK(witness.count[ENDS] == 1);
    if (in->handle[0] == SK_HANDLE_NONE)
        return SK_ERR_BUDGET;
    sk_err err = sk_chan_open(&t->source.chan, in->handle[0], SK_EV_CHAN);
    if (err != SK_OK)
        return err;
    in->handle[0] = SK_HANDLE_NONE;
    t->open = true;
    sk_answer(loop, ticket, SK_OK, NULL, 0, NULL, 0);
    look(loop, t);
    return SK_ANSWER_LATER;
}

static int take(void)
{
    static const struct sk_method methods[] = {
        {.label = 1, .min_len = 8, .handles = 1, .handle = on_give}};
    struct taker taker = {.open = false};
    return stand_serve("taker", TAKER, methods, 1, &taker);
}

static int give(void)
{
    struct sk_chan service, mine;
    struct sk_in in;
    sk_handle theirs;
    if (stand_connect("taker", &service) != SK_OK)
        return 1;
    sk_err err = W_TOLD(sk_chan_create(&mine, &theirs, SK_EV_CHAN), SK_TID_NONE, SK_FOREVER);
    if (err != SK_OK)
        return 1;
    err = stand_call(&service, 1, 7, &theirs, &in, witness.tid[TAKER]);
    if (err == SK_OK)
        W_CHECK(witness.count[ENDS] == 1);
    for (uint64_t n = 0; n < 3 && err == SK_OK; n++) {
        struct sk_out out = {.label = 2, .len = 8, .bytes = &n};
        witness.count[SENT]++;
        err = W_TOLD(sk_send_until(&mine, &out, SK_FOREVER), witness.tid[TAKER], SK_FOREVER);
    }
    sk_chan_close(&mine);
    sk_chan_close(&service);
    return 0;
}

int main(int argc, char **argv)
{
    (void)argc;
    return strcmp(argv[0], "hand_taker") == 0 ? take() : give();
}
