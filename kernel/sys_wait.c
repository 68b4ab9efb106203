/* The system calls on the path of each message: wait, wake, and both at once. What they do is in
 * sched.h and chan.h; here the case of one core is spelled out in line.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/chan.h"
#include "kernel/handle.h"
#include "kernel/sched_fast.h"
#include "kernel/sys.h"

/* chan_wake_peer, quick if the peer is on this core. */
static inline sk_err wake_peer(struct kern *k, struct end *e, bool front)
{
    if (e->peer_closed || e->peer.core != k->core)
        return chan_wake_peer(k, e, front);
    struct end *far = &k->ends[e->peer.index];
    struct task *t = far->owner;
    if (far->used && t != NULL && t->calling == NULL) {
        t->ready |= (uint64_t)1 << (far->slot % 64u);
        fast_event(k, t, 1u << far->event_bit, front);
        return SK_OK;
    }
    chan_end_ring(k, far, front);
    return SK_OK;
}

sk_err sys_wait(struct kern *k, struct task *t)
{
    return fast_wait(k, t, sys_u32(t, 0), sys_u64(t, 1));
}

sk_err sys_wake(struct kern *k, struct task *t)
{
    sk_err err;
    struct handle *h = handle_get_chan(t, sys_u32(t, 0), &err);
    return h ? wake_peer(k, &k->ends[h->index], false) : err;
}

sk_err sys_wake_wait(struct kern *k, struct task *t)
{
    sk_err err;
    struct handle *h = handle_get_chan(t, sys_u32(t, 0), &err);
    if (h == NULL)
        return err;
    struct end *e = &k->ends[h->index];
    if (!e->peer_closed && e->peer.core == k->core && sys_u64(t, 2) == SK_FOREVER) {
        struct end *far = &k->ends[e->peer.index];
        struct task *u = far->owner;
        if (far->used && u != NULL) {
            u->ready |= (uint64_t)1 << (far->slot % 64u);
            if (sched_hand_over(k, t, sys_u32(t, 1), u, 1u << far->event_bit))
                return CALL_SWITCHED;
        }
    }
    err = wake_peer(k, &k->ends[h->index], true);
    return err == SK_OK ? fast_wait(k, t, sys_u32(t, 1), sys_u64(t, 2)) : err;
}
