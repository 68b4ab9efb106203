/* The ledger and the audit complain: each test runs a scenario in which nothing goes wrong, breaks
 * one thing by hand – a kernel's table, a ring, a page – and sees the run fail for that reason. A
 * check that cannot fail would pass here unnoticed, so each must.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/sim/breakage.h"
#include "arch/host/audit_reason.h"
#include "arch/host/ledger.h"
#include "arch/host/sim.h"
#include "kernel/chan.h"
#include "kernel/page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* --- Tables (audit.c) ------------------------------------------------------------------------ */

static void page_without_owner(void)
{
    struct kern *k = at_rest(0);
    for (uint32_t n = 0; k != NULL && n < k->ram_pages && !broken; n++)
        if (k->ledger[n].use == PAGE_REGION) {
            k->ledger[n].use = PAGE_TABLE;
            broken = true;
        }
}

static void page_on_another_account(void)
{
    struct kern *k = at_rest(0);
    for (uint32_t n = 0; k != NULL && n < k->ram_pages && !broken; n++)
        if (k->ledger[n].use == PAGE_REGION && k->ledger[n].slot == 1) {
            k->ledger[n].slot = 0;
            broken = true;
        }
}

static void two_owners(void)
{
    struct kern *k = at_rest(0);
    struct region *first = NULL;
    for (uint32_t i = 0; k != NULL && i < k->region_count && !broken; i++) {
        struct region *r = &k->regions[i];
        if (!r->in_use)
            continue;
        if (first != NULL) {
            r->first = first->first;
            broken = true;
        }
        first = r;
    }
}

static void handle_too_many(void)
{
    struct kern *k = at_rest(0);
    if (k != NULL) {
        k->tasks[0].handles_used++;
        broken = true;
    }
}

static void channel_too_many(void)
{
    struct kern *k = at_rest(0);
    if (k != NULL) {
        k->stats.chans++;
        broken = true;
    }
}

static void handle_of_another(void)
{
    struct kern *k = at_rest(0);
    struct end *e = k != NULL ? end_of(k, &k->tasks[0]) : NULL;
    if (e != NULL) {
        e->owner = &k->tasks[1];
        broken = true;
    }
}

static void ready_and_not_queued(void)
{
    struct kern *k = at_rest(0);
    struct task *t = named(k, "rpc_server");
    if (t != NULL && t->state == SK_TASK_WAITING) {
        t->state = SK_TASK_READY;
        broken = true;
    }
}

static void blocked_without_reason(void)
{
    struct kern *k = at_rest(0);
    struct task *t = named(k, "rpc_server");
    if (t != NULL && t->state == SK_TASK_WAITING && t->mask != 0 && t->wait_timer.next == NULL) {
        t->mask = 1u << 20;
        broken = true;
    }
}

static void test_page_without_owner(void **state)
{
    (void)state;
    breaks_audit("rpc-one-core", page_without_owner, "audit of core 0");
}

static void test_page_on_another_account(void **state)
{
    (void)state;
    breaks_audit("rpc-one-core", page_on_another_account, "pages_used == charged");
}

static void test_two_owners(void **state)
{
    (void)state;
    breaks_audit("rpc-one-core", two_owners, "owners[n] == 0");
}

static void test_handle_too_many(void **state)
{
    (void)state;
    breaks_audit("rpc-one-core", handle_too_many, "used == t->handles_used");
}

static void test_channel_too_many(void **state)
{
    (void)state;
    breaks_audit("rpc-one-core", channel_too_many, "k->stats.chans == chans");
}

static void test_handle_of_another(void **state)
{
    (void)state;
    breaks_audit("rpc-one-core", handle_of_another, "owner == t");
}

static void test_ready_and_not_queued(void **state)
{
    (void)state;
    breaks_audit("rpc-one-core", ready_and_not_queued, "queued == ready");
}

static void test_blocked_without_reason(void **state)
{
    (void)state;
    breaks_audit("rpc-one-core", blocked_without_reason, "audit_reason(k, t)");
}

/* --- Pages (ledger.c) ------------------------------------------------------------------------ */

/* A page in use is thought free, and given to the next who asks. */
static void taken_twice(void)
{
    struct kern *k = at_rest(0);
    struct end *e = end_of(k, named(k, "rpc_client"));
    if (e == NULL)
        return;
    uint32_t n = (uint32_t)((e->page - k->ram_base) / SK_PAGE_BYTES);
    k->ledger[n].use = PAGE_FREE;
    k->ram_map[n / 64u] |= (uint64_t)1 << (n % 64u);
    k->ram_hint = n;
    broken = true;
    sk_paddr page;
    (void)page_take(k, NULL, PAGE_REGION, 1, &page);
}

/* Somebody writes to a page after it was given back. */
static void written_after(void)
{
    struct kern *k = at_rest(0);
    if (k == NULL)
        return;
    for (uint32_t n = 0; n < k->ram_pages; n++)
        if (k->ledger[n].use == PAGE_FREE && !k->ledger[n].dirty) {
            char *page = port_page(k->cpu, k->ram_base + (sk_paddr)n * SK_PAGE_BYTES);
            page[100] = 1;
            broken = true;
        }
}

static void given_back_twice(void)
{
    struct kern *k = at_rest(0);
    if (k == NULL)
        return;
    for (uint32_t n = 0; n < k->ram_pages && !broken; n++)
        if (k->ledger[n].use == PAGE_FREE) {
            broken = true;
            ledger_given(k, 1, k->ram_base + (sk_paddr)n * SK_PAGE_BYTES);
        }
}

/* Its home frees a channel that is open on another core. */
static void freed_while_open(void)
{
    struct kern *k = at_rest(0);
    struct end *e = end_of(k, named(k, "rpc_client"));
    struct chan *c = e != NULL ? chan_of(k, e) : NULL;
    if (c == NULL || e->peer.core == 0 || !sim.cpu[1].kern->ends[e->peer.index].used ||
        c->move != MOVE_NONE || c->doubt)
        return;
    broken = true;
    c->released[0] = c->released[1] = true;
    chan_settle(k, c);
}

/* A core is lost, and what it could touch is used again although nobody has seen it off. */
static void reused_before_the_fence(void)
{
    struct kern *k = at_rest(0);
    struct end *e = end_of(k, named(k, "rpc_client"));
    struct chan *c = e != NULL ? chan_of(k, e) : NULL;
    if (c == NULL || e->peer.core == 0 || !sim.cpu[1].kern->ends[e->peer.index].used ||
        c->move != MOVE_NONE || c->doubt || sim.cur->core != 0)
        return; /* closing takes steps: another core's turn must not go on in them, */
    sim.audit_steps = sim.steps + 1000; /* and nothing is judged meanwhile */
    broken = true;
    sim.cpu[1].mode = CORE_HALTED;
    chan_close_end(k, e);
    c->released[0] = c->released[1] = true;
    chan_settle(k, c);
}

static void test_taken_twice(void **state)
{
    (void)state;
    breaks("rpc-two-cores", taken_twice, "which is taken");
}

static void test_written_after(void **state)
{
    (void)state;
    breaks("rpc-two-cores", written_after, "written to since it was given back");
}

static void test_given_back_twice(void **state)
{
    (void)state;
    breaks("rpc-one-core", given_back_twice, "which is free");
}

static void test_freed_while_open(void **state)
{
    (void)state;
    breaks("rpc-two-cores", freed_while_open, "core 0 gives back page");
}

static void test_reused_before_the_fence(void **state)
{
    (void)state;
    breaks("rpc-two-cores", reused_before_the_fence, "core 0 gives back page");
}

/* --- Rings (rings.c) ------------------------------------------------------------------------- */

/* A line of the ring on which that end sends. */
static struct sk_msg *line_of(const struct end *e, uint32_t number)
{
    struct sk_chan_mem *mem = (struct sk_chan_mem *)e->page;
    return &mem->slot[e->side * e->slots + (number & (e->slots - 1u))];
}

/* The end of the task that runs now, once it has published something that has not been taken. */
static struct end *running_sender(void)
{
    struct port_cpu *cpu = sim.cur;
    if (broken || cpu->kern == NULL || cpu->mode != CORE_TASK)
        return NULL;
    struct end *e = end_of(cpu->kern, cpu->space->task);
    return e != NULL && rings_waiting(e->page, e->side) != 0 ? e : NULL;
}

static void published_twice(void)
{
    struct end *e = running_sender();
    if (e == NULL)
        return;
    broken = true;
    struct sk_msg *again = line_of(e, 0);
    sim_stored(&again->ctl, again->ctl & ~SK_CTL_TAKEN);
}

static void published_with_a_gap(void)
{
    struct end *e = running_sender();
    if (e == NULL)
        return;
    broken = true;
    uint32_t number = rings_waiting(e->page, e->side) + 1u;
    struct sk_msg *line = line_of(e, number);
    line->ctl = SK_CTL_VALID | ring_tag(number, ring_epoch_tag(e->epoch));
    sim_stored(&line->ctl, line->ctl);
}

/* What was published is changed before it is taken. */
static void changed_in_the_ring(void)
{
    struct end *e = running_sender();
    if (e == NULL || rings_waiting(e->page, e->side) != 3u ||
        strcmp(e->owner->name, "restart_rider") != 0)
        return;
    broken = true; /* the first of the three is answered long since: only its slot is not free */
    line_of(e, rings_published(e->page, e->side) - 3u)->w64[5] ^= 4u;
}

static void given_back_unpublished(void)
{
    struct end *e = running_sender();
    if (e == NULL)
        return;
    broken = true;
    uint32_t next = rings_published(e->page, e->side);
    uint32_t last = (next - rings_waiting(e->page, e->side)) | ring_mark_mask(e->slots);
    if ((int32_t)(last - next) < 0)
        broken = false;
    if (!broken)
        return;
    struct sk_msg *line = line_of(e, last);
    sim_stored(&line->ctl, SK_CTL_TAKEN | ring_tag(last, ring_epoch_tag(e->epoch)));
}

/* The wake-up of a service is swallowed. */
static void wake_up_lost(void)
{
    struct kern *k = at_rest(0);
    struct task *t = named(k, "rpc_server");
    struct end *e = t != NULL && t->state == SK_TASK_WAITING ? end_of(k, t) : NULL;
    for (uint32_t i = 0; e != NULL && i < k->end_count; i++) /* all of them */
        if (k->ends[i].owner == t && k->ends[i].used)
            ((struct sk_chan_mem *)k->ends[i].page)->line[k->ends[i].side].armed = 0;
    if (e != NULL && named(k, "rpc_client") != NULL && t->ends_used > 1)
        broken = true;
}

static void test_published_twice(void **state)
{
    (void)state;
    breaks("rpc-one-core", published_twice, "another one is published");
}

static void test_published_with_a_gap(void **state)
{
    (void)state;
    breaks("rpc-one-core", published_with_a_gap, "another one is published");
}

static void test_changed_in_the_ring(void **state)
{
    (void)state;
    breaks("core-restart", changed_in_the_ring, "is not what was published");
}

static void test_given_back_unpublished(void **state)
{
    (void)state;
    breaks("rpc-one-core", given_back_unpublished, "given back before it was published");
}

static void test_wake_up_lost(void **state)
{
    (void)state;
    breaks("rpc-one-core", wake_up_lost, "rpc_");
}

/* --- Witness and stage ----------------------------------------------------------------------- */

static void answered_and_not_served(void)
{
    if (!broken && witness.served[1] == 1) {
        witness.served[1] = 0;
        broken = true;
    }
}

static void something_left(void)
{
    struct kern *k = at_rest(0);
    struct task *init = k != NULL ? &k->tasks[0] : NULL;
    sk_handle h[2];
    if (named(k, "rpc_client") != NULL && k->current != init) {
        broken = true;
        (void)chan_create(k, init, 16, 0, h);
    }
}

static void test_answered_and_not_served(void **state)
{
    (void)state;
    breaks("rpc-one-core", answered_and_not_served, "witness.served[n] == 1");
}

static void test_something_left(void **state)
{
    (void)state;
    breaks("rpc-one-core", something_left, "and had");
}

/* --- What must not be complained of ---------------------------------------------------------- */

/* The giver waits until its region is with the other core; as if without a deadline. */
static void look_at_giver(void)
{
    struct kern *k = at_rest(0);
    const struct task *t = named(k, "region_giver");
    if (t == NULL || !t->op.waiting || t->op.state != OP_HOME_MOVE)
        return;
    struct task patient = *t;
    patient.wait_timer.next = NULL;
    if (!audit_reason(k, &patient))
        sim_fail("the giver of a region waits without a reason");
    broken = true; /* it has been looked at */
}

static void test_a_region_given_away_is_a_reason(void **state)
{
    struct sim_options o = {.scenario = scenario("region-move-far"),
                            .seed = 3,
                            .max_steps = 1000000,
                            .max_ns = SK_MS(60000),
                            .quiet = true,
                            .tamper = look_at_giver};
    (void)state;
    o.system = table(o.scenario->system, &o.system_bytes);
    o.cores = o.scenario->cores;
    broken = false;
    sim_signals_install();
    if (!sim_run(&o))
        fail_msg("%s (seed %llu)", sim.why, (unsigned long long)o.seed);
    assert_true(broken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page_without_owner),
        cmocka_unit_test(test_page_on_another_account),
        cmocka_unit_test(test_two_owners),
        cmocka_unit_test(test_handle_too_many),
        cmocka_unit_test(test_channel_too_many),
        cmocka_unit_test(test_handle_of_another),
        cmocka_unit_test(test_ready_and_not_queued),
        cmocka_unit_test(test_blocked_without_reason),
        cmocka_unit_test(test_taken_twice),
        cmocka_unit_test(test_written_after),
        cmocka_unit_test(test_given_back_twice),
        cmocka_unit_test(test_freed_while_open),
        cmocka_unit_test(test_reused_before_the_fence),
        cmocka_unit_test(test_published_twice),
        cmocka_unit_test(test_published_with_a_gap),
        cmocka_unit_test(test_changed_in_the_ring),
        cmocka_unit_test(test_given_back_unpublished),
        cmocka_unit_test(test_wake_up_lost),
        cmocka_unit_test(test_answered_and_not_served),
        cmocka_unit_test(test_something_left),
        cmocka_unit_test(test_a_region_given_away_is_a_reason),
    };
    return cmocka_run_group_tests_name("sim_ledger", tests, NULL, NULL);
}
