/* Cores that begin anew, call by call on a machine of plain memory: what is left of an earlier
 * epoch is let go of, never taken for something of the new one, and nothing leaks.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "restart_machine.h"

static void test_D9_both_homes_let_go(void **state)
{
    (void)state;
    struct kern *k0 = fake_cpu[0].k;
    warm(0, 1);
    struct sk_stats before = gauges(k0);
    for (int round = 0; round < 50; round++) {
        sk_handle mine, theirs, lost, home;
        join(0, 1, &mine, &theirs);
        join(1, 0, &home, &lost);
        struct end *e = end_of(k0, init_of(0), lost);
        CALL(k0, init_of(0), WAIT, 6, 0);
        EXPECT(CALL(k0, init_of(0), WAIT, 6, SK_FOREVER), CALL_BLOCKED);
        struct kern *k1 = fake_restart(1);
        fake_settle();
        EXPECT(k1->held, false);
        EXPECT(init_of(0)->state, SK_TASK_READY);
        expect_dead(0, mine);
        expect_dead(0, lost);
        EXPECT(chan_lost(e), true);
        EXPECT(e->status->state, SK_CHAN_LOST);
        EXPECT(end_of(k0, init_of(0), mine)->status->state, SK_CHAN_CLOSED);
        EXPECT(core_state(k0, 1), SK_CORE_RUNNING);
        EXPECT(link_epoch(k0, 1), (uint32_t)round + 2u);
        struct sk_stats fresh = gauges(k1);
        close_end(0, mine);
        close_end(0, lost);
        fake_settle();
        assert_same(gauges(k0), before);
        assert_same(gauges(k1), fresh); /* no bit of the old epoch's has come there */
    }
    expect_whole(0, 1);
    expect_whole(1, 0);
}

static void test_unopened_ends_of_a_lost_home(void **state)
{
    (void)state;
    struct kern *k0 = fake_cpu[0].k;
    sk_handle near, lost = connect_inits(fake_cpu[1].k, k0, &near);
    fake_restart(1);
    fake_settle();
    EXPECT(CALL(k0, init_of(0), CHAN_OPEN, lost, 1, user(1024)), SK_ERR_PEER_DEAD);
    EXPECT(CALL(k0, init_of(0), CORE_CONNECT, CONTROL, 1, lost, SK_FOREVER), SK_ERR_PEER_DEAD);
    close_end(0, lost);
}

/* The look at its home before it is sent meets the home's next epoch: it is not sent to nobody. */
static void test_a_home_is_anew_when_it_is_asked(void **state)
{
    (void)state;
    struct kern *k0 = fake_cpu[0].k, *k1 = fake_cpu[1].k;
    sk_handle near, lost = connect_inits(k1, k0, &near);
    if (setjmp(fake_halt) == 0)
        kern_panic(k1, "a test");
    fake_settle();
    fake_restart(1); /* core 0 has not looked */
    EXPECT(CALL(k0, init_of(0), CORE_CONNECT, CONTROL, 2, lost, SK_FOREVER), SK_ERR_PEER_DEAD);
    close_end(0, lost);
}

/* Both ends have left the home that is lost: they learn of it each by itself, and close as ever. */
static void test_both_ends_lose_their_home(void **state)
{
    (void)state;
    for (int order = 0; order < 3; order++) {
        struct kern *k0 = fake_cpu[0].k, *k1 = fake_cpu[1].k, *k2 = fake_cpu[2].k;
        sk_handle h[2];
        warm(0, 2);
        warm(0, 1);
        warm(1, 2);
        struct sk_stats before0 = gauges(k0), before2 = gauges(k2);
        make_chan(k1, init_of(1), h);
        EXPECT(CALL(k1, init_of(1), CORE_CONNECT, CONTROL, 0, h[0], SK_FOREVER), CALL_BLOCKED);
        fake_settle();
        EXPECT(CALL(k1, init_of(1), CORE_CONNECT, CONTROL, 2, h[1], SK_FOREVER), CALL_BLOCKED);
        fake_settle();
        EXPECT(CALL(k0, init_of(0), PORT_ACCEPT, PORT), SK_OK);
        sk_handle x = (sk_handle)init_of(0)->port.reg[1];
        EXPECT(CALL(k2, init_of(2), PORT_ACCEPT, PORT), SK_OK);
        sk_handle y = (sk_handle)init_of(2)->port.reg[1];
        open_end(k0, init_of(0), x, 1);
        open_end(k2, init_of(2), y, 1);
        fake_restart(1);
        if (order == 1)
            close_end(0, x); /* before this core knows */
        fake_settle();
        expect_dead(2, y);
        if (order != 1) {
            expect_dead(0, x);
            close_end(0, x);
        }
        if (order != 2)
            fake_settle();
        close_end(2, y);
        fake_settle();
        assert_same(gauges(k0), before0);
        assert_same(gauges(k2), before2);
        expect_whole(0, 2);
    }
}

/* Marks of a reader that has not seen yet that its peer's ring is a new one. */
static void test_stale_marks(void **state)
{
    (void)state;
    warm(0, 1);
    fake_restart(1);
    for (unsigned i = 0; i < SK_LINK_SLOTS; i++)
        fake_link[1][0].slot[i].ctl = SK_CTL_TAKEN | SK_CTL_VALID | (uint16_t)(i * 7919u);
    fake_settle();
    expect_whole(1, 0);
    expect_whole(0, 1);
}

/* A request and an answer that are still in the rings when a core begins anew. */
static void test_requests_of_the_epoch_before(void **state)
{
    (void)state;
    struct kern *k0 = fake_cpu[0].k, *k1 = fake_cpu[1].k;
    sk_handle h[2];
    warm(0, 1);
    struct sk_stats before = gauges(k0);
    make_chan(k1, init_of(1), h);
    EXPECT(CALL(k1, init_of(1), CORE_CONNECT, CONTROL, 0, h[1], SK_FOREVER), CALL_BLOCKED);
    k1 = fake_restart(1); /* core 0 has not looked */
    fake_settle();
    EXPECT(CALL(k0, init_of(0), PORT_ACCEPT, PORT), SK_ERR_EMPTY);
    assert_same(gauges(k0), before);

    make_chan(k0, init_of(0), h);
    EXPECT(CALL(k0, init_of(0), CORE_CONNECT, CONTROL, 1, h[1], SK_FOREVER), CALL_BLOCKED);
    fake_cpu[1].bell = false;
    kern_doorbell(k1); /* it has arrived and is answered, core 0 has not looked */
    EXPECT(gauges(k1).ends, 1);
    fake_restart(1);
    fake_settle();
    EXPECT(result(init_of(0)), SK_ERR_PEER_DEAD);
    close_end(0, h[1]); /* still its own */
    close_end(0, h[0]);
    fake_settle();
    assert_same(gauges(k0), before); /* the page too, though that core may have had it */
    expect_whole(0, 1);
}

/* While the link begins, requests queue, wakes and closes are kept. */
static void test_requests_before_the_answer(void **state)
{
    (void)state;
    struct kern *k0 = fake_cpu[0].k;
    struct task *t = fake_task(k0, "other");
    sk_handle h[2];
    warm(0, 1);
    struct kern *k1 = fake_restart(1);
    EXPECT(k1->link[0].state, LINK_HELLO);
    make_chan(k0, init_of(0), h);
    EXPECT(CALL(k0, init_of(0), CORE_CONNECT, CONTROL, 1, h[1], SK_FOREVER), CALL_BLOCKED);
    make_chan(k0, t, h);
    fake_settle();
    EXPECT(init_of(0)->state, SK_TASK_READY);
    EXPECT(result(init_of(0)) == SK_OK || result(init_of(0)) == SK_ERR_PEER_DEAD, true);
    EXPECT(k0->link[1].state, LINK_UP);
    EXPECT(k1->link[0].state, LINK_UP);
    expect_whole(0, 1);
}

static void test_lost_doorbells(void **state)
{
    (void)state;
    for (int lost = 0; lost < 4; lost++) {
        warm(0, 1);
        warm(0, 2);
        fake_restart(1);
        fake_cpu[0].bell &= lost & 1;
        fake_cpu[2].bell &= lost & 2;
        fake_settle();
        fake_cpu[0].bell = fake_cpu[1].bell = fake_cpu[2].bell = true; /* for whatever reason */
        fake_settle();
        EXPECT(fake_cpu[1].k->held, false);
        expect_whole(1, 0);
        expect_whole(0, 1);
        expect_whole(2, 1);
    }
}

/* Both sides of a link begin anew, in any order, and none has seen the other's first epoch. */
static void test_both_sides_begin_anew(void **state)
{
    (void)state;
    for (int order = 0; order < 8; order++) {
        sk_handle a, b;
        warm(1, 2);
        join(1, 2, &a, &b);
        join(2, 1, &a, &b);
        fake_restart(1);
        if (order & 1)
            kern_doorbell(fake_cpu[2].k);
        fake_restart(2);
        if (order & 2)
            kern_doorbell(fake_cpu[1].k);
        if (order & 4)
            fake_restart(1);
        fake_settle();
        EXPECT(fake_cpu[1].k->held || fake_cpu[2].k->held, false);
        expect_whole(1, 2);
        expect_whole(2, 1);
        expect_whole(0, 1);
    }
}

/* What was lent to the epoch before is not used before all have let go of it. */
static void test_no_init_while_memory_is_held(void **state)
{
    (void)state;
    sk_handle near, far;
    warm(0, 1);
    warm(1, 2);
    join(1, 2, &near, &far);
    struct kern *k1 = fake_restart(1);
    EXPECT(k1->held, true);
    kern_doorbell(fake_cpu[0].k);
    kern_doorbell(k1);
    EXPECT(k1->held, true); /* core 2 has not looked */
    EXPECT(gauges(k1).tasks, 0);
    EXPECT(fake_link[1][0].bell_ack, 0); /* so who waits for its answer waits */
    kern_doorbell(fake_cpu[2].k);
    kern_doorbell(k1);
    EXPECT(k1->held, false);
    EXPECT(gauges(k1).tasks, 1);
    fake_settle();
    EXPECT(fake_link[1][0].bell_ack != 0, true);
    expect_dead(2, far);
    join(1, 2, &near, &far);
    if (setjmp(fake_halt) == 0)
        kern_panic(fake_cpu[2].k, "a test"); /* who has halted holds nothing */
    fake_settle();
    k1 = fake_restart(1);
    fake_settle();
    EXPECT(k1->held, false);
}

/* A dead core holds nothing; what it might have touched is free when it begins anew. */
static void test_panic_then_anew(void **state)
{
    (void)state;
    struct kern *k0 = fake_cpu[0].k;
    sk_handle near, far, h[2];
    warm(0, 1);
    warm(0, 2);
    struct sk_stats before = gauges(k0);
    join(0, 1, &near, &far);
    if (setjmp(fake_halt) == 0)
        kern_panic(fake_cpu[1].k, "a test");
    fake_settle();
    expect_dead(0, near);
    close_end(0, near);
    EXPECT(gauges(k0).chans, before.chans + 1); /* it may still be touched */
    make_chan(k0, init_of(0), h);
    EXPECT(CALL(k0, init_of(0), CORE_CONNECT, CONTROL, 1, h[1], 0), SK_ERR_CORE_DOWN);
    EXPECT(CALL(k0, init_of(0), CORE_START, CONTROL, 1, SK_FOREVER), CALL_BLOCKED);
    EXPECT(fake_start_epoch, 2);
    fake_restart(1);
    fake_settle();
    EXPECT(result(init_of(0)), SK_OK);
    close_end(0, h[0]);
    close_end(0, h[1]);
    assert_same(gauges(k0), before);
    expect_whole(2, 1);
}

/* A core dies before it said whether it had taken an end: the end is its sender's again, but the
 * memory may be mapped over there. */
static void test_memory_in_doubt(void **state)
{
    (void)state;
    struct kern *k0 = fake_cpu[0].k;
    sk_handle h[2];
    warm(0, 1);
    struct sk_stats before = gauges(k0);
    make_chan(k0, init_of(0), h);
    EXPECT(CALL(k0, init_of(0), CORE_CONNECT, CONTROL, 1, h[1], SK_FOREVER), CALL_BLOCKED);
    if (setjmp(fake_halt) == 0)
        kern_panic(fake_cpu[1].k, "a test");
    fake_settle();
    EXPECT(result(init_of(0)), SK_ERR_PEER_DEAD);
    close_end(0, h[0]);
    close_end(0, h[1]);
    EXPECT(gauges(k0).chans, before.chans + 1);
    EXPECT(gauges(k0).pages_free, before.pages_free - 1);
    fake_restart(1);
    fake_settle();
    assert_same(gauges(k0), before);
}

/* Once a link is down, the same epoch is not spoken to again, whatever its page says. */
static void test_an_epoch_that_was_given_up(void **state)
{
    (void)state;
    struct kern *k0 = fake_cpu[0].k;
    sk_handle h[2];
    warm(0, 1);
    link_down(k0, &k0->link[1], "a test");
    make_chan(k0, init_of(0), h);
    for (int i = 0; i < 3; i++) {
        fake_cpu[0].bell = true;
        fake_settle();
        EXPECT(k0->link[1].state, LINK_DOWN);
        EXPECT(CALL(k0, init_of(0), CORE_CONNECT, CONTROL, 1, h[1], 0), SK_ERR_CORE_DOWN);
    }
    fake_restart(1);
    fake_settle();
    expect_whole(0, 1);
}

/* A doorbell is swallowed; nobody rings for another reason. */
static void test_a_doorbell_is_rung_again(void **state)
{
    (void)state;
    struct kern *k0 = fake_cpu[0].k, *k1 = fake_cpu[1].k;
    sk_handle near, far;
    warm(0, 1);
    join(0, 1, &near, &far);
    fake_settle();
    CALL(k1, init_of(1), WAIT, 4, 0);
    EXPECT(CALL(k1, init_of(1), WAIT, 4, SK_FOREVER), CALL_BLOCKED);
    EXPECT(CALL(k0, init_of(0), WAKE, near), SK_OK);
    fake_cpu[1].bell = false;
    fake_settle();
    EXPECT(init_of(1)->state, SK_TASK_WAITING);
    fake_now += SK_MS(10);
    kern_timer(k0);
    fake_settle();
    EXPECT(init_of(1)->state, SK_TASK_READY);
}

/* A home dies after it has moved an end and told the peer, and before it told who asked. */
static void test_a_home_dies_in_a_move(void **state)
{
    (void)state;
    struct kern *k0 = fake_cpu[0].k, *k1 = fake_cpu[1].k;
    sk_handle near, far, h[2], mine[2];
    warm(0, 1);
    struct sk_stats before = gauges(k0);
    join(0, 1, &near, &far);
    make_chan(k1, init_of(1), h);
    for (unsigned i = 0; i < 2; i++) {
        EXPECT(CALL(k1, init_of(1), SEND_HANDLE, far, h[i], SK_FOREVER), CALL_BLOCKED);
        fake_settle();
        EXPECT(CALL(k0, init_of(0), TAKE_HANDLE, near), SK_OK);
        mine[i] = (sk_handle)init_of(0)->port.reg[1];
    }
    EXPECT(CALL(k0, init_of(0), SEND_HANDLE, near, mine[1], SK_FOREVER), CALL_BLOCKED);
    kern_doorbell(k1); /* moved there */
    kern_doorbell(k0); /* whose peer it is knows */
    if (setjmp(fake_halt) == 0)
        kern_panic(k1, "a test");
    fake_settle();
    EXPECT(result(init_of(0)), SK_ERR_PEER_DEAD);
    expect_dead(0, mine[0]);
    expect_dead(0, mine[1]); /* not one whose peer thinks of another */
    close_end(0, mine[0]);
    close_end(0, mine[1]);
    close_end(0, near);
    fake_restart(1);
    fake_settle();
    assert_same(gauges(k0), before);
}

static void test_a_port_of_the_epoch_before(void **state)
{
    (void)state;
    struct kern *k0 = fake_cpu[0].k, *k1 = fake_cpu[1].k;
    sk_handle near, far, h[2];
    join(0, 1, &near, &far);
    EXPECT(CALL(k1, init_of(1), PORT_CREATE, 4, 4), SK_OK);
    EXPECT(CALL(k1, init_of(1), SEND_HANDLE, far, init_of(1)->port.reg[1], SK_FOREVER),
           CALL_BLOCKED);
    fake_settle();
    EXPECT(CALL(k0, init_of(0), TAKE_HANDLE, near), SK_OK);
    sk_handle port = (sk_handle)init_of(0)->port.reg[1];
    fake_restart(1);
    fake_settle();
    EXPECT(CALL(fake_cpu[1].k, init_of(1), PORT_CREATE, 4, 4), SK_OK); /* the same place */
    make_chan(k0, init_of(0), h);
    EXPECT(CALL(k0, init_of(0), PORT_CONNECT, port, h[1], SK_FOREVER), SK_ERR_PEER_DEAD);
    close_end(0, h[1]);
}

static void test_restart_by_call(void **state)
{
    (void)state;
    struct kern *k0 = fake_cpu[0].k;
    struct task *a = init_of(0);
    sk_handle near, far;
    EXPECT(CALL(k0, a, CORE_RESTART, CONTROL, 0, SK_FOREVER), SK_ERR_ARG);
    EXPECT(CALL(fake_cpu[1].k, init_of(1), CORE_RESTART, CONTROL, 0, 0), SK_ERR_ARG);
    EXPECT(CALL(fake_cpu[1].k, init_of(1), CORE_RESTART, CONTROL, 1, 0), SK_ERR_ARG);
    EXPECT(CALL(k0, a, CORE_RESTART, CONTROL, 9, SK_FOREVER), SK_ERR_NOT_FOUND);
    join(0, 1, &near, &far);
    fake_force_err = SK_ERR_STATE; /* it cannot be forced: nothing has happened */
    EXPECT(CALL(k0, a, CORE_RESTART, CONTROL, 1, SK_FOREVER), SK_ERR_STATE);
    EXPECT(CALL(k0, a, WAKE, near), SK_OK);
    fake_settle();
    fake_force_err = SK_OK;
    EXPECT(CALL(k0, a, CORE_RESTART, CONTROL, 1, fake_now + SK_MS(20)), CALL_BLOCKED);
    EXPECT(fake_forced[1], 2);
    pass(0, 5);
    EXPECT(fake_start_epoch, 0); /* not before it is off */
    EXPECT(core_state(k0, 1), SK_CORE_STARTING);
    fake_cpu[1].halted = true;
    pass(0, 5);
    EXPECT(fake_start_epoch, 2);
    pass(0, 10);
    EXPECT(result(a), SK_ERR_TIMED_OUT);
    expect_dead(0, near);
    /* The first order may still be carried out: the second is another epoch. */
    EXPECT(CALL(k0, a, CORE_RESTART, CONTROL, 1, fake_now + SK_MS(20)), CALL_BLOCKED);
    EXPECT(fake_start_epoch, 3);
    fake_restart(1); /* epoch 2 after all */
    fake_settle();
    EXPECT(k0->link[1].state, LINK_DOWN); /* not what was ordered */
    fake_restart(1);
    fake_settle();
    EXPECT(a->state, SK_TASK_READY);
    EXPECT(result(a), SK_OK);
    EXPECT(link_epoch(k0, 1), 3);
    close_end(0, near);
    expect_whole(0, 1);
}

/* A scribble over the epoch is no proof that a kernel is gone. */
static void test_epoch_by_accident(void **state)
{
    (void)state;
    struct kern *k0 = fake_cpu[0].k;
    sk_handle near, far;
    warm(0, 1);
    struct sk_stats before = gauges(k0);
    join(0, 1, &near, &far);
    fake_link[1][0].epoch = 7;
    kern_doorbell(k0);
    expect_dead(0, near);
    close_end(0, near);
    fake_settle();
    EXPECT(gauges(k0).chans, before.chans + 1); /* kept from use */
    EXPECT(k0->link[1].state, LINK_DOWN);
    fake_link[1][0].epoch = 1; /* the same again: it is over with this one */
    kern_doorbell(k0);
    EXPECT(k0->link[1].state, LINK_DOWN);
    fake_restart(1);
    fake_settle();
    assert_same(gauges(k0), before);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup3, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_D9_both_homes_let_go),
        TEST(test_unopened_ends_of_a_lost_home),
        TEST(test_a_home_is_anew_when_it_is_asked),
        TEST(test_both_ends_lose_their_home),
        TEST(test_stale_marks),
        TEST(test_requests_of_the_epoch_before),
        TEST(test_requests_before_the_answer),
        TEST(test_lost_doorbells),
        TEST(test_both_sides_begin_anew),
        TEST(test_no_init_while_memory_is_held),
        TEST(test_panic_then_anew),
        TEST(test_memory_in_doubt),
        TEST(test_an_epoch_that_was_given_up),
        TEST(test_a_doorbell_is_rung_again),
        TEST(test_a_home_dies_in_a_move),
        TEST(test_a_port_of_the_epoch_before),
        TEST(test_restart_by_call),
        TEST(test_epoch_by_accident),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
