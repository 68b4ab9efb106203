/* See memory.h. A region's pages are contiguous: machines without translation need it, and the
 * ledger stays a plain array.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/memory.h"
#include "kernel/handle.h"
#include "kernel/page.h"
#include "kernel/region_move.h"

#define PAGES_A_STEP 16u

void region_table_init(struct kern *k)
{
    k->region_free = INDEX_NONE;
    for (uint32_t i = k->region_count; i-- > 0;) {
        struct region *r = &k->regions[i];
        r->index = (uint16_t)i;
        r->gen = GEN_FIRST(k->epoch);
        r->next = k->region_free;
        k->region_free = (uint16_t)i;
    }
}

void region_free(struct kern *k, struct region *r)
{
    r->in_use = false;
    r->owner = NULL;
    r->gen = GEN_NEXT(r->gen);
    r->next = k->region_free;
    k->region_free = r->index;
    k->stats.regions--;
}

struct region *region_take(struct kern *k, uint32_t pages)
{
    if (k->region_free == INDEX_NONE)
        return NULL;
    struct region *r = &k->regions[k->region_free];
    k->region_free = r->next;
    *r = (struct region){.in_use = true,
                         .index = r->index,
                         .pages = (uint16_t)pages,
                         .session = INDEX_NONE,
                         .gen = r->gen,
                         .far = {.core = (uint16_t)k->core}};
    k->stats.regions++;
    return r;
}

/* Who is charged for the pages of r; NULL: the quota of a session, or nobody. */
static struct task *payer(const struct region *r)
{
    return r->session == INDEX_NONE ? r->owner : NULL;
}

sk_err region_create(struct kern *k, struct task *t, uint32_t pages, struct end *e,
                     struct region **out)
{
    if (pages == 0 || pages > SK_REGION_PAGES_MAX)
        return SK_ERR_ARG;
    if (e && pages > e->quota)
        return SK_ERR_BUDGET;
    if (k->region_free == INDEX_NONE)
        return SK_ERR_NO_MEMORY;
    sk_paddr first;
    sk_err err = page_reserve(k, e ? NULL : t, PAGE_REGION, pages, &first);
    if (err != SK_OK)
        return err;
    struct region *r = region_take(k, pages);
    r->owner = t;
    r->first = first;
    if (e) {
        r->session = e->index;
        e->quota = (uint8_t)(e->quota - pages);
        e->session++;
    }
    t->state = TASK_WORKING;
    t->teardown_at = r->index;
    if (pages <= PAGES_A_STEP)
        (void)region_clean_step(k, t);
    *out = r;
    return SK_OK;
}

bool region_clean_step(struct kern *k, struct task *t)
{
    const struct region *r = &k->regions[t->teardown_at];
    if (!page_clean(k, r->first, r->pages, PAGES_A_STEP))
        return false;
    t->state = SK_TASK_READY;
    return true;
}

sk_err region_map(struct kern *k, struct region *r, sk_uaddr addr, uint32_t prot)
{
    struct task *t = r->owner;
    if (r->addr != 0)
        return SK_ERR_STATE;
    if (prot == 0 || (prot & ~(SK_PROT_R | SK_PROT_W | SK_PROT_X)) != 0 ||
        (prot & (SK_PROT_W | SK_PROT_X)) == (SK_PROT_W | SK_PROT_X))
        return SK_ERR_ARG;
    if (region_lost(r))
        return SK_ERR_PEER_DEAD;
    if (r->foreign && (prot & SK_PROT_X))
        return SK_ERR_UNSUPPORTED; /* of another core's memory no kernel makes instructions */
    bool chosen = addr == 0;
    if (chosen)
        addr = port_area_addr(k->cpu, PORT_AREA_REGION, t->region_addrs, r->first);
    sk_err err = port_map(k, t, addr, r->first, r->pages * SK_PAGE_BYTES, prot);
    if (err != SK_OK)
        return err;
    if (chosen) {
        t->region_addrs += r->pages;
        t->region_chosen++;
    }
    r->chosen = chosen;
    r->addr = addr;
    return SK_OK;
}

void region_unmap(struct kern *k, struct region *r)
{
    if (r->addr == 0)
        return;
    KERN_ASSERT(k, r->owner);
    port_unmap(k, r->owner, r->addr, r->pages * SK_PAGE_BYTES);
    r->addr = 0;
    if (r->chosen && --r->owner->region_chosen == 0)
        r->owner->region_addrs = 0;
}

/* What r took of a session's quota is there again. */
static void session_leave(struct kern *k, struct region *r)
{
    if (r->session >= SESSION_OVER)
        return;
    struct end *e = &k->ends[r->session];
    e->quota = (uint8_t)(e->quota + r->pages);
    e->session--;
    r->session = SESSION_OVER;
}

void region_session_end(struct kern *k, struct end *e)
{
    for (uint32_t i = 0; e->session != 0; i++) {
        struct region *r = &k->regions[i];
        KERN_ASSERT(k, i < k->region_count);
        if (!r->in_use || r->session != e->index)
            continue;
        handle_remove(k, r->owner, &r->owner->handles[r->handle]);
        region_close(k, r);
    }
}

void region_close(struct kern *k, struct region *r)
{
    session_leave(k, r);
    r->queued = false;
    /* A dying task's mappings go with its address space, its regions after that (region_shrink). */
    if (r->owner && r->owner->state == SK_TASK_DYING)
        return;
    region_unmap(k, r);
    if (r->foreign) {
        region_send_home(k, r);
        return;
    }
    page_give(k, payer(r), r->first, r->pages, false);
    region_free(k, r);
}

bool region_shrink(struct kern *k, struct region *r)
{
    if (r->foreign) {
        region_send_home(k, r);
        return true;
    }
    if (r->queued || r->far.core != k->core || r->move == MOVE_DOUBT) { /* nobody pays any more */
        (void)page_charge(k, r->first, r->pages, r->owner, NULL);
        r->owner = NULL;
        if (r->move == MOVE_DOUBT && r->far.core == k->core)
            r->far.core = INDEX_NONE;
        return true;
    }
    uint32_t n = r->pages < PAGES_A_STEP ? r->pages : PAGES_A_STEP;
    r->pages = (uint16_t)(r->pages - n);
    page_give(k, payer(r), r->first + (sk_paddr)r->pages * SK_PAGE_BYTES, n, true);
    if (r->pages != 0)
        return false;
    region_free(k, r);
    return true;
}

sk_err region_move(struct kern *k, struct region *r, struct task *to)
{
    bool charged = r->foreign || r->owner == to; /* perhaps it has only come back */
    sk_err err = charged ? SK_OK : page_charge(k, r->first, r->pages, r->owner, to);
    if (err == SK_OK) {
        r->owner = to;
        r->queued = false;
    }
    return err;
}
