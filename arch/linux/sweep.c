/* The sweep: what follows from the decisive words, done again for everything, by anyone, at any
 * time, several at once. It finishes what somebody who was killed had begun.
 *
 * Each step is a compare-and-swap with a generation, or a hint (an event) that may come once too
 * often. Who stops a task's end here has it go on in another member, whose watcher sees the death.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "inside.h"

#define PASSES 64u /* of one sweep; only a member that scribbles makes more of them */

/* Does the end `number` of that generation still take things into its escrow? */
static bool escrow_lives(struct sk_linux_area *a, uint32_t number, uint32_t gen)
{
    if (number >= a->channels * 2u)
        return false;
    uint64_t w = word_load(&a->chan[number >> 1].word);
    uint32_t own = WORD_STATE(word_load(&area_end(a, number)->own));
    return WORD_STATE(w) == CHAN_USED && WORD_GEN(w) == gen && own != OWN_CLOSED;
}

bool sweep_orphan(struct sk_linux_area *a, uint64_t w)
{
    uint32_t index = WORD_INDEX(w), gen = WORD_GEN(w);
    switch (WORD_STATE(w)) {
    case OWN_UNUSED:
    case OWN_OPEN:
        return !area_alive(a, index, gen);
    case OWN_ESCROW:
        return !escrow_lives(a, index, gen);
    case OWN_QUEUE:
        return index >= a->ports || word_load(&a->port[index].word) != WORD(PORT_LIVE, 0, gen);
    default:
        return false;
    }
}

/* The status line's state and the generation beside it, as one word. */
static uint64_t status_word(uint32_t state, uint32_t gen)
{
    uint32_t halves[2] = {state, gen};
    uint64_t w;
    __builtin_memcpy(&w, halves, sizeof(w));
    return w;
}

/* End `side` is closed: the other one's task learns of it. The line first, then the event; told
 * last, so that nobody is forgotten if this is cut short. */
static void tell(struct sk_linux_area *a, struct chan_slot *c, uint32_t side, uint32_t gen)
{
    struct end_slot *far = &c->end[side ^ 1u];
    if (half_load(&far->told) == gen)
        return;
    (void)word_change((uint64_t *)(void *)&c->status[side ^ 1u].state,
                      status_word(SK_CHAN_OPEN, gen), status_word(SK_CHAN_CLOSED, gen));
    uint64_t own = word_load(&far->own);
    uint32_t wake = half_load(&far->wake);
    if (WORD_STATE(own) == OWN_OPEN)
        event_post(a, WORD_INDEX(own), 1u << (wake & 31u), (uint64_t)1 << (wake >> 8 & 63u));
    else if (WORD_STATE(own) == OWN_QUEUE && WORD_INDEX(own) < a->ports)
        port_tell(a, WORD_INDEX(own)); /* who put it there may have been killed before it did */
    half_store(&far->told, gen);
}

/* Is something in the escrow of that end still, which has been closed? Then a pass is wanted in
 * which it belongs to nobody, whoever closed the end: he may have been stopped. */
static bool escrow_holds(struct sk_linux_area *a, uint32_t number, uint32_t gen)
{
    for (uint32_t i = 0; i < SK_ESCROW_MAX; i++) {
        uint64_t object = word_load(&area_end(a, number)->escrow[i]);
        uint32_t index = WORD_INDEX(object);
        const uint64_t *own = NULL;
        if (WORD_STATE(object) == OBJECT_END && index < a->channels * 2u)
            own = &area_end(a, index)->own;
        else if (WORD_STATE(object) == OBJECT_REGION && index < a->regions)
            own = &a->region[index].own;
        if (own != NULL && word_load(own) == WORD(OWN_ESCROW, number, gen))
            return true;
    }
    return false;
}

/* Close an end whose owner is gone, tell of one that is closed. Whether it is. */
static bool sweep_end(struct sk_linux_area *a, struct chan_slot *c, uint32_t side, uint32_t gen)
{
    uint64_t *word = &c->end[side].own;
    uint64_t own = word_load(word);
    if (sweep_orphan(a, own)) {
        (void)word_change(word, own, WORD(OWN_CLOSED, 0, gen));
        own = word_load(word); /* somebody else may have done it, and got no further */
    }
    if (WORD_STATE(own) != OWN_CLOSED)
        return false;
    tell(a, c, side, gen);
    return true;
}

bool sweep_channel(struct sk_linux_area *a, uint32_t index)
{
    struct chan_slot *c = &a->chan[index];
    uint64_t w = word_load(&c->word);
    uint32_t gen = WORD_GEN(w);
    if (WORD_STATE(w) == CHAN_MAKING) {
        uint32_t maker = WORD_INDEX(w);
        uint32_t state = maker < a->tasks ? WORD_STATE(word_load(&a->task[maker].word)) : TASK_FREE;
        if (state != TASK_LIVE)
            (void)word_change(&c->word, w, WORD(CHAN_FREE, 0, gen));
        return false;
    }
    bool free = WORD_STATE(w) == CHAN_FREE;
    bool one = free || sweep_end(a, c, 0, gen);
    bool two = free || sweep_end(a, c, 1, gen);
    if (one && two && !free)
        (void)word_change(&c->word, w, WORD(CHAN_FREE, 0, gen));
    return (one && escrow_holds(a, index * 2u, gen)) ||
           (two && escrow_holds(a, index * 2u + 1u, gen));
}

static bool sweep_port(struct sk_linux_area *a, uint32_t index)
{
    struct port_slot *p = &a->port[index];
    uint64_t w = word_load(&p->word);
    uint32_t maker = WORD_INDEX(w);
    if (WORD_STATE(w) == PORT_MAKING) {
        if (maker < a->tasks && WORD_STATE(word_load(&a->task[maker].word)) == TASK_LIVE)
            return false;
    } else if (WORD_STATE(w) != PORT_LIVE || !sweep_orphan(a, word_load(&p->own))) {
        return false;
    }
    return word_change(&p->word, w, WORD(PORT_FREE, 0, WORD_GEN(w)));
}

void sweep_all(struct sk_linux_area *a)
{
    bool again = true;
    for (uint32_t pass = 0; again && pass < PASSES; pass++) {
        again = false;
        for (uint32_t i = 0; i < a->ports; i++)
            again |= sweep_port(a, i);
        for (uint32_t i = 0; i < a->channels; i++)
            again |= sweep_channel(a, i);
        for (uint32_t i = 0; i < a->regions; i++) {
            uint64_t own = word_load(&a->region[i].own);
            if (sweep_orphan(a, own))
                (void)word_change(&a->region[i].own, own, WORD(OWN_NONE, 0, 0));
        }
    }
}

/* Whoever started it may want to know. */
static void tell_creator(struct sk_linux_area *a, uint64_t creator)
{
    uint32_t slot = WORD_INDEX(creator) & 0xffffu;
    if (WORD_STATE(creator) != 0 && area_alive(a, slot, WORD_GEN(creator)))
        event_post(a, slot, 1u << (WORD_INDEX(creator) >> 16 & 31u), 0);
}

void sweep_dead(struct sk_linux_area *a)
{
    bool dead = false;
    for (uint32_t i = 0; i < a->tasks; i++)
        dead |= WORD_STATE(word_load(&a->task[i].word)) == TASK_DEAD;
    if (!dead)
        return;
    /* Those that were dead before this sweep began are free after it. */
    uint64_t seen[64];
    for (uint32_t from = 0; from < a->tasks;) {
        uint32_t n = 0, at[64];
        for (; from < a->tasks && n < 64; from++) {
            seen[n] = word_load(&a->task[from].word);
            at[n] = from;
            n += WORD_STATE(seen[n]) == TASK_DEAD;
        }
        if (n == 0)
            continue;
        sweep_all(a);
        for (uint32_t i = 0; i < n; i++) {
            uint64_t creator = word_load(&a->task[at[i]].creator);
            tell_creator(a, creator);
            (void)word_change(&a->task[at[i]].word, seen[i], WORD(TASK_FREE, 0, WORD_GEN(seen[i])));
        }
    }
}
