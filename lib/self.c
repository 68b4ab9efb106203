/* See self.h.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/self.h"

struct sk_chan *sk_parent(void)
{
    struct sk_self *self = sk_self();
    if (self->parent.handle != SK_HANDLE_NONE)
        return &self->parent;
    sk_handle end = self->start->parent;
    if (end == SK_HANDLE_NONE || sk_chan_open(&self->parent, end, SK_EV_CHAN) != SK_OK)
        return NULL;
    return &self->parent;
}

sk_err sk_wait_events(uint32_t mask, sk_ns deadline, uint32_t *events)
{
    uint64_t ready;
    sk_err err = sys_wait(mask, deadline, events, &ready);
    if (ready != 0)
        sk_self()->ready |= ready;
    return err;
}

void sk_sleep_until(sk_ns deadline)
{
    uint32_t events;
    while (sk_now() < deadline && sk_wait_events(0, deadline, &events) != SK_ERR_CANCELLED)
        ;
}
