/* A broadcast to two receivers, one of which the sender waits for and one whose old messages it
 * overwrites: each gets numbers that grow, is told how many it has missed, and learns of the end.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/cast.h"
#include "tests/sim/scenes/stand.h"

#define SENDER    0
#define RECEIVERS 2u
#define MESSAGES  20u

struct sender {
    struct sk_cast cast;
    struct sk_cast_member member[RECEIVERS];
    struct sk_shape_msg keep[RECEIVERS * 2u];
    uint32_t here;
    bool begun;
};

static void send_all(struct sender *s)
{
    s->begun = true;
    for (uint64_t n = 1; n <= MESSAGES; n++)
        W_CHECK(sk_cast_send(&s->cast, 1, &n, sizeof(n), sk_in_ms(200), NULL) == SK_OK);
    sk_cast_flush_until(&s->cast, sk_in_ms(200));
    sk_cast_end(&s->cast);
}

static sk_err on_subscribe(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                           struct sk_answer *answer)
{
    struct sender *s = loop->user;
    struct sk_ticket ticket = sk_ticket(client, in);
    (void)answer;
    if (in->handle[0] == SK_HANDLE_NONE || s->begun)
        return SK_ERR_BUDGET;
    enum sk_cast_policy policy = in->w64[0] == 0 ? SK_CAST_WAIT : SK_CAST_OVERWRITE;
    sk_err err = sk_cast_add(&s->cast, in->handle[0], policy, NULL);
    if (err != SK_OK)
        return err;
    in->handle[0] = SK_HANDLE_NONE;
    (void)sk_answer(loop, ticket, SK_OK, NULL, 0, NULL, 0);
    if (++s->here == RECEIVERS)
        send_all(s);
    return SK_ANSWER_LATER;
}

static int send(void)
{
    static const struct sk_method methods[] = {
        {.label = 1, .min_len = 8, .handles = 1, .handle = on_subscribe}};
    struct sender s = {.here = 0};
    sk_cast_init(&s.cast, s.member, RECEIVERS, s.keep, 2, SK_EV_FREE);
    return stand_serve("cast", SENDER, methods, 1, &s);
}

static int receive(uint64_t which)
{
    struct sk_chan service, mine;
    struct sk_shape_rx rx;
    struct sk_shape_msg m;
    struct sk_in in;
    sk_handle theirs;
    uint64_t last = 0, missed = 0, got = 0;
    if (stand_connect("cast", &service) != SK_OK)
        return 1;
    if (W_TOLD(sk_chan_create(&mine, &theirs, SK_EV_CHAN), SK_TID_NONE, SK_FOREVER) != SK_OK)
        return 1;
    sk_err err = stand_call(&service, 1, which, &theirs, &in, witness.tid[SENDER]);
    sk_ns until = sk_in_ms(2u * STAND_MS); /* the other one may never come */
    sk_shape_rx_init(&rx, &mine);
    while (err == SK_OK && (err = sk_shape_recv_until(&rx, &m, &missed, until)) == SK_OK) {
        W_CHECK(m.len == 8 && m.number == last + missed + 1u && m.w64[0] == m.number);
        last = m.number;
        got++;
    }
    if (w_calm())
        W_CHECK(err == SK_ERR_PEER_DEAD && last == MESSAGES && (which != 0 || got == MESSAGES));
    sk_chan_close(&mine);
    sk_chan_close(&service);
    return 0;
}

int main(int argc, char **argv)
{
    (void)argc;
    return strcmp(argv[0], "cast_sender") == 0 ? send()
                                               : receive(strcmp(argv[0], "cast_waited") != 0);
}
