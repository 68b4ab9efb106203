/* Rings in memory that the two ends share (MMU ports): sending and receiving are base/ring.h, the
 * kernel is entered only to wake or to sleep.
 * Not here: what a closed or broken end means to the caller (chan.c).
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/xport.h"
#include "lib/self.h"

sk_err xport_open(struct sk_chan *c, const struct sk_chan_view *view)
{
    struct sk_chan_mem *mem = (struct sk_chan_mem *)(uintptr_t)view->mem;
    uint32_t side = view->side & 1u;
    uint32_t n = view->slots;
    if (mem == NULL || view->status == 0 || n < SK_CHAN_SLOTS_MIN || n > SK_CHAN_SLOTS_MAX)
        return SK_ERR_UNSUPPORTED;
    struct sk_chan_ctl *mine = &mem->line[side];
    struct sk_chan_ctl *theirs = &mem->line[side ^ 1u];
    c->status = (const struct sk_chan_status *)(uintptr_t)view->status;
    ring_tx_init(&c->tx, &mem->slot[side * n], n, mine, theirs, view->epoch);
    ring_rx_init(&c->rx, &mem->slot[(side ^ 1u) * n], n, mine, theirs, view->epoch);
    return SK_OK;
}

/* Written by the kernel of this core while this task does not run: plain loads, but real ones. */
bool xport_closed(const struct sk_chan *c)
{
    return *(const volatile uint32_t *)&c->status->state != SK_CHAN_OPEN;
}

bool xport_same_core(const struct sk_chan *c)
{
    return *(const volatile uint32_t *)&c->status->same_core != 0;
}

sk_err xport_send(struct sk_chan *c, const struct sk_msg *m, uint32_t slots, bool *wake)
{
    *wake = false;
    if (xport_closed(c))
        return SK_ERR_PEER_DEAD;
    return ring_send(&c->tx, m, slots, wake);
}

bool xport_room(struct sk_chan *c, uint32_t slots)
{
    return ring_has_room(&c->tx, slots);
}

sk_err xport_recv(struct sk_chan *c, struct sk_msg *m, uint32_t max, uint32_t *slots)
{
    bool wake;
    sk_err err = ring_recv(&c->rx, m, max, slots, &wake);
    if (err == SK_ERR_EMPTY && xport_closed(c)) {
        /* Its last message may have come between the two looks; nothing comes after this one. */
        err = ring_recv(&c->rx, m, max, slots, &wake);
        if (err == SK_ERR_EMPTY)
            return SK_ERR_PEER_DEAD;
    }
    if (wake)
        sys_wake(c->handle); /* a peer that is gone does not mind */
    return err;
}

bool xport_arm(struct sk_chan *c)
{
    return ring_arm(&c->rx) && !xport_closed(c);
}

bool xport_want(struct sk_chan *c, uint32_t slots)
{
    return ring_want(&c->tx, slots) && !xport_closed(c);
}

sk_err xport_exchange(struct sk_chan *c, const struct sk_msg *m, struct sk_in *in, sk_ns deadline)
{
    uint32_t events, slots;
    uint64_t ready;
    bool wake;
    if (xport_closed(c))
        return SK_ERR_PEER_DEAD;
    /* Armed before the request is out: its reply is the first thing that can come. */
    bool armed = ring_arm(&c->rx);
    sk_err err = ring_send(&c->tx, m, 1, &wake);
    if (err != SK_OK)
        return err;
    if (wake && armed)
        err = sys_wake_wait(c->handle, c->event_mask, deadline, &events, &ready);
    else if (wake)
        err = sys_wake(c->handle);
    else
        return SK_ERR_EMPTY;
    if (err != SK_OK || !armed)
        return SK_ERR_EMPTY;
    sk_self()->ready |= ready;
    err = ring_recv(&c->rx, &in->first, 1, &slots, &wake);
    if (wake)
        sys_wake(c->handle);
    if (err != SK_OK)
        return SK_ERR_EMPTY;
    return SK_OK;
}
