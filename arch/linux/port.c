/* Ports: queues of connections. A place of the queue is claimed with the object's name, then the
 * object's own word is changed, which puts it there. A name whose object is elsewhere is rubbish of
 * somebody who was killed, and anybody may remove it.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "inside.h"

sk_err port_create(struct linux_task *t, uint32_t bit, uint32_t depth, sk_handle *h)
{
    struct sk_linux_area *a = t->area;
    if (bit > 31 || depth - 1u >= SK_PORT_DEPTH_MAX)
        return SK_ERR_ARG;
    if (!handle_room(t, 1))
        return SK_ERR_BUDGET;
    for (uint32_t i = 0; i < a->ports; i++) {
        struct port_slot *p = &a->port[i];
        uint64_t w = word_load(&p->word);
        uint32_t gen = WORD_GEN(w) + 1u;
        if (WORD_STATE(w) != PORT_FREE ||
            !word_change(&p->word, w, WORD(PORT_MAKING, t->slot, gen)))
            continue;
        word_store(&p->own, WORD(OWN_OPEN, t->slot, t->gen));
        half_store(&p->wake, bit);
        half_store(&p->depth, depth);
        for (uint32_t q = 0; q < SK_PORT_DEPTH_MAX; q++)
            word_store(&p->queue[q], 0);
        word_store(&p->word, WORD(PORT_LIVE, 0, gen));
        *h =
            handle_add(t, SK_KIND_PORT, SK_RIGHT_ACCEPT | SK_RIGHT_CONNECT | SK_RIGHT_MOVE, i, gen);
        return SK_OK;
    }
    return SK_ERR_NO_MEMORY;
}

void port_close(struct linux_task *t, const struct linux_handle *h)
{
    if (word_change(&t->area->port[h->index].word, WORD(PORT_LIVE, 0, h->object_gen),
                    WORD(PORT_FREE, 0, h->object_gen)))
        sweep_all(t->area); /* what waits in it */
}

void port_tell(struct sk_linux_area *a, uint32_t index)
{
    const struct port_slot *p = &a->port[index];
    event_post(a, WORD_INDEX(word_load(&p->own)), 1u << (half_load(&p->wake) & 31u), 0);
}

static bool port_lives(const struct port_slot *p, uint32_t gen)
{
    return word_load(&p->word) == WORD(PORT_LIVE, 0, gen);
}

/* Is the end that this name means there, or on its way? If not the name is rubbish. *there: it can
 * be taken. */
static bool name_good(struct sk_linux_area *a, uint64_t name, uint64_t queue, bool *there)
{
    uint32_t index = WORD_INDEX(name);
    *there = false;
    if (WORD_STATE(name) != OBJECT_END || index >= a->channels * 2u ||
        word_load(&a->chan[index >> 1].word) != WORD(CHAN_USED, 0, WORD_GEN(name)))
        return false;
    uint64_t own = word_load(&area_end(a, index)->own);
    *there = own == queue;
    if (*there || WORD_STATE(own) != OWN_UNUSED)
        return *there;
    if (!sweep_orphan(a, own))
        return true;
    *there = word_load(&area_end(a, index)->own) == queue; /* put there before its giver's death */
    return *there;
}

/* Write name into a free place; SK_PORT_DEPTH_MAX: there is none. */
static uint32_t claim(struct sk_linux_area *a, struct port_slot *p, uint64_t name, uint64_t queue)
{
    uint32_t depth = half_load(&p->depth);
    for (uint32_t i = 0; i < depth && i < SK_PORT_DEPTH_MAX; i++) {
        bool there;
        uint64_t old = word_load(&p->queue[i]);
        if ((old == 0 || !name_good(a, old, queue, &there)) &&
            word_change(&p->queue[i], old, name)) {
            half_store(&p->order[i], __atomic_fetch_add(&p->stamp, 1u, __ATOMIC_SEQ_CST));
            return i;
        }
    }
    return SK_PORT_DEPTH_MAX;
}

sk_err port_connect(struct linux_task *t, const struct linux_handle *h, struct linux_handle *end)
{
    struct sk_linux_area *a = t->area;
    struct port_slot *p = &a->port[h->index];
    sk_err err = give_check(t, end);
    if (err != SK_OK)
        return err;
    if (!port_lives(p, h->object_gen))
        return SK_ERR_PEER_DEAD;
    uint64_t name = WORD(OBJECT_END, end->index, end->object_gen);
    uint64_t mine = WORD(OWN_UNUSED, t->slot, t->gen);
    uint64_t queue = WORD(OWN_QUEUE, h->index, h->object_gen);
    uint32_t at = claim(a, p, name, queue);
    if (at == SK_PORT_DEPTH_MAX) {
        port_tell(a, h->index); /* who filled it may have been killed before it did */
        return SK_ERR_FULL;
    }
    uint64_t *own = &area_end(a, end->index)->own;
    bool moved = word_change(own, mine, queue);
    if (!moved || (!port_lives(p, h->object_gen) && word_change(own, queue, mine))) {
        (void)word_change(&p->queue[at], name, 0);
        return moved ? SK_ERR_PEER_DEAD : SK_ERR_HANDLE;
    }
    chan_relate(a, end->index >> 1);
    handle_free(t, end);
    port_tell(a, h->index);
    return SK_OK;
}

sk_err port_accept(struct linux_task *t, struct linux_handle *h, sk_handle *end)
{
    struct sk_linux_area *a = t->area;
    struct port_slot *p = &a->port[h->index];
    uint64_t queue = WORD(OWN_QUEUE, h->index, h->object_gen);
    uint64_t mine = WORD(OWN_UNUSED, t->slot, t->gen);
    /* The oldest that is there; rubbish goes. One that is taken from under us is only a hostile
     * member's work: then the next. */
    for (uint32_t tries = 0; tries < SK_PORT_DEPTH_MAX; tries++) {
        uint32_t best = SK_PORT_DEPTH_MAX, best_order = 0;
        for (uint32_t i = 0; i < SK_PORT_DEPTH_MAX; i++) {
            bool there;
            uint64_t name = word_load(&p->queue[i]);
            uint32_t order = half_load(&p->order[i]);
            if (name == 0)
                continue;
            if (!name_good(a, name, queue, &there))
                (void)word_change(&p->queue[i], name, 0);
            else if (there && (best == SK_PORT_DEPTH_MAX || (int32_t)(order - best_order) < 0))
                best = i, best_order = order;
        }
        if (best == SK_PORT_DEPTH_MAX)
            return SK_ERR_EMPTY;
        if (!handle_room(t, 1))
            return SK_ERR_BUDGET;
        uint64_t name = word_load(&p->queue[best]);
        uint32_t index = WORD_INDEX(name);
        if (WORD_STATE(name) != OBJECT_END || index >= a->channels * 2u ||
            !word_change(&area_end(a, index)->own, queue, mine))
            continue;
        (void)word_change(&p->queue[best], name, 0);
        *end = handle_add(t, SK_KIND_CHAN, SK_RIGHT_SEND | SK_RIGHT_MOVE, index, WORD_GEN(name));
        chan_relate(a, index >> 1);
        return SK_OK;
    }
    return SK_ERR_EMPTY;
}
