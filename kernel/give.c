/* Handing over, the side of a task and of a destination: what is asked, what arrives, what is
 * taken. See give.h; the home's side of a move is in move.c.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/give.h"
#include "kernel/chan.h"
#include "kernel/core.h"
#include "kernel/device.h"
#include "kernel/handle.h"
#include "kernel/link.h"
#include "kernel/loan.h"
#include "kernel/memory.h"
#include "kernel/move.h"
#include "kernel/port_object.h"
#include "kernel/region_move.h"
#include "kernel/sched.h"

/* --- Arriving -------------------------------------------------------------------------------- */

static sk_err escrow_push(struct end *e, const struct item *item)
{
    if (e->escrow_count == SK_ESCROW_MAX)
        return SK_ERR_FULL;
    e->escrow[e->escrow_count++] = *item;
    return SK_OK;
}

sk_err give_deliver(struct kern *k, const struct sk_link_dest *dest, const struct item *item)
{
    if (dest->kind == SK_TO_ESCROW) {
        struct end *to = &k->ends[dest->index];
        if (dest->index >= k->end_count || to->gen != dest->gen || to->state == END_ZOMBIE ||
            to->state == END_FREE)
            return SK_ERR_PEER_DEAD;
        if (to->state != END_OWNED)
            return SK_ERR_FULL; /* not accepted yet: later */
        sk_err err = escrow_push(to, item);
        if (err == SK_OK && item->kind == SK_KIND_CHAN)
            chan_end_at(k, &k->ends[item->index], to->owner);
        return err;
    }
    uint32_t index = dest->kind == SK_TO_CORE_PORT ? k->core_port : dest->index;
    if ((dest->kind != SK_TO_PORT && dest->kind != SK_TO_CORE_PORT) || item->kind != SK_KIND_CHAN)
        return SK_ERR_ARG;
    struct port *p = &k->ports[index];
    if (index >= k->port_count || !p->in_use || (dest->kind == SK_TO_PORT && p->gen != dest->gen))
        return SK_ERR_PEER_DEAD;
    return port_object_push(k, p, &k->ends[item->index]);
}

sk_err give_take(struct kern *k, struct task *t, struct end *e, sk_handle *h)
{
    if (e->escrow_count == 0)
        return SK_ERR_EMPTY;
    struct item item = e->escrow[0];
    sk_err err = SK_OK;
    struct handle entry = {.kind = item.kind,
                           .rights = SK_RIGHT_CONNECT | SK_RIGHT_MOVE,
                           .index = item.index,
                           .obj_gen = item.gen,
                           .core = item.core,
                           .epoch = item.epoch};
    switch (item.kind) {
    case SK_KIND_CHAN:
        err = chan_end_adopt(k, t, &k->ends[item.index], h);
        break;
    case SK_KIND_REGION:
        err = region_adopt(k, t, &item, h);
        break;
    default:
        err = handle_add(k, t, &entry, h);
        break;
    }
    if (err == SK_ERR_BUDGET)
        return err;
    e->escrow_count--;
    for (uint32_t i = 0; i < e->escrow_count; i++)
        e->escrow[i] = e->escrow[i + 1];
    return err;
}

void give_item_close(struct kern *k, const struct item *item)
{
    if (item->kind == SK_KIND_CHAN) {
        chan_close_end(k, &k->ends[item->index]);
    } else if (item->kind == SK_KIND_REGION) {
        struct region *r = &k->regions[item->index];
        if (r->in_use && r->gen == item->gen)
            region_close(k, r);
    }
}

/* --- Asking ---------------------------------------------------------------------------------- */

void give_op_done(struct kern *k, struct task *t, sk_err err)
{
    bool waiting = t->op.waiting;
    t->op.state = OP_IDLE;
    t->op.waiting = false;
    t->op.handle = INDEX_NONE;
    if (t->parked) { /* its teardown waited for this */
        t->parked = false;
        sched_ready(k, t, false);
    } else if (waiting) {
        sched_wake(k, t, err);
    }
}

sk_err give_op_wait(struct kern *k, struct task *t, struct handle *he, sk_ns deadline_ns)
{
    he->in_flight = 1;
    t->op.handle = (uint16_t)(he - t->handles);
    t->op.waiting = true;
    sched_block(k, t, deadline_ns);
    return CALL_BLOCKED;
}

static sk_err give_chan(struct kern *k, struct task *t, struct handle *he, sk_core core,
                        struct sk_link_dest dest, sk_ns deadline_ns)
{
    struct end *e = &k->ends[he->index];
    struct chan *c = chan_of(k, e);
    if (e->used || e->escrow_count != 0 || (c && c->move != MOVE_NONE))
        return SK_ERR_BUSY;
    if (core == k->core) {
        struct item item = {.kind = SK_KIND_CHAN, .index = e->index, .gen = e->gen};
        if (dest.kind == SK_TO_ESCROW && dest.index == e->index)
            return SK_ERR_ARG; /* an end cannot wait in its own escrow */
        e->state = END_QUEUED;
        struct task *owner = e->owner;
        chan_end_disown(e);
        sk_err err = give_deliver(k, &dest, &item);
        if (err == SK_OK) {
            handle_remove(k, t, he);
            return SK_OK;
        }
        e->owner = owner;
        e->owner->ends_used++;
        e->state = END_OWNED;
        return err;
    }
    sk_err err = chan_lost(e) ? SK_OK : link_use(k, c ? core : e->home.core);
    if (chan_lost(e)) /* perhaps just seen */
        return SK_ERR_PEER_DEAD;
    if (err != SK_OK)
        return err;
    e->state = END_MOVING;
    t->op.state = c ? OP_HOME_MOVE : OP_QUEUED;
    t->op.label = SK_LINK_MOVE;
    t->op.link = (uint8_t)e->home.core;
    t->op.dest = dest;
    t->op.dest_core = core;
    sk_err blocked = give_op_wait(k, t, he, deadline_ns);
    if (c)
        move_begin(k, c, e->side, core, dest, INDEX_NONE, t->slot);
    else
        give_pump(k, &k->link[t->op.link]);
    return blocked;
}

static sk_err give_port(struct kern *k, struct task *t, struct handle *he, sk_core core,
                        struct sk_link_dest dest, sk_ns deadline_ns)
{
    if (he->kind == SK_KIND_PORT && !handle_port(k, he))
        return SK_ERR_PEER_DEAD;
    if (core == k->core) {
        struct item item = {.kind = he->kind,
                            .core = he->core,
                            .index = he->index,
                            .gen = he->obj_gen,
                            .epoch = he->epoch};
        return give_deliver(k, &dest, &item);
    }
    sk_err err = link_use(k, core);
    if (err != SK_OK)
        return err;
    t->op.state = OP_QUEUED;
    t->op.label = SK_LINK_GIVE;
    t->op.link = (uint8_t)core;
    t->op.dest = dest;
    t->op.dest_core = core;
    err = give_op_wait(k, t, he, deadline_ns);
    give_pump(k, &k->link[core]);
    return err;
}

sk_err give_begin(struct kern *k, struct task *t, struct handle *he, sk_core core,
                  struct sk_link_dest dest, sk_ns deadline_ns)
{
    if (!(he->rights & SK_RIGHT_MOVE))
        return SK_ERR_RIGHTS;
    if (t->op.state != OP_IDLE)
        return SK_ERR_BUSY; /* an earlier one is still in flight */
    switch (he->kind) {
    case SK_KIND_CHAN:
        return give_chan(k, t, he, core, dest, deadline_ns);
    case SK_KIND_PORT:
    case SK_KIND_PORT_REMOTE:
        return give_port(k, t, he, core, dest, deadline_ns);
    case SK_KIND_REGION:
        return region_give(k, t, he, core, dest, deadline_ns);
    default:
        return SK_ERR_UNSUPPORTED;
    }
}

sk_err give_device_call(struct kern *k, struct task *t, uint32_t index, uint32_t where,
                        uint32_t value, sk_ns deadline_ns)
{
    sk_core core = device_home(k, index);
    sk_err err = link_use(k, core);
    if (err != SK_OK)
        return err;
    if (t->op.state != OP_IDLE)
        return SK_ERR_BUSY;
    t->op.state = OP_QUEUED;
    t->op.label = SK_LINK_DEVICE;
    t->op.link = (uint8_t)core;
    t->op.device = (struct sk_link_device){index, where, value};
    t->op.waiting = true;
    sched_block(k, t, deadline_ns);
    give_pump(k, &k->link[core]);
    return CALL_BLOCKED;
}

/* --- Over a link ----------------------------------------------------------------------------- */

/* Send the operation of t: MOVE of an end whose home is l's core, or GIVE of a port. */
static void op_send(struct kern *k, struct link *l, struct task *t)
{
    struct sk_msg m = {.label = t->op.label, .token = (uint16_t)t->slot};
    const struct handle *he = &t->handles[t->op.handle];
    if (loan_is(&t->op)) {
        loan_message(t, &m);
    } else if (t->op.label == SK_LINK_ASK) {
        struct sk_link_ask ask = {.what = t->op.ask, .epoch = l->peer_epoch};
        __builtin_memcpy(m.bytes, &ask, sizeof(ask));
    } else if (t->op.label == SK_LINK_DEVICE) {
        __builtin_memcpy(m.bytes, &t->op.device, sizeof(t->op.device));
    } else if (t->op.label == SK_LINK_MOVE_REGION) {
        region_message(k, t, &m);
    } else if (t->op.label == SK_LINK_MOVE) {
        const struct end *e = &k->ends[he->index];
        struct sk_link_move move = {.dest = t->op.dest,
                                    .core = t->op.dest_core,
                                    .index = e->home.index,
                                    .gen = e->home.gen,
                                    .side = e->side};
        __builtin_memcpy(m.bytes, &move, sizeof(move));
    } else {
        bool here = he->kind == SK_KIND_PORT;
        struct sk_link_give give = {.dest = t->op.dest,
                                    .kind = SK_KIND_PORT_REMOTE,
                                    .index = he->index,
                                    .gen = he->obj_gen,
                                    .epoch = here ? k->epoch : he->epoch,
                                    .peer_core = here ? (uint16_t)k->core : he->core};
        __builtin_memcpy(m.bytes, &give, sizeof(give));
    }
    t->op.state = OP_SENT;
    link_request(k, l, &m);
}

void give_pump(struct kern *k, struct link *l)
{
    l->queued = false;
    for (uint32_t i = 0; i < k->task_count; i++) {
        struct task *t = &k->tasks[i];
        if (t->state == 0 || t->op.state != OP_QUEUED || t->op.link != l->core)
            continue;
        if (!link_has_credit(l)) {
            l->queued = true;
            return;
        }
        op_send(k, l, t);
    }
    move_pump(k, l);
}

/* The other end of e, if it is here too and was closed while e was in the air: it waits for this,
 * because e's new holder may have flipped bits for it (chan.c, tell_peer). */
static struct end *closed_meanwhile(struct kern *k, const struct end *e)
{
    struct end *other = &k->ends[e->peer.index];
    bool waits = e->peer.core == k->core && other->gen == e->peer.gen &&
                 other->state == END_ZOMBIE && other->peer.core == k->core;
    return waits ? other : NULL;
}

/* The home was lost while it moved e, whose peer is here: has the peer heard of the new place? Then
 * that, not this one, is where the end was last. */
static bool moved_away(const struct kern *k, const struct end *e)
{
    const struct end *other = &k->ends[e->peer.index];
    return e->peer.core == k->core && (other->gen != e->peer.gen || other->peer.core != k->core ||
                                       other->peer.index != e->index);
}

static sk_err answer_error(const struct sk_link_given *given)
{
    return given->err <= 0 && given->err >= SK_ERR_LAST ? given->err : SK_ERR_PROTOCOL;
}

/* The far core's answer to the operation of a task here. */
static void op_answered(struct kern *k, struct task *t, const struct sk_link_given *given)
{
    struct handle *he = &t->handles[t->op.handle];
    if (loan_is(&t->op)) {
        loan_answered(k, t, answer_error(given));
        return;
    }
    if (t->op.label == SK_LINK_ASK) {
        core_ask_answered(k, t, answer_error(given));
        return;
    }
    if (t->op.label == SK_LINK_DEVICE) {
        if (t->op.waiting)
            port_result(&t->port, 1, given->core);
        give_op_done(k, t, answer_error(given));
        return;
    }
    he->in_flight = 0;
    if (t->op.label == SK_LINK_MOVE_REGION) {
        region_answered(k, t, he, given);
    } else if (t->op.label == SK_LINK_MOVE) {
        struct end *e = &k->ends[he->index];
        struct end *other = closed_meanwhile(k, e);
        if (given->err == SK_OK) {
            link_read_levels(k); /* bits for the old place are seen before it is used again */
            handle_remove(k, t, he);
            chan_end_disown(e);
            chan_end_free(k, e);
        } else {
            e->state = END_OWNED;
            if (other || moved_away(k, e))
                chan_peer_closed(k, e, true);
        }
        if (other)
            chan_end_free(k, other);
    }
    if (he->kind != SK_KIND_NONE && !he->in_flight)
        handle_back(k, t, he);
    give_op_done(k, t, answer_error(given));
}

void give_reply(struct kern *k, struct link *l, const struct sk_msg *m)
{
    struct sk_link_given given;
    __builtin_memcpy(&given, m->bytes, sizeof(given));
    if (m->token & MOVE_TOKEN) {
        move_reply(k, l, (uint16_t)(m->token & ~MOVE_TOKEN), m->label, &given);
        return;
    }
    struct task *t = &k->tasks[m->token];
    if (m->token >= k->task_count || t->state == 0 || t->op.state != OP_SENT ||
        t->op.link != l->core || t->op.label != m->label) {
        if (m->label != SK_LINK_ASK) /* for that nobody may wait any more (core_ask_overdue) */
            link_down(k, l, "an answer that nobody asked for");
        return;
    }
    op_answered(k, t, &given);
}

/* The other end, which is said to be here: that of this channel, or it has been closed meanwhile.
 */
static bool same_channel(const struct kern *k, const struct sk_link_give *give)
{
    const struct end *e = &k->ends[give->peer_index];
    if (give->peer_index >= k->end_count)
        return false;
    return e->gen != give->peer_gen || e->state == END_FREE ||
           (e->home.core == give->home && e->home.index == give->index &&
            e->home.gen == give->gen && e->side != give->side);
}

static sk_err arrive_end(struct kern *k, const struct link *l, const struct sk_link_give *give,
                         struct sk_link_given *given)
{
    sk_paddr page = (sk_paddr)give->paddr; /* a machine word: the peer is of the same machine */
    if (give->side > 1 || (give->slots != SK_CHAN_SLOTS_MIN && give->slots != SK_CHAN_SLOTS_MAX) ||
        give->home != l->core || give->peer_core >= k->cores || give->index >= SK_LINK_CHANS ||
        !port_page_of(k->cpu, l->core, page) || give->quota > SK_QUOTA_MAX ||
        (give->peer_core == k->core && !same_channel(k, give)))
        return SK_ERR_PROTOCOL;
    struct end *e = chan_end_take(k);
    if (e == NULL)
        return SK_ERR_NO_MEMORY;
    e->side = (uint8_t)give->side;
    e->slots = (uint8_t)give->slots;
    e->page = page;
    e->epoch = give->epoch;
    e->quota = (uint8_t)give->quota;
    e->home = (struct place){give->home, (uint16_t)give->index, give->gen};
    e->peer = (struct place){give->peer_core, give->peer_index, give->peer_gen};
    /* A peer that is here was closed while this end was in the air, or it is the one meant; one on
     * another core may be lost with it. */
    if (e->peer.core == k->core ? k->ends[e->peer.index].gen != e->peer.gen
                                : !link_reaches(k, &e->peer))
        e->peer_closed = e->peer_gone = true;
    e->unmet = e->peer.core != k->core;
    struct item item = {.kind = SK_KIND_CHAN, .index = e->index, .gen = e->gen};
    sk_err err = give_deliver(k, &give->dest, &item);
    if (err != SK_OK) {
        chan_end_free(k, e);
        return err;
    }
    given->core = k->core;
    given->index = e->index;
    given->gen = e->gen;
    return SK_OK;
}

static sk_err arrive_port(struct kern *k, const struct sk_link_give *give)
{
    struct item item = {.kind = SK_KIND_PORT_REMOTE,
                        .core = (uint8_t)give->peer_core,
                        .index = (uint16_t)give->index,
                        .gen = give->gen,
                        .epoch = give->epoch};
    if (give->peer_core >= k->cores)
        return SK_ERR_PROTOCOL;
    if (give->peer_core == k->core) {
        item.kind = SK_KIND_PORT; /* it has come home */
        if (give->epoch != k->epoch || give->index >= k->port_count)
            return SK_ERR_PEER_DEAD;
    }
    return give_deliver(k, &give->dest, &item);
}

void give_request(struct kern *k, struct link *l, const struct sk_msg *m)
{
    struct sk_link_give give;
    struct sk_link_move move;
    struct sk_link_repeer repeer;
    struct sk_link_device device;
    struct sk_link_lend lend;
    struct sk_link_ask ask;
    struct sk_link_given given = {.err = SK_ERR_PROTOCOL};
    switch (m->label) {
    case SK_LINK_GIVE:
        __builtin_memcpy(&give, m->bytes, sizeof(give));
        if (give.kind == SK_KIND_CHAN)
            given.err = arrive_end(k, l, &give, &given);
        else if (give.kind == SK_KIND_REGION)
            given.err = region_arrive(k, l, &give, &given);
        else if (give.kind == SK_KIND_PORT_REMOTE)
            given.err = arrive_port(k, &give);
        break;
    case SK_LINK_MOVE:
    case SK_LINK_MOVE_REGION:
        __builtin_memcpy(&move, m->bytes, sizeof(move));
        given.err = m->label == SK_LINK_MOVE ? move_request(k, l, &move, m->token)
                                             : region_request(k, l, &move, m->token);
        if (given.err == CALL_BLOCKED)
            return;
        break;
    case SK_LINK_DEVICE:
        __builtin_memcpy(&device, m->bytes, sizeof(device));
        given.err = device_access(k, device.index, device.where, &device.value);
        given.core = device.value;
        break;
    case SK_LINK_LEND:
    case SK_LINK_UNLEND:
        __builtin_memcpy(&lend, m->bytes, sizeof(lend));
        given.err = loan_request(k, l, m->label, &lend);
        break;
    case SK_LINK_ASK:
        __builtin_memcpy(&ask, m->bytes, sizeof(ask));
        given.err = core_asked(k, l, &ask, m->token);
        break;
    case SK_LINK_REPEER:
        __builtin_memcpy(&repeer, m->bytes, sizeof(repeer));
        given.err = move_repeer(k, l, &repeer);
        break;
    default:
        break;
    }
    if (given.err == SK_ERR_PROTOCOL)
        link_down(k, l, "a request that makes no sense");
    link_reply(k, l, m->label, m->token, &given);
}

void give_link_down(struct kern *k, struct link *l)
{
    static const struct sk_link_given dead = {.err = SK_ERR_PEER_DEAD};
    for (uint32_t i = 0; i < k->task_count; i++) {
        struct task *t = &k->tasks[i];
        if (t->state != 0 && loan_is(&t->op) && t->op.link == l->core)
            loan_link_down(k, t);
        else if (t->state != 0 && (t->op.state == OP_QUEUED || t->op.state == OP_SENT) &&
                 t->op.link == l->core)
            op_answered(k, t, &dead);
    }
    move_link_down(k, l);
}
