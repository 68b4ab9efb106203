/* What a channel's end keeps where rings belong to the kernels (lib/xport_copy.c).
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_COPY_XPORT_END_H
#define LIB_COPY_XPORT_END_H

#include <skerry/msg.h>

struct xport_end {
    bool armed; /* by the last look: the ring is dry, and the next message will set the event */
};

/* Programs do not poll here, so it makes no difference where the peer runs: it may be near. */
static inline bool xport_end_near(const struct xport_end *e)
{
    (void)e;
    return true;
}

/* May there be something to receive? Only the attempt tells. */
static inline bool xport_end_look(const struct xport_end *e)
{
    (void)e;
    return true;
}

/* What waits for the next sleep: an answer. */
struct xport_late {
    struct sk_chan *chan; /* NULL: nothing waits */
    struct sk_msg msg;
};

/* Lines that the first try of a reception asks for: each try is a kernel entry. */
#define XPORT_RECV_LINES SK_SLOTS_MAX

/* A call is one kernel entry, however long (CHAN_CALL). */
#define XPORT_CALLS true

/* A message is built by the program and copied by the kernel. */
#define XPORT_IN_PLACE false

/* The page with the rings; 0 where programs do not see it. */
static inline uintptr_t xport_end_page(const struct xport_end *e)
{
    (void)e;
    return 0;
}

#endif
