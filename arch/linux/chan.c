/* Channels: made, opened, woken, closed.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "inside.h"
#include <string.h>

/* A free channel, now being made by t; a->channels if there is none. */
static uint32_t claim(struct linux_task *t, uint32_t *gen)
{
    struct sk_linux_area *a = t->area;
    for (uint32_t n = 0; n < a->channels; n++) {
        uint32_t c = (t->chan_hint + n) % a->channels;
        uint64_t w = word_load(&a->chan[c].word);
        if (WORD_STATE(w) != CHAN_FREE)
            continue;
        *gen = WORD_GEN(w) + 1u;
        if (word_change(&a->chan[c].word, w, WORD(CHAN_MAKING, t->slot, *gen))) {
            t->chan_hint = c + 1u;
            return c;
        }
    }
    return a->channels;
}

sk_err chan_create(struct linux_task *t, uint32_t slots, sk_handle end[2])
{
    struct sk_linux_area *a = t->area;
    uint32_t gen = 0;
    if (slots >> 8 != 0)
        return SK_ERR_UNSUPPORTED; /* session quota */
    if (slots < SK_CHAN_SLOTS_MIN || slots > SK_CHAN_SLOTS_MAX || (slots & (slots - 1u)) != 0)
        return SK_ERR_ARG;
    if (!handle_room(t, 2))
        return SK_ERR_BUDGET;
    uint32_t index = claim(t, &gen);
    if (index == a->channels)
        return SK_ERR_NO_MEMORY;
    struct chan_slot *c = &a->chan[index];
    memset(&c->mem, 0, sizeof(c->mem));
    memset(c->status, 0, sizeof(c->status));
    c->slots = slots;
    for (uint32_t side = 0; side < 2; side++) {
        c->status[side].peer_core = gen;
        c->status[side].peer_epoch = gen;
        c->status[side].same_core = SK_CHAN_SELF;
        half_store(&c->status[side].state, SK_CHAN_OPEN);
        for (uint32_t i = 0; i < SK_ESCROW_MAX; i++)
            word_store(&c->end[side].escrow[i], 0);
        word_store(&c->end[side].own, WORD(OWN_UNUSED, t->slot, t->gen));
        end[side] =
            handle_add(t, SK_KIND_CHAN, SK_RIGHT_SEND | SK_RIGHT_MOVE, index * 2u + side, gen);
    }
    word_store(&c->word, WORD(CHAN_USED, 0, gen));
    return SK_OK;
}

/* Who has that end; *in_port: it waits in the port of that task. */
static uint64_t holder(struct sk_linux_area *a, const struct end_slot *e)
{
    uint64_t own = word_load(&e->own);
    uint32_t index = WORD_INDEX(own);
    switch (WORD_STATE(own)) {
    case OWN_UNUSED:
    case OWN_OPEN:
        return WORD(OWN_OPEN, index, WORD_GEN(own));
    case OWN_QUEUE:
        return index < a->ports ? word_load(&a->port[index].own) : 0;
    default:
        return 0;
    }
}

static uint32_t relation(struct sk_linux_area *a, const struct chan_slot *c)
{
    uint64_t one = holder(a, &c->end[0]), two = holder(a, &c->end[1]);
    uint32_t i = WORD_INDEX(one), j = WORD_INDEX(two);
    if (one == 0 || two == 0 || i >= a->tasks || j >= a->tasks)
        return 0;
    if (one == two)
        return SK_CHAN_SELF;
    int32_t cpu = __atomic_load_n(&a->task[i].cpu, __ATOMIC_RELAXED);
    return cpu >= 0 && cpu == __atomic_load_n(&a->task[j].cpu, __ATOMIC_RELAXED);
}

void chan_relate(struct sk_linux_area *a, uint32_t index)
{
    struct chan_slot *c = &a->chan[index];
    for (uint32_t i = 0; i < 4; i++) { /* until nobody has changed hands meanwhile */
        uint32_t now = relation(a, c);
        half_store(&c->status[0].same_core, now);
        half_store(&c->status[1].same_core, now);
        if (relation(a, c) == now)
            return;
    }
}

sk_err chan_open(struct linux_task *t, struct linux_handle *h, uint32_t bit,
                 struct sk_chan_view *view)
{
    if (bit > 31)
        return SK_ERR_ARG;
    if (h->open)
        return SK_ERR_STATE;
    if (h->parent) {
        sk_err err = parent_connect(t, h);
        if (err != SK_OK)
            return err;
    }
    struct chan_slot *c = &t->area->chan[h->index >> 1];
    struct end_slot *e = area_end(t->area, h->index);
    uint32_t side = h->index & 1u, slot = (uint32_t)(h - t->handle);
    uint32_t slots = half_load(&c->slots);
    half_store(&e->wake, bit | (slot % 64u) << 8);
    if (!word_change(&e->own, WORD(OWN_UNUSED, t->slot, t->gen), WORD(OWN_OPEN, t->slot, t->gen)))
        return SK_ERR_HANDLE;
    h->open = true;
    t->chan_bits |= 1u << bit;
    chan_relate(t->area, h->index >> 1);
    *view = (struct sk_chan_view){
        .mem = (uintptr_t)&c->mem,
        .status = (uintptr_t)&c->status[side],
        .slots = slots == SK_CHAN_SLOTS_MIN ? slots : SK_CHAN_SLOTS_MAX,
        .side = side,
        .epoch = h->object_gen,
        .slot = slot,
        .same_core = half_load(&c->status[side].same_core),
    };
    event_post(t->area, t->slot, 1u << bit, (uint64_t)1 << (slot % 64u)); /* poll it once */
    return SK_OK;
}

sk_err chan_wake(struct linux_task *t, const struct linux_handle *h)
{
    struct end_slot *far = area_end(t->area, h->index ^ 1u);
    uint64_t own = word_load(&far->own);
    if (WORD_STATE(own) == OWN_CLOSED)
        return SK_ERR_PEER_DEAD;
    if (WORD_STATE(own) == OWN_OPEN) {
        uint32_t wake = half_load(&far->wake);
        event_post(t->area, WORD_INDEX(own), 1u << (wake & 31u), (uint64_t)1 << (wake >> 8 & 63u));
    }
    return SK_OK;
}

void chan_close(struct linux_task *t, uint32_t number)
{
    struct sk_linux_area *a = t->area;
    struct end_slot *e = area_end(a, number);
    uint64_t closed = WORD(OWN_CLOSED, 0, 0);
    if (!word_change(&e->own, WORD(OWN_OPEN, t->slot, t->gen), closed) &&
        !word_change(&e->own, WORD(OWN_UNUSED, t->slot, t->gen), closed))
        return;
    bool left = false;
    for (uint32_t i = 0; i < SK_ESCROW_MAX; i++)
        left |= word_load(&e->escrow[i]) != 0;
    if (sweep_channel(a, number >> 1) || left)
        sweep_all(a);
}

void chan_info(struct linux_task *t, const struct linux_handle *h, struct sk_handle_info *info)
{
    const struct chan_slot *c = &t->area->chan[h->index >> 1];
    uint32_t side = h->index & 1u;
    info->used = h->open;
    info->state = half_load(&c->status[side].state);
    info->slot = (uint32_t)(h - t->handle);
    info->peer_self = half_load(&c->status[side].same_core) == SK_CHAN_SELF;
}
