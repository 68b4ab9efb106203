/* Between the files of the channel library; programs use lib/chan.h and lib/rpc.h.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_BUILD_H
#define LIB_BUILD_H

#include "lib/chan.h"

/* Copy len <= 56 bytes into m's payload; the rest of the line is zero: nothing of this task's
 * memory travels that was not meant to. Word by word: mostly there are few. */
static inline void build_payload(struct sk_msg *m, const void *bytes, uint32_t len)
{
    const uint8_t *from = bytes;
    uint32_t words = len / 8u;
    m->w64[0] = m->w64[1] = m->w64[2] = m->w64[3] = 0;
    m->w64[4] = m->w64[5] = m->w64[6] = 0;
    for (uint32_t i = 0; i < words; i++) {
        uint64_t w;
        __builtin_memcpy(&w, from + 8u * i, 8);
        m->w64[i] = w;
        __asm__("" : : : "memory"); /* stays a loop: a call of memcpy costs more */
    }
    for (uint32_t i = words * 8u; i < len; i++)
        m->bytes[i] = from[i];
}

/* A message of one line was taken from the ring raw: take its handles too. SK_ERR_EMPTY: it was
 * the library's own. SK_ERR_PROTOCOL: the channel was broken off. */
sk_err chan_recv_finish(struct sk_chan *c, struct sk_in *in);

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
