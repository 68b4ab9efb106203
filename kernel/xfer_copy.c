/* Message transfer where the kernels keep the rings: system calls that copy. The same ring, the
 * same code as in user space (base/ring.h). The link line takes this file or xfer_shared.c.
 *
 * A task's memory is its own and it does not run meanwhile, so a line is checked and used where it
 * lies if it lies in one piece and aligned.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/xfer.h"
#include "kernel/chan.h"
#include "kernel/handle.h"
#include "kernel/ring.h"
#include "kernel/sched_fast.h"
#include "kernel/sys.h"
#include "kernel/task.h"
#include "kernel/xfer_line.h"

_Static_assert(PORT_COPY_MODE, "the port maps rings: link xfer_shared.c");

static struct end *open_end(struct kern *k, struct task *t, sk_err *err)
{
    struct handle *h = handle_get_chan(t, sys_u32(t, 0), err);
    if (h == NULL)
        return NULL;
    struct end *e = &k->ends[h->index];
    if (e->used && !chan_lost(e))
        return e;
    *err = e->used ? SK_ERR_PEER_DEAD : SK_ERR_STATE;
    return NULL;
}

/* The lines at addr of t as the kernel may use them in place, or NULL. */
static struct sk_msg *in_place(struct kern *k, struct task *t, sk_uaddr addr, uint32_t slots,
                               uint32_t prot)
{
    size_t bytes = slots * sizeof(struct sk_msg);
    size_t piece = bytes;
    if (addr % _Alignof(struct sk_msg) != 0)
        return NULL;
    struct sk_msg *m = port_user(k, t, addr, prot, &piece);
    return piece == bytes ? m : NULL;
}

sk_err xfer_open(struct kern *k, struct end *e, struct sk_chan_view *view)
{
    (void)view;
    struct sk_chan_mem *mem = port_chan_page(k->cpu, e->page);
    uint32_t far = 1u - e->side;
    ring_tx_init(&e->tx, &mem->slot[e->side * (uint32_t)e->slots], e->slots, &mem->line[e->side],
                 &mem->line[far], e->epoch);
    ring_rx_init(&e->rx, &mem->slot[far * e->slots], e->slots, &mem->line[e->side], &mem->line[far],
                 e->epoch);
    return SK_OK;
}

void xfer_close(struct kern *k, struct end *e)
{
    (void)k;
    (void)e;
}

void xfer_lost(struct kern *k, struct end *e)
{
    (void)k;
    (void)e; /* chan_lost is asked wherever a ring is used */
}

void xfer_update(struct kern *k, struct end *e)
{
    (void)k;
    (void)e;
}

/* --- Sending --------------------------------------------------------------------------------- */

/* What a task put into the header words must make sense: the far side judges it. */
static inline bool lines_ok(const struct sk_msg *m, uint32_t slots)
{
    for (uint32_t i = 0; i < slots; i++)
        if ((m[i].ctl & (SK_CTL_RESERVED | SK_CTL_TAKEN)) != 0 ||
            sk_ctl_len(m[i].ctl) > SK_PAYLOAD_BYTES || sk_ctl_more(m[i].ctl) != slots - 1u - i)
            return false;
    return true;
}

static __attribute__((noinline)) sk_err send_lines(struct end *e, const struct sk_msg *m,
                                                   uint32_t slots, bool *wake)
{
    if (!lines_ok(m, slots))
        return SK_ERR_ARG;
    return e->peer_closed ? SK_ERR_PEER_DEAD : kring_send(&e->tx, m, slots, wake);
}

static __attribute__((noinline)) sk_err send_copied(struct kern *k, struct task *t, struct end *e,
                                                    uint32_t slots, bool *wake)
{
    struct sk_msg m[SK_SLOTS_MAX];
    sk_err err = user_in(k, t, m, sys_word(t, 1), slots * sizeof(m[0]));
    return err == SK_OK ? send_lines(e, m, slots, wake) : err;
}

/* CHAN_SEND but for the wake-up. */
static __attribute__((noinline)) sk_err send(struct kern *k, struct task *t, struct end *e,
                                             uint32_t slots, bool *wake)
{
    *wake = false;
    if (slots - 1u >= SK_SLOTS_MAX)
        return SK_ERR_ARG;
    const struct sk_msg *m = in_place(k, t, sys_word(t, 1), slots, SK_PROT_R);
    if (m && slots == 1)
        return e->peer_closed ? SK_ERR_PEER_DEAD : line_send(e, m, wake);
    return m ? send_lines(e, m, slots, wake) : send_copied(k, t, e, slots, wake);
}

sk_err sys_chan_send(struct kern *k, struct task *t, struct handle *h)
{
    (void)h;
    sk_err err;
    bool wake;
    struct end *e = open_end(k, t, &err);
    if (e == NULL)
        return err;
    err = send(k, t, e, sys_u32(t, 2), &wake);
    if (wake)
        (void)chan_wake_peer(k, e, false); /* queued is the promise; death comes by the event */
    return err;
}

/* An answer to a task of this core that sleeps in CHAN_CALL for it goes from buffer to buffer. */
static inline bool answer_near(struct kern *k, struct task *t, struct end *e, uint32_t slots)
{
    if (slots != 1 || e->peer.core != k->core || e->peer_closed)
        return false;
    struct end *far = &k->ends[e->peer.index];
    struct task *u = far->owner;
    if (u == NULL || u->calling != far)
        return false;
    const struct sk_msg *m = in_place(k, t, sys_word(t, 1), 1, SK_PROT_R);
    struct sk_msg *to = in_place(k, u, sys_word(u, 1), 1, SK_PROT_W);
    if (m == NULL || to == NULL || !line_ok(m->ctl))
        return false;
    line_answer(k, u, to, m, m->ctl);
    return true;
}

sk_err sys_chan_send_wait(struct kern *k, struct task *t, struct handle *h)
{
    (void)h;
    sk_err err;
    bool wake;
    struct end *e = open_end(k, t, &err);
    if (e == NULL)
        return err;
    if (answer_near(k, t, e, sys_u32(t, 2)))
        return fast_wait(k, t, sys_u32(t, 3), sys_u64(t, 4));
    err = send(k, t, e, sys_u32(t, 2), &wake);
    if (wake)
        (void)chan_wake_peer(k, e, true);
    return err == SK_OK ? fast_wait(k, t, sys_u32(t, 3), sys_u64(t, 4)) : err;
}

/* --- Receiving ------------------------------------------------------------------------------- */

static __attribute__((noinline)) sk_err recv_copied(struct kern *k, struct task *t, struct end *e,
                                                    uint32_t max, uint32_t *slots, bool *wake)
{
    struct sk_msg m[SK_SLOTS_MAX];
    sk_uaddr to = sys_word(t, 1);
    /* Nothing leaves the ring unless the task can take it. */
    sk_err err = user_check(k, t, to, max * sizeof(m[0]));
    if (err == SK_OK)
        err = kring_recv(&e->rx, m, max, slots, wake);
    return err == SK_OK ? user_out(k, t, to, m, *slots * sizeof(m[0])) : err;
}

/* CHAN_RECV: a message, or the end is armed. */
static __attribute__((noinline)) sk_err recv(struct kern *k, struct task *t, struct end *e,
                                             uint32_t max, uint32_t *slots)
{
    bool wake;
    if (max - 1u >= SK_SLOTS_MAX)
        return SK_ERR_ARG;
    struct sk_msg *m = in_place(k, t, sys_word(t, 1), max, SK_PROT_W);
    while (!chan_lost(e)) {
        bool closed = e->peer_closed; /* before the look: what came before the end is still taken */
        sk_err err = SK_OK;
        *slots = 1;
        if (m == NULL)
            err = recv_copied(k, t, e, max, slots, &wake);
        else if (!line_take(e, m, &wake))
            err = kring_recv(&e->rx, m, max, slots, &wake);
        if (err == SK_OK && wake)
            (void)chan_wake_peer(k, e, false);
        if (err != SK_ERR_EMPTY)
            return err;
        if (closed)
            return SK_ERR_PEER_DEAD;
        if (line_arm(e) || kring_arm(&e->rx))
            return SK_ERR_EMPTY;
    }
    return SK_ERR_PEER_DEAD;
}

sk_err sys_chan_recv(struct kern *k, struct task *t, struct handle *h)
{
    (void)h;
    sk_err err;
    uint32_t slots;
    struct end *e = open_end(k, t, &err);
    if (e == NULL)
        return err;
    err = recv(k, t, e, sys_u32(t, 2), &slots);
    if (err != SK_OK)
        return err;
    port_result(&t->port, 1, slots); /* after the last look at the arguments: same registers */
    port_result(&t->port, 2, !e->peer_closed && (line_arm(e) || kring_arm(&e->rx)));
    return SK_OK;
}

sk_err sys_chan_arm(struct kern *k, struct task *t, struct handle *h)
{
    (void)h;
    sk_err err;
    struct end *e = open_end(k, t, &err);
    if (e == NULL)
        return err;
    return !e->peer_closed && kring_arm(&e->rx) ? SK_OK : SK_ERR_BUSY;
}

sk_err sys_chan_want(struct kern *k, struct task *t, struct handle *h)
{
    (void)h;
    sk_err err;
    uint32_t slots = sys_u32(t, 1);
    struct end *e = open_end(k, t, &err);
    if (e == NULL)
        return err;
    if (slots == 0 || slots > SK_SLOTS_MAX)
        return SK_ERR_ARG;
    return !e->peer_closed && ring_want(&e->tx, slots) ? SK_OK : SK_ERR_BUSY;
}

/* --- Both in one entry ----------------------------------------------------------------------- */

/* The second half of CHAN_CALL: SK_ERR_EMPTY: not yet, e is armed. */
static inline sk_err take_answer(struct kern *k, struct task *t, struct end *e)
{
    uint32_t slots = 0;
    sk_err err = recv(k, t, e, sys_u32(t, 2) >> 8, &slots);
    if (err != SK_ERR_EMPTY)
        port_result(&t->port, 1, slots);
    return err;
}

bool xfer_answer(struct kern *k, struct end *e, bool front)
{
    struct task *t = e->owner;
    sk_err err = take_answer(k, t, e);
    if (err == SK_ERR_EMPTY)
        return true; /* something else: it sleeps on */
    t->calling = NULL;
    fast_cancel(&t->wait_timer);
    t->state = SK_TASK_READY;
    port_result(&t->port, 0, (uintptr_t)(intptr_t)err);
    fast_push(k, t, front);
    return err != SK_ERR_PEER_DEAD; /* of which others in the task must hear too */
}

/* The peer runs at once if it waits for just this. */
static inline bool hand_over(struct kern *k, struct task *t, struct end *e)
{
    if (e->peer.core != k->core || e->peer_closed)
        return false;
    struct end *far = &k->ends[e->peer.index];
    struct task *u = far->owner;
    if (!far->used || u == NULL || u->calling != NULL)
        return false;
    fast_ready(u, far->slot);
    return sched_hand_over(k, t, 0, u, 1u << far->event_bit);
}

sk_err sys_chan_call(struct kern *k, struct task *t, struct handle *h)
{
    (void)h;
    sk_err err;
    bool wake;
    uint32_t slots = sys_u32(t, 2);
    sk_ns deadline = sys_u64(t, 3);
    struct end *e = open_end(k, t, &err);
    if (e == NULL)
        return err;
    if ((slots >> 8) - 1u >= SK_SLOTS_MAX)
        return SK_ERR_ARG;
    if (e->self)
        return SK_ERR_STATE;
    bool cancelled = task_cancelled(t);
    bool armed = line_arm(e) || kring_arm(&e->rx); /* before the answer can come */
    err = send(k, t, e, slots & 0xffu, &wake);
    if (err != SK_OK)
        return err;
    t->calling = e;
    if (armed && deadline == SK_FOREVER && wake && hand_over(k, t, e))
        return CALL_SWITCHED;
    if (wake)
        (void)chan_wake_peer(k, e, true);
    if (!armed || e->peer_closed || cancelled ||
        (deadline != SK_FOREVER && deadline <= port_now(k->cpu))) {
        t->calling = NULL;
        err = take_answer(k, t, e);
        if (err != SK_ERR_EMPTY)
            return err;
        if (cancelled || deadline <= port_now(k->cpu))
            return cancelled ? SK_ERR_CANCELLED : SK_ERR_TIMED_OUT;
        t->calling = e;
    }
    fast_block(k, t, deadline);
    return CALL_BLOCKED;
}

/* --- Loans ------------------------------------------------------------------------------------ */

sk_err xfer_lend_ready(struct kern *k, struct end *e, const struct sk_lend *l)
{
    if (!line_ok(l->msg.ctl))
        return SK_ERR_ARG;
    if (!ring_has_room(&e->tx, 1))
        return SK_ERR_FULL;
    return xfer_lend_quiet(k, e, l) ? SK_OK : SK_ERR_STATE;
}

sk_err xfer_lend_send(struct kern *k, struct end *e, const struct sk_lend *l)
{
    bool wake = false;
    sk_err err = chan_lost(e) ? SK_ERR_PEER_DEAD : kring_send(&e->tx, &l->msg, 1, &wake);
    if (wake)
        (void)chan_wake_peer(k, e, true);
    return err;
}

bool xfer_lend_quiet(struct kern *k, struct end *e, const struct sk_lend *l)
{
    (void)k;
    (void)l;
    return chan_lost(e) || kring_arm(&e->rx);
}

/* --- What only shared rings need ------------------------------------------------------------- */

sk_err sys_wake(struct kern *k, struct task *t, struct handle *h)
{
    (void)k;
    (void)t;
    (void)h;
    return SK_ERR_UNSUPPORTED;
}

sk_err sys_wake_wait(struct kern *k, struct task *t, struct handle *h)
{
    return sys_wake(k, t, h);
}
