/* See region_move.h. A region is in one place: at home (far.core is this one), with the core that
 * far names, or, while it is given and not answered, with one of two. If the core that was asked is
 * lost in that moment it is in doubt: nobody uses it until that core is fenced, then it is again
 * where it was. If the home is lost, it is in doubt until the home begins anew, and then gone.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/region_move.h"
#include "kernel/give.h"
#include "kernel/handle.h"
#include "kernel/link.h"
#include "kernel/memory.h"
#include "kernel/move.h"

#define IN_DOUBT 1u /* sk_link_given.index, with SK_ERR_PEER_DEAD */

/* --- A task gives, and takes ----------------------------------------------------------------- */

/* r waits in an escrow of this core. */
static sk_err deliver(struct kern *k, struct region *r, const struct sk_link_dest *dest)
{
    struct item item = {.kind = SK_KIND_REGION, .index = r->index, .gen = r->gen};
    sk_err err = give_deliver(k, dest, &item);
    if (err != SK_OK)
        return err;
    r->queued = true;
    if (r->foreign)
        r->owner = NULL; /* nobody is charged */
    return SK_OK;
}

/* Begin to move r, at home here. Whoever asked is told when it is over: a task here (requester
 * INDEX_NONE, token its slot), or the kernel `requester` in answer to its request `token`. */
static void begin(struct kern *k, struct region *r, sk_core core, struct sk_link_dest dest,
                  uint16_t requester, uint16_t token);

sk_err region_give(struct kern *k, struct task *t, struct handle *he, sk_core core,
                   struct sk_link_dest dest, sk_ns deadline_ns)
{
    struct region *r = &k->regions[he->index];
    if (r->addr != 0)
        return SK_ERR_BUSY;
    if (core == k->core) {
        sk_err near = deliver(k, r, &dest);
        if (near == SK_OK)
            handle_remove(k, t, he);
        return near;
    }
    if (!r->foreign && r->index >= SK_LINK_REGIONS)
        return SK_ERR_UNSUPPORTED;
    sk_err err = region_lost(r) ? SK_OK : link_use(k, r->foreign ? r->far.core : core);
    if (region_lost(r)) /* perhaps just seen */
        return SK_ERR_PEER_DEAD;
    if (err != SK_OK)
        return err;
    t->op.state = r->foreign ? OP_QUEUED : OP_HOME_MOVE;
    t->op.label = SK_LINK_MOVE_REGION;
    t->op.link = (uint8_t)r->far.core;
    t->op.dest = dest;
    t->op.dest_core = core;
    err = give_op_wait(k, t, he, deadline_ns);
    if (r->foreign)
        give_pump(k, &k->link[r->far.core]);
    else
        begin(k, r, core, dest, INDEX_NONE, t->slot);
    return err;
}

sk_err region_adopt(struct kern *k, struct task *t, const struct item *item, sk_handle *h)
{
    struct region *r = &k->regions[item->index];
    struct handle entry = {.kind = SK_KIND_REGION,
                           .rights = SK_RIGHT_MAP | SK_RIGHT_MOVE,
                           .index = item->index,
                           .obj_gen = item->gen};
    if (!r->in_use || r->gen != item->gen)
        return SK_ERR_PEER_DEAD; /* it died with its sender */
    if (!handle_has_room(t))
        return SK_ERR_BUDGET;
    sk_err err = region_move(k, r, t);
    return err == SK_OK ? handle_add(k, t, &entry, h) : err;
}

/* --- The holder's side ----------------------------------------------------------------------- */

void region_message(const struct kern *k, const struct task *t, struct sk_msg *m)
{
    const struct region *r = &k->regions[t->handles[t->op.handle].index];
    struct sk_link_move move = {
        .dest = t->op.dest, .core = t->op.dest_core, .index = r->far.index, .gen = r->far.gen};
    __builtin_memcpy(m->bytes, &move, sizeof(move));
}

void region_answered(struct kern *k, struct task *t, struct handle *he,
                     const struct sk_link_given *given)
{
    struct region *r = &k->regions[he->index];
    bool home_lost = t->op.state == OP_SENT && k->link[t->op.link].state == LINK_DOWN;
    if (given->err == SK_OK) {
        handle_remove(k, t, he);
        region_free(k, r);
    } else if (home_lost || (given->err == SK_ERR_PEER_DEAD && given->index == IN_DOUBT &&
                             !r->released)) { /* bits are read before messages */
        he->in_flight = 1;
        r->move = MOVE_DOUBT;
        r->handle = t->op.handle;
    } else {
        r->released = false;
    }
}

/* What was in doubt is its holder's. */
static void doubt_over(struct kern *k, struct region *r)
{
    r->move = MOVE_NONE;
    r->released = false;
    if (r->owner == NULL)
        region_close(k, r); /* who has died meanwhile */
    else if (r->owner->state != SK_TASK_DYING)
        handle_back(k, r->owner, &r->owner->handles[r->handle]);
}

/* The link may begin anew in this, and r with it. */
static void tell_far(struct kern *k, const struct region *r)
{
    struct place to = r->far;
    link_flip(k, &to, SK_LINK_REGION, 0);
}

void region_send_home(struct kern *k, struct region *r)
{
    r->owner = NULL;
    if (r->move == MOVE_DOUBT && k->link[r->far.core].state != LINK_DOWN)
        return; /* until its home says where it is */
    r->move = MOVE_NONE;
    if (!region_lost(r))
        tell_far(k, r);
    region_free(k, r);
}

/* Are these pages of another region that is known to be of that core? */
static bool overlaps(const struct kern *k, sk_core core, sk_paddr first, uint32_t pages)
{
    for (uint32_t i = 0; i < k->region_count; i++) {
        const struct region *r = &k->regions[i];
        if (r->in_use && r->foreign && r->far.core == core &&
            first < r->first + (sk_paddr)r->pages * SK_PAGE_BYTES &&
            r->first < first + (sk_paddr)pages * SK_PAGE_BYTES)
            return true;
    }
    return false;
}

sk_err region_arrive(struct kern *k, const struct link *l, const struct sk_link_give *give,
                     struct sk_link_given *given)
{
    sk_paddr first = (sk_paddr)give->paddr; /* a machine word: the peer is of the same machine */
    if (give->home != l->core || give->slots == 0 || give->slots > SK_REGION_PAGES_MAX ||
        give->index >= SK_LINK_REGIONS || !GEN_OF(give->gen, l->peer_epoch))
        return SK_ERR_PROTOCOL;
    for (uint32_t n = 0; n < give->slots; n++)
        if (!port_page_of(k->cpu, l->core, first + (sk_paddr)n * SK_PAGE_BYTES))
            return SK_ERR_PROTOCOL;
    if (overlaps(k, l->core, first, give->slots))
        return SK_ERR_PROTOCOL;
    if (k->region_free >= SK_LINK_REGIONS)
        return SK_ERR_NO_MEMORY; /* none, or one that has no bit */
    struct region *r = region_take(k, give->slots);
    r->foreign = true;
    r->first = first;
    r->far = (struct place){give->home, (uint16_t)give->index, give->gen};
    sk_err err = deliver(k, r, &give->dest);
    if (err != SK_OK) {
        region_free(k, r);
        return err;
    }
    given->core = k->core;
    given->index = r->index;
    given->gen = r->gen;
    return SK_OK;
}

/* --- The home's side ------------------------------------------------------------------------- */

/* Its holder has let go: free, or, while its payer dies, that one's to give back. */
static void take_back(struct kern *k, struct region *r)
{
    r->far.core = (uint16_t)k->core;
    region_close(k, r);
}

static void finish(struct kern *k, struct region *r, sk_err err, const struct place *to)
{
    struct task *t = &k->tasks[r->request_token];
    r->move = MOVE_NONE;
    if (err == SK_OK)
        r->far = *to;
    if (r->requester == INDEX_NONE) {
        struct handle *he = &t->handles[t->op.handle];
        if (err == SK_OK)
            handle_remove(k, t, he);
        else
            handle_back(k, t, he);
        give_op_done(k, t, err);
    } else if (r->requester != REQUESTER_LOST) {
        struct sk_link_given given = {.err = err};
        link_reply(k, &k->link[r->requester], SK_LINK_MOVE_REGION, r->request_token, &given);
    }
    if ((err == SK_OK && r->released) || r->far.core == INDEX_NONE)
        take_back(k, r);
}

static void begin(struct kern *k, struct region *r, sk_core core, struct sk_link_dest dest,
                  uint16_t requester, uint16_t token)
{
    struct place here = {.core = (uint16_t)k->core};
    r->move = MOVE_QUEUED;
    r->released = false;
    r->move_core = (uint16_t)core;
    r->requester = requester;
    r->request_token = token;
    r->dest = dest;
    if (core == k->core)
        finish(k, r, deliver(k, r, &dest), &here);
    else
        give_pump(k, &k->link[core]);
}

sk_err region_request(struct kern *k, struct link *l, const struct sk_link_move *move,
                      uint16_t token)
{
    struct region *r = &k->regions[move->index];
    if (move->index >= k->region_count || move->core >= k->cores || move->core == l->core ||
        !r->in_use || r->foreign || r->gen != move->gen || r->far.core != l->core)
        return SK_ERR_PROTOCOL;
    if (r->move != MOVE_NONE)
        return SK_ERR_BUSY;
    if (move->core != k->core) {
        sk_err err = link_use(k, move->core); /* dest has a generation of its epoch */
        if (err != SK_OK)
            return err;
    }
    begin(k, r, move->core, move->dest, (uint16_t)l->core, token);
    return CALL_BLOCKED;
}

void region_pump(struct kern *k, struct link *l)
{
    for (uint32_t i = 0; i < k->region_count; i++) {
        struct region *r = &k->regions[i];
        if (!r->in_use || r->move != MOVE_QUEUED || r->move_core != l->core)
            continue;
        if (!link_has_credit(l)) {
            l->queued = true;
            return;
        }
        struct sk_msg m = {.label = SK_LINK_GIVE,
                           .token = (uint16_t)(MOVE_TOKEN | REGION_TOKEN | i)};
        struct sk_link_give give = {.dest = r->dest,
                                    .kind = SK_KIND_REGION,
                                    .index = i,
                                    .gen = r->gen,
                                    .slots = r->pages,
                                    .paddr = r->first,
                                    .home = (uint16_t)k->core};
        __builtin_memcpy(m.bytes, &give, sizeof(give));
        r->move = MOVE_GIVEN;
        link_request(k, l, &m);
    }
}

void region_reply(struct kern *k, struct link *l, uint16_t index, uint16_t label,
                  const struct sk_link_given *answer)
{
    struct region *r = &k->regions[index];
    if (index >= k->region_count || !r->in_use || r->foreign || r->move != MOVE_GIVEN ||
        r->move_core != l->core || label != SK_LINK_GIVE) {
        link_down(k, l, "an answer that nobody asked for");
        return;
    }
    struct place to = {(uint16_t)l->core, (uint16_t)answer->index, answer->gen};
    bool known = answer->err <= 0 && answer->err >= SK_ERR_LAST;
    finish(k, r, known ? answer->err : SK_ERR_PROTOCOL, &to);
}

void region_flipped(struct kern *k, sk_core core, uint32_t index)
{
    struct region *r = &k->regions[index];
    if (index >= k->region_count || !r->in_use)
        return;
    if (r->foreign) {
        r->released |= r->far.core == core;
        if (r->far.core == core && r->move == MOVE_DOUBT)
            doubt_over(k, r);
    } else if (r->move == MOVE_GIVEN && r->move_core == core) {
        r->released = true; /* come and gone before it was answered */
    } else if (r->move == MOVE_NONE && r->far.core == core && core != k->core) {
        take_back(k, r);
    }
}

/* --- Cores that are lost, and that begin anew ------------------------------------------------ */

/* r was given to a core that is lost, and is not answered: it may have the pages. */
static void doubt(struct kern *k, struct region *r)
{
    struct task *t = &k->tasks[r->request_token];
    r->move = MOVE_DOUBT;
    if (r->requester == INDEX_NONE) {
        r->handle = t->op.handle; /* it stays in flight */
        give_op_done(k, t, SK_ERR_PEER_DEAD);
    } else if (r->requester != REQUESTER_LOST) {
        struct sk_link_given given = {.err = SK_ERR_PEER_DEAD, .index = IN_DOUBT};
        link_reply(k, &k->link[r->requester], SK_LINK_MOVE_REGION, r->request_token, &given);
    }
}

void region_link_down(struct kern *k, struct link *l)
{
    for (uint32_t i = 0; i < k->region_count; i++) {
        struct region *r = &k->regions[i];
        if (r->in_use && r->foreign && r->far.core == l->core && r->move == MOVE_DOUBT && !r->owner)
            region_free(k, r); /* nobody is left to be told */
        if (!r->in_use || r->foreign || r->move == MOVE_NONE || r->move == MOVE_DOUBT)
            continue;
        if (r->requester == l->core)
            r->requester = REQUESTER_LOST;
        if (r->move_core != l->core)
            continue;
        if (r->move == MOVE_GIVEN)
            doubt(k, r);
        else
            finish(k, r, SK_ERR_PEER_DEAD, NULL);
    }
}

void region_core_fenced(struct kern *k, sk_core core)
{
    for (uint32_t i = 0; i < k->region_count; i++) {
        struct region *r = &k->regions[i];
        if (!r->in_use || r->foreign)
            continue;
        if (r->far.core == core) {
            r->far.core = INDEX_NONE;
            if (r->move == MOVE_NONE)
                take_back(k, r);
        }
        if (!r->in_use || r->move != MOVE_DOUBT || r->move_core != core)
            continue;
        if (r->far.core == k->core) {
            doubt_over(k, r);
        } else {
            r->move = MOVE_NONE;
            if (r->far.core == INDEX_NONE)
                take_back(k, r);
            else
                tell_far(k, r);
        }
    }
}

void region_core_anew(struct kern *k, sk_core core)
{
    for (uint32_t i = 0; i < k->region_count; i++) {
        struct region *r = &k->regions[i];
        if (!r->in_use || !r->foreign || r->far.core != core)
            continue;
        if (r->owner && r->owner->state != SK_TASK_DYING)
            region_unmap(k, r); /* else with its address space, in which nobody runs any more */
        r->far.core = INDEX_NONE;
        if (r->move == MOVE_DOUBT)
            doubt_over(k, r);
    }
}
