/* Rings that belong to the kernels (MPU ports): every message is copied by a system call, which
 * also wakes the peer.
 * Not here: what a closed or broken end means to the caller (chan.c).
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/xport.h"
#include "lib/build.h"

sk_err xport_open(struct sk_chan *c, const struct sk_chan_view *view)
{
    if (view->mem != 0)
        return SK_ERR_UNSUPPORTED;
    c->end.armed = false;
    return SK_OK;
}

bool xport_closed(const struct sk_chan *c)
{
    struct sk_handle_info info;
    return sys_info(c->handle, &info) != SK_OK || info.state != SK_CHAN_OPEN;
}

bool xport_self(const struct sk_chan *c)
{
    struct sk_handle_info info;
    return sys_info(c->handle, &info) == SK_OK && info.peer_self != 0;
}

sk_err xport_send(struct sk_chan *c, const struct sk_msg *m, uint32_t slots, bool *wake)
{
    *wake = false;
    return sys_chan_send(c->handle, m, slots);
}

/* Not SK_OK: there is room, or the peer is gone, which the attempt will tell. */
bool xport_room(struct sk_chan *c, uint32_t slots)
{
    return sys_chan_want(c->handle, slots) != SK_OK;
}

sk_err xport_recv(struct sk_chan *c, struct sk_msg *m, uint32_t max, uint32_t *slots)
{
    return sys_chan_recv(c->handle, m, max, slots, &c->end.armed);
}

/* A message that has come since the last look has set the event: not armed any more is as good. */
bool xport_arm(struct sk_chan *c)
{
    if (!c->end.armed)
        c->end.armed = sys_chan_arm(c->handle) == SK_OK;
    return c->end.armed;
}

bool xport_arm_near(struct sk_chan *c)
{
    return c->end.armed;
}

bool xport_want(struct sk_chan *c, uint32_t slots)
{
    return sys_chan_want(c->handle, slots) == SK_OK;
}

/* --- Calls ----------------------------------------------------------------------------------- */

sk_err xport_ask(struct sk_chan *c, struct sk_msg *m, uint32_t slots, uint32_t max, sk_ns deadline,
                 uint32_t *got)
{
    c->end.armed = false;
    return sys_chan_call(c->handle, m, slots, max, deadline, got);
}

sk_err xport_call(struct sk_chan *c, uint32_t head, const void *request, uint32_t len, void *reply,
                  uint32_t reply_max, uint32_t *got, sk_ns deadline)
{
    struct sk_msg m;
    uint32_t slots;
    m.ctl = sk_ctl_make(len, 0, 0, false);
    m.label = (uint16_t)head;
    m.token = (uint16_t)(head >> 16);
    build_payload(&m, request, len);
    sk_err err = xport_ask(c, &m, 1, 1, deadline, &slots);
    if (err == SK_ERR_FULL || err == SK_ERR_STATE)
        return call_long(c, head, request, len, reply, reply_max, got, deadline);
    if (err != SK_OK)
        return call_sent(c, head, NULL, reply, reply_max, got, deadline);
    if ((m.ctl & (SK_CTL_REPLY | SK_CTL_HANDLES)) != SK_CTL_REPLY || m.token != head >> 16)
        return call_sent(c, head, &m, reply, reply_max, got, deadline);
    uint32_t n = sk_ctl_len(m.ctl) < reply_max ? sk_ctl_len(m.ctl) : reply_max;
    n = m.label == SK_OK ? n : 0;
    build_copy(reply, m.bytes, n);
    if (got != NULL)
        *got = n;
    c->call_seq++;
    return m.label <= (uint32_t)-SK_ERR_LAST ? -(sk_err)m.label : SK_ERR_PROTOCOL;
}

sk_err xport_lend(struct sk_chan *c, struct sk_lend *l, uint32_t cancel, sk_ns deadline, bool *sent)
{
    c->end.armed = false;
    return sys_lend(c->handle, l, cancel, deadline, sent);
}
