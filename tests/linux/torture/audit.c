/* The area's tables, seen from inside: whatever has an owner has one that lives; as much is in use
 * as before. Others may be sweeping still: they are given time.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "arch/linux/inside.h"
#include "torture.h"
#include <unistd.h>

/* Something that belongs to somebody who is gone, or is half made; NULL: nothing. */
static const char *leftover(struct sk_linux_area *a, uint32_t *index)
{
    for (uint32_t i = 0; i < a->channels; i++) {
        const struct chan_slot *c = &a->chan[i];
        *index = i;
        if (WORD_STATE(word_load(&c->word)) == CHAN_MAKING)
            return "a channel is half made";
        if (WORD_STATE(word_load(&c->word)) != CHAN_USED)
            continue;
        if (sweep_orphan(a, word_load(&c->end[0].own)) ||
            sweep_orphan(a, word_load(&c->end[1].own)))
            return "an end belongs to somebody who is gone";
        if (WORD_STATE(word_load(&c->end[0].own)) == OWN_CLOSED &&
            WORD_STATE(word_load(&c->end[1].own)) == OWN_CLOSED)
            return "a channel was not given back";
    }
    for (uint32_t i = 0; i < a->regions; i++) {
        *index = i;
        if (sweep_orphan(a, word_load(&a->region[i].own)))
            return "a region belongs to somebody who is gone";
    }
    for (uint32_t i = 0; i < a->ports; i++) {
        *index = i;
        if (WORD_STATE(word_load(&a->port[i].word)) == PORT_MAKING)
            return "a port is half made";
    }
    return NULL;
}

static bool same(const struct sk_linux_use *a, const struct sk_linux_use *b)
{
    return a->tasks == b->tasks && a->channels == b->channels && a->ports == b->ports &&
           a->regions == b->regions;
}

void audit(struct survivor *s, const struct sk_linux_use *base)
{
    struct sk_linux_use use;
    const char *left;
    uint32_t index = 0;
    sk_ns give_up = sk_in_ms(patience_ms);
    for (;;) {
        left = leftover(s->area, &index);
        sk_linux_use(s->area, &use);
        if ((left == NULL && same(&use, base)) || sk_now() >= give_up)
            break;
        usleep(50);
    }
    if (left != NULL)
        WRONG(s, left, index, 0);
    if (use.tasks != base->tasks)
        WRONG(s, "tasks in use", use.tasks, base->tasks);
    if (use.channels != base->channels)
        WRONG(s, "channels in use", use.channels, base->channels);
    if (use.ports != base->ports)
        WRONG(s, "ports in use", use.ports, base->ports);
    if (use.regions != base->regions)
        WRONG(s, "regions in use", use.regions, base->regions);
}
