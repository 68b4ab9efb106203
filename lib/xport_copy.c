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
    return sys_chan_recv(c->handle, m, max, slots);
}

bool xport_arm(struct sk_chan *c)
{
    return sys_chan_arm(c->handle) == SK_OK;
}

bool xport_arm_near(struct sk_chan *c)
{
    return xport_arm(c);
}

bool xport_want(struct sk_chan *c, uint32_t slots)
{
    return sys_chan_want(c->handle, slots) == SK_OK;
}

/* There is no shorter one. */
sk_err xport_call(struct sk_chan *c, uint32_t head, const void *request, uint32_t len, void *reply,
                  uint32_t reply_max, uint32_t *got, sk_ns deadline)
{
    return call_long(c, head, request, len, reply, reply_max, got, deadline);
}
