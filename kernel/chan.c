/* See chan.h. A channel has a record at its home (who pays, where the two ends are, what has been
 * released) and an end on the core of each holder. Closing: a side tells the far end once (close
 * bit) and the home once (release bit); the far kernel answers the close with its own, so an end's
 * slot is used again only when no bit for its old tenant can still come.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/chan.h"
#include "kernel/core.h"
#include "kernel/give.h"
#include "kernel/handle.h"
#include "kernel/link.h"
#include "kernel/memory.h"
#include "kernel/page.h"
#include "kernel/region_move.h"
#include "kernel/sched.h"
#include "kernel/xfer.h"

#define CHANS_A_STEP 32u

void chan_table_init(struct kern *k)
{
    k->end_free = k->chan_free = INDEX_NONE;
    for (uint32_t i = k->end_count; i-- > 0;) {
        k->ends[i].index = (uint16_t)i;
        k->ends[i].gen = GEN_FIRST(k->epoch);
        k->ends[i].next = k->end_free;
        k->end_free = (uint16_t)i;
    }
    for (uint32_t i = k->chan_count; i-- > 0;) {
        k->chans[i].index = (uint16_t)i;
        k->chans[i].gen = GEN_FIRST(k->epoch);
        k->chans[i].next = k->chan_free;
        k->chan_free = (uint16_t)i;
    }
}

struct chan *chan_of(struct kern *k, const struct end *e)
{
    return e->home.core == k->core ? &k->chans[e->home.index] : NULL;
}

struct end *chan_end_take(struct kern *k)
{
    if (k->end_free == INDEX_NONE)
        return NULL;
    struct end *e = &k->ends[k->end_free];
    k->end_free = e->next;
    *e = (struct end){.state = END_QUEUED, .index = e->index, .gen = e->gen};
    k->stats.ends++;
    return e;
}

void chan_end_free(struct kern *k, struct end *e)
{
    e->state = END_FREE;
    e->gen = GEN_NEXT(e->gen);
    e->next = k->end_free;
    k->end_free = e->index;
    k->stats.ends--;
}

sk_err chan_end_adopt(struct kern *k, struct task *t, struct end *e, sk_handle *h)
{
    if (t->ends_used == t->ends_max)
        return SK_ERR_BUDGET;
    struct handle entry = {.kind = SK_KIND_CHAN,
                           .rights = SK_RIGHT_SEND | SK_RIGHT_MOVE,
                           .index = e->index,
                           .obj_gen = e->gen};
    sk_err err = handle_add(k, t, &entry, h);
    if (err != SK_OK)
        return err;
    t->ends_used++;
    e->owner = t;
    e->state = END_OWNED;
    chan_end_at(k, e, t);
    return SK_OK;
}

void chan_end_at(struct kern *k, struct end *e, const struct task *t)
{
    struct end *far = &k->ends[e->peer.index];
    e->self =
        e->peer.core == k->core && !e->peer_gone && far->gen == e->peer.gen && far->owner == t;
    xfer_update(k, e);
    if (e->peer.core != k->core || e->peer_gone || far->gen != e->peer.gen || far->self == e->self)
        return;
    far->self = e->self;
    xfer_update(k, far);
}

void chan_end_disown(struct end *e)
{
    e->owner->ends_used--;
    e->owner = NULL;
}

static struct chan *chan_take(struct kern *k, struct task *t, uint32_t slots, uint32_t quota)
{
    struct chan *c = &k->chans[k->chan_free];
    k->chan_free = c->next;
    sk_paddr page = c->page;
    *c = (struct chan){.in_use = true,
                       .slots = (uint8_t)slots,
                       .quota = (uint8_t)quota,
                       .index = c->index,
                       .gen = c->gen,
                       .page = page,
                       .epoch = c->gen ^ (k->epoch << 8),
                       .payer = t};
    k->stats.chans++;
    return c;
}

sk_err chan_create(struct kern *k, struct task *t, uint32_t slots, uint32_t quota, sk_handle h[2])
{
    if ((slots != SK_CHAN_SLOTS_MIN && slots != SK_CHAN_SLOTS_MAX) || quota > SK_QUOTA_MAX)
        return SK_ERR_ARG;
    if (t->handles_left < 2 || t->ends_max - t->ends_used < 2 ||
        quota > t->pages_max - t->pages_used)
        return SK_ERR_BUDGET;
    if (k->chan_free == INDEX_NONE || k->end_free == INDEX_NONE ||
        k->ends[k->end_free].next == INDEX_NONE)
        return SK_ERR_NO_MEMORY;
    sk_paddr page;
    t->pages_used += quota;
    sk_err err = page_take(k, t, PAGE_CHAN, 1, &page);
    if (err != SK_OK) {
        t->pages_used -= quota;
        return err;
    }
    struct chan *c = chan_take(k, t, slots, quota);
    c->page = page;
    struct end *e[2] = {chan_end_take(k), chan_end_take(k)};
    KERN_ASSERT(k, e[0] && e[1]);
    e[SK_QUOTA_SIDE]->quota = (uint8_t)quota;
    for (uint8_t side = 0; side < 2; side++) {
        struct end *far = e[1 - side];
        e[side]->side = side;
        e[side]->slots = (uint8_t)slots;
        e[side]->page = page;
        e[side]->epoch = c->epoch;
        e[side]->home = (struct place){(uint16_t)k->core, c->index, c->gen};
        e[side]->peer = (struct place){(uint16_t)k->core, far->index, far->gen};
        c->side[side] = (struct place){(uint16_t)k->core, e[side]->index, e[side]->gen};
        err = chan_end_adopt(k, t, e[side], &h[side]);
        KERN_ASSERT(k, err == SK_OK);
    }
    return SK_OK;
}

/* --- Opening --------------------------------------------------------------------------------- */

static uint32_t slot_take(struct task *t)
{
    for (uint32_t w = 0; w < SK_TASK_ENDS_MAX / 64u; w++)
        if (~t->slots_used[w] != 0) {
            uint32_t bit = (uint32_t)__builtin_ctzll(~t->slots_used[w]);
            t->slots_used[w] |= (uint64_t)1 << bit;
            return w * 64u + bit;
        }
    return INDEX_NONE;
}

static void slot_give(struct task *t, uint32_t slot)
{
    t->slots_used[slot / 64u] &= ~((uint64_t)1 << (slot % 64u));
}

sk_err chan_open(struct kern *k, struct end *e, uint32_t event_bit, struct sk_chan_view *view)
{
    if (e->used)
        return SK_ERR_STATE;
    if (chan_lost(e))
        return SK_ERR_PEER_DEAD;
    uint32_t slot = slot_take(e->owner);
    if (slot == INDEX_NONE)
        return SK_ERR_BUDGET;
    e->slot = (uint16_t)slot;
    e->event_bit = (uint8_t)event_bit;
    *view = (struct sk_chan_view){.slots = e->slots,
                                  .side = e->side,
                                  .epoch = e->epoch,
                                  .slot = slot,
                                  .same_core = e->peer.core == k->core,
                                  .lent = e->home.core != k->core};
    sk_err err = xfer_open(k, e, view);
    if (err != SK_OK) {
        slot_give(e->owner, slot);
        return err;
    }
    e->used = true;
    chan_end_ring(k, e, false); /* what came before is found by looking once */
    return SK_OK;
}

/* --- Waking ---------------------------------------------------------------------------------- */

void chan_end_ring(struct kern *k, struct end *e, bool front)
{
    if (!e->used || e->owner == NULL)
        return;
    if (e->owner->calling == e && xfer_answer(k, e, front))
        return;
    e->owner->ready |= (uint64_t)1 << (e->slot % 64u);
    sched_event(k, e->owner, 1u << e->event_bit, front);
}

sk_err chan_wake_peer(struct kern *k, struct end *e, bool front)
{
    if (e->peer_closed)
        return SK_ERR_PEER_DEAD;
    if (e->peer.core == k->core)
        chan_end_ring(k, &k->ends[e->peer.index], front);
    else
        link_wake(k, &e->peer);
    return SK_OK;
}

/* --- Closing --------------------------------------------------------------------------------- */

void chan_peer_closed(struct kern *k, struct end *e, bool gone)
{
    e->peer_closed = true;
    e->peer_gone |= gone;
    e->self = false;
    if (e->state == END_ZOMBIE) {
        if (e->peer_gone || e->close_sent)
            chan_end_free(k, e);
        return;
    }
    xfer_update(k, e);
    chan_end_ring(k, e, false);
}

static void tell_peer(struct kern *k, struct end *e)
{
    if (chan_lost(e) && !e->peer_gone) {
        e->state = END_ZOMBIE; /* who has the other end knows, or will: chan_core_settled */
        return;
    }
    if (!e->peer_gone && e->peer.core == k->core) {
        struct end *far = &k->ends[e->peer.index];
        if (far->state == END_MOVING) {
            e->state = END_ZOMBIE; /* give.c tells whoever gets it */
            return;
        }
        chan_peer_closed(k, far, true);
        e->peer_gone = true;
    }
    if (e->peer_gone) {
        chan_end_free(k, e);
        return;
    }
    if (e->unmet) {
        e->state = END_ZOMBIE; /* its bit could meet whoever lives there now: met */
        return;
    }
    if (!e->close_sent) {
        e->close_sent = true;
        link_close(k, &e->peer);
    }
    if (e->peer_closed || e->peer_gone)
        chan_end_free(k, e);
    else
        e->state = END_ZOMBIE;
}

void chan_close_end(struct kern *k, struct end *e)
{
    for (uint32_t i = 0; i < e->escrow_count; i++)
        give_item_close(k, &e->escrow[i]);
    e->escrow_count = 0;
    if (e->owner) {
        if (e->used) {
            region_session_end(k, e);
            xfer_close(k, e);
            slot_give(e->owner, e->slot);
        }
        chan_end_disown(e);
    }
    struct place home = e->home;
    uint32_t side = e->side;
    tell_peer(k, e);
    if (home.core == k->core)
        chan_release(k, &k->chans[home.index], side);
    else
        link_flip(k, &home, SK_LINK_RELEASE, side); /* nobody, if it is lost */
}

/* A bit from the core of e's peer, which knows e's place by now: it rings what has moved (move.c).
 */
static void met(struct kern *k, struct end *e)
{
    e->unmet = false;
    if (e->state == END_ZOMBIE && !e->close_sent && !e->peer_gone && !chan_lost(e)) {
        e->close_sent = true;
        link_close(k, &e->peer);
    }
}

void chan_wake_flipped(struct kern *k, sk_core core, uint32_t index)
{
    struct end *e = &k->ends[index];
    if (index >= k->end_count)
        return;
    if (e->unmet && core == e->peer.core)
        met(k, e);
    if (e->state == END_OWNED) /* a hint, whoever it is from */
        chan_end_ring(k, e, false);
}

void chan_close_flipped(struct kern *k, sk_core core, uint32_t index)
{
    struct end *e = &k->ends[index];
    if (index >= k->end_count || e->state == END_FREE || e->peer_gone)
        return;
    /* From a core that is not known as the peer's there is nothing to answer. */
    e->unmet &= core != e->peer.core;
    if (core == e->peer.core && !e->close_sent && !chan_lost(e)) {
        e->close_sent = true;
        link_close(k, &e->peer);
    }
    chan_peer_closed(k, e, false);
}

void chan_settle(struct kern *k, struct chan *c)
{
    if (!c->in_use || c->move != MOVE_NONE)
        return;
    for (uint32_t s = 0; s < 2; s++)
        c->released[s] |= core_gone(k, &c->side[s]);
    if (!c->released[0] || !c->released[1] || c->doubt)
        return;
    /* Many may go at once when a core is fenced: only who dies zeroes in its own turns, after the
     * others who takes the page next. */
    page_give(k, c->payer, c->page, 1, c->payer && c->payer->state == SK_TASK_DYING);
    if (c->payer)
        c->payer->pages_used -= c->quota;
    c->in_use = false;
    c->gen = GEN_NEXT(c->gen);
    c->next = k->chan_free;
    k->chan_free = c->index;
    k->stats.chans--;
}

bool chan_leave_step(struct kern *k, struct task *t, uint32_t *at)
{
    for (unsigned n = 0; n < CHANS_A_STEP; n++, (*at)++) {
        if (*at == k->chan_count)
            return true;
        struct chan *c = &k->chans[*at];
        if (!c->in_use || c->payer != t)
            continue;
        (void)page_charge(k, c->page, 1, t, NULL); /* nobody's account is never full */
        t->pages_used -= c->quota;
        c->payer = NULL;
    }
    return false;
}

void chan_release(struct kern *k, struct chan *c, uint32_t side)
{
    c->released[side] = true;
    chan_settle(k, c);
}

void chan_release_flipped(struct kern *k, sk_core core, uint32_t bit)
{
    struct chan *c = &k->chans[bit / 2u];
    uint32_t side = bit % 2u;
    if (bit / 2u >= k->chan_count || !c->in_use || c->released[side])
        return;
    bool arriving = c->move != MOVE_NONE && c->move_side == side && c->move_core == core;
    if (c->side[side].core == core || arriving)
        chan_release(k, c, side);
}

/* --- Cores that are lost, and that begin anew ------------------------------------------------ */

/* The memory of e's channel is a new kernel's, or will be. */
static void home_lost(struct kern *k, struct end *e)
{
    e->home.index = e->home.core;
    e->home.core = INDEX_NONE;
    if (e->state == END_ZOMBIE)
        return;
    e->peer_closed = true;
    if (e->used)
        xfer_lost(k, e);
    chan_end_ring(k, e, false);
}

/* A channel whose home is on a lost core, and the peer on another, is over for both, though its
 * page could be read still: only the home knew whether one of its ends was on the move, and where
 * to. */
void chan_core_lost(struct kern *k, sk_core core)
{
    for (uint32_t i = 0; i < k->end_count; i++) {
        struct end *e = &k->ends[i];
        if (e->state == END_FREE || e->peer_gone)
            continue;
        if (e->peer.core == core)
            chan_peer_closed(k, e, true);
        else if (e->home.core == core && e->peer.core != k->core)
            home_lost(k, e);
    }
}

void chan_core_settled(struct kern *k, sk_core core)
{
    for (uint32_t i = 0; i < k->end_count; i++) {
        struct end *e = &k->ends[i];
        if (e->state != END_FREE && chan_lost(e) && e->home.index == core && !e->peer_gone)
            chan_peer_closed(k, e, true);
    }
}

void chan_core_fenced(struct kern *k, sk_core core)
{
    page_fenced(k, core);
    region_core_fenced(k, core);
    for (uint32_t i = 0; i < k->chan_count; i++) {
        k->chans[i].doubt &= (uint8_t) ~(1u << core);
        chan_settle(k, &k->chans[i]);
    }
}

void chan_core_anew(struct kern *k, sk_core core)
{
    for (uint32_t i = 0; i < k->end_count; i++) {
        struct end *e = &k->ends[i];
        if (e->state != END_FREE && link_outlived(k, &e->home))
            home_lost(k, e);
        if (e->state != END_FREE && !e->peer_gone && link_outlived(k, &e->peer))
            chan_peer_closed(k, e, true);
    }
    chan_core_fenced(k, core);
}
