/* What the scenarios share: rings in the arena, messages whose content tells their number, and the
 * two ways to send and to receive that the library has.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ORDER_SCENARIO_H
#define ORDER_SCENARIO_H

#include "base/level.h"
#include "base/ring.h"
#include "tests/order/explore.h"
#include "tests/order/model.h"

/* One thread's own: the state that it settles on. */
struct side {
    struct ring_tx tx;
    struct ring_rx rx;
    uint32_t one_way;     /* do not try both ways */
    uint32_t batches;     /* not 0: send two at a time, but only before this number */
    uint32_t sent, taken; /* numbers of messages */
    uint32_t lines;       /* of messages sent */
    uint32_t level[8];    /* private copies of level words */
};

/* Sides are thread 0 and 1; ring 0 goes from 0 to 1, ring 1 back. */
static inline struct side *side_of(unsigned thread)
{
    return &((struct side *)kept.bytes)[thread];
}

#define SETTLE(s) ex_settle(s, sizeof(*(s)))

/* Both rings, with tags that wrap at message number `wrap` of ring 0. */
void sides_begin(uint32_t wrap);
/* Send and take n lines of ring 0, in order. */
void sides_use(uint32_t n);
/* Send n lines of ring 0 that stay there. */
uint32_t sides_fill(uint32_t n);

/* Send message number s->sent of `lines` lines, by one of the two ways (both are tried), and wake
 * `other` if asked to. False: the ring is full. */
bool side_send(struct side *s, uint32_t lines, unsigned other);
/* The same, sleeping until there is room. */
void side_send_wait(struct side *s, uint32_t lines, unsigned other);
/* Take a message, check that it is number s->taken, wake if asked to. False: there is none. */
bool side_take(struct side *s, unsigned other);
void side_wake(unsigned other);

extern const struct scenario link_scenarios[];

#endif
