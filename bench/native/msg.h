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

/* Two words at a time, and no loop: a queue that copies what was just written here reads it in
 * pairs or in words, and neither has to wait for stores that are narrower than its loads. */
typedef uint64_t msg_two __attribute__((vector_size(16), aligned(8), may_alias));

static inline void msg_fill(uint64_t *word, uint64_t number)
{
    word[0] = number;
    *(msg_two *)(word + 1) = (msg_two){number + 1u, number + 2u};
    *(msg_two *)(word + 3) = (msg_two){number + 3u, number + 4u};
    *(msg_two *)(word + 5) = (msg_two){number + 5u, number + 6u};
}

static inline void msg_check(const uint64_t *word, uint64_t expect, uint64_t *bad)
{
    uint64_t first = word[0];
    uint64_t sum = first + ((word[1] + word[2]) + (word[3] + word[4])) + (word[5] + word[6]);
    *bad |= (first ^ expect) | (sum ^ (7u * expect + 21u));
}

/* The same for queues that copy messages in and out. */
static inline void msg_make(struct bench_msg *m, uint64_t number)
{
    *(msg_two *)&m->header = (msg_two){number, number};
    *(msg_two *)(m->word + 1) = (msg_two){number + 1u, number + 2u};
    *(msg_two *)(m->word + 3) = (msg_two){number + 3u, number + 4u};
    *(msg_two *)(m->word + 5) = (msg_two){number + 5u, number + 6u};
}

static inline void msg_judge(const struct bench_msg *m, uint64_t expect, uint64_t *bad)
{
    msg_check(m->word, expect, bad);
    *bad |= m->header ^ expect;
}

#endif
