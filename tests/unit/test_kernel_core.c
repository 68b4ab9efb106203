/* The loss of a core, call by call on a machine of plain memory: suspect, ordered off, fenced,
 * quarantined; what was lent to it; starts and stops that go wrong.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "core_machine.h"

#define FAR 2u /* the core that is lost */

/* What a core has lent to another one, and what it had before. */
struct lent {
    sk_core core;
    struct sk_stats before;
    sk_handle near, theirs;
};

/* A channel of which an end is at FAR, and one that is in the air when FAR stops, which it does. */
static struct lent joined(sk_core core)
{
    struct lent l = {.core = core, .before = gauges(kern_of(core))};
    join(core, FAR, &l.near, &l.theirs);
    return l;
}

static void send_to_far(const struct lent *l)
{
    sk_handle h[2];
    freeze(FAR);
    make_chan(kern_of(l->core), init_of(l->core), h);
    EXPECT(CALL(kern_of(l->core), init_of(l->core), CORE_CONNECT, CONTROL, FAR, h[1], SK_FOREVER),
           CALL_BLOCKED);
    settle();
}

static struct lent lend_to_far(sk_core core)
{
    struct lent l = joined(core);
    send_to_far(&l);
    return l;
}

/* All ends at l's core are closed: what the other side may touch is not used again. */
static void close_ours(const struct lent *l)
{
    struct task *t = init_of(l->core);
    for (unsigned i = 2; i < t->handles_max; i++)
        if (t->handles[i].kind == SK_KIND_CHAN)
            close_end(l->core, SK_HANDLE_MAKE(i, t->handles[i].gen));
    settle();
}

static void expect_kept(const struct lent *l)
{
    struct sk_stats now = gauges(kern_of(l->core));
    EXPECT(now.chans, l->before.chans + 2);
    EXPECT(now.pages_free, l->before.pages_free - 2);
}

static void expect_back(const struct lent *l)
{
    assert_same(gauges(kern_of(l->core)), l->before);
}

/* Every page of a channel is filled, and taken again by nobody while FAR may write there. */
static void expect_untaken(const struct lent *l, uint64_t pages)
{
    const struct kern *k = kern_of(l->core);
    uint64_t free = 0;
    for (uint32_t i = 0; i < k->ram_pages; i++)
        free += k->ledger[i].use == PAGE_FREE;
    EXPECT(free, pages);
}

static void test_silent_is_suspect_and_off_is_fenced(void **state)
{
    (void)state;
    struct lent l[2] = {joined(0), joined(1)};
    send_to_far(&l[0]);
    send_to_far(&l[1]);
    periods(MISSED - 1u);
    expect_all(FAR, SK_CORE_RUNNING);
    for (unsigned i = 0; i < 2; i++)
        EXPECT(init_of(l[i].core)->state, SK_TASK_WAITING);
    periods(2);
    expect_all(FAR, SK_CORE_SUSPECT);
    for (unsigned i = 0; i < 2; i++) {
        EXPECT(init_of(l[i].core)->state, SK_TASK_READY);
        EXPECT(result(init_of(l[i].core)), SK_ERR_PEER_DEAD); /* at once, not at the fence */
        expect_dead(l[i].core, l[i].near);
        close_ours(&l[i]);
        expect_kept(&l[i]);
        expect_untaken(&l[i], l[i].before.pages_free - 2);
    }
    EXPECT(fake_forced[FAR], 1); /* by its parent alone */
    expect_whole(0, 1);
    expect_whole(3, 1);
    comes_off(FAR);
    expect_cause(FAR, SK_CRASH_FORCED);
    time_passes(20);
    expect_all(FAR, SK_CORE_FENCED);
    for (unsigned i = 0; i < 2; i++)
        expect_back(&l[i]);
    start_core(0, FAR);
    periods(3 * MISSED);
    expect_all(FAR, SK_CORE_RUNNING);
    expect_whole(0, FAR);
    expect_whole(FAR, 1);
    EXPECT(fake_forced[FAR], 1);
}

/* Three ways that a core says so itself: nobody waits for the heartbeat. */
static void test_said_is_dead_at_once(void **state)
{
    (void)state;
    struct lent l = lend_to_far(1);
    thaw(FAR);
    if (setjmp(fake_halt) == 0)
        kern_panic(kern_of(FAR), "a test");
    fake_cpu[FAR].halted = false; /* it has said so, and is not off yet */
    freeze(FAR);
    settle();
    expect_all(FAR, SK_CORE_DEAD);
    EXPECT(result(init_of(1)), SK_ERR_PEER_DEAD);
    close_ours(&l);
    time_passes(BEAT_MS);
    expect_kept(&l); /* dead is not fenced */
    fake_cpu[FAR].halted = true;
    time_passes(BEAT_MS);
    expect_all(FAR, SK_CORE_FENCED);
    expect_back(&l);
}

static void test_quarantine_where_it_cannot_be_forced(void **state)
{
    (void)state;
    struct lent l = lend_to_far(0);
    fake_force_err = SK_ERR_STATE;
    periods(MISSED + 1u);
    expect_state(0, FAR, SK_CORE_QUARANTINED);
    expect_state(1, FAR, SK_CORE_SUSPECT); /* whose business it is not */
    close_ours(&l);
    struct sk_core_info info;
    EXPECT(CALL(kern_of(0), init_of(0), CORE_INFO, CONTROL, FAR, user(0)), SK_OK);
    memcpy(&info, fake_user, sizeof(info));
    EXPECT(info.state, SK_CORE_QUARANTINED); /* as `cores` shows it */
    EXPECT(CALL(kern_of(0), init_of(0), CORE_START, CONTROL, FAR, SK_FOREVER), SK_ERR_STATE);
    EXPECT(CALL(kern_of(0), init_of(0), CORE_RESTART, CONTROL, FAR, SK_FOREVER), SK_ERR_STATE);
    EXPECT(CALL(kern_of(0), init_of(0), CORE_ASK, CONTROL, FAR, SK_ASK_STOP, SK_FOREVER),
           SK_ERR_STATE);
    periods(100 * MISSED);
    expect_state(0, FAR, SK_CORE_QUARANTINED);
    expect_kept(&l);
    fake_cpu[FAR].halted = true; /* somebody has pulled its plug */
    periods(1);
    expect_all(FAR, SK_CORE_FENCED);
    expect_back(&l);
    start_core(0, FAR);
    expect_whole(0, FAR);
}

static void test_quarantine_of_one_that_was_ordered_and_does_not_come_off(void **state)
{
    (void)state;
    struct lent l = lend_to_far(0);
    periods(MISSED + 1u);
    expect_state(0, FAR, SK_CORE_SUSPECT);
    close_ours(&l);
    periods(MISSED);
    expect_state(0, FAR, SK_CORE_QUARANTINED);
    expect_kept(&l);
    comes_off(FAR); /* after all */
    periods(1);
    expect_all(FAR, SK_CORE_FENCED);
    expect_back(&l);
}

/* Whoever looks counts its own periods. */
static void test_a_machine_that_stood_still_suspects_nobody(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        fake_now += SK_MS(100000);
        for (sk_core c = 0; c < CORES; c++)
            enter(c, TIMER);
        settle();
    }
    for (sk_core c = 0; c < CORES; c++)
        expect_all(c, SK_CORE_RUNNING);
}

/* Looks for a core that comes off are 5 ms apart, however long this core has been idle. */
static void test_looks_are_apart(void **state)
{
    (void)state;
    kern_of(0)->current = NULL;
    sched_remove(kern_of(0), init_of(0));
    init_of(0)->state = SK_TASK_WAITING;
    periods(3);
    freeze(FAR);
    for (unsigned before = 0; fake_forced[FAR] == 0; before++) {
        assert_true(before < 2000);
        time_passes(5);
    }
    unsigned looks = 0;
    for (; looks < 100 && fake_cpu[0].timer <= fake_now; looks++)
        enter(0, TIMER);
    assert_in_range(looks, 0, 2);
}

/* --- Starts and stops ------------------------------------------------------------------------ */

static void test_a_start_that_hangs_is_begun_again(void **state)
{
    (void)state;
    struct kern *k = kern_of(0);
    struct task *t = init_of(0);
    comes_off(FAR);
    periods(1);
    EXPECT(CALL(k, t, CORE_START, CONTROL, FAR, fake_now + SK_MS(50)), CALL_BLOCKED);
    uint32_t first = fake_start_epoch;
    fake_cpu[FAR].halted = false;
    freeze(FAR); /* before it has said anything */
    time_passes(100);
    EXPECT(result(t), SK_ERR_TIMED_OUT);
    expect_state(0, FAR, SK_CORE_STARTING);
    EXPECT(CALL(k, t, CORE_RESTART, CONTROL, FAR, SK_FOREVER), CALL_BLOCKED);
    EXPECT(fake_forced[FAR], 1);
    time_passes(50);
    EXPECT(fake_start_epoch, first); /* not before it is off */
    fake_cpu[FAR].halted = true;
    time_passes(50);
    assert_true(fake_start_epoch > first);
    free(fake_cpu[FAR].ram);
    free(fake_cpu[FAR].memory);
    fake_boot_epoch(FAR, 0, fake_start_epoch);
    settle();
    EXPECT(t->state, SK_TASK_READY);
    EXPECT(result(t), SK_OK);
    expect_whole(0, FAR);
}

/* It was ordered off before it had said anything, and only then does so: too late. */
static void test_a_start_that_was_given_up_comes_late(void **state)
{
    (void)state;
    struct kern *k = kern_of(0);
    struct task *t = init_of(0);
    comes_off(FAR);
    periods(1);
    EXPECT(CALL(k, t, CORE_START, CONTROL, FAR, fake_now + SK_MS(50)), CALL_BLOCKED);
    uint32_t first = fake_start_epoch;
    fake_cpu[FAR].halted = false;
    freeze(FAR);
    time_passes(100);
    EXPECT(CALL(k, t, CORE_RESTART, CONTROL, FAR, SK_FOREVER), CALL_BLOCKED);
    free(fake_cpu[FAR].ram);
    free(fake_cpu[FAR].memory);
    if (setjmp(fake_halt) == 0)
        fake_boot_epoch(FAR, 0, first);
    settle();
    periods(1);
    assert_true(fake_cpu[FAR].halted); /* it has found out */
    EXPECT(k->link[FAR].state, LINK_DOWN);
    assert_true(fake_start_epoch > first);
    EXPECT(t->state, SK_TASK_WAITING);
    free(fake_cpu[FAR].ram);
    free(fake_cpu[FAR].memory);
    fake_boot_epoch(FAR, 0, fake_start_epoch);
    settle();
    EXPECT(result(t), SK_OK);
}

static void test_stop_of_one_that_is_starting(void **state)
{
    (void)state;
    struct kern *k = kern_of(0);
    struct task *t = init_of(0), *u = fake_task(k, "other");
    comes_off(FAR);
    periods(1);
    EXPECT(CALL(k, u, CORE_START, 0, FAR, SK_FOREVER), SK_ERR_HANDLE);
    EXPECT(CALL(k, t, CORE_START, CONTROL, FAR, fake_now + SK_MS(50)), CALL_BLOCKED);
    fake_cpu[FAR].halted = false;
    freeze(FAR);
    time_passes(60);
    EXPECT(CALL(k, t, CORE_ASK, CONTROL, FAR, SK_ASK_STOP, SK_FOREVER), CALL_BLOCKED);
    fake_cpu[FAR].halted = true;
    time_passes(BEAT_MS);
    EXPECT(t->state, SK_TASK_READY);
    EXPECT(result(t), SK_OK);
    expect_state(0, FAR, SK_CORE_FENCED);
}

/* A task of the core with init's right to cores. */
static struct task *second_init(struct kern *k)
{
    struct task *t = fake_task(k, "second");
    sk_handle h;
    struct handle control = {.kind = SK_KIND_CONTROL, .rights = SK_RIGHT_TASK | SK_RIGHT_CORE};
    EXPECT(handle_add(k, t, &control, &h), SK_OK);
    EXPECT(h, CONTROL);
    return t;
}

/* One waits until it is off, another starts it before this kernel has looked. */
static void test_a_start_between_off_and_seen_off(void **state)
{
    (void)state;
    struct kern *k = kern_of(0);
    struct task *t = init_of(0), *u = second_init(k);
    struct lent l = joined(1);
    EXPECT(CALL(k, t, CORE_ASK, CONTROL, FAR, SK_ASK_STOP, SK_FOREVER), CALL_BLOCKED);
    settle();
    assert_true(fake_cpu[FAR].halted);
    expect_cause(FAR, SK_CRASH_STOPPED);
    EXPECT(t->state, SK_TASK_WAITING);
    EXPECT(CALL(k, u, CORE_START, CONTROL, FAR, SK_FOREVER), CALL_BLOCKED);
    EXPECT(t->state, SK_TASK_READY);
    EXPECT(result(t), SK_OK);
    free(fake_cpu[FAR].ram);
    free(fake_cpu[FAR].memory);
    fake_boot_epoch(FAR, 0, fake_start_epoch);
    settle();
    EXPECT(u->state, SK_TASK_READY);
    EXPECT(result(u), SK_OK);
    close_ours(&l);
    expect_back(&l);
}

/* The patience of one is not that of the other. */
static void test_two_wait_for_a_start(void **state)
{
    (void)state;
    struct kern *k = kern_of(0);
    struct task *t = init_of(0), *u = second_init(k);
    freeze(FAR);
    EXPECT(CALL(k, t, CORE_RESTART, CONTROL, FAR, SK_FOREVER), CALL_BLOCKED);
    EXPECT(CALL(k, u, CORE_RESTART, CONTROL, FAR, fake_now + SK_MS(20)), CALL_BLOCKED);
    EXPECT(t->state, SK_TASK_WAITING);
    time_passes(50);
    EXPECT(result(u), SK_ERR_TIMED_OUT);
    comes_off(FAR);
    uint32_t before = fake_start_epoch;
    time_passes(BEAT_MS);
    assert_true(fake_start_epoch > before);
    free(fake_cpu[FAR].ram);
    free(fake_cpu[FAR].memory);
    fake_boot_epoch(FAR, 0, fake_start_epoch);
    settle();
    EXPECT(t->state, SK_TASK_READY);
    EXPECT(result(t), SK_OK);
}

/* It waits for that core to come off, and meets one that another kernel has started. */
static void test_another_kernel_is_faster(void **state)
{
    (void)state;
    struct task *t = init_of(0);
    EXPECT(CALL(kern_of(0), t, CORE_RESTART, CONTROL, FAR, SK_FOREVER), CALL_BLOCKED);
    comes_off(FAR);
    settle();
    uint32_t epoch = kern_of(FAR)->epoch;
    start_core(1, FAR);
    settle();
    assert_true(kern_of(FAR)->epoch > epoch);
    EXPECT(t->state, SK_TASK_READY);
    EXPECT(result(t), SK_OK);
    /* Whose child it is now: */

    freeze(FAR);
    periods(MISSED + 2u);
    EXPECT(fake_forced[FAR], 2);
    EXPECT(kern_of(1)->link[FAR].ordered, true);
    EXPECT(kern_of(0)->link[FAR].ordered, false);
}

/* A core that this one has never spoken to is ordered off: its epoch is over here too. */
static void test_one_that_was_never_spoken_to(void **state)
{
    (void)state;
    fake_free();
    fake_prepare(CORES);
    for (sk_core c = 0; c < CORES; c++)
        fake_cpu[c] = (struct port_cpu){.core = c};
    fake_boot(0, 0);
    start_core(0, 1);
    start_core(0, FAR);
    EXPECT(kern_of(1)->link[FAR].state, LINK_NONE);
    uint32_t epoch = kern_of(FAR)->epoch;
    EXPECT(CALL(kern_of(1), init_of(1), CORE_RESTART, CONTROL, FAR, SK_FOREVER), CALL_BLOCKED);
    fake_cpu[1].bell = true;
    settle();
    periods(1);
    EXPECT(init_of(1)->state, SK_TASK_WAITING); /* it has not begun anew */
    EXPECT(kern_of(1)->link[FAR].state, LINK_DOWN);
    comes_off(FAR);
    periods(1);
    assert_true(fake_start_epoch > epoch);
    free(fake_cpu[FAR].ram);
    free(fake_cpu[FAR].memory);
    fake_boot_epoch(FAR, 1, fake_start_epoch);
    settle();
    EXPECT(result(init_of(1)), SK_OK);
}

/* A deadline in the past asks, and forces nobody. */
static void test_a_try_to_stop_forces_nobody(void **state)
{
    (void)state;
    struct kern *k = kern_of(0);
    struct task *t = init_of(0);
    EXPECT(CALL(k, t, CORE_ASK, CONTROL, FAR, SK_ASK_STOP, fake_now - 1u), CALL_BLOCKED);
    enter(0, TIMER);
    EXPECT(result(t), SK_ERR_TIMED_OUT);
    EXPECT(fake_forced[FAR], 0);
    settle();
    assert_true(fake_cpu[FAR].halted); /* it was asked as ever */
    expect_cause(FAR, SK_CRASH_STOPPED);
}

/* Who has not started it is refused, whether it answers or not. */
static void test_only_the_parent_forces(void **state)
{
    (void)state;
    struct kern *k = kern_of(1);
    struct task *t = init_of(1);
    EXPECT(CALL(k, t, CORE_ASK, CONTROL, FAR, SK_ASK_STOP, SK_FOREVER), CALL_BLOCKED);
    settle();
    EXPECT(result(t), SK_ERR_RIGHTS);
    freeze(FAR);
    EXPECT(CALL(k, t, CORE_ASK, CONTROL, FAR, SK_ASK_STOP, fake_now + SK_MS(50)), CALL_BLOCKED);
    time_passes(60);
    EXPECT(result(t), SK_ERR_TIMED_OUT);
    EXPECT(fake_forced[FAR], 0);
    expect_state(1, FAR, SK_CORE_RUNNING);
    periods(MISSED + 1u);
    EXPECT(fake_forced[FAR], 1); /* by core 0 */
    EXPECT(CALL(k, t, CORE_ASK, CONTROL, FAR, SK_ASK_STOP, SK_FOREVER), SK_ERR_RIGHTS);
    EXPECT(fake_forced[FAR], 1);
}

/* Who wanted it started again is gone before it was off: nobody starts it. */
static void test_who_waits_for_a_start_dies(void **state)
{
    (void)state;
    struct kern *k = kern_of(0);
    struct task *u = second_init(k);
    uint32_t before = fake_start_epoch;
    freeze(FAR);
    EXPECT(CALL(k, u, CORE_RESTART, CONTROL, FAR, SK_FOREVER), CALL_BLOCKED);
    expect_state(0, FAR, SK_CORE_STARTING);
    task_end(k, u, SK_CAUSE_KILLED, 0);
    comes_off(FAR);
    periods(2);
    expect_state(0, FAR, SK_CORE_FENCED);
    EXPECT(fake_start_epoch, before);
}

/* An epoch from which nothing can be counted on is none. */
static void test_an_epoch_that_cannot_be(void **state)
{
    (void)state;
    struct kern *k = kern_of(0);
    struct link *l = &k->link[FAR];
    uint32_t least = l->least;
    EXPECT(least, kern_of(FAR)->epoch + 1u);
    freeze(FAR);
    fake_link[FAR][0].epoch = UINT32_MAX;
    fake_link[FAR][0].check = 0;
    EXPECT(link_epoch_there(l), 0);
    EXPECT(CALL(k, init_of(0), CORE_RESTART, CONTROL, FAR, SK_FOREVER), CALL_BLOCKED);
    EXPECT(l->least, least);
    fake_cpu[FAR].halted = true;
    periods(1);
    EXPECT(fake_start_epoch, least);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_cores, teardown_cores)
    const struct CMUnitTest tests[] = {
        TEST(test_silent_is_suspect_and_off_is_fenced),
        TEST(test_said_is_dead_at_once),
        TEST(test_quarantine_where_it_cannot_be_forced),
        TEST(test_quarantine_of_one_that_was_ordered_and_does_not_come_off),
        TEST(test_a_machine_that_stood_still_suspects_nobody),
        TEST(test_looks_are_apart),
        TEST(test_a_start_that_hangs_is_begun_again),
        TEST(test_a_start_that_was_given_up_comes_late),
        TEST(test_stop_of_one_that_is_starting),
        TEST(test_a_start_between_off_and_seen_off),
        TEST(test_two_wait_for_a_start),
        TEST(test_another_kernel_is_faster),
        TEST(test_one_that_was_never_spoken_to),
        TEST(test_a_try_to_stop_forces_nobody),
        TEST(test_only_the_parent_forces),
        TEST(test_who_waits_for_a_start_dies),
        TEST(test_an_epoch_that_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
