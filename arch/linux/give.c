/* Handing over: into the escrow of a channel's far end, out of it. The entry in the escrow is
 * written first; the object's own word, changed once, is what gives it away. If it then turns out
 * that the far end was closed meanwhile, the giver takes it back, or a sweep has closed it: then it
 * was delivered, and has died with the receiver.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "inside.h"

uint64_t *give_own(struct linux_task *t, const struct linux_handle *h)
{
    switch (h->kind) {
    case SK_KIND_CHAN:
        return &area_end(t->area, h->index)->own;
    case SK_KIND_REGION:
        return &t->area->region[h->index].own;
    default:
        return NULL;
    }
}

sk_err give_check(struct linux_task *t, const struct linux_handle *h)
{
    (void)t;
    if (h->kind != SK_KIND_CHAN && h->kind != SK_KIND_PORT && h->kind != SK_KIND_REGION)
        return SK_ERR_HANDLE;
    if ((h->rights & SK_RIGHT_MOVE) == 0)
        return SK_ERR_RIGHTS;
    return h->open || h->parent ? SK_ERR_BUSY : SK_OK;
}

static uint64_t object_of(const struct linux_handle *h)
{
    uint32_t kind = h->kind == SK_KIND_CHAN   ? OBJECT_END
                    : h->kind == SK_KIND_PORT ? OBJECT_PORT
                                              : OBJECT_REGION;
    return WORD(kind, h->index, h->object_gen);
}

static bool escrow_open(struct sk_linux_area *a, uint32_t number)
{
    uint32_t state = WORD_STATE(word_load(&area_end(a, number)->own));
    return state == OWN_OPEN || state == OWN_UNUSED;
}

sk_err give_send(struct linux_task *t, struct linux_handle *via, struct linux_handle *h)
{
    struct sk_linux_area *a = t->area;
    uint32_t far = via->index ^ 1u;
    uint64_t *entry = &area_end(a, far)->escrow[via->sent % SK_ESCROW_MAX];
    sk_err err = give_check(t, h);
    if (err != SK_OK)
        return err;
    if (h == via)
        return SK_ERR_ARG;
    if (!via->open)
        return SK_ERR_STATE;
    if (WORD_STATE(word_load(&area_end(a, far)->own)) == OWN_CLOSED)
        return SK_ERR_PEER_DEAD;
    if (word_load(entry) != 0 || !escrow_open(a, far))
        return SK_ERR_FULL;
    uint64_t *own = give_own(t, h);
    uint64_t mine = WORD(OWN_UNUSED, t->slot, t->gen);
    uint64_t theirs = WORD(OWN_ESCROW, far, via->object_gen);
    word_store(entry, object_of(h));
    if (own != NULL && !word_change(own, mine, theirs)) {
        word_store(entry, 0);
        return SK_ERR_HANDLE;
    }
    bool gone = WORD_STATE(word_load(&area_end(a, far)->own)) == OWN_CLOSED;
    if (gone && (own == NULL || word_change(own, theirs, mine))) {
        word_store(entry, 0);
        return SK_ERR_PEER_DEAD;
    }
    via->sent++;
    if (own != NULL) {
        if (h->kind == SK_KIND_CHAN)
            chan_relate(a, h->index >> 1);
        handle_free(t, h);
    }
    return SK_OK;
}

/* A handle for the object, which is this task's from now on. */
static sk_err adopt(struct linux_task *t, uint64_t object, uint64_t from, sk_handle *h)
{
    struct sk_linux_area *a = t->area;
    uint32_t index = WORD_INDEX(object), gen = WORD_GEN(object);
    uint64_t mine = WORD(OWN_UNUSED, t->slot, t->gen);
    switch (WORD_STATE(object)) {
    case OBJECT_END:
        if (index >= a->channels * 2u ||
            word_load(&a->chan[index >> 1].word) != WORD(CHAN_USED, 0, gen) ||
            !word_change(&area_end(a, index)->own, from, mine))
            return SK_ERR_EMPTY;
        *h = handle_add(t, SK_KIND_CHAN, SK_RIGHT_SEND | SK_RIGHT_MOVE, index, gen);
        chan_relate(a, index >> 1);
        return SK_OK;
    case OBJECT_REGION:
        if (index >= a->regions || !word_change(&a->region[index].own, from, mine))
            return SK_ERR_EMPTY;
        *h = handle_add(t, SK_KIND_REGION, SK_RIGHT_MAP | SK_RIGHT_MOVE, index, 0);
        return SK_OK;
    case OBJECT_PORT:
        if (index >= a->ports)
            return SK_ERR_EMPTY;
        *h = handle_add(t, SK_KIND_PORT, SK_RIGHT_CONNECT | SK_RIGHT_MOVE, index, gen);
        return SK_OK;
    default:
        return SK_ERR_EMPTY;
    }
}

sk_err give_take(struct linux_task *t, struct linux_handle *via, sk_handle *h)
{
    struct end_slot *e = area_end(t->area, via->index);
    uint64_t *entry = &e->escrow[via->taken % SK_ESCROW_MAX];
    uint64_t object = word_load(entry);
    if (!via->open)
        return SK_ERR_STATE;
    if (object == 0)
        return SK_ERR_EMPTY;
    if (!handle_room(t, 1))
        return SK_ERR_BUDGET;
    sk_err err = adopt(t, object, WORD(OWN_ESCROW, via->index, via->object_gen), h);
    if (err == SK_OK) {
        word_store(entry, 0);
        via->taken++;
    }
    return err;
}
