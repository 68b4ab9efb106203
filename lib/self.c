/* See self.h.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/self.h"

#define LOOK_MS 1u /* between looks for somebody to ask */

sk_err sk_parent_until(sk_ns deadline, struct sk_chan **parent)
{
    struct sk_self *self = sk_self();
    *parent = &self->parent;
    while (self->parent.handle == SK_HANDLE_NONE) {
        uint32_t events;
        if (self->start->parent == SK_HANDLE_NONE)
            return SK_ERR_HANDLE;
        sk_err err = sk_chan_open(&self->parent, self->start->parent, SK_EV_CHAN);
        if (err != SK_ERR_NOT_FOUND)
            return err;
        sk_ns now = sk_now();
        if (now >= deadline)
            return SK_ERR_TIMED_OUT;
        sk_ns look = deadline - now < SK_MS(LOOK_MS) ? deadline : now + SK_MS(LOOK_MS);
        if (sk_wait_events(0, look, &events) == SK_ERR_CANCELLED)
            return SK_ERR_CANCELLED;
    }
    return SK_OK;
}

struct sk_chan *sk_parent(void)
{
    struct sk_chan *parent;
    return sk_parent_until(0, &parent) == SK_OK ? parent : NULL;
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
