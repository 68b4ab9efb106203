/* What a channel's end keeps where rings are memory that the two ends share (lib/xport_shared.c).
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_SHARED_XPORT_END_H
#define LIB_SHARED_XPORT_END_H

#include "base/ring.h"

struct xport_end {
    struct ring_tx tx;
    struct ring_rx rx;
    const struct sk_chan_status *status; /* written by the kernel */
    bool lent;                           /* the memory may be lost with its core */
};

/* Does the peer run on this core? Then it does not run while this task does. The line is written by
 * the kernel of this core while this task does not run, or (Linux) by whoever changes hands. */
static inline bool xport_end_near(const struct xport_end *e)
{
    return __atomic_load_n(&e->status->same_core, __ATOMIC_RELAXED) != 0;
}

/* Is the peer this task itself? Then nothing comes while it sleeps. */
static inline bool xport_end_self(const struct xport_end *e)
{
    return __atomic_load_n(&e->status->same_core, __ATOMIC_RELAXED) == SK_CHAN_SELF;
}

/* May there be something to receive: a message, garbage, the end? */
static inline bool xport_end_look(const struct xport_end *e)
{
    uint32_t ctl;
    return ring_peek(&e->rx, 0, &ctl) != RING_EMPTY ||
           __atomic_load_n(&e->status->state, __ATOMIC_RELAXED) != SK_CHAN_OPEN;
}

/* What waits for the next sleep: that the peer of an answer, on this core, is woken. */
struct xport_late {
    struct sk_chan *chan; /* NULL: nothing waits */
};

/* Lines that the first try of a reception asks for: a plain message is one. */
#define XPORT_RECV_LINES 1u

/* A call is a message each way, with a sleep between (CHAN_CALL is not there). */
#define XPORT_CALLS false

/* A message of one line is written where it lies. */
#define XPORT_IN_PLACE true

/* The page with the rings; 0 where programs do not see it. */
static inline uintptr_t xport_end_page(const struct xport_end *e)
{
    return (uintptr_t)e->tx.slot & ~(uintptr_t)(SK_PAGE_BYTES - 1u);
}

#endif
