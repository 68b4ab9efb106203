/* Message transfer where the kernels keep the rings: system calls that copy. The same ring, the
 * same code as in user space (base/ring.h). The link line takes this file or xfer_shared.c.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/chan.h"
#include "kernel/handle.h"
#include "kernel/sys.h"
#include "kernel/task.h"

_Static_assert(PORT_COPY_MODE, "the port maps rings: link xfer_shared.c");

static struct end *open_end(struct kern *k, struct task *t, sk_err *err)
{
    struct handle *h = handle_get(t, sys_u32(t, 0), SK_KIND_CHAN, SK_RIGHT_SEND, err);
    if (h == NULL)
        return NULL;
    struct end *e = &k->ends[h->index];
    if (e->used)
        return e;
    *err = SK_ERR_STATE;
    return NULL;
}

/* What a task put into the header words must make sense: the far side judges it. */
static sk_err check_lines(const struct sk_msg *m, uint32_t slots)
{
    for (uint32_t i = 0; i < slots; i++)
        if ((m[i].ctl & (SK_CTL_RESERVED | SK_CTL_TAKEN)) != 0 ||
            sk_ctl_len(m[i].ctl) > SK_PAYLOAD_BYTES || sk_ctl_more(m[i].ctl) != slots - 1u - i)
            return SK_ERR_ARG;
    return SK_OK;
}

sk_err sys_chan_send(struct kern *k, struct task *t)
{
    sk_err err;
    struct sk_msg m[SK_SLOTS_MAX];
    uint32_t slots = sys_u32(t, 2);
    bool wake;
    struct end *e = open_end(k, t, &err);
    if (e == NULL)
        return err;
    if (slots == 0 || slots > SK_SLOTS_MAX)
        return SK_ERR_ARG;
    err = user_in(k, t, m, sys_u64(t, 1), slots * sizeof(m[0]));
    if (err == SK_OK)
        err = check_lines(m, slots);
    if (err == SK_OK && e->peer_closed)
        err = SK_ERR_PEER_DEAD;
    if (err == SK_OK)
        err = ring_send(&e->tx, m, slots, &wake);
    if (err == SK_OK && wake)
        (void)chan_wake_peer(k, e, false); /* queued is the promise; death comes by the event */
    return err;
}

sk_err sys_chan_recv(struct kern *k, struct task *t)
{
    sk_err err;
    struct sk_msg m[SK_SLOTS_MAX];
    uint32_t max = sys_u32(t, 2);
    uint32_t slots;
    bool wake;
    struct end *e = open_end(k, t, &err);
    if (e == NULL)
        return err;
    if (max == 0 || max > SK_SLOTS_MAX)
        return SK_ERR_ARG;
    /* Nothing leaves the ring unless the task can take it. */
    size_t room = max * sizeof(m[0]);
    for (size_t at = 0; at < room;) {
        size_t piece = room - at;
        if (port_user(k, t, sys_u64(t, 1) + at, SK_PROT_W, &piece) == NULL)
            return SK_ERR_FAULT;
        at += piece;
    }
    bool closed = e->peer_closed; /* before the look: what came before the end is still taken */
    err = ring_recv(&e->rx, m, max, &slots, &wake);
    if (err == SK_ERR_EMPTY && closed)
        return SK_ERR_PEER_DEAD;
    if (err != SK_OK)
        return err;
    if (wake)
        (void)chan_wake_peer(k, e, false);
    err = user_out(k, t, sys_u64(t, 1), m, slots * sizeof(m[0]));
    port_result(&t->port, 1, slots); /* after the last look at the arguments: same registers */
    return err;
}

sk_err sys_chan_arm(struct kern *k, struct task *t)
{
    sk_err err;
    struct end *e = open_end(k, t, &err);
    if (e == NULL)
        return err;
    return !e->peer_closed && ring_arm(&e->rx) ? SK_OK : SK_ERR_BUSY;
}

sk_err sys_chan_want(struct kern *k, struct task *t)
{
    sk_err err;
    uint32_t slots = sys_u32(t, 1);
    struct end *e = open_end(k, t, &err);
    if (e == NULL)
        return err;
    if (slots == 0 || slots > SK_SLOTS_MAX)
        return SK_ERR_ARG;
    return !e->peer_closed && ring_want(&e->tx, slots) ? SK_OK : SK_ERR_BUSY;
}
