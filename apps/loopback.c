/* A task that is its own client. It serves a name, connects to that name, and asks itself: a call
 * that would wait for its own answer is refused, one that the event loop sees to is answered. Then
 * both ends of one channel in one hand: a ring as any other. Says what did not go as it should.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/loop.h"
#include "lib/names.h"

#include <stdio.h>

#define NAME    "loopback"
#define WAIT_MS 5000u
#define ASKED   20u

enum { DOUBLE = 1 }; /* uint64_t -> twice that */

struct state {
    struct sk_loop loop;
    struct sk_server server;
    struct sk_client client[1];
    struct sk_source self; /* connected to itself */
    struct sk_async async;
    uint64_t asked, right;
    sk_err err;
};

static sk_err on_double(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                        struct sk_answer *answer)
{
    (void)loop, (void)client;
    answer->w64[0] = 2 * in->w64[0];
    answer->len = 8;
    return SK_OK;
}

static void ask(struct state *s);

static void on_answer(struct sk_loop *loop, struct sk_async *async, sk_err err, struct sk_in *in)
{
    struct state *s = loop->user;
    (void)async;
    s->right += err == SK_OK && in->w64[0] == 2 * s->asked;
    s->err = err;
    if (err == SK_OK && s->asked < ASKED)
        ask(s);
    else
        sk_loop_stop(loop);
}

static void ask(struct state *s)
{
    s->asked++;
    struct sk_out out = {.label = DOUBLE, .len = sizeof(s->asked), .bytes = &s->asked};
    s->err = sk_call_async(&s->loop, &s->self, &s->async, &out, 8, sk_in_ms(WAIT_MS));
    if (s->err != SK_OK)
        sk_loop_stop(&s->loop);
}

static bool is(const char *what, sk_err err, sk_err expected)
{
    if (err != expected)
        printf("loopback: %s: %s, not %s\n", what, sk_err_text(err), sk_err_text(expected));
    return err == expected;
}

/* What would sleep for itself: before its own event loop has taken the connection, and after. */
static bool refused(struct sk_chan *c)
{
    uint64_t word = 1;
    uint8_t big[SK_PAYLOAD_MAX] = {0};
    struct sk_in in;
    int right = is("call", sk_call(c, DOUBLE, &word, 8, &word, 8, NULL, SK_FOREVER), SK_ERR_STATE);
    right += is("call with time", sk_call(c, DOUBLE, &word, 8, &word, 8, NULL, sk_in_ms(10)),
                SK_ERR_STATE);
    right +=
        is("long call", sk_call(c, DOUBLE, big, sizeof(big), big, sizeof(big), NULL, SK_FOREVER),
           SK_ERR_STATE);
    right += is("reception", sk_recv_until(c, &in, SK_FOREVER), SK_ERR_STATE);
    right += is("attempt", sk_recv_until(c, &in, 0), SK_ERR_TIMED_OUT);
    return right == 5;
}

static bool by_name(void)
{
    static const struct sk_method methods[] = {{DOUBLE, 8, 0, false, on_double}};
    struct state s = {.err = SK_OK};
    sk_loop_init(&s.loop, s.client, 1, &s);
    s.server.methods = methods;
    s.server.method_count = 1;
    s.async.fn = on_answer;
    if (!is("serve", sk_serve(&s.loop, &s.server, SK_EV_PORT, 1), SK_OK) ||
        !is("register", names_register(NAME, s.server.port), SK_OK) ||
        !is("connect", names_connect(NAME, sk_in_ms(WAIT_MS), &s.self.chan), SK_OK))
        return false;
    bool right = refused(&s.self.chan);
    sk_source_attach(&s.loop, &s.self);
    ask(&s);
    if (s.err == SK_OK)
        sk_loop_run(&s.loop);
    right &= is("asked through the loop", s.err, SK_OK) && s.right == ASKED;
    sk_source_detach(&s.loop, &s.self);
    right &= refused(&s.self.chan);
    sk_chan_close(&s.self.chan);
    sk_loop_step(&s.loop, sk_in_ms(WAIT_MS)); /* its client, itself, is gone */
    return right && is("unregister", names_unregister(NAME), SK_OK);
}

/* Both ends of one channel, one of them closed before the other has taken all. */
static bool in_one_hand(void)
{
    struct sk_chan a, b;
    struct sk_in in;
    sk_handle far;
    if (!is("create", sk_chan_create(&a, &far, SK_EV_CHAN), SK_OK) ||
        !is("open", sk_chan_open(&b, far, SK_EV_CHAN), SK_OK))
        return false;
    uint64_t n = 0;
    struct sk_out out = {.label = 7, .len = sizeof(n), .bytes = &n};
    while (sk_send_try(&a, &out) == SK_OK)
        n++;
    bool right = is("send into a full ring", sk_send_until(&a, &out, SK_FOREVER), SK_ERR_STATE);
    right &= n == SK_CHAN_SLOTS;
    sk_chan_close(&a);
    for (uint64_t i = 0; i < n; i++)
        right &= is("receive", sk_recv_until(&b, &in, SK_FOREVER), SK_OK) && in.w64[0] == i;
    right &= is("after the last", sk_recv_until(&b, &in, SK_FOREVER), SK_ERR_PEER_DEAD);
    sk_chan_close(&b);
    return right;
}

int main(void)
{
    bool named = by_name(), held = in_one_hand();
    bool right = named && held;
    printf("loopback: core %u: %s\n", (unsigned)sk_my_core(), right ? "ok" : "NOT ok");
    return right ? 0 : 1;
}
