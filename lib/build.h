/* Between the files of the channel library; programs use lib/chan.h and lib/rpc.h.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_BUILD_H
#define LIB_BUILD_H

#include "lib/xport.h"

/* Copy len <= 56 bytes word by word: mostly there are few, and the C library's memcpy goes byte by
 * byte. `from` may be in a peer's hands: each part of it is read once. */
static inline void build_copy(void *to, const void *from, uint32_t len)
{
    const uint8_t *f = from;
    uint8_t *t = to;
    uint32_t i = 0;
    for (; i + 8u <= len; i += 8u) {
        uint64_t w;
        __builtin_memcpy(&w, f + i, 8);
        __asm__("" : "+r"(w)); /* stays a loop */
        __builtin_memcpy(t + i, &w, 8);
    }
    for (; i < len; i++)
        t[i] = *(const volatile uint8_t *)(f + i);
}

/* Make len <= 56 bytes the payload of m; the rest of the line is zero: nothing of this task's
 * memory travels that was not meant to. */
static inline void build_payload(struct sk_msg *m, const void *bytes, uint32_t len)
{
    m->w64[0] = m->w64[1] = m->w64[2] = m->w64[3] = 0;
    m->w64[4] = m->w64[5] = m->w64[6] = 0;
    build_copy(m->bytes, bytes, len);
}

/* What xport_recv said and put into in->line, if it was not a plain message of one line: receive
 * what is longer, put its lines together, take handles, end the channel that is broken. As
 * sk_recv_try. */
sk_err chan_recv_rest(struct sk_chan *c, struct sk_in *in, sk_err err, uint32_t slots);

/* sk_recv_try for an end that is not dead, the short way inline. */
static inline sk_err chan_recv(struct sk_chan *c, struct sk_in *in)
{
    uint32_t slots;
    sk_err err = xport_recv(c, in->line, XPORT_RECV_LINES, &slots);
    if (err == SK_ERR_EMPTY) {
        in->handles = 0;
        return err;
    }
    if (err != SK_OK || (in->ctl & (SK_CTL_MORE | SK_CTL_HANDLES)) != 0 ||
        in->label == SK_LABEL_DROP)
        return chan_recv_rest(c, in, err, slots);
    in->handles = 0;
    in->len = sk_ctl_len(in->ctl);
    return SK_OK;
}

/* First half of a call by xport_ask: the lines of out in in->line, its handles sent. *slots: how
 * many. Errors as sk_send_try; nothing is sent then. */
sk_err chan_build(struct sk_chan *c, struct sk_in *in, const struct sk_out *out, uint32_t *slots);

/* sk_call where the short way does not do, and where it has sent the request but has no answer or,
 * in m, an odd one; arguments as xport_call. */
sk_err call_long(struct sk_chan *c, uint32_t head, const void *request, uint32_t len, void *reply,
                 uint32_t reply_max, uint32_t *got, sk_ns deadline);
sk_err call_sent(struct sk_chan *c, uint32_t head, const struct sk_msg *m, void *reply,
                 uint32_t reply_max, uint32_t *got, sk_ns deadline);

/* What lib/loan.c needs of calls: take an index and room for the reply, waiting for late ones until
 * deadline (errors as sk_call_msg); give it back, nothing was sent; receive one message and hand it
 * to its call (SK_ERR_TIMED_OUT: none); wait for the answer, or give the call up. */
sk_err call_reserve(struct sk_chan *c, struct sk_call *call, struct sk_out *out, struct sk_in *in,
                    uint32_t reply_max, sk_ns deadline);
void call_unreserve(struct sk_chan *c, struct sk_call *call);
sk_err call_pump(struct sk_chan *c, struct sk_in *in, sk_ns deadline);
sk_err call_await(struct sk_chan *c, struct sk_call *call, sk_ns deadline);

/* While a peer on another core is looked at: so often, ask whether there is a reason to do so no
 * longer, which the sleep that follows will tell: the end is closed, it is late, it is cancelled.
 * Most ports sleep before. */
#define CHAN_CHECK_LOOKS 256u
bool chan_spin_over(const struct sk_chan *c, sk_ns deadline);

/* The peer breaks the rules: the end is closed, its calls have ended, all with SK_ERR_PROTOCOL. */
void chan_break(struct sk_chan *c);

static inline void build_one(struct sk_msg *m, const struct sk_out *out)
{
    m->ctl = sk_ctl_make(out->len, 0, out->handles, out->reply);
    m->label = out->label;
    m->token = out->token;
    build_payload(m, out->bytes, out->len);
}

#endif
