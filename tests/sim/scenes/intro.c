/* A broker introduces two clients to each other: the first makes a channel and gives one end to the
 * broker, the second asks for it. Then the two talk without the broker. Whoever dies, and when: who
 * is left is told that its peer is dead, or gets what was sent, in order.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/sim/scenes/stand.h"

enum { BROKER, LEFT, RIGHT }; /* roles of the witness */
#define SENT 0                /* witness.count */

struct offer {
    sk_handle end;
    struct sk_ticket waits;
    bool waiting;
};

static void introduce(struct sk_loop *loop, struct offer *o)
{
    if (!o->waiting || o->end == SK_HANDLE_NONE)
        return;
    sk_handle end = o->end;
    o->end = SK_HANDLE_NONE;
    o->waiting = false;
    if (sk_answer(loop, o->waits, SK_OK, NULL, 0, &end, 1) != SK_OK)
        sys_close(end); /* who asked is gone */
}

static sk_err on_offer(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                       struct sk_answer *answer)
{
    struct offer *o = loop->user;
    (void)client, (void)answer;
    W_CHECK(o->end == SK_HANDLE_NONE);
    o->end = in->handle[0];
    in->handle[0] = SK_HANDLE_NONE;
    introduce(loop, o);
    return SK_OK;
}

static sk_err on_ask(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                     struct sk_answer *answer)
{
    struct offer *o = loop->user;
    (void)answer;
    o->waits = sk_ticket(client, in);
    o->waiting = true;
    introduce(loop, o);
    return SK_ANSWER_LATER;
}

static int serve(void)
{
    static const struct sk_method methods[] = {
        {.label = 1, .min_len = 8, .handles = 1, .handle = on_offer},
        {.label = 2, .min_len = 8, .handle = on_ask}};
    struct offer offer = {.end = SK_HANDLE_NONE};
    return stand_serve("broker", BROKER, methods, 2, &offer);
}

/* Makes the channel, and waits for what comes. */
static int left(void)
{
    struct sk_chan broker, mine;
    struct sk_in in;
    sk_handle theirs;
    uint64_t next = 0;
    witness.tid[LEFT] = sk_my_tid();
    if (stand_connect("broker", &broker) != SK_OK)
        return 1;
    if (W_TOLD(sk_chan_create(&mine, &theirs, SK_EV_CHAN), SK_TID_NONE, SK_FOREVER) != SK_OK)
        return 1;
    if (stand_call(&broker, 1, 0, &theirs, &in, witness.tid[BROKER]) == SK_OK) {
        sk_ns until =
            sk_in_ms(2u * STAND_MS); /* the broker may have it, and nobody to give it to */
        sk_err err = stand_drain(&mine, &next, until);
        W_CHECK(err == SK_ERR_PEER_DEAD || (sk_now() >= until && !w_calm()));
        W_CHECK(next <= witness.count[SENT]);
        if (w_calm())
            W_CHECK(next == 3);
    }
    sk_chan_close(&mine);
    sk_chan_close(&broker);
    return 0;
}

/* Asks for the other end, and sends. */
static int right(void)
{
    struct sk_chan broker, mine;
    struct sk_in in;
    sk_ns until = sk_in_ms(STAND_MS);
    uint64_t none = 0;
    struct sk_out ask = {.label = 2, .len = 8, .bytes = &none};
    witness.tid[RIGHT] = sk_my_tid();
    if (stand_connect("broker", &broker) != SK_OK)
        return 1;
    if (W_TOLD(sk_call_msg(&broker, &ask, &in, 56, until), witness.tid[BROKER], until) != SK_OK)
        return 1;
    W_CHECK(in.handles == 1);
    sk_err err = sk_chan_open(&mine, in.handle[0], SK_EV_CHAN);
    if (W_TOLD(err, witness.tid[LEFT], SK_FOREVER) != SK_OK)
        return 1;
    for (uint64_t n = 0; n < 3 && err == SK_OK; n++) {
        struct sk_out out = {.label = 3, .len = 8, .bytes = &n};
        witness.count[SENT]++;
        err = W_TOLD(sk_send_until(&mine, &out, SK_FOREVER), witness.tid[LEFT], SK_FOREVER);
    }
    sk_chan_close(&mine);
    return 0;
}

int main(int argc, char **argv)
{
    (void)argc;
    return strcmp(argv[0], "intro_broker") == 0 ? serve()
           : strcmp(argv[0], "intro_left") == 0 ? left()
                                                : right();
}
