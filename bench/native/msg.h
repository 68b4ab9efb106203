/* The message that every queue carries: 64 bytes, a header and 7 words of payload. The sender
 * writes all words anew from the message's number, the receiver reads and sums them all: the same
 * work for every system. What differs from the expected is gathered in *bad, which is 0 while all
 * is well and exactly BENCH_LAST when the last message has come.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef BENCH_MSG_H
#define BENCH_MSG_H

#include "bench.h"

struct bench_msg {
    uint64_t header; /* what a queue without one of its own carries beside the payload */
    uint64_t word[BENCH_WORDS];
} __attribute__((aligned(BENCH_LINE)));

static inline void msg_fill(uint64_t *word, uint64_t number)
{
    for (unsigned i = 0; i < BENCH_WORDS; i++)
        word[i] = number + i;
}

static inline void msg_check(const uint64_t *word, uint64_t expect, uint64_t *bad)
{
    uint64_t first = word[0], sum = first;
    for (unsigned i = 1; i < BENCH_WORDS; i++)
        sum += word[i];
    *bad |=
        (first ^ expect) | (sum ^ (BENCH_WORDS * expect + BENCH_WORDS * (BENCH_WORDS - 1u) / 2u));
}

/* The same for queues that copy messages in and out. */
static inline void msg_make(struct bench_msg *m, uint64_t number)
{
    m->header = number;
    msg_fill(m->word, number);
}

static inline void msg_judge(const struct bench_msg *m, uint64_t expect, uint64_t *bad)
{
    msg_check(m->word, expect, bad);
    *bad |= m->header ^ expect;
}

#endif
