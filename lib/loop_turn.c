/* See loop.h: a source's turn, and what its requests are answered. This is the way that every
 * request goes.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/build.h"
#include "lib/loop_inside.h"

#define BURST 8u /* messages of one source in its turn */

/* One function of these, not a call for each: every request goes through all of them. */
#define HOT inline __attribute__((always_inline))

void loop_flush_late(struct sk_loop *loop)
{
    struct sk_chan *late = loop->late.chan;
    if (late != NULL && xport_late_flush(&loop->late) == SK_ERR_FULL)
        sk_client_close(loop, (struct sk_client *)late);
}

/* A client that has not kept room for its answer breaks the rules. */
static HOT void answered(struct sk_loop *loop, struct sk_client *client, sk_err err)
{
    if (err == SK_ERR_FULL || err == SK_ERR_TIMED_OUT)
        sk_client_close(loop, client);
}

void loop_answered(struct sk_loop *loop, struct sk_client *client, sk_err err, bool wake)
{
    if (wake) {
        loop_flush_late(loop);
        xport_wake_late(&loop->late, &client->source.chan);
    }
    answered(loop, client, err);
}

/* An answer of several lines, or with handles. */
static __attribute__((noinline)) void answer_long(struct sk_loop *loop, struct sk_client *client,
                                                  uint16_t token, sk_err err, struct sk_answer *a)
{
    bool wake;
    sk_err sent =
        sk_reply(&client->source.chan, token, err, a->bytes, a->len, a->handle, a->handles, &wake);
    if (sent != SK_OK)
        for (uint32_t i = 0; i < a->handles; i++)
            sys_close(a->handle[i]); /* those that have gone are stale here */
    loop_answered(loop, client, sent, wake);
}

static HOT void answer_now(struct sk_loop *loop, struct sk_client *client, uint16_t token,
                           sk_err err, struct sk_answer *a)
{
    if (loop->late.chan != NULL) {
        loop_flush_late(loop);
        if (!client->in_use)
            return;
    }
    if (a->len > SK_PAYLOAD_BYTES || a->handles != 0) {
        answer_long(loop, client, token, err, a);
        return;
    }
    a->ctl = sk_ctl_make(a->len, 0, 0, true);
    a->label = (uint16_t)-err;
    a->token = token;
    answered(loop, client, xport_send_late(&loop->late, &client->source.chan, &a->first));
}

static const struct sk_method *find_method(const struct sk_server *server, uint16_t label)
{
    const struct sk_method *m = server->methods;
    uint32_t guess = label - 1u; /* labels mostly count from 1 */
    if (guess < server->method_count && m[guess].label == label)
        return &m[guess];
    for (uint32_t i = 0; i < server->method_count; i++)
        if (m[i].label == label)
            return &m[i];
    return NULL;
}

static inline __attribute__((always_inline)) void
client_message(struct sk_loop *loop, struct sk_client *client, struct sk_in *in)
{
    struct sk_answer answer;
    uint16_t token = in->token;
    uint32_t gen = client->gen;
    const struct sk_method *method = find_method(client->server, in->label);
    answer.len = answer.handles = 0;
    answer.w64[0] = answer.w64[1] = answer.w64[2] = answer.w64[3] = 0;
    answer.w64[4] = answer.w64[5] = answer.w64[6] = 0;
    sk_err err;
    if (method == NULL)
        err = SK_ERR_UNSUPPORTED;
    else if (in->len < method->min_len || in->handles != method->handles || sk_in_reply(in))
        err = SK_ERR_ARG;
    else
        err = method->handle(loop, client, in, &answer);
    if (in->handles != 0)
        sk_in_drop_handles(in);
    if (err == SK_ANSWER_LATER || !client->in_use || client->gen != gen ||
        (method != NULL && method->one_way))
        return;
    answer_now(loop, client, token, err, &answer);
}

/* The source's channel is over. */
static void source_end(struct sk_loop *loop, struct sk_source *source, sk_err err)
{
    loop_flush_late(loop);
    if (source->is_client) {
        sk_client_close(loop, (struct sk_client *)source);
        return;
    }
    bool attached = source->attached;
    sk_source_detach(loop, source);
    sk_call_end_all(&source->chan, err);
    if (attached && source->on_end != NULL)
        source->on_end(loop, source);
}

void loop_client_message(struct sk_loop *loop, struct sk_client *client, struct sk_in *in)
{
    client_message(loop, client, in);
}

static inline void source_message(struct sk_loop *loop, struct sk_source *source, struct sk_in *in)
{
    if (source->is_client) {
        client_message(loop, (struct sk_client *)source, in);
    } else if (sk_call_deliver(&source->chan, in) != SK_OK) {
        chan_break(&source->chan);
        source_end(loop, source, SK_ERR_PROTOCOL);
    }
}

/* What to do with a source after its turn, in which n messages came and err ended it. */
static void after_turn(struct sk_loop *loop, struct sk_source *source, uint32_t n, sk_err err)
{
    sys_looks idle = n != 0 ? 0 : source->idle;
    if (!source->attached)
        return;
    if (err != SK_OK && err != SK_ERR_EMPTY) {
        source_end(loop, source, err);
        return;
    }
    if (err == SK_ERR_EMPTY) {
        if ((idle >= sys_spin_loop() || xport_same_core(&source->chan)) &&
            sk_chan_arm(&source->chan))
            return;
        idle++;
    }
    loop_activate(loop, source);
    source->idle = idle;
}

bool loop_poll(struct sk_loop *loop, struct sk_source *source)
{
    struct sk_in in;
    sk_err err = SK_OK;
    uint32_t n = 0;
    while (n < BURST && source->attached) {
        err = source->chan.dead != SK_OK ? source->chan.dead : chan_recv(&source->chan, &in);
        if (err != SK_OK)
            break;
        if (loop->late.chan != NULL) {
            loop_flush_late(loop);
            if (!source->attached)
                break; /* it was this one's answer, and it breaks the rules */
        }
        source_message(loop, source, &in);
        /* A peer on this core cannot have sent more meanwhile: mostly it is dry after one. */
        if (++n == 1 && source->attached && source->chan.dead == SK_OK &&
            xport_same_core(&source->chan) && xport_arm_near(&source->chan))
            return true;
    }
    after_turn(loop, source, n, err);
    return n != 0;
}
