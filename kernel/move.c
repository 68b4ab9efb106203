/* See move.h. Steps: GIVE the end to its new core; tell the holder of the other end (REPEER), so
 * that its wakes and its close go to the new place; only then is the old place free. If the other
 * end was closed meanwhile, the moved end is told that its peer is gone. The old place stays taken
 * until the end, so bits that were flipped for it find nobody else.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/move.h"
#include "kernel/chan.h"
#include "kernel/give.h"
#include "kernel/handle.h"
#include "kernel/link.h"
#include "kernel/region_move.h"
#include "kernel/xfer.h"

static struct end *old_end(struct kern *k, struct chan *c)
{
    struct task *t = &k->tasks[c->request_token];
    return &k->ends[t->handles[t->op.handle].index];
}

/* The other end, if it is here. It may be a zombie that waits for this move. */
static struct end *other_here(struct kern *k, const struct chan *c)
{
    const struct place *p = &c->side[1 - c->move_side];
    struct end *e = &k->ends[p->index];
    return p->core == k->core && e->gen == p->gen && e->state != END_FREE ? e : NULL;
}

static void task_told(struct kern *k, struct chan *c, sk_err err)
{
    struct task *t = &k->tasks[c->request_token];
    struct handle *he = &t->handles[t->op.handle];
    struct end *e = old_end(k, c);
    if (err == SK_OK) {
        handle_remove(k, t, he);
        chan_end_disown(e);
        chan_end_free(k, e);
    } else {
        e->state = END_OWNED;
        handle_back(k, t, he);
    }
    give_op_done(k, t, err);
}

static void finish(struct kern *k, struct chan *c, sk_err err)
{
    struct end *other = other_here(k, c);
    bool local = c->requester == INDEX_NONE;
    if (err != SK_OK) /* it was, perhaps, by a new place that came to nothing */
        c->released[c->move_side] = false;
    if (other && other->state == END_ZOMBIE && other->peer.core == k->core) {
        /* It closed while its peer was in the air, and waits for nobody else. */
        if (err != SK_OK && local)
            chan_peer_closed(k, old_end(k, c), true);
        chan_end_free(k, other);
    }
    if (local) {
        task_told(k, c, err);
    } else if (c->requester != REQUESTER_LOST) {
        struct sk_link_given given = {
            .err = err, .core = c->moved.core, .index = c->moved.index, .gen = c->moved.gen};
        link_reply(k, &k->link[c->requester], SK_LINK_MOVE, c->request_token, &given);
    }
    c->move = MOVE_NONE;
    chan_settle(k, c);
}

/* The peer of an end that is here now lives at p. */
static void repeer_here(struct kern *k, struct end *e, struct place p)
{
    e->peer = p;
    e->self = p.core == k->core && e->self;
    xfer_update(k, e);
    if (p.core != k->core && !link_reaches(k, &p)) {
        chan_peer_closed(k, e, true); /* lost, or of an epoch that is over */
        return;
    }
    if (e->peer_closed && !e->close_sent && !e->peer_gone && p.core != k->core) {
        e->close_sent = true; /* the answer to a close that overtook this */
        link_close(k, &p);
    }
    chan_wake_peer(k, e, false); /* what was rung at the old place */
}

/* The moved end is told that nobody is at the other side. */
static void tell_moved_gone(struct kern *k, struct chan *c)
{
    struct end *e = &k->ends[c->moved.index];
    if (c->moved.core != k->core && !link_reaches(k, &c->moved)) {
        finish(k, c, SK_OK); /* it was lost meanwhile */
        return;
    }
    if (c->moved.core != k->core) {
        c->repeer_none = true;
        c->move = MOVE_REPEER_QUEUED;
        c->move_link = c->moved.core;
        give_pump(k, &k->link[c->move_link]);
        return;
    }
    if (e->gen == c->moved.gen && e->state != END_FREE)
        chan_peer_closed(k, e, true);
    finish(k, c, SK_OK);
}

/* The end lives at c->moved: tell the holder of the other one. */
static void given(struct kern *k, struct chan *c)
{
    const struct place *p = &c->side[1 - c->move_side];
    c->side[c->move_side] = c->moved;
    bool reached = p->core == k->core || link_reaches(k, p);
    struct end *other = other_here(k, c);
    if (!reached) {
        tell_moved_gone(k, c);
    } else if (p->core != k->core) {
        c->repeer_none = false;
        c->move = MOVE_REPEER_QUEUED;
        c->move_link = p->core;
        give_pump(k, &k->link[p->core]);
    } else if (other == NULL || other->state == END_ZOMBIE || other->peer_gone) {
        tell_moved_gone(k, c); /* closed, or its peer's core was lost while that was in the air */
    } else {
        repeer_here(k, other, c->moved);
        finish(k, c, SK_OK);
    }
}

/* The destination is this core: the end comes home, or passes through its home. */
static void give_here(struct kern *k, struct chan *c)
{
    struct end *e = chan_end_take(k);
    if (e == NULL) {
        finish(k, c, SK_ERR_NO_MEMORY);
        return;
    }
    e->side = c->move_side;
    e->slots = c->slots;
    e->page = c->page;
    e->epoch = c->epoch;
    e->home = (struct place){(uint16_t)k->core, c->index, c->gen};
    e->peer = c->side[1 - c->move_side];
    e->unmet = e->peer.core != k->core;
    e->quota = c->move_side == SK_QUOTA_SIDE ? c->quota : 0;
    struct item item = {.kind = SK_KIND_CHAN, .index = e->index, .gen = e->gen};
    sk_err err = give_deliver(k, &c->dest, &item);
    if (err != SK_OK) {
        chan_end_free(k, e);
        finish(k, c, err);
        return;
    }
    c->moved = (struct place){(uint16_t)k->core, e->index, e->gen};
    given(k, c);
}

void move_begin(struct kern *k, struct chan *c, uint32_t side, sk_core core,
                struct sk_link_dest dest, uint16_t requester, uint16_t token)
{
    c->move = MOVE_QUEUED;
    c->move_side = (uint8_t)side;
    c->move_core = c->move_link = (uint16_t)core;
    c->requester = requester;
    c->request_token = token;
    c->dest = dest;
    c->repeer_none = false;
    if (core == k->core)
        give_here(k, c);
    else
        give_pump(k, &k->link[core]);
}

sk_err move_request(struct kern *k, struct link *l, const struct sk_link_move *move, uint16_t token)
{
    if (move->index >= k->chan_count || move->side > 1 || move->core >= k->cores)
        return SK_ERR_PROTOCOL;
    struct chan *c = &k->chans[move->index];
    if (!c->in_use || c->gen != move->gen || c->side[move->side].core != l->core ||
        c->released[move->side])
        return SK_ERR_PROTOCOL;
    if (c->move != MOVE_NONE)
        return SK_ERR_BUSY;
    if (move->core != k->core) {
        sk_err err = link_use(k, move->core); /* dest has a generation of its epoch */
        if (err != SK_OK)
            return err;
    }
    move_begin(k, c, move->side, move->core, move->dest, (uint16_t)l->core, token);
    return CALL_BLOCKED;
}

sk_err move_repeer(struct kern *k, const struct link *l, const struct sk_link_repeer *repeer)
{
    struct end *e = &k->ends[repeer->index];
    if (repeer->index >= k->end_count || e->gen != repeer->gen || e->state == END_FREE)
        return SK_ERR_HANDLE;
    if (e->home.core != l->core)
        return SK_ERR_PROTOCOL;
    if (repeer->core == SK_CORE_NONE) {
        chan_peer_closed(k, e, true);
        return SK_OK;
    }
    if (e->state == END_ZOMBIE || e->peer_gone)
        return SK_ERR_HANDLE; /* closed here before the news came, or the old place was lost */
    if (repeer->core >= k->cores || (repeer->core == k->core && repeer->peer_index >= k->end_count))
        return SK_ERR_PROTOCOL;
    if (repeer->core == k->core && k->ends[repeer->peer_index].gen != repeer->peer_gen)
        chan_peer_closed(k, e, true); /* come and gone */
    else if (!e->peer_gone)
        repeer_here(
            k, e,
            (struct place){(uint16_t)repeer->core, (uint16_t)repeer->peer_index, repeer->peer_gen});
    return SK_OK;
}

/* --- Over a link ----------------------------------------------------------------------------- */

static void send_give(struct kern *k, struct link *l, struct chan *c)
{
    struct sk_msg m = {.label = SK_LINK_GIVE, .token = (uint16_t)(MOVE_TOKEN | c->index)};
    const struct place *other = &c->side[1 - c->move_side];
    struct sk_link_give give = {.dest = c->dest,
                                .kind = SK_KIND_CHAN,
                                .index = c->index,
                                .gen = c->gen,
                                .side = c->move_side,
                                .slots = c->slots,
                                .paddr = c->page,
                                .epoch = c->epoch,
                                .quota = c->move_side == SK_QUOTA_SIDE ? c->quota : 0,
                                .home = (uint16_t)k->core,
                                .peer_core = other->core,
                                .peer_index = other->index,
                                .peer_gen = other->gen};
    __builtin_memcpy(m.bytes, &give, sizeof(give));
    c->move = MOVE_GIVEN;
    link_request(k, l, &m);
}

static void send_repeer(struct kern *k, struct link *l, struct chan *c)
{
    struct sk_msg m = {.label = SK_LINK_REPEER, .token = (uint16_t)(MOVE_TOKEN | c->index)};
    const struct place *to = c->repeer_none ? &c->moved : &c->side[1 - c->move_side];
    struct sk_link_repeer repeer = {.index = to->index,
                                    .gen = to->gen,
                                    .core = c->repeer_none ? SK_CORE_NONE : c->moved.core,
                                    .peer_index = c->moved.index,
                                    .peer_gen = c->moved.gen};
    __builtin_memcpy(m.bytes, &repeer, sizeof(repeer));
    c->move = MOVE_REPEER;
    link_request(k, l, &m);
}

void move_pump(struct kern *k, struct link *l)
{
    for (uint32_t i = 0; i < k->chan_count; i++) {
        struct chan *c = &k->chans[i];
        if (!c->in_use || c->move_link != l->core ||
            (c->move != MOVE_QUEUED && c->move != MOVE_REPEER_QUEUED))
            continue;
        if (!link_has_credit(l)) {
            l->queued = true;
            return;
        }
        if (c->move == MOVE_QUEUED)
            send_give(k, l, c);
        else
            send_repeer(k, l, c);
    }
    region_pump(k, l);
}

void move_reply(struct kern *k, struct link *l, uint16_t chan, uint16_t label,
                const struct sk_link_given *answer)
{
    if (chan & REGION_TOKEN) {
        region_reply(k, l, (uint16_t)(chan & ~REGION_TOKEN), label, answer);
        return;
    }
    struct chan *c = &k->chans[chan];
    bool gave = label == SK_LINK_GIVE;
    if (chan >= k->chan_count || !c->in_use || c->move_link != l->core ||
        c->move != (gave ? MOVE_GIVEN : MOVE_REPEER)) {
        link_down(k, l, "an answer that nobody asked for");
        return;
    }
    if (gave && answer->err != SK_OK) {
        finish(k, c, answer->err < 0 && answer->err >= SK_ERR_LAST ? answer->err : SK_ERR_PROTOCOL);
    } else if (gave) {
        c->moved = (struct place){(uint16_t)l->core, (uint16_t)answer->index, answer->gen};
        given(k, c);
    } else if (answer->err != SK_OK && !c->repeer_none) {
        tell_moved_gone(k, c);
    } else {
        finish(k, c, SK_OK);
    }
}

void move_link_down(struct kern *k, struct link *l)
{
    for (uint32_t i = 0; i < k->chan_count; i++) {
        struct chan *c = &k->chans[i];
        if (!c->in_use || c->move == MOVE_NONE)
            continue;
        if (c->requester == l->core)
            c->requester = REQUESTER_LOST;
        /* Given and not answered: it may have the page mapped, and is dead but not fenced. */
        if (c->move_link == l->core && c->move == MOVE_GIVEN)
            c->doubt |= (uint8_t)(1u << l->core);
        if (c->move_link == l->core && (c->move == MOVE_QUEUED || c->move == MOVE_GIVEN))
            finish(k, c, SK_ERR_PEER_DEAD);
        else if (c->move_link == l->core && c->repeer_none)
            finish(k, c, SK_OK);
        else if (c->move_link == l->core)
            tell_moved_gone(k, c);
    }
    region_link_down(k, l);
}
