/* The audit: walks the tables of every kernel that is between two entries and checks what must
 * hold there. Each page has one owner and is on one account; counts are what is counted; a handle
 * names a live object that knows its holder; the ready queues hold the tasks that are ready, each
 * once; who is blocked has a reason. Reads only; a breach ends the run.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "arch/host/audit_reason.h"
#include "arch/host/sim.h"
#include "kernel/kern.h"
#include "kernel/loan.h"

#include <string.h>

#define PAGES_MAX 16384u

static const struct kern *audited;

#define CHECK(condition, ...)                                                                      \
    do {                                                                                           \
        if (!(condition))                                                                          \
            breach(#condition, __VA_ARGS__);                                                       \
    } while (0)

static void breach(const char *condition, const char *object, uint32_t index)
{
    sim_fail("audit of core %u: %s %u: not so: %s", audited->core, object, index, condition);
}

/* --- Pages ----------------------------------------------------------------------------------- */

static uint8_t owners[PAGES_MAX];

static void own(const struct kern *k, sk_paddr first, uint32_t count, uint32_t use,
                const char *object, uint32_t index)
{
    CHECK(first >= k->ram_base, object, index);
    uint64_t start = (first - k->ram_base) / SK_PAGE_BYTES;
    CHECK(start + count <= k->ram_pages, object, index);
    for (uint64_t n = start; n < start + count; n++) {
        CHECK(k->ledger[n].use == use, object, index);
        CHECK(owners[n] == 0, object, index);
        owners[n]++;
    }
}

static void audit_owners(const struct kern *k)
{
    memset(owners, 0, sizeof(owners));
    for (uint32_t i = 0; i < k->region_count; i++)
        if (k->regions[i].in_use && !k->regions[i].foreign)
            own(k, k->regions[i].first, k->regions[i].pages, PAGE_REGION, "region", i);
    for (uint32_t i = 0; i < k->chan_count; i++)
        if (k->chans[i].in_use)
            own(k, k->chans[i].page, 1, PAGE_CHAN, "channel", i);
    for (uint32_t i = 0; i < k->task_count; i++)
        if (k->tasks[i].state != 0 && loan_is(&k->tasks[i].op))
            own(k, k->tasks[i].op.loan.window, k->tasks[i].op.loan.pages, PAGE_LOAN, "loan", i);
    for (uint32_t n = 0; n < k->ram_pages; n++)
        if (k->ledger[n].use == PAGE_REGION || k->ledger[n].use == PAGE_CHAN ||
            k->ledger[n].use == PAGE_LOAN)
            CHECK(owners[n] == 1, "page", n);
}

/* A region that is held here and at home elsewhere: its home knows, or the answer that tells either
 * of the two is on its way, or one of them is lost to the other. */
static void audit_foreign(const struct kern *k, const struct region *r)
{
    uint32_t i = r->far.index;
    bool in_flight = r->move == MOVE_DOUBT ||
                     (r->owner != NULL && r->owner->op.label == SK_LINK_MOVE_REGION &&
                      r->owner->op.state != OP_IDLE && r->owner->op.handle != INDEX_NONE &&
                      &k->regions[r->owner->handles[r->owner->op.handle].index] == r);
    if (r->far.core == INDEX_NONE || in_flight)
        return;
    const struct port_cpu *cpu = &sim.cpu[r->far.core];
    if (cpu->mode != CORE_TASK && cpu->mode != CORE_IDLE)
        return;
    const struct kern *home = cpu->kern;
    if (!GEN_OF(r->far.gen, home->epoch) || k->link[r->far.core].state != LINK_UP ||
        home->link[k->core].state != LINK_UP || home->link[k->core].peer_epoch != k->epoch)
        return;
    CHECK(i < home->region_count && home->regions[i].in_use, "region", r->index);
    const struct region *there = &home->regions[i];
    CHECK(there->gen == r->far.gen && !there->foreign, "region", r->index);
    CHECK(there->first == r->first && there->pages == r->pages, "region", r->index);
    CHECK((there->far.core == k->core && there->far.index == r->index) ||
              (there->move == MOVE_GIVEN && there->move_core == k->core),
          "region", r->index);
}

/* What an end's holder has made of a session, and what is left, is what was donated. */
static void audit_sessions(const struct kern *k)
{
    for (uint32_t i = 0; i < k->end_count; i++) {
        const struct end *e = &k->ends[i];
        uint32_t pages = e->quota, regions = 0;
        for (uint32_t n = 0; n < k->region_count; n++)
            if (k->regions[n].in_use && k->regions[n].session == i) {
                CHECK(k->regions[n].owner == e->owner, "region", n);
                pages += k->regions[n].pages;
                regions++;
            }
        CHECK(regions == (e->state == END_OWNED ? e->session : 0), "session of end", i);
        if (e->state == END_OWNED && e->home.core == k->core)
            CHECK(pages == (e->side == SK_QUOTA_SIDE ? k->chans[e->home.index].quota : 0),
                  "session of end", i);
    }
}

static void audit_pages(const struct kern *k)
{
    uint32_t free_pages = 0, doubt = 0, charged[4096] = {0};
    for (uint32_t n = 0; n < k->ram_pages; n++) {
        const struct page *p = &k->ledger[n];
        bool marked = (k->ram_map[n / 64u] >> (n % 64u)) & 1u;
        CHECK(marked == (p->use == PAGE_FREE), "page", n);
        free_pages += marked;
        if (p->use == PAGE_FREE)
            CHECK(p->slot == INDEX_NONE, "page", n);
        else if (p->use == PAGE_DOUBT) {
            CHECK(p->slot < k->cores && p->slot != k->core, "page", n);
            doubt++;
        } else if (p->slot != INDEX_NONE) {
            CHECK(p->slot < k->task_count && k->tasks[p->slot].state != 0, "page", n);
            charged[p->slot]++;
        }
    }
    CHECK(free_pages == k->ram_free, "free pages", free_pages);
    CHECK(doubt == k->ram_doubt, "pages in doubt", doubt);
    for (uint32_t i = 0; i < k->chan_count; i++)
        if (k->chans[i].in_use && k->chans[i].payer)
            charged[k->chans[i].payer->slot] += k->chans[i].quota;
    for (uint32_t i = 0; i < k->task_count; i++)
        if (k->tasks[i].state != 0) {
            CHECK(k->tasks[i].pages_used == charged[i], "task", i);
            CHECK(charged[i] <= k->tasks[i].pages_max, "task", i);
        }
}

/* --- Handles --------------------------------------------------------------------------------- */

static void audit_handle(const struct kern *k, const struct task *t, const struct handle *h)
{
    uint32_t i = h->index;
    switch (h->kind) {
    case SK_KIND_CHAN:
        CHECK(i < k->end_count && k->ends[i].gen == h->obj_gen, "task", t->slot);
        CHECK(k->ends[i].owner == t, "end", i);
        CHECK(k->ends[i].state == END_OWNED || (k->ends[i].state == END_MOVING && h->in_flight),
              "end", i);
        break;
    case SK_KIND_PORT: /* may outlive its port: a stale handle is an error, not a breach */
        CHECK(i < k->port_count, "task", t->slot);
        break;
    case SK_KIND_REGION:
        CHECK(i < k->region_count && k->regions[i].in_use, "task", t->slot);
        CHECK(k->regions[i].gen == h->obj_gen && k->regions[i].owner == t, "region", i);
        break;
    case SK_KIND_TASK:
        CHECK(i < k->task_count && k->tasks[i].state != 0, "task", t->slot);
        CHECK(k->tasks[i].gen == h->obj_gen && k->tasks[i].creator == t, "task", i);
        break;
    default:
        break;
    }
}

static void audit_task(const struct kern *k, const struct task *t)
{
    uint32_t used = 0;
    for (uint32_t i = 0; i < t->handles_max; i++)
        if (t->handles[i].kind != SK_KIND_NONE) {
            used++;
            audit_handle(k, t, &t->handles[i]);
        }
    CHECK(used == t->handles_used, "handles of task", t->slot);
    uint32_t ends = 0;
    for (uint32_t i = 0; i < k->end_count; i++)
        ends += k->ends[i].state != END_FREE && k->ends[i].owner == t;
    CHECK(ends == t->ends_used, "ends of task", t->slot);
    CHECK(t->ends_used <= t->ends_max, "ends of task", t->slot);
    if (loan_is(&t->op))
        CHECK(!t->op.waiting && t->op.loan.pages != 0, "task with a loan", t->slot);
    if (t->state == SK_TASK_WAITING || t->state == TASK_LENDING)
        CHECK(audit_reason(k, t), "blocked task", t->slot);
    if (t->op.waiting)
        CHECK(t->op.state != OP_IDLE && t->state == SK_TASK_WAITING, "task with request", t->slot);
    if (t->state == SK_TASK_DEAD)
        CHECK(t->pages_used == 0 && used == 0, "dead task", t->slot);
}

/* --- Queues and counts ----------------------------------------------------------------------- */

static void audit_queues(const struct kern *k)
{
    uint32_t queued = 0, ready = 0;
    for (uint32_t p = 0; p < SK_PRIO_COUNT; p++) {
        CHECK((k->ready[p].head != NULL) == ((k->ready_mask >> p) & 1u), "priority", p);
        const struct task *last = NULL;
        for (const struct task *t = k->ready[p].head; t != NULL; last = t, t = t->next) {
            CHECK(t->priority == p && t->prev == last, "task", t->slot);
            CHECK(t->state == SK_TASK_READY || t->state == TASK_WORKING ||
                      t->state == SK_TASK_DYING,
                  "task", t->slot);
            CHECK(++queued <= k->task_count, "priority", p);
        }
        CHECK(k->ready[p].head == NULL || k->ready[p].tail == last, "priority", p);
    }
    for (uint32_t i = 0; i < k->task_count; i++) {
        const struct task *t = &k->tasks[i];
        ready += t->state == SK_TASK_READY || t->state == TASK_WORKING ||
                 (t->state == SK_TASK_DYING && !t->parked);
        CHECK(!t->parked || (t->state == SK_TASK_DYING && t->op.state != OP_IDLE), "task", i);
    }
    CHECK(queued == ready, "ready tasks", ready);
}

static void audit_counts(const struct kern *k)
{
    uint32_t tasks = 0, handles = 0, ends = 0, chans = 0, ports = 0, regions = 0;
    for (uint32_t i = 0; i < k->task_count; i++)
        if (k->tasks[i].state != 0) {
            tasks++;
            handles += k->tasks[i].handles_used;
        }
    for (uint32_t i = 0; i < k->end_count; i++)
        ends += k->ends[i].state != END_FREE;
    for (uint32_t i = 0; i < k->chan_count; i++)
        chans += k->chans[i].in_use;
    for (uint32_t i = 0; i < k->port_count; i++)
        ports += k->ports[i].in_use;
    for (uint32_t i = 0; i < k->region_count; i++)
        regions += k->regions[i].in_use;
    CHECK(k->stats.tasks == tasks, "tasks", tasks);
    CHECK(k->stats.handles == handles, "handles", handles);
    CHECK(k->stats.ends == ends, "ends", ends);
    CHECK(k->stats.chans == chans, "channels", chans);
    CHECK(k->stats.ports == ports, "ports", ports);
    CHECK(k->stats.regions == regions, "regions", regions);
}

void sim_audit(void)
{
    for (sk_core c = 0; c < sim.cores; c++) {
        const struct port_cpu *cpu = &sim.cpu[c];
        if (cpu->mode != CORE_TASK && cpu->mode != CORE_IDLE)
            continue;
        audited = cpu->kern;
        audit_owners(cpu->kern);
        audit_pages(cpu->kern);
        audit_sessions(cpu->kern);
        for (uint32_t i = 0; i < audited->region_count; i++)
            if (audited->regions[i].in_use && audited->regions[i].foreign)
                audit_foreign(audited, &audited->regions[i]);
        for (uint32_t i = 0; i < audited->task_count; i++)
            if (audited->tasks[i].state != 0)
                audit_task(audited, &audited->tasks[i]);
        audit_queues(audited);
        audit_counts(audited);
    }
}
