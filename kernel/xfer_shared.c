/* Message transfer where rings are mapped into tasks: user space does it all (base/ring.h), the
 * kernel maps them, tells of each end's state in a line that the task can read, and wakes. See
 * xfer.h; the link line takes this file or xfer_copy.c.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/xfer.h"
#include "kernel/chan.h"
#include "kernel/handle.h"
#include "kernel/link.h"
#include "kernel/page.h"
#include "kernel/ring.h"
#include "kernel/sched_fast.h"
#include "kernel/sys.h"

_Static_assert(!PORT_COPY_MODE, "the port keeps rings: link xfer_copy.c");

/* A page of each task that has ends with their home elsewhere: it takes the place of a channel's
 * page that is lost, for the task may be in the middle of using it. */
#define SPARE_PAGE (KERN_STATUS_PAGES - 1)

/* The task's page of status lines that slot falls into, mapped read-only at first use. */
static sk_err status_page(struct kern *k, struct task *t, uint32_t slot)
{
    uint32_t n = slot / KERN_STATUS_LINES;
    if (t->status_page[n] != SK_PADDR_NONE)
        return SK_OK;
    sk_paddr page;
    sk_err err = page_take(k, t, PAGE_STATUS, 1, &page);
    if (err != SK_OK)
        return err;
    err = port_map(k, t, port_area_addr(k->cpu, PORT_AREA_STATUS, n, page), page, SK_PAGE_BYTES,
                   SK_PROT_R);
    if (err != SK_OK) {
        page_give(k, t, page, 1, false);
        return err;
    }
    t->status_page[n] = page;
    return SK_OK;
}

void xfer_update(struct kern *k, struct end *e)
{
    if (e->status == NULL)
        return;
    e->status->peer_core = e->peer.core;
    e->status->peer_epoch = link_epoch(k, e->peer.core);
    e->status->same_core = e->self ? SK_CHAN_SELF : e->peer.core == k->core;
    seam_store_release(&e->status->state, chan_lost(e)     ? SK_CHAN_LOST
                                          : e->peer_closed ? SK_CHAN_CLOSED
                                                           : SK_CHAN_OPEN);
}

sk_err xfer_open(struct kern *k, struct end *e, struct sk_chan_view *view)
{
    struct task *t = e->owner;
    sk_err err = status_page(k, t, e->slot);
    if (err == SK_OK && e->home.core != k->core && t->status_page[SPARE_PAGE] == SK_PADDR_NONE)
        err = page_take(k, t, PAGE_STATUS, 1, &t->status_page[SPARE_PAGE]);
    if (err != SK_OK)
        return err;
    view->mem = port_area_addr(k->cpu, PORT_AREA_CHAN, e->slot, e->page);
    err = port_map(k, t, view->mem, e->page, SK_PAGE_BYTES, SK_PROT_R | SK_PROT_W);
    if (err != SK_OK &&
        !(err == SK_ERR_EXISTS && e->peer.core == k->core && k->ends[e->peer.index].owner == t))
        return err; /* without translation, a task's own loopback is mapped already */
    sk_paddr page = t->status_page[e->slot / KERN_STATUS_LINES];
    uint32_t line = e->slot % KERN_STATUS_LINES;
    e->status = (struct sk_chan_status *)port_page(k->cpu, page) + line;
    view->status = port_area_addr(k->cpu, PORT_AREA_STATUS, e->slot / KERN_STATUS_LINES, page) +
                   line * sizeof(struct sk_chan_status);
    xfer_update(k, e);
    return SK_OK;
}

void xfer_close(struct kern *k, struct end *e)
{
    port_unmap(k, e->owner, port_area_addr(k->cpu, PORT_AREA_CHAN, e->slot, e->page),
               SK_PAGE_BYTES);
    e->status = NULL;
}

/* The task sees LOST before anything that it reads after the exchange is used (lib/xport_shared.c).
 */
void xfer_lost(struct kern *k, struct end *e)
{
    sk_uaddr at = port_area_addr(k->cpu, PORT_AREA_CHAN, e->slot, e->page);
    xfer_update(k, e);
    port_unmap(k, e->owner, at, SK_PAGE_BYTES);
    (void)port_map(k, e->owner, at, e->owner->status_page[SPARE_PAGE], SK_PAGE_BYTES,
                   SK_PROT_R | SK_PROT_W); /* where one was: nothing is needed for it */
}

bool xfer_answer(struct kern *k, struct end *e, bool front)
{
    (void)front;
    KERN_ASSERT(k, e->owner->calling == NULL);
    return false;
}

/* --- Waking ---------------------------------------------------------------------------------- */

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

sk_err sys_wake(struct kern *k, struct task *t, struct handle *h)
{
    sk_err err;
    h = handle_get_chan(t, sys_u32(t, 0), &err);
    return h ? wake_peer(k, &k->ends[h->index], false) : err;
}

sk_err sys_wake_wait(struct kern *k, struct task *t, struct handle *h)
{
    sk_err none;
    h = handle_get_chan(t, sys_u32(t, 0), &none);
    if (h == NULL)
        return none;
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
    sk_err err = wake_peer(k, &k->ends[h->index], true);
    return err == SK_OK ? fast_wait(k, t, sys_u32(t, 1), sys_u64(t, 2)) : err;
}

/* --- Loans ------------------------------------------------------------------------------------ */

/* The two rings of e as the task has them: it sleeps, so there is one at each side still. NULL:
 * they are lost. */
static struct sk_chan_mem *borrow_rings(struct kern *k, const struct end *e,
                                        const struct sk_lend *l, struct ring_tx *tx,
                                        struct ring_rx *rx)
{
    struct sk_chan_mem *mem = chan_lost(e) ? NULL : port_window(k->cpu, 0, e->page);
    uint32_t far = 1u - e->side;
    if (mem == NULL)
        return NULL;
    ring_tx_init(tx, &mem->slot[e->side * (uint32_t)e->slots], e->slots, &mem->line[e->side],
                 &mem->line[far], e->epoch);
    ring_rx_init(rx, &mem->slot[far * e->slots], e->slots, &mem->line[e->side], &mem->line[far],
                 e->epoch);
    tx->next = l->send;
    tx->limit = l->send + 1u; /* which its task has seen to be free */
    rx->next = l->receive;
    return mem;
}

sk_err xfer_lend_ready(struct kern *k, struct end *e, const struct sk_lend *l)
{
    uint32_t odd = SK_CTL_RESERVED | SK_CTL_TAKEN | SK_CTL_MORE;
    if ((l->msg.ctl & odd) != 0 || sk_ctl_len(l->msg.ctl) > SK_PAYLOAD_BYTES)
        return SK_ERR_ARG;
    return xfer_lend_quiet(k, e, l) ? SK_OK : SK_ERR_STATE;
}

sk_err xfer_lend_send(struct kern *k, struct end *e, const struct sk_lend *l)
{
    struct ring_tx tx;
    struct ring_rx rx;
    bool wake = false;
    if (borrow_rings(k, e, l, &tx, &rx) == NULL)
        return SK_ERR_PEER_DEAD;
    sk_err err = kring_send(&tx, &l->msg, 1, &wake);
    port_window(k->cpu, 0, SK_PADDR_NONE);
    if (wake)
        (void)wake_peer(k, e, true);
    return err;
}

bool xfer_lend_quiet(struct kern *k, struct end *e, const struct sk_lend *l)
{
    struct ring_tx tx;
    struct ring_rx rx;
    if (borrow_rings(k, e, l, &tx, &rx) == NULL)
        return true;
    bool quiet = kring_arm(&rx);
    port_window(k->cpu, 0, SK_PADDR_NONE);
    return quiet;
}

/* --- What user space does itself ------------------------------------------------------------- */

sk_err sys_chan_send(struct kern *k, struct task *t, struct handle *h)
{
    (void)k;
    (void)t;
    (void)h;
    return SK_ERR_UNSUPPORTED;
}

sk_err sys_chan_recv(struct kern *k, struct task *t, struct handle *h)
{
    return sys_chan_send(k, t, h);
}

sk_err sys_chan_arm(struct kern *k, struct task *t, struct handle *h)
{
    return sys_chan_send(k, t, h);
}

sk_err sys_chan_want(struct kern *k, struct task *t, struct handle *h)
{
    return sys_chan_send(k, t, h);
}

sk_err sys_chan_call(struct kern *k, struct task *t, struct handle *h)
{
    return sys_chan_send(k, t, h);
}

sk_err sys_chan_send_wait(struct kern *k, struct task *t, struct handle *h)
{
    return sys_chan_send(k, t, h);
}
