/* Messages where the kernels keep the rings: sending, receiving, and both in one entry, call by
 * call on a machine of plain memory.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "copy_pair.h"

static void test_call(void **state)
{
    (void)state;
    for (int cores = 1; cores <= 2; cores++) {
        struct two p = on(cores);
        for (uint16_t round = 1; round < 100; round++) {
            uint32_t ask = 1u + round % SK_SLOTS_MAX, reply = 1u + round / 4u % SK_SLOTS_MAX;
            b_sleeps(&p);
            put(0, round, ask);
            EXPECT(CALL(p.ka, p.a, CHAN_CALL, p.ha, user(0), SLOTS(ask, reply), SK_FOREVER),
                   CALL_BLOCKED);
            if (cores == 1)
                assert_ptr_equal(p.ka->current, p.b); /* straight to it */
            assert_b_has(&p, round, ask);
            EXPECT(p.a->state, SK_TASK_WAITING);
            EXPECT(answer(&p, (uint16_t)(round + 1000u), reply), SK_OK);
            assert_answered(&p, (uint16_t)(round + 1000u), reply);
            assert_null(p.a->calling);
        }
    }
}

/* A service answers and goes back to sleep in one entry; there may be another deadline. */
static void test_send_and_wait(void **state)
{
    (void)state;
    for (int cores = 1; cores <= 2; cores++) {
        struct two p = on(cores);
        b_sleeps(&p);
        for (uint16_t round = 1; round < 50; round++) {
            sk_ns deadline = round % 2 ? SK_FOREVER : fake_now + 1000;
            put(0, round, 1);
            EXPECT(CALL(p.ka, p.a, CHAN_CALL, p.ha, user(0), SLOTS(1, 1), deadline), CALL_BLOCKED);
            fake_settle();
            EXPECT(p.b->port.reg[1], EV_B);
            assert_b_has(&p, round, 1);
            put(4096, (uint16_t)(round + 7u), 1);
            p.b->port.reg[4] = round % 3 ? SK_FOREVER : fake_now + 2000;
            EXPECT(CALL(p.kb, p.b, CHAN_SEND_WAIT, p.hb, user(4096), 1, EV_B), CALL_BLOCKED);
            assert_answered(&p, (uint16_t)(round + 7u), 1);
            EXPECT(p.b->state, SK_TASK_WAITING);
        }
    }
}

static void test_send_and_wait_times_out(void **state)
{
    (void)state;
    struct two p = on(1);
    put(0, 5, 2);
    p.a->port.reg[4] = 0; /* in the past */
    EXPECT(CALL(p.ka, p.a, CHAN_SEND_WAIT, p.ha, user(0), 2, 1u << 9), SK_ERR_TIMED_OUT);
    p.a->port.reg[4] = fake_now + 10;
    EXPECT(CALL(p.ka, p.a, CHAN_SEND_WAIT, p.ha, user(0), 2, 1u << 9), CALL_BLOCKED);
    fake_now += 10;
    kern_timer(p.ka);
    EXPECT((sk_err)p.a->port.reg[0], SK_ERR_TIMED_OUT);
    assert_b_has(&p, 5, 2); /* both were sent */
    assert_b_has(&p, 5, 2);
    EXPECT(CALL(p.kb, p.b, CHAN_RECV, p.hb, user(8192), 4), SK_ERR_EMPTY);
}

static void test_send_that_fails_does_not_wait(void **state)
{
    (void)state;
    struct two p = on(1);
    for (unsigned i = 0; i < 8; i++) {
        put(0, (uint16_t)i, 1);
        EXPECT(CALL(p.ka, p.a, CHAN_SEND, p.ha, user(0), 1), SK_OK);
    }
    p.a->port.reg[4] = SK_FOREVER;
    EXPECT(CALL(p.ka, p.a, CHAN_SEND_WAIT, p.ha, user(0), 1, EV_A), SK_ERR_FULL);
    EXPECT(CALL(p.ka, p.a, CHAN_CALL, p.ha, user(0), SLOTS(1, 1), SK_FOREVER), SK_ERR_FULL);
    assert_null(p.a->calling);
    for (unsigned i = 0; i < 8; i++) {
        EXPECT(CALL(p.kb, p.b, CHAN_RECV, p.hb, user(8192), 4), SK_OK);
        assert_got(8192, (uint16_t)i, 1);
    }
    EXPECT(CALL(p.kb, p.b, CLOSE, p.hb), SK_OK);
    p.a->port.reg[4] = SK_FOREVER;
    EXPECT(CALL(p.ka, p.a, CHAN_SEND_WAIT, p.ha, user(0), 1, EV_A), SK_ERR_PEER_DEAD);
    EXPECT(CALL(p.ka, p.a, CHAN_CALL, p.ha, user(0), SLOTS(1, 1), SK_FOREVER), SK_ERR_PEER_DEAD);
}

static void test_call_times_out_and_the_answer_comes_late(void **state)
{
    (void)state;
    for (int cores = 1; cores <= 2; cores++) {
        struct two p = on(cores);
        b_sleeps(&p);
        put(0, 3, 1);
        EXPECT(CALL(p.ka, p.a, CHAN_CALL, p.ha, user(0), SLOTS(1, 1), fake_now + 10), CALL_BLOCKED);
        fake_now += 10;
        kern_timer(p.ka);
        EXPECT(p.a->state, SK_TASK_READY);
        EXPECT((sk_err)p.a->port.reg[0], SK_ERR_TIMED_OUT);
        assert_null(p.a->calling);
        assert_b_has(&p, 3, 1); /* it was sent */
        EXPECT(answer(&p, 4, 1), SK_OK);
        fake_settle();
        EXPECT(CALL(p.ka, p.a, WAIT, EV_A, 0), SK_OK); /* told as any message */
        EXPECT(CALL(p.ka, p.a, CHAN_RECV, p.ha, user(0), 1), SK_OK);
        assert_got(0, 4, 1);
        /* A deadline that is over already: sent all the same. */
        b_sleeps(&p);
        put(0, 6, 1);
        EXPECT(CALL(p.ka, p.a, CHAN_CALL, p.ha, user(0), SLOTS(1, 1), 0), SK_ERR_TIMED_OUT);
        assert_b_has(&p, 6, 1);
    }
}

/* What is in the ring already is taken for the answer: the call does not sleep on it. */
static void test_call_with_a_message_waiting(void **state)
{
    (void)state;
    struct two p = on(1);
    EXPECT(answer(&p, 9, 2), SK_OK);
    put(0, 3, 1);
    EXPECT(CALL(p.ka, p.a, CHAN_CALL, p.ha, user(0), SLOTS(1, 4), SK_FOREVER), SK_OK);
    EXPECT(p.a->port.reg[1], 2);
    assert_got(0, 9, 2);
    assert_b_has(&p, 3, 1);
}

static __attribute__((noinline)) void panic(struct kern *k)
{
    if (setjmp(fake_halt) == 0)
        kern_panic(k, "a test");
}

static void test_peer_ends_while_the_caller_sleeps(void **state)
{
    (void)state;
    for (int how = 0; how < 4; how++) {
        struct two p = on(how < 2 ? 1 : 2);
        put(0, 3, 1);
        b_sleeps(&p);
        EXPECT(CALL(p.ka, p.a, CHAN_CALL, p.ha, user(0), SLOTS(1, 1), SK_FOREVER), CALL_BLOCKED);
        fake_settle();
        if (how == 1) {
            wake_init(p.kb);
            end_task(p.kb, p.b);
        } else if (how == 3)
            panic(p.kb);
        else
            EXPECT(CALL(p.kb, p.b, CLOSE, p.hb), SK_OK);
        fake_settle();
        EXPECT(p.a->state, SK_TASK_READY);
        EXPECT((sk_err)p.a->port.reg[0], SK_ERR_PEER_DEAD);
        assert_null(p.a->calling);
        EXPECT(CALL(p.ka, p.a, WAIT, EV_A, 0), SK_OK); /* whoever polls the end hears of it too */
        EXPECT(CALL(p.ka, p.a, CLOSE, p.ha), SK_OK);
    }
}

/* The last word of a peer that ends after it is an answer. */
static void test_answer_then_end(void **state)
{
    (void)state;
    for (int cores = 1; cores <= 2; cores++) {
        struct two p = on(cores);
        put(0, 3, 1);
        b_sleeps(&p);
        EXPECT(CALL(p.ka, p.a, CHAN_CALL, p.ha, user(0), SLOTS(1, 1), SK_FOREVER), CALL_BLOCKED);
        fake_settle();
        EXPECT(answer(&p, 8, 1), SK_OK);
        EXPECT(CALL(p.kb, p.b, CLOSE, p.hb), SK_OK);
        assert_answered(&p, 8, 1);
        EXPECT(CALL(p.ka, p.a, CHAN_RECV, p.ha, user(0), 1), SK_ERR_PEER_DEAD);
    }
}

static void test_the_dead_do_not_get_answers(void **state)
{
    (void)state;
    struct two p = on(1);
    struct sk_stats before = gauges(p.ka);
    b_sleeps(&p);
    put(0, 3, 1);
    EXPECT(CALL(p.ka, p.a, CHAN_CALL, p.ha, user(0), SLOTS(1, 1), SK_FOREVER), CALL_BLOCKED);
    wake_init(p.ka);
    end_task(p.ka, p.a);
    EXPECT(p.b->state, SK_TASK_READY);
    EXPECT(CALL(p.kb, p.b, CHAN_RECV, p.hb, user(8192), 4), SK_OK); /* what it had asked */
    EXPECT(answer(&p, 4, 1), SK_ERR_PEER_DEAD);
    EXPECT(CALL(p.kb, p.b, CLOSE, p.hb), SK_OK);
    struct sk_stats after = gauges(p.ka);
    EXPECT(after.chans, before.chans - 1);
    EXPECT(after.ends, before.ends - 2);
    EXPECT(after.tasks, before.tasks - 1);
}

/* Events of the caller's other business stay until it asks for them. */
static void test_other_events_do_not_end_a_call(void **state)
{
    (void)state;
    struct two p = on(1);
    b_sleeps(&p);
    put(0, 3, 1);
    EXPECT(CALL(p.ka, p.a, TIMER, 6, fake_now + 5), SK_OK);
    EXPECT(CALL(p.ka, p.a, CHAN_CALL, p.ha, user(0), SLOTS(1, 1), SK_FOREVER), CALL_BLOCKED);
    fake_now += 5;
    kern_timer(p.ka);
    sched_event(p.ka, p.a, EV_A, false);
    EXPECT(p.a->state, SK_TASK_WAITING);
    EXPECT(chan_wake_peer(p.kb, end_of(p.kb, p.b, p.hb), false), SK_OK); /* rung for nothing */
    EXPECT(p.a->state, SK_TASK_WAITING);
    assert_b_has(&p, 3, 1);
    EXPECT(answer(&p, 4, 1), SK_OK);
    assert_answered(&p, 4, 1);
    EXPECT(CALL(p.ka, p.a, WAIT, 1u << 6, 0), SK_OK);
}

static void test_answer_that_is_too_big_stays(void **state)
{
    (void)state;
    for (int cores = 1; cores <= 2; cores++) {
        struct two p = on(cores);
        b_sleeps(&p);
        put(0, 3, 1);
        EXPECT(CALL(p.ka, p.a, CHAN_CALL, p.ha, user(0), SLOTS(1, 2), SK_FOREVER), CALL_BLOCKED);
        fake_settle();
        EXPECT(answer(&p, 4, 3), SK_OK);
        fake_settle();
        EXPECT(p.a->state, SK_TASK_READY);
        EXPECT((sk_err)p.a->port.reg[0], SK_ERR_TOO_BIG);
        assert_got(0, 3, 1);
        EXPECT(CALL(p.ka, p.a, CHAN_RECV, p.ha, user(0), 2), SK_ERR_TOO_BIG);
        EXPECT(CALL(p.ka, p.a, CHAN_RECV, p.ha, user(0), 3), SK_OK);
        assert_got(0, 4, 3);
    }
}

/* Who calls itself would sleep for ever: refused before anything is sent. */
static void test_call_to_oneself_is_refused(void **state)
{
    (void)state;
    fake_free();
    fake_machine(1);
    struct kern *k = fake_cpu[0].k;
    struct task *t = fake_task(k, "t");
    sk_handle h[2];
    make_chan(k, t, h);
    open_end(k, t, h[0], BIT_A);
    put(0, 3, 1);
    for (int opened = 0; opened < 2; opened++) {
        EXPECT(CALL(k, t, CHAN_CALL, h[0], user(0), SLOTS(1, 1), SK_FOREVER), SK_ERR_STATE);
        if (opened == 0)
            open_end(k, t, h[1], BIT_B);
    }
    EXPECT(CALL(k, t, CHAN_RECV, h[1], user(8192), 4), SK_ERR_EMPTY);
    EXPECT(CALL(k, t, CHAN_SEND, h[0], user(0), 1), SK_OK);
    EXPECT(CALL(k, t, CHAN_RECV, h[1], user(8192), 4), SK_OK);
    assert_got(8192, 3, 1);
    EXPECT(CALL(k, t, CLOSE, h[1]), SK_OK);
    EXPECT(CALL(k, t, CHAN_CALL, h[0], user(0), SLOTS(1, 1), SK_FOREVER), SK_ERR_PEER_DEAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_call, teardown),
        cmocka_unit_test_teardown(test_send_and_wait, teardown),
        cmocka_unit_test_teardown(test_send_and_wait_times_out, teardown),
        cmocka_unit_test_teardown(test_send_that_fails_does_not_wait, teardown),
        cmocka_unit_test_teardown(test_call_times_out_and_the_answer_comes_late, teardown),
        cmocka_unit_test_teardown(test_call_with_a_message_waiting, teardown),
        cmocka_unit_test_teardown(test_peer_ends_while_the_caller_sleeps, teardown),
        cmocka_unit_test_teardown(test_answer_then_end, teardown),
        cmocka_unit_test_teardown(test_the_dead_do_not_get_answers, teardown),
        cmocka_unit_test_teardown(test_other_events_do_not_end_a_call, teardown),
        cmocka_unit_test_teardown(test_answer_that_is_too_big_stays, teardown),
        cmocka_unit_test_teardown(test_call_to_oneself_is_refused, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
