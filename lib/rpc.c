/* See rpc.h. A channel has a table of outstanding calls, as many as a ring has slots; a token is
 * its index there and a running number. An index is free again only when its reply has come.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/rpc.h"
#include "lib/build.h"
#include "lib/self.h"
#include "lib/xport.h"

#define INDEX_BITS 4u
#define INDEX_MASK ((1u << INDEX_BITS) - 1u)
#define INDEX_ALL  ((1u << SK_CHAN_SLOTS_MAX) - 1u)
_Static_assert(SK_CHAN_SLOTS_MAX <= 1u << INDEX_BITS, "an index for each slot");

/* Take an index and room for the reply. SK_ERR_FULL: too much is outstanding. */
static sk_err reserve(struct sk_chan *c, struct sk_call *call, struct sk_out *out, struct sk_in *in,
                      uint32_t reply_max)
{
    if (c->dead != SK_OK)
        return c->dead;
    if (out->len > SK_PAYLOAD_MAX || reply_max > SK_PAYLOAD_MAX)
        return SK_ERR_TOO_BIG;
    uint32_t slots = sk_slots_of(reply_max);
    uint32_t free = ~(uint32_t)c->call_busy & INDEX_ALL;
    if (free == 0 || slots > c->reply_room)
        return SK_ERR_FULL;
    uint32_t i = (uint32_t)__builtin_ctz(free);
    call->in = in;
    call->done = NULL;
    call->ended = false;
    call->index = (uint8_t)i;
    out->token = (uint16_t)((uint32_t)c->call_seq++ << INDEX_BITS | i);
    out->reply = false;
    call->token = out->token;
    c->call_busy = (uint16_t)(c->call_busy | 1u << i);
    c->call[i] = call;
    c->reply_slots[i] = (uint8_t)slots;
    c->reply_room = (uint8_t)(c->reply_room - slots);
    return SK_OK;
}

static void release(struct sk_chan *c, uint32_t i)
{
    c->call_busy = (uint16_t)(c->call_busy & ~(1u << i));
    c->reply_room = (uint8_t)(c->reply_room + c->reply_slots[i]);
    c->call[i] = NULL;
}

/* What a reply's label says. */
static sk_err reply_err(uint16_t label)
{
    return label <= (uint16_t)-SK_ERR_LAST ? -(sk_err)label : SK_ERR_PROTOCOL;
}

static void finish(struct sk_call *call, sk_err err, struct sk_in *in)
{
    call->err = err;
    call->ended = true;
    if (call->done != NULL)
        call->done(call, in);
}

/* Is it an answer to what was asked with index i? What was abandoned has no more than its index. */
static bool answers(const struct sk_chan *c, uint32_t i, const struct sk_in *in)
{
    if (!sk_in_reply(in) || !((uint32_t)c->call_busy >> i & 1u) ||
        sk_slots_of(in->len) > c->reply_slots[i])
        return false;
    return c->call[i] == NULL || c->call[i]->token == in->token;
}

sk_err sk_call_deliver(struct sk_chan *c, struct sk_in *in)
{
    uint32_t i = in->token & INDEX_MASK;
    if (!answers(c, i, in)) {
        sk_in_drop_handles(in);
        return SK_ERR_PROTOCOL;
    }
    struct sk_call *call = c->call[i];
    release(c, i);
    if (call == NULL) {
        sk_in_drop_handles(in);
        return SK_OK;
    }
    sk_err err = reply_err(in->label);
    if (err != SK_OK)
        sk_in_drop_handles(in);
    if (call->in != NULL && call->in != in)
        *call->in = *in;
    finish(call, err, in);
    return SK_OK;
}

void sk_call_end_all(struct sk_chan *c, sk_err err)
{
    while (c->call_busy != 0) {
        uint32_t i = (uint32_t)__builtin_ctz(c->call_busy);
        struct sk_call *call = c->call[i];
        release(c, i);
        if (call != NULL && call->in != NULL)
            call->in->handles = 0;
        if (call != NULL)
            finish(call, err, NULL);
    }
}

void sk_call_cancel(struct sk_chan *c, struct sk_call *call)
{
    if (call->ended)
        return;
    c->call[call->index] = NULL; /* token and room stay until the late reply */
    call->ended = true;
    call->err = SK_ERR_CANCELLED;
}

/* Receive one message into in and give it to its call. Errors: of the channel, now without calls;
 * or SK_ERR_TIMED_OUT. */
static sk_err pump(struct sk_chan *c, struct sk_in *in, sk_ns deadline)
{
    sk_err err = sk_recv_until(c, in, deadline);
    if (err == SK_OK)
        err = sk_call_deliver(c, in);
    if (err == SK_OK || err == SK_ERR_TIMED_OUT || err == SK_ERR_CANCELLED || err == SK_ERR_STATE)
        return err;
    if (err == SK_ERR_PROTOCOL)
        chan_break(c);
    sk_call_end_all(c, err);
    return err;
}

sk_err sk_call_begin(struct sk_chan *c, struct sk_call *call, struct sk_out *out, struct sk_in *in,
                     uint32_t reply_max)
{
    sk_err err = reserve(c, call, out, in, reply_max);
    if (err != SK_OK)
        return err;
    err = sk_send_try(c, out);
    if (err != SK_OK && c->call[call->index] == call)
        release(c, call->index);
    return err;
}

sk_err sk_call_end(struct sk_chan *c, struct sk_call *call, sk_ns deadline)
{
    while (!call->ended) {
        sk_err err = pump(c, call->in, deadline);
        if (err != SK_OK && !call->ended)
            return err;
    }
    return call->err;
}

/* The request is sent: wait for the answer, or give the call up at the deadline. */
static sk_err await(struct sk_chan *c, struct sk_call *call, sk_ns deadline)
{
    sk_err err = sk_call_end(c, call, deadline);
    if (!call->ended) /* late, cancelled, or nobody is there to answer: it is not waited for */
        sk_call_cancel(c, call);
    return err;
}

/* A message has been received into in->line: it is the answer, or breaks the rules. */
static void take(struct sk_chan *c, struct sk_in *in, uint32_t slots)
{
    if (chan_recv_rest(c, in, SK_OK, slots) == SK_OK && sk_call_deliver(c, in) != SK_OK)
        chan_break(c);
}

/* Send the request of the only outstanding call and, if all goes well, receive its answer in the
 * same kernel entry. SK_OK: it is sent. */
static sk_err ask(struct sk_chan *c, const struct sk_out *out, struct sk_in *in, uint32_t reply_max,
                  sk_ns deadline)
{
    uint32_t slots;
    sk_err err = chan_build(c, in, out, &slots);
    if (err == SK_OK)
        err = xport_ask(c, in->line, slots, sk_slots_of(reply_max), deadline, &slots);
    switch (err) {
    case SK_OK:
        take(c, in, slots);
        return SK_OK;
    case SK_ERR_FULL:
        return sk_send_until(c, out, deadline);
    case SK_ERR_TIMED_OUT:
    case SK_ERR_CANCELLED:
    case SK_ERR_PEER_DEAD:
    case SK_ERR_PROTOCOL:
    case SK_ERR_TOO_BIG:
        return SK_OK; /* waiting for the answer will tell */
    default:
        return err;
    }
}

sk_err call_reserve(struct sk_chan *c, struct sk_call *call, struct sk_out *out, struct sk_in *in,
                    uint32_t reply_max, sk_ns deadline)
{
    sk_err err;
    while ((err = reserve(c, call, out, in, reply_max)) == SK_ERR_FULL) {
        err = pump(c, in, deadline); /* late replies give room back */
        if (err != SK_OK)
            return err == SK_ERR_TIMED_OUT ? SK_ERR_FULL : err;
    }
    return err;
}

void call_unreserve(struct sk_chan *c, struct sk_call *call)
{
    if (!call->ended)
        release(c, call->index);
}

sk_err call_pump(struct sk_chan *c, struct sk_in *in, sk_ns deadline)
{
    return pump(c, in, deadline);
}

sk_err call_await(struct sk_chan *c, struct sk_call *call, sk_ns deadline)
{
    return await(c, call, deadline);
}

sk_err sk_call_msg(struct sk_chan *c, struct sk_out *out, struct sk_in *in, uint32_t reply_max,
                   sk_ns deadline)
{
    struct sk_call call;
    sk_err err = call_reserve(c, &call, out, in, reply_max, deadline);
    if (err != SK_OK)
        return err;
    if (XPORT_CALLS && out->handles < 2 && (c->call_busy & (c->call_busy - 1u)) == 0)
        err = ask(c, out, in, reply_max, deadline);
    else
        err = xport_self(c) ? SK_ERR_STATE : sk_send_until(c, out, deadline);
    if (err != SK_OK) {
        call_unreserve(c, &call);
        return err;
    }
    return await(c, &call, deadline);
}

/* The reply's bytes, for a caller who wants nothing else of it. */
static sk_err take_bytes(struct sk_in *in, void *reply, uint32_t max, uint32_t *got)
{
    sk_in_drop_handles(in);
    uint32_t n = in->len < max ? in->len : max;
    if (n != 0)
        __builtin_memcpy(reply, in->bytes, n);
    if (got != NULL)
        *got = n;
    return SK_OK;
}

sk_err call_long(struct sk_chan *c, uint32_t head, const void *request, uint32_t len, void *reply,
                 uint32_t reply_max, uint32_t *got, sk_ns deadline)
{
    struct sk_in in;
    struct sk_out out = {.label = (uint16_t)head, .len = len, .bytes = request};
    if (got != NULL)
        *got = 0;
    sk_err err = sk_call_msg(c, &out, &in, reply_max, deadline);
    return err == SK_OK ? take_bytes(&in, reply, reply_max, got) : err;
}

/* An ordinary call from now on, with the index and token that the short way has used. */
sk_err call_sent(struct sk_chan *c, uint32_t head, const struct sk_msg *m, void *reply,
                 uint32_t reply_max, uint32_t *got, sk_ns deadline)
{
    struct sk_in in;
    struct sk_call call;
    struct sk_out out = {.label = (uint16_t)head};
    if (got != NULL)
        *got = 0;
    sk_err err = reserve(c, &call, &out, &in, reply_max);
    if (err == SK_OK && m != NULL) {
        in.line[0] = *m;
        take(c, &in, 1);
    }
    if (err == SK_OK)
        err = await(c, &call, deadline);
    return err == SK_OK ? take_bytes(&in, reply, reply_max, got) : err;
}

sk_err sk_call(struct sk_chan *c, uint16_t label, const void *request, uint32_t len, void *reply,
               uint32_t reply_max, uint32_t *got, sk_ns deadline)
{
    if (c->dead != SK_OK || c->call_busy != 0 || len > SK_PAYLOAD_BYTES ||
        reply_max > SK_PAYLOAD_BYTES)
        return call_long(c, label, request, len, reply, reply_max, got, deadline);
    /* The token that reserve() would give: index 0. */
    uint32_t head = label | (uint32_t)c->call_seq << (16u + INDEX_BITS);
    return xport_call(c, head, request, len, reply, reply_max, got, deadline);
}

sk_err sk_reply(struct sk_chan *c, uint16_t token, sk_err err, const void *bytes, uint32_t len,
                const sk_handle *handle, uint32_t handles, bool *wake)
{
    struct sk_out out = {.label = (uint16_t)-err,
                         .token = token,
                         .reply = true,
                         .len = len,
                         .bytes = bytes,
                         .handles = handles,
                         .handle = handle};
    return wake != NULL ? sk_send_quiet(c, &out, wake) : sk_send_try(c, &out);
}
