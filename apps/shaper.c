/* Sends any of three shapes of a channel to whoever asks for it, faster than `shapes` receives.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "apps/shapes.h"
#include "lib/loop.h"
#include "lib/names.h"

#include <stdio.h>
#include <string.h>

#define STREAMS    8u
#define KEEP       4u  /* what an overwriting ring keeps beside the channel's own */
#define AT_ONCE    20u /* sent in a turn: more than a slow receiver takes */
#define BIT_STREAM SK_EV_FREE

struct stream {
    bool in_use;
    struct wish wish;
    struct sk_chan chan;
    struct sk_shape_tx tx;
    struct sk_shape_msg keep[KEEP];
};

struct sender {
    struct sk_loop loop;
    struct sk_server server;
    struct sk_client clients[STREAMS];
    struct stream stream[STREAMS];
    struct sk_timer timer;
    struct sk_loop_event event;
};

static sk_err on_subscribe(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                           struct sk_answer *answer)
{
    struct sender *s = loop->user;
    struct stream *st = s->stream;
    (void)client, (void)answer;
    while (st < s->stream + STREAMS && st->in_use)
        st++;
    if (st == s->stream + STREAMS)
        return SK_ERR_FULL;
    memcpy(&st->wish, in->bytes, sizeof(st->wish));
    if (st->wish.shape >= SHAPES)
        return SK_ERR_ARG;
    sk_err err = sk_chan_open(&st->chan, in->handle[0], BIT_STREAM);
    if (err != SK_OK)
        return err;
    in->handle[0] = SK_HANDLE_NONE; /* taken */
    st->in_use = true;
    sk_shape_tx_init(&st->tx, &st->chan, st->keep, st->wish.shape == RING ? KEEP : 1);
    sk_timer_set(loop, &s->timer, 0);
    return SK_OK;
}

/* Some more of a stream; at its end, nothing any more that is kept. True: it goes on. */
static bool advance(struct stream *st, uint32_t most)
{
    sk_err err = SK_OK;
    for (uint32_t i = 0; i < most && err == SK_OK && st->tx.number < st->wish.count; i++) {
        uint64_t n = st->tx.number + 1;
        err = st->wish.shape == COUNT ? sk_count_add(&st->tx, 1)
                                      : sk_shape_send(&st->tx, 0, &n, sizeof(n));
    }
    if (err == SK_OK)
        err = sk_shape_pump(&st->tx);
    if (err == SK_ERR_FULL || (err == SK_OK && st->tx.number < st->wish.count))
        return true;
    sk_chan_close(&st->chan); /* all is in the ring, or nobody is there */
    st->in_use = false;
    return false;
}

static void on_timer(struct sk_loop *loop, struct sk_timer *timer)
{
    struct sender *s = loop->user;
    bool more = false;
    for (uint32_t i = 0; i < STREAMS; i++)
        more |= s->stream[i].in_use && advance(&s->stream[i], AT_ONCE);
    if (more)
        sk_timer_set(loop, timer, sk_in_ms(1));
}

/* There is room in some ring, or its receiver is gone. */
static void on_room(struct sk_loop *loop, void *user)
{
    struct sender *s = user;
    (void)loop;
    for (uint32_t i = 0; i < STREAMS; i++)
        if (s->stream[i].in_use)
            (void)advance(&s->stream[i], 0);
}

int main(void)
{
    static const struct sk_method methods[] = {
        {SHAPER_SUBSCRIBE, sizeof(struct wish), 1, false, on_subscribe}};
    struct sender state = {0}, *s = &state;
    sk_loop_init(&s->loop, s->clients, STREAMS, s);
    s->server.methods = methods;
    s->server.method_count = 1;
    s->timer.fn = on_timer;
    s->event = (struct sk_loop_event){.bit = BIT_STREAM, .fn = on_room, .user = s};
    sk_loop_on_event(&s->loop, &s->event);
    sk_err err = sk_serve(&s->loop, &s->server, SK_EV_PORT, STREAMS);
    if (err == SK_OK)
        err = names_register(SHAPER_NAME, s->server.port);
    if (err != SK_OK) {
        printf("shaper: %s\n", sk_err_text(err));
        return 1;
    }
    sk_loop_run(&s->loop);
    return 0;
}
