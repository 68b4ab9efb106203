/* Rings in memory that the two ends share (MMU ports): sending and receiving are base/ring.h, the
 * kernel is entered only to wake or to sleep.
 * Not here: what a closed or broken end means to the caller (chan.c).
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/xport.h"
#include "lib/build.h"
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

/* Label and token, together. */
static uint32_t line_head(const struct sk_msg *line)
{
    return *(const volatile uint32_t *)(const volatile void *)&line->label;
}

static void line_set_head(struct sk_msg *line, uint32_t head)
{
    *(volatile uint32_t *)(volatile void *)&line->label = head;
}

sk_err xport_send(struct sk_chan *c, const struct sk_msg *m, uint32_t slots, bool *wake)
{
    *wake = false;
    if (xport_closed(c))
        return SK_ERR_PEER_DEAD;
    if (slots != 1)
        return ring_send(&c->tx, m, slots, wake);
    struct sk_msg *line = ring_claim(&c->tx);
    if (line == NULL)
        return SK_ERR_FULL;
    line_set_head(line, line_head(m));
    for (unsigned i = 0; i < SK_PAYLOAD_BYTES / 8u; i++)
        line->w64[i] = m->w64[i];
    *wake = ring_publish(&c->tx, line, m->ctl);
    return SK_OK;
}

bool xport_room(struct sk_chan *c, uint32_t slots)
{
    return ring_has_room(&c->tx, slots);
}

static sk_err recv_long(struct sk_chan *c, struct sk_msg *m, uint32_t max, uint32_t *slots)
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

sk_err xport_recv(struct sk_chan *c, struct sk_msg *m, uint32_t max, uint32_t *slots)
{
    uint32_t ctl;
    /* In a stream ring_recv looks ahead, which is worth more. */
    const struct sk_msg *line = c->rx.streak <= c->rx.mask ? ring_front(&c->rx, &ctl) : NULL;
    if (line == NULL)
        return recv_long(c, m, max, slots);
    m->ctl = ctl;
    line_set_head(m, line_head(line));
    for (unsigned i = 0; i < SK_PAYLOAD_BYTES / 8u; i++)
        m->w64[i] = line->w64[i];
    *slots = 1;
    if (ring_pop(&c->rx))
        sys_wake(c->handle);
    return SK_OK;
}

bool xport_arm(struct sk_chan *c)
{
    return ring_arm(&c->rx) && !xport_closed(c);
}

bool xport_want(struct sk_chan *c, uint32_t slots)
{
    return ring_want(&c->tx, slots) && !xport_closed(c);
}

/* The reply with this token at the front of the ring; anything else is left there. */
static sk_err take_reply(struct sk_chan *c, uint32_t token, void *reply, uint32_t max,
                         uint32_t *got)
{
    uint32_t ctl;
    const struct sk_msg *line = ring_front(&c->rx, &ctl);
    if (line == NULL)
        return XPORT_SENT;
    uint32_t head = line_head(line);
    if ((ctl & (SK_CTL_REPLY | SK_CTL_HANDLES)) != SK_CTL_REPLY || head >> 16 != token)
        return XPORT_SENT;
    uint32_t label = head & 0xffffu;
    uint32_t n = sk_ctl_len(ctl) < max ? sk_ctl_len(ctl) : max;
    n = label == 0 ? n : 0;
    if (n != 0)
        build_copy(reply, line->bytes, n);
    if (got != NULL)
        *got = n;
    if (ring_pop(&c->rx))
        sys_wake(c->handle);
    return label <= (uint32_t)-SK_ERR_LAST ? -(sk_err)label : SK_ERR_PROTOCOL;
}

sk_err xport_call(struct sk_chan *c, uint32_t head, const void *request, uint32_t len, void *reply,
                  uint32_t reply_max, uint32_t *got, sk_ns deadline)
{
    uint32_t events;
    uint64_t ready;
    if (!xport_same_core(c) || xport_closed(c))
        return XPORT_NOT_SENT;
    struct sk_msg *line = ring_claim(&c->tx);
    /* Armed before the request is out: its reply is the first thing that can come. */
    if (line == NULL || !ring_arm(&c->rx))
        return XPORT_NOT_SENT;
    line_set_head(line, head);
    build_payload(line, request, len);
    if (!ring_publish(&c->tx, line, sk_ctl_make(len, 0, 0, false)))
        return XPORT_SENT;
    if (sys_wake_wait(c->handle, c->event_mask, deadline, &events, &ready) != SK_OK)
        return XPORT_SENT;
    sk_self()->ready |= ready;
    return take_reply(c, head >> 16, reply, reply_max, got);
}
