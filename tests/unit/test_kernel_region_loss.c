/* Regions between cores when a core is lost, or begins anew, at each step of a move: at no moment
 * can two use it, and in the end it is in one place, or its pages are back.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "region_cores.h"

static bool waits(const struct kern *k, const struct region *r)
{
    for (uint32_t i = 0; i < k->end_count; i++)
        for (uint32_t n = 0; k->ends[i].state != END_FREE && n < k->ends[i].escrow_count; n++) {
            const struct item *item = &k->ends[i].escrow[n];
            if (item->kind == SK_KIND_REGION && item->index == r->index && item->gen == r->gen)
                return true;
        }
    return false;
}

/* May a task here use it, or take it, now? */
static unsigned usable(const struct kern *k, sk_paddr first)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < k->region_count; i++) {
        const struct region *r = &k->regions[i];
        if (!r->in_use || r->first != first || region_lost(r))
            continue;
        n += waits(k, r);
        for (uint32_t h = 0; h < k->tasks[0].handles_max; h++) {
            const struct handle *he = &k->tasks[0].handles[h];
            n += he->kind == SK_KIND_REGION && he->index == i && !he->in_flight;
        }
    }
    return n;
}

static bool deliver_one(void)
{
    for (int c = 0; c < FAKE_CORES; c++) {
        struct port_cpu *cpu = &fake_cpu[c];
        if (cpu->ram == NULL || cpu->halted || !cpu->bell)
            continue;
        cpu->bell = false;
        kern_doorbell(cpu->k);
        return true;
    }
    return false;
}

static void close_all(sk_core core)
{
    struct kern *k = kern_of(core);
    struct task *t = init_of(core);
    for (unsigned i = 2; i < t->handles_max; i++) {
        sk_handle h = SK_HANDLE_MAKE(i, t->handles[i].gen);
        if (t->handles[i].kind == SK_KIND_CHAN || t->handles[i].kind == SK_KIND_REGION)
            EXPECT(CALL(k, t, CLOSE, h), SK_OK);
    }
}

/* A region goes from `from` to `to`, `steps` doorbells far; the victim breaks then, and everybody
 * but the victim hears of it; at no moment can two use it. Then the victim begins anew, and all is
 * back. home: where the region's pages are. */
static void broken_at(sk_core home, sk_core from, sk_core to, sk_core victim, int steps, bool dead)
{
    char what[80];
    snprintf(what, sizeof(what), "home %u, from %u to %u, core %u %s after %d steps", home, from,
             to, victim, dead ? "breaks" : "begins anew", steps);
    fake_free();
    fake_machine(3);
    join_all();
    sk_handle h = make_region(home);
    sk_paddr first = region_of(home, h)->first;
    if (home != from) {
        give(home, via[home][from], h, SK_OK);
        h = take(from, via[from][home]);
    }
    struct task *t = init_of(from);
    EXPECT(CALL(kern_of(from), t, SEND_HANDLE, via[from][to], h, SK_FOREVER), CALL_BLOCKED);
    while (steps-- > 0 && deliver_one())
        ;
    if (dead) {
        break_core(victim);
        unsigned who = 0;
        for (bool more = true; more;) {
            more = deliver_one();
            who = 0;
            for (sk_core c = 0; c < 3; c++)
                who += c == victim ? 0 : usable(kern_of(c), first);
            assert_true(who <= 1);
        }
        if (from != victim) {
            EXPECT(t->state, SK_TASK_READY);
            if (result(t) != SK_OK && usable(kern_of(from), first) == 0) /* in doubt, and says so */
                EXPECT(CALL(kern_of(from), t, REGION_MAP, h, 0, SK_PROT_R), SK_ERR_BUSY);
            if (who == 0 && home != victim) /* nobody else gets the pages */
                EXPECT(kern_of(home)->stats.regions, before[home].regions + 1);
        }
    }
    fake_restart(victim);
    fake_settle();
    for (sk_core c = 0; c < 3; c++)
        EXPECT(fake_cpu[c].halted, false);
    unsigned who = 0;
    for (sk_core c = 0; c < 3; c++)
        who += usable(kern_of(c), first);
    unsigned home_again = home != victim && kern_of(home)->stats.regions == before[home].regions;
    unsigned sent_to_it = to == victim && result(t) == SK_OK; /* so it went with that core */
    if (who + home_again != (home != victim) ||
        (home != victim && from != victim && who != !sent_to_it))
        fail_msg("%s: %u can use it, %u came home, the sender was told %d", what, who, home_again,
                 result(t));
    for (sk_core c = 0; c < 3; c++)
        close_all(c);
    fake_settle();
    for (sk_core c = 0; c < 3; c++) {
        EXPECT(kern_of(c)->stats.regions, 0);
        EXPECT(kern_of(c)->stats.chans, 0);
        EXPECT(kern_of(c)->link[(c + 1) % 3].state == LINK_DOWN, false);
    }
    for (sk_core a = 0; a < 3; a++)
        for (sk_core b = 0; b < 3; b++)
            if (a != b)
                expect_whole(a, b);
}

static void test_a_core_breaks_at_each_step(void **state)
{
    (void)state;
    for (sk_core home = 0; home < 3; home++)
        for (sk_core from = 0; from < 3; from++)
            for (sk_core to = 0; to < 3; to++)
                for (sk_core victim = 1; from != to && victim < 3; victim++)
                    for (int steps = 0; steps < 9; steps++)
                        for (int dead = 0; dead < 2; dead++)
                            broken_at(home, from, to, victim, steps, dead);
}

/* What is mapped when the home begins anew is not there any more. */
static void test_home_begins_anew(void **state)
{
    (void)state;
    join_all();
    sk_handle h[3], far[2];
    for (unsigned i = 0; i < 3; i++) {
        h[i] = make_region(1);
        give(1, via[1][0], h[i], SK_OK);
        if (i < 2)
            far[i] = take(0, via[0][1]);
    }
    EXPECT(CALL(kern_of(0), init_of(0), REGION_MAP, far[0], 0, SK_PROT_R | SK_PROT_W), SK_OK);
    sk_paddr first = region_of(0, far[0])->first;
    break_core(1);
    fake_settle();
    EXPECT(mapped(init_of(0), first), 1); /* while it is only dead, what was written can be read */
    fake_restart(1);
    fake_settle();
    EXPECT(mapped(init_of(0), first), 0);
    for (unsigned i = 0; i < 3; i++) {
        sk_handle lost = i < 2 ? far[i] : take(0, via[0][1]); /* one was in an escrow */
        EXPECT(CALL(kern_of(0), init_of(0), REGION_MAP, lost, 0, SK_PROT_R), SK_ERR_PEER_DEAD);
        EXPECT(CALL(kern_of(0), init_of(0), SEND_HANDLE, via[0][2], lost, 0), SK_ERR_PEER_DEAD);
        close_end(0, lost);
    }
    EXPECT(kern_of(0)->stats.regions, before[0].regions);
}

/* The home has begun anew, and the call that asks it is the first to see that. */
static void test_seen_by_the_call(void **state)
{
    (void)state;
    for (int chan = 0; chan < 2; chan++) {
        fake_free();
        fake_machine(3);
        join_all();
        struct task *t = init_of(0);
        sk_handle x[2], h = make_region(1);
        make_chan(kern_of(1), init_of(1), x);
        give(1, via[1][0], chan ? x[1] : h, SK_OK);
        h = take(0, via[0][1]);
        break_core(1);
        fake_settle();
        (void)fake_restart(1);
        EXPECT(CALL(kern_of(0), t, SEND_HANDLE, via[0][2], h, SK_FOREVER), SK_ERR_PEER_DEAD);
        EXPECT(CALL(kern_of(0), t, CLOSE, h), SK_OK);
        fake_settle();
        EXPECT(fake_cpu[0].halted, false);
    }
}

/* Closed by who sees it first: the kernel that begins anew hears nothing of the one before. */
static void test_closed_as_it_is_seen(void **state)
{
    (void)state;
    join_all();
    sk_handle h = make_region(1);
    give(1, via[1][0], h, SK_OK);
    h = take(0, via[0][1]);
    break_core(1);
    fake_settle();
    (void)fake_restart(1);
    close_end(0, h);
    EXPECT(fake_link[0][1].flips[SK_LINK_REGION], 0);
    fake_settle();
    EXPECT(kern_of(0)->stats.regions, before[0].regions);
}

/* In doubt when its home was lost, and then nobody is left who could be told. */
static void test_doubt_ends_with_its_holder(void **state)
{
    (void)state;
    for (int first = 0; first < 3; first++) {
        fake_free();
        fake_machine(3);
        join_all();
        struct kern *k0 = kern_of(0);
        struct task *holder = fake_task(k0, "holder");
        sk_handle h = make_region(1), x, n[2];
        give(1, via[1][0], h, SK_OK);
        h = take(0, via[0][1]);
        make_chan(k0, init_of(0), n);
        give(0, via[0][2], n[1], SK_OK);
        pass_end(k0, n[0], holder, &x);
        pass_region(k0, h, holder, &h);
        EXPECT(CALL(k0, holder, SEND_HANDLE, x, h, SK_FOREVER), CALL_BLOCKED);
        if (first == 0)
            task_end(k0, holder, SK_CAUSE_KILLED, 0);
        break_core(1);
        fake_settle();
        if (first != 0) {
            EXPECT(result(holder), SK_ERR_PEER_DEAD);
            EXPECT(CALL(k0, holder, REGION_MAP, h, 0, SK_PROT_R), SK_ERR_BUSY);
        }
        if (first == 2) { /* closed meanwhile: at once when there is no doubt any more */
            EXPECT(CALL(k0, holder, CLOSE, h), SK_OK);
            fake_restart(1);
            fake_settle();
            EXPECT(CALL(k0, holder, CLOSE, h), SK_ERR_HANDLE);
        } else {
            end_task(k0, holder);
        }
        EXPECT(k0->stats.regions, before[0].regions);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_core_breaks_at_each_step), TEST(test_home_begins_anew),
        TEST(test_seen_by_the_call),           TEST(test_closed_as_it_is_seen),
        TEST(test_doubt_ends_with_its_holder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
