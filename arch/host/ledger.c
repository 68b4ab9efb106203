/* See ledger.h: pages.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "arch/host/ledger.h"
#include "arch/host/sim.h"

#include <string.h>

/* By page: 0 free, else 1 + PAGE_*. */
static uint8_t holds[LEDGER_PAGES];

static uint8_t *line(sk_paddr page)
{
    return &holds[LEDGER_INDEX(page)];
}

void ledger_begin(sk_paddr ram, uint32_t pages)
{
    memset(line(ram), 0, pages);
    rings_begin(ram, pages);
}

/* --- Taking ---------------------------------------------------------------------------------- */

void ledger_taken(struct kern *k, uint32_t use, uint32_t count, sk_paddr first)
{
    for (uint32_t n = 0; n < count; n++) {
        sk_paddr page = first + (sk_paddr)n * SK_PAGE_BYTES;
        if (*line(page) != 0)
            sim_fail("core %u takes page %#llx, which is taken", k->core, (unsigned long long)page);
        *line(page) = (uint8_t)(1u + use);
        rings_forget(page);
    }
}

void ledger_clean(struct kern *k, uint32_t count, sk_paddr first)
{
    static const char zero[SK_PAGE_BYTES];
    for (uint32_t n = 0; n < count; n++) {
        sk_paddr page = first + (sk_paddr)n * SK_PAGE_BYTES;
        if (memcmp((const void *)page, zero, SK_PAGE_BYTES) != 0)
            sim_fail("core %u takes page %#llx, which was written to since it was given back",
                     k->core, (unsigned long long)page);
    }
}

/* --- Giving back ----------------------------------------------------------------------------- */

/* Could that core still touch something: it runs, or nobody has seen it off? */
static bool may_touch(const struct port_cpu *cpu)
{
    return cpu->kern != NULL && cpu->mode != CORE_OFF && !cpu->seen_off;
}

static void check_mapped(const struct kern *k, sk_paddr page)
{
    const struct host_space *by[2];
    uint32_t count = sim_page_mapped(page, by);
    for (uint32_t i = 0; i < count; i++) {
        const struct port_cpu *cpu = &sim.cpu[by[i]->core];
        if (may_touch(cpu))
            sim_fail("core %u gives back page %#llx, which %s of core %u has mapped", k->core,
                     (unsigned long long)page, by[i]->task->name, cpu->core);
    }
}

static void check_ends(const struct kern *k, sk_paddr page)
{
    for (sk_core c = 0; c < sim.cores; c++) {
        const struct kern *far = sim.cpu[c].kern;
        if (!may_touch(&sim.cpu[c]))
            continue;
        for (uint32_t i = 0; i < far->end_count; i++) {
            const struct end *e = &far->ends[i];
            if ((e->state == END_OWNED || e->state == END_QUEUED) && e->page == page &&
                e->home.core == k->core)
                sim_fail("core %u gives back page %#llx, which end %u of core %u can reach",
                         k->core, (unsigned long long)page, i, c);
        }
    }
}

void ledger_given(struct kern *k, uint32_t count, sk_paddr first)
{
    for (uint32_t n = 0; n < count; n++) {
        sk_paddr page = first + (sk_paddr)n * SK_PAGE_BYTES;
        if (*line(page) == 0)
            sim_fail("core %u gives back page %#llx, which is free", k->core,
                     (unsigned long long)page);
        if (!faults_lies()) {
            check_mapped(k, page);
            if (*line(page) == 1u + PAGE_CHAN)
                check_ends(k, page);
        }
        *line(page) = 0;
        rings_forget(page);
    }
}

void ledger_fenced(struct kern *k, sk_core core, sk_paddr page)
{
    const struct port_cpu *cpu = &sim.cpu[core];
    const struct link *l = &k->link[core];
    /* Off, and told so; or anew, which this kernel has met. */
    if (!cpu->seen_off && (l->state < LINK_HELLO || l->peer_epoch != cpu->epoch))
        sim_fail("core %u takes back page %#llx before core %u is fenced", k->core,
                 (unsigned long long)page, core);
    ledger_given(k, 1, page);
}
