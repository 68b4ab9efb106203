/* Cores that were given up and wake up late, wherever they stood; answers that come late; two that
 * are lost at once; a parent that is lost while it fences its child; the loss of core 0.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "base/ring.h"
#include "core_machine.h"
#include "kernel/give.h"

#define FAR 2u /* the core that is lost, and wakes up */

/* Frozen until all have given it up. */
static void suspected(sk_core core)
{
    freeze(core);
    periods(MISSED + 1u);
    expect_all(core, SK_CORE_SUSPECT);
}

static void expect_halted_itself(sk_core core)
{
    assert_true(fake_cpu[core].halted);
    expect_cause(core, SK_CRASH_GIVEN_UP);
    periods(1);
    expect_all(core, SK_CORE_FENCED);
}

static void test_late_and_idle(void **state)
{
    (void)state;
    suspected(FAR);
    thaw(FAR);
    assert_true(fake_cpu[FAR].timer <= fake_now);
    enter(FAR, TIMER);
    expect_halted_itself(FAR);
}

/* Somebody has rung before it stopped: it acts on nothing that it finds. */
static void test_late_by_a_doorbell(void **state)
{
    (void)state;
    sk_handle near, far;
    join(1, FAR, &near, &far);
    freeze(FAR);
    EXPECT(CALL(kern_of(1), init_of(1), WAKE, near), SK_OK);
    close_end(1, near);
    suspected(FAR);
    thaw(FAR);
    enter(FAR, DOORBELL);
    EXPECT(end_of(kern_of(FAR), init_of(FAR), far)->peer_closed, false);
    expect_halted_itself(FAR);
}

/* It wakes in a task, which makes calls: nothing of what it sends is taken, and what it writes is
 * memory that nobody else has. */
static void test_late_in_system_calls(void **state)
{
    (void)state;
    sk_handle near, far, h[2];
    struct sk_stats before = gauges(kern_of(1));
    join(1, FAR, &near, &far);
    struct task *late = init_of(FAR);
    struct end *mine = end_of(kern_of(FAR), late, far);
    uint32_t *memory = (uint32_t *)(uintptr_t)mine->page;
    suspected(FAR);
    close_end(1, near);
    struct sk_stats kept = gauges(kern_of(1));
    EXPECT(kept.chans, before.chans + 1);
    thaw(FAR);
    EXPECT(CALL(kern_of(FAR), late, WAKE, far), SK_OK);
    memory[100] = 0xfeedu; /* its task writes in the ring */
    make_chan(kern_of(FAR), late, h);
    EXPECT(CALL(kern_of(FAR), late, CLOSE, far), SK_OK);
    EXPECT(CALL(kern_of(FAR), late, CORE_CONNECT, CONTROL, 1, h[1], SK_FOREVER), CALL_BLOCKED);
    EXPECT(fake_cpu[1].bell, true);
    settle(); /* the bell that it rang; nobody has rung it */
    EXPECT(CALL(kern_of(1), init_of(1), PORT_ACCEPT, PORT), SK_ERR_EMPTY);
    assert_same(gauges(kern_of(1)), kept);
    for (unsigned i = 0; i < FAKE_PAGES - 40u; i++) { /* who takes memory gets others' pages */
        sk_paddr page;
        sk_err err;
        page = kern_page_take(kern_of(1), init_of(1), &err);
        if (err != SK_OK)
            break;
        assert_true(page != (uintptr_t)memory);
    }
    EXPECT(memory[100], 0xfeedu);
    enter(FAR, TIMER);
    expect_halted_itself(FAR);
    sk_err err;
    assert_true(kern_page_take(kern_of(1), init_of(1), &err) == (uintptr_t)memory);
    EXPECT(memory[100], 0);
}

/* It stops in the middle of a slot of its link to core 1, which begins anew meanwhile, and ends the
 * slot late. `at`: what it has written when it stops. */
static void late_slot(unsigned at)
{
    sk_handle h[2];
    struct kern *k = kern_of(FAR);
    struct sk_link *page = &fake_link[FAR][1];
    uint32_t next = k->link[1].tx.next % SK_LINK_SLOTS;
    struct sk_msg before = page->slot[next];
    make_chan(k, init_of(FAR), h);
    EXPECT(CALL(k, init_of(FAR), CORE_CONNECT, CONTROL, 1, h[1], SK_FOREVER), CALL_BLOCKED);
    struct sk_msg whole = page->slot[next];
    assert_true(whole.ctl != before.ctl);
    page->slot[next].ctl = before.ctl; /* the header is written last */
    if (at == 0)
        page->slot[next] = before;
    page->bell = k->link[1].in->bell_ack;
    fake_cpu[1].bell = false;
    suspected(FAR);
    EXPECT(CALL(kern_of(0), init_of(0), CORE_RESTART, CONTROL, 1, SK_FOREVER), CALL_BLOCKED);
    comes_off(1);
    time_passes(20);
    free(fake_cpu[1].ram);
    free(fake_cpu[1].memory);
    fake_boot_epoch(1, 0, fake_start_epoch);
    settle();
    time_passes(50);
    EXPECT(kern_of(1)->held, true); /* FAR may write into what its predecessor has lent */
    EXPECT(init_of(0)->state, SK_TASK_WAITING);
    page->slot[next] = whole;
    page->bell++;
    fake_cpu[1].bell = true;
    thaw(FAR);
    enter(1, DOORBELL);
    EXPECT(kern_of(1)->held, true);
    EXPECT(gauges(kern_of(1)).ends, 0);
    enter(FAR, at == 0 ? TIMER : DOORBELL);
    expect_halted_itself(FAR);
    EXPECT(kern_of(1)->held, false);
    EXPECT(result(init_of(0)), SK_OK);
    EXPECT(CALL(kern_of(1), init_of(1), PORT_ACCEPT, PORT), SK_ERR_EMPTY);
    expect_whole(0, 1);
    expect_whole(1, 3);
}

static void test_late_in_the_middle_of_a_slot(void **state)
{
    (void)state;
    late_slot(0);
}

static void test_late_before_the_header_of_a_slot(void **state)
{
    (void)state;
    late_slot(1);
}

/* It is given up by a core that is not its parent, which is only slow itself: the link is over, and
 * both live. */
static void test_given_up_by_a_sibling(void **state)
{
    (void)state;
    sk_handle near, far;
    join(1, FAR, &near, &far);
    link_down(kern_of(1), &kern_of(1)->link[FAR], "a test");
    settle();
    periods(2);
    expect_state(1, FAR, SK_CORE_SUSPECT);
    expect_state(FAR, 1, SK_CORE_SUSPECT);
    expect_dead(FAR, far);
    expect_dead(1, near);
    expect_state(0, FAR, SK_CORE_RUNNING);
    expect_whole(0, 1);
    expect_whole(0, FAR);
    periods(3 * MISSED);
    assert_true(works(1) && works(FAR));
    EXPECT(fake_forced[FAR] + fake_forced[1], 0);
}

/* By accident its page says that it has halted: it hears that it is given up, and it halts. */
static void test_thought_to_have_halted(void **state)
{
    (void)state;
    fake_link[FAR][0].dead = kern_of(FAR)->epoch;
    enter(0, DOORBELL);
    expect_state(0, FAR, SK_CORE_DEAD);
    periods(1);
    expect_halted_itself(FAR);
    EXPECT(fake_forced[FAR], 0);
}

/* --- Several --------------------------------------------------------------------------------- */

static void test_two_are_lost_at_once(void **state)
{
    (void)state;
    for (int order = 0; order < 4; order++) {
        struct sk_stats before = gauges(kern_of(0));
        sk_handle h[6][2];
        join(0, 1, &h[0][0], &h[0][1]);
        join(2, 0, &h[1][0], &h[1][1]);
        join(1, 2, &h[2][0], &h[2][1]);
        join(2, 1, &h[3][0], &h[3][1]);
        join(3, 1, &h[4][0], &h[4][1]);
        join(2, 3, &h[5][0], &h[5][1]);
        freeze(1);
        freeze(2);
        periods(MISSED + 1u);
        expect_all(1, SK_CORE_SUSPECT);
        expect_all(2, SK_CORE_SUSPECT);
        expect_dead(0, h[0][0]);
        expect_dead(3, h[5][1]);
        sk_core first = order & 1 ? 1 : 2, second = 3u - first;
        comes_off(first);
        periods(1);
        expect_state(0, first, SK_CORE_FENCED);
        expect_state(3, second, SK_CORE_SUSPECT);
        EXPECT(CALL(kern_of(0), init_of(0), CORE_START, CONTROL, first, SK_FOREVER), CALL_BLOCKED);
        free(fake_cpu[first].ram);
        free(fake_cpu[first].memory);
        fake_boot_epoch(first, 0, fake_start_epoch);
        settle();
        periods(1);
        /* The second may still touch what the first had lent it. */
        EXPECT(kern_of(first)->held, true);
        EXPECT(init_of(0)->state, SK_TASK_WAITING);
        if (order & 2) {
            comes_off(second);
        } else {
            thaw(second);
            enter(second, TIMER);
            expect_halted_itself(second);
        }
        periods(1);
        EXPECT(result(init_of(0)), SK_OK);
        start_core(0, second);
        close_end(0, h[0][0]);
        close_end(0, h[1][1]);
        close_end(3, h[4][0]);
        close_end(3, h[5][1]);
        settle();
        assert_same(gauges(kern_of(0)), before);
        for (sk_core a = 0; a < CORES; a++)
            for (sk_core b = a + 1; b < CORES; b++)
                expect_whole(a, b);
    }
}

/* Core 1 has started core 3. Core 3 hangs; core 1 orders it off and is lost before it is: who
 * begins anew as core 1 has that to do, or nobody could ever use core 1 again. */
static void test_a_parent_is_lost_while_it_fences(void **state)
{
    (void)state;
    comes_off(3);
    settle();
    periods(1);
    start_core(1, 3);
    warm(1, 3);
    freeze(3);
    periods(MISSED + 1u);
    EXPECT(fake_forced[3], 1);
    if (setjmp(fake_halt) == 0)
        kern_panic(kern_of(1), "a test");
    settle();
    periods(2 * MISSED + 2u);
    EXPECT(fake_forced[3], 1); /* not core 0's business */
    expect_state(0, 3, SK_CORE_SUSPECT);
    expect_state(0, 1, SK_CORE_FENCED);
    EXPECT(CALL(kern_of(0), init_of(0), CORE_START, CONTROL, 1, SK_FOREVER), CALL_BLOCKED);
    free(fake_cpu[1].ram);
    free(fake_cpu[1].memory);
    fake_boot_epoch(1, 0, fake_start_epoch);
    settle();
    EXPECT(kern_of(1)->held, true);
    periods(MISSED + 2u);
    EXPECT(fake_forced[3], 2);
    comes_off(3);
    periods(1);
    EXPECT(kern_of(1)->held, false);
    EXPECT(result(init_of(0)), SK_OK);
    expect_all(3, SK_CORE_FENCED);
    start_core(1, 3);
    expect_whole(0, 3);
}

/* --- Core 0 ---------------------------------------------------------------------------------- */

static void others_go_on(void)
{
    expect_whole(1, 2);
    expect_whole(2, 3);
    expect_whole(3, 1);
}

/* The others are told, and go on with each other; what they had lent to it is kept. */
static void test_core_0_is_lost(void **state)
{
    (void)state;
    for (int how = 0; how < 2; how++) {
        sk_handle near, far, h[2];
        struct sk_stats before = gauges(kern_of(1));
        join(1, 0, &near, &far);
        freeze(0);
        make_chan(kern_of(2), init_of(2), h);
        EXPECT(CALL(kern_of(2), init_of(2), CORE_CONNECT, CONTROL, 0, h[1], SK_FOREVER),
               CALL_BLOCKED);
        if (how == 1) {
            thaw(0);
            if (setjmp(fake_halt) == 0)
                kern_panic(kern_of(0), "a test");
            settle();
        } else {
            periods(MISSED + 1u);
            expect_all(0, SK_CORE_SUSPECT);
        }
        EXPECT(result(init_of(2)), SK_ERR_PEER_DEAD);
        expect_dead(1, near);
        close_end(1, near);
        others_go_on();
        EXPECT(CALL(kern_of(2), init_of(2), CORE_CONNECT, CONTROL, 0, h[1], 0), SK_ERR_CORE_DOWN);
        periods(4 * MISSED);
        assert_true(works(1) && works(2) && works(3));
        EXPECT(fake_forced[0], 0); /* nobody has started it */
        EXPECT(gauges(kern_of(1)).chans, before.chans + (how == 0));
        EXPECT(CALL(kern_of(1), init_of(1), CORE_START, CONTROL, 0, SK_FOREVER), SK_ERR_STATE);
        EXPECT(CALL(kern_of(1), init_of(1), CORE_RESTART, CONTROL, 0, SK_FOREVER), SK_ERR_ARG);
        EXPECT(CALL(kern_of(1), init_of(1), CORE_ASK, CONTROL, 0, SK_ASK_STOP, SK_FOREVER),
               SK_ERR_ARG);
        if (how == 0) {
            fake_cpu[0].halted = true;
            periods(1);
            expect_all(0, SK_CORE_FENCED);
        }
        assert_same(gauges(kern_of(1)), before);
        teardown_cores(state);
        setup_cores(state);
    }
}

/* It has no parent whose word could halt it: all that it has a link with have given it up, so it
 * halts, and they, whose parent it is, go on. */
static void core_0_late(unsigned by)
{
    suspected(0);
    others_go_on();
    thaw(0);
    enter(0, by);
    expect_halted_itself(0);
    periods(4 * MISSED);
    for (sk_core c = 1; c < CORES; c++) {
        assert_true(works(c));
        EXPECT(fake_forced[c], 0);
    }
    others_go_on();
}

static void test_core_0_wakes_up_late(void **state)
{
    (void)state;
    core_0_late(TIMER);
}

static void test_core_0_wakes_up_late_by_a_doorbell(void **state)
{
    (void)state;
    core_0_late(DOORBELL);
}

/* Its last act before it was frozen was in a task, which goes on with a call that wants to speak to
 * a new epoch. */
static void test_core_0_is_late_before_it_meets_a_new_epoch(void **state)
{
    (void)state;
    sk_handle h[2];
    suspected(0);
    comes_off(3);
    periods(1);
    EXPECT(CALL(kern_of(1), init_of(1), CORE_START, CONTROL, 3, SK_FOREVER), CALL_BLOCKED);
    free(fake_cpu[3].ram);
    free(fake_cpu[3].memory);
    fake_boot_epoch(3, 1, fake_start_epoch);
    settle();
    EXPECT(kern_of(3)->held, true); /* until core 0 is off, to which the one before had lent */
    thaw(0);
    make_chan(kern_of(0), init_of(0), h);
    if (setjmp(fake_halt) == 0)
        CALL(kern_of(0), init_of(0), CORE_INFO, CONTROL, 3, 0);
    EXPECT(fake_link[0][3].peer_epoch < kern_of(3)->epoch, true);
    expect_halted_itself(0);
    EXPECT(result(init_of(1)), SK_OK);
    others_go_on();
}

/* One of those that have given it up is dead meanwhile: what it does not say does not count. */
static void test_core_0_is_late_and_another_is_dead(void **state)
{
    (void)state;
    freeze(0);
    comes_off(3);
    fake_link[3][0].over = 0; /* before it had given up anybody */
    periods(MISSED + 1u);
    expect_all(0, SK_CORE_SUSPECT);
    thaw(0);
    enter(0, TIMER);
    expect_halted_itself(0);
    expect_whole(1, 2);
}

/* Only one has given it up: that link is over, the others are not. Core 0 orders its child off in
 * time; its word alone, which is of an epoch that is over there, does not halt it. */
static void test_core_0_is_given_up_by_one(void **state)
{
    (void)state;
    link_down(kern_of(1), &kern_of(1)->link[0], "a test");
    settle();
    periods(2);
    assert_true(works(0) && works(1));
    expect_state(0, 1, SK_CORE_SUSPECT);
    EXPECT(fake_link[0][1].over, kern_of(1)->epoch);
    expect_whole(0, 2);
    expect_whole(0, 3);
    expect_whole(1, 2);
    EXPECT(fake_forced[1], 0);
    periods(MISSED);
    EXPECT(fake_forced[1], 1);
    comes_off(1);
    periods(1);
    start_core(0, 1);
    expect_whole(0, 1);
}

/* Nonsense in the pages of all others does not end core 0 while it is in time: only the links. */
static void test_core_0_in_time_is_not_ended_by_what_others_write(void **state)
{
    (void)state;
    for (sk_core c = 1; c < CORES; c++)
        fake_link[c][0].over = kern_of(0)->epoch;
    enter(0, DOORBELL);
    assert_true(works(0));
    enter(0, TIMER);
    assert_true(works(0));
}

/* It does not answer: who has asked can make other requests meanwhile, and an answer that comes
 * late is not taken for another one's, nor for garbage. */
static void test_nothing_is_left_of_an_ask_that_timed_out(void **state)
{
    (void)state;
    struct kern *k = kern_of(0);
    struct task *t = init_of(0);
    static const struct sk_link_given late = {.err = SK_OK};
    EXPECT(CALL(k, t, CORE_ASK, CONTROL, FAR, SK_ASK_HANG, fake_now - 1u), CALL_BLOCKED);
    enter(0, TIMER);
    EXPECT(result(t), SK_ERR_TIMED_OUT);
    EXPECT(t->op.state, OP_IDLE);
    struct sk_msg m = {.label = SK_LINK_ASK, .token = (uint16_t)t->slot};
    memcpy(m.bytes, &late, sizeof(late));
    give_reply(k, &k->link[FAR], &m);
    EXPECT(k->link[FAR].state, LINK_UP);
    freeze(FAR);
    EXPECT(CALL(k, t, CORE_ASK, CONTROL, FAR, SK_ASK_CRASH, SK_FOREVER), CALL_BLOCKED);
    give_reply(k, &k->link[FAR], &m);
    EXPECT(t->state, SK_TASK_WAITING); /* that it hangs does not say that it has panicked */
    periods(MISSED + 1u);
    EXPECT(t->state, SK_TASK_READY);
    EXPECT(result(t), SK_ERR_PEER_DEAD);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_cores, teardown_cores)
    const struct CMUnitTest tests[] = {
        TEST(test_late_and_idle),
        TEST(test_late_by_a_doorbell),
        TEST(test_late_in_system_calls),
        TEST(test_late_in_the_middle_of_a_slot),
        TEST(test_late_before_the_header_of_a_slot),
        TEST(test_given_up_by_a_sibling),
        TEST(test_thought_to_have_halted),
        TEST(test_nothing_is_left_of_an_ask_that_timed_out),
        TEST(test_two_are_lost_at_once),
        TEST(test_a_parent_is_lost_while_it_fences),
        TEST(test_core_0_is_lost),
        TEST(test_core_0_wakes_up_late),
        TEST(test_core_0_wakes_up_late_by_a_doorbell),
        TEST(test_core_0_is_late_before_it_meets_a_new_epoch),
        TEST(test_core_0_is_late_and_another_is_dead),
        TEST(test_core_0_is_given_up_by_one),
        TEST(test_core_0_in_time_is_not_ended_by_what_others_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
