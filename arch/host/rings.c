/* See ledger.h: the rings of channels, seen from outside, by the words that are stored. What a line
 * held when it was published is remembered by a hash, and compared when its slot is given back.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "arch/host/history.h"
#include "arch/host/ledger.h"
#include "arch/host/sim.h"

#include <stdio.h>
#include <string.h>

#define RINGS 512u /* channels at a time, of all cores together */

struct direction {
    uint32_t published; /* number of the next message */
    uint32_t taken;     /* all before this one were given back */
    uint64_t hash[SK_CHAN_SLOTS_MAX];
};

struct rings {
    sk_paddr page; /* 0: not used */
    bool lost;
    uint32_t slots, epoch;
    struct direction way[2]; /* by the side that sends */
};

static struct rings table[RINGS]; /* [0] is nobody's */
static uint16_t of_page[LEDGER_PAGES];

static struct rings *find(sk_paddr page)
{
    uint16_t n = of_page[LEDGER_INDEX(page)];
    return n != 0 ? &table[n] : NULL;
}

static struct rings *take(sk_paddr page)
{
    for (uint16_t n = 1; n < RINGS; n++)
        if (table[n].page == 0) {
            of_page[LEDGER_INDEX(page)] = n;
            return &table[n];
        }
    sim_fail("more channels than the simulation can watch");
}

void rings_reset(void)
{
    memset(table, 0, sizeof(table));
}

void rings_begin(sk_paddr ram, uint32_t pages)
{
    memset(&of_page[LEDGER_INDEX(ram)], 0, pages * sizeof(of_page[0]));
    for (uint32_t n = 1; n < RINGS; n++)
        if (table[n].page - ram < (sk_paddr)pages * SK_PAGE_BYTES)
            table[n].page = 0;
}

void rings_forget(sk_paddr page)
{
    struct rings *r = find(page);
    if (r != NULL)
        r->page = of_page[LEDGER_INDEX(page)] = 0;
}

void rings_lost(sk_paddr page)
{
    struct rings *r = find(page);
    if (r != NULL)
        r->lost = true;
}

/* The channel that has this page, seen for the first time: what its home knows of it. */
static struct rings *meet(sk_paddr page)
{
    struct rings *r = find(page);
    if (r != NULL)
        return r;
    const struct port_cpu *home = sim_page_core(page);
    for (uint32_t i = 0; home != NULL && home->kern != NULL && i < home->kern->chan_count; i++) {
        const struct chan *c = &home->kern->chans[i];
        if (!c->in_use || c->page != page)
            continue;
        r = take(page);
        *r = (struct rings){.page = page, .slots = c->slots, .epoch = c->epoch};
        return r;
    }
    return NULL;
}

static uint64_t hash_of(const struct sk_msg *m)
{
    const uint32_t *word = (const uint32_t *)(const void *)m;
    uint64_t h = 0xcbf29ce484222325u;
    for (uint32_t i = 1; i < sizeof(*m) / 4u; i++)
        h = (h ^ word[i]) * 0x100000001b3u;
    return h;
}

static void breach(const struct rings *r, uint32_t side, uint32_t number, const char *what)
{
    sim_fail("channel %#llx, side %u, message %u: %s", (unsigned long long)r->page, side, number,
             what);
}

/* May whoever runs send as this side: does it hold that end, here and now? */
static void check_holder(const struct rings *r, uint32_t side, uint32_t number)
{
    const struct kern *k = sim.cur->kern;
    const struct host_space *space = sim.cur->space; /* NULL: the kernel, for a task (loans) */
    for (uint32_t i = 0; i < k->end_count; i++) {
        const struct end *e = &k->ends[i];
        if (e->state == END_OWNED && e->page == r->page && e->side == side && e->used &&
            (space == NULL || e->owner == space->task || PORT_COPY_MODE))
            return;
    }
    breach(r, side, number, "published by somebody who does not hold that end");
}

static void published(struct rings *r, uint32_t side, uint32_t slot, const struct sk_msg *m)
{
    struct direction *d = &r->way[side];
    uint32_t number = d->published;
    history_add(HISTORY_PUBLISH, r->page, (uint64_t)side << 32 | number,
                (uint64_t)m->label << 32 | m->ctl);
    if ((m->ctl & SK_CTL_TAG) != ring_tag(number, ring_epoch_tag(r->epoch)) ||
        slot != (number & (r->slots - 1u)))
        breach(r, side, number, "another one is published: lost, doubled or out of order");
    if (number - d->taken >= r->slots)
        breach(r, side, number, "published over one that was not taken");
    check_holder(r, side, number);
    d->hash[slot] = hash_of(m);
    d->published++;
}

static void given_back(struct rings *r, uint32_t side, uint32_t slot, const struct sk_msg *base,
                       uint32_t ctl)
{
    struct direction *d = &r->way[side];
    uint32_t last = d->taken | ring_mark_mask(r->slots);
    history_add(HISTORY_TAKE, r->page, (uint64_t)side << 32 | last, 0);
    if ((ctl & SK_CTL_TAG) != ring_tag(last, ring_epoch_tag(r->epoch)) ||
        slot != (last & (r->slots - 1u)))
        breach(r, side, last, "another one is given back: lost, doubled or out of order");
    if ((int32_t)(last - d->published) >= 0)
        breach(r, side, last, "given back before it was published");
    for (uint32_t n = d->taken; n != last + 1u; n++)
        if (d->hash[n & (r->slots - 1u)] != hash_of(&base[n & (r->slots - 1u)]))
            breach(r, side, n, "is not what was published");
    d->taken = last + 1u;
}

void sim_stored(const uint32_t *word, uint32_t v)
{
    sk_paddr at = (sk_paddr)word, page = at & ~(sk_paddr)(SK_PAGE_BYTES - 1u);
    const struct sk_chan_mem *mem = (const struct sk_chan_mem *)page;
    if (sim.cur == NULL || sim.cur->kern == NULL || sim_page_core(page) == NULL || faults_lies())
        return;
    size_t offset = at - page;
    if (offset < offsetof(struct sk_chan_mem, slot) || offset % sizeof(struct sk_msg) != 0)
        return;
    struct rings *r = meet(page);
    if (r == NULL || r->lost)
        return;
    uint32_t n = (uint32_t)((offset - offsetof(struct sk_chan_mem, slot)) / sizeof(struct sk_msg));
    uint32_t side = n / r->slots, slot = n % r->slots;
    if (side > 1 || v == 0)
        return;
    bool was_inside = sim.inside;
    sim.inside = true;
    if (v & SK_CTL_TAKEN)
        given_back(r, side, slot, &mem->slot[side * r->slots], v);
    else
        published(r, side, slot, &mem->slot[n]);
    sim.inside = was_inside;
}

uint32_t rings_published(sk_paddr page, uint32_t side)
{
    const struct rings *r = find(page);
    return r == NULL ? 0 : r->way[side].published;
}

uint32_t rings_waiting(sk_paddr page, uint32_t side)
{
    const struct rings *r = find(page);
    return r == NULL ? 0 : r->way[side].published - r->way[side].taken;
}
