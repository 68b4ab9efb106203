/* Messages where the kernels keep the rings: sending, receiving, and both in one entry, call by
 * call on a machine of plain memory.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel_calls.h"

#define BIT_A             1u /* events of the two sides */
#define BIT_B             2u
#define EV_A              (1u << BIT_A)
#define EV_B              (1u << BIT_B)
#define END               sizeof(fake_user)
#define SLOTS(send, most) ((send) | (most) << 8)

/* Two tasks with an open channel between them; b may be on another core. */
struct two {
    struct kern *ka, *kb;
    struct task *a, *b;
    sk_handle ha, hb;
};

static struct two one_core(void)
{
    struct two p = {.ka = fake_cpu[0].k, .kb = fake_cpu[0].k};
    struct kern *k = p.ka;
    sk_handle h[2];
    p.a = fake_task(k, "a");
    p.b = fake_task(k, "b");
    make_chan(k, p.a, h);
    struct handle *mine = &p.a->handles[SK_HANDLE_INDEX(h[1])];
    struct end *e = &k->ends[mine->index];
    handle_remove(k, p.a, mine);
    chan_end_disown(e);
    EXPECT(chan_end_adopt(k, p.b, e, &p.hb), SK_OK);
    p.ha = h[0];
    open_end(k, p.a, p.ha, BIT_A);
    open_end(k, p.b, p.hb, BIT_B);
    EXPECT(CALL(k, &k->tasks[0], WAIT, 1, SK_FOREVER), CALL_BLOCKED); /* it would run first */
    return p;
}

static void wake_init(struct kern *k)
{
    sched_event(k, &k->tasks[0], 1, false);
}

static struct two two_cores(void)
{
    struct two p = {.ka = fake_cpu[0].k, .kb = fake_cpu[1].k};
    p.a = &p.ka->tasks[0];
    p.b = &p.kb->tasks[0];
    p.hb = connect_inits(p.ka, p.kb, &p.ha);
    open_end(p.ka, p.a, p.ha, BIT_A);
    open_end(p.kb, p.b, p.hb, BIT_B);
    fake_settle();
    return p;
}

static struct two on(int cores)
{
    fake_free();
    fake_machine(3);
    return cores == 1 ? one_core() : two_cores();
}

/* A message of so many slots at that offset of everybody's memory. */
static void put(uint32_t offset, uint16_t label, uint32_t slots)
{
    for (uint32_t i = 0; i < slots; i++) {
        struct sk_msg m = {.ctl = sk_ctl_make(SK_PAYLOAD_BYTES, slots - 1u - i, 0, false),
                           .label = label};
        memset(m.bytes, (int)(label + i), sizeof(m.bytes));
        memcpy(fake_user + offset + i * sizeof(m), &m, sizeof(m));
    }
}

static void assert_got(uint32_t offset, uint16_t label, uint32_t slots)
{
    for (uint32_t i = 0; i < slots; i++) {
        struct sk_msg m;
        memcpy(&m, fake_user + offset + i * sizeof(m), sizeof(m));
        EXPECT(m.label, label);
        EXPECT(sk_ctl_len(m.ctl), SK_PAYLOAD_BYTES);
        EXPECT(sk_ctl_more(m.ctl), slots - 1u - i);
        EXPECT(m.ctl & (SK_CTL_TAKEN | SK_CTL_RESERVED), 0);
        for (unsigned n = 0; n < SK_PAYLOAD_BYTES; n++)
            EXPECT(m.bytes[n], (uint8_t)(label + i));
    }
}

/* b waits until its side is rung. */
static void b_sleeps(struct two *p)
{
    sk_err err;
    while ((err = CALL(p->kb, p->b, CHAN_RECV, p->hb, user(8192), 4)) == SK_OK)
        ;
    EXPECT(err, SK_ERR_EMPTY); /* armed now */
    CALL(p->kb, p->b, WAIT, EV_B, 0);
    EXPECT(CALL(p->kb, p->b, WAIT, EV_B, SK_FOREVER), CALL_BLOCKED);
}

static void assert_b_has(struct two *p, uint16_t label, uint32_t slots)
{
    fake_settle();
    EXPECT(p->b->state, SK_TASK_READY);
    EXPECT(CALL(p->kb, p->b, CHAN_RECV, p->hb, user(8192), 4), SK_OK);
    EXPECT(p->b->port.reg[1], slots);
    assert_got(8192, label, slots);
}

static sk_err answer(struct two *p, uint16_t label, uint32_t slots)
{
    put(12288, label, slots);
    return CALL(p->kb, p->b, CHAN_SEND, p->hb, user(12288), slots);
}

static void assert_answered(struct two *p, uint16_t label, uint32_t slots)
{
    fake_settle();
    EXPECT(p->a->state, SK_TASK_READY);
    EXPECT((sk_err)p->a->port.reg[0], SK_OK);
    EXPECT(p->a->port.reg[1], slots);
    assert_got(0, label, slots);
}

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

/* --- What a task may get wrong --------------------------------------------------------------- */

static sk_err try_send(struct two *p, int how, uint64_t addr, uint32_t slots)
{
    p->a->port.reg[4] = 0;
    switch (how) {
    case 0:
        return CALL(p->ka, p->a, CHAN_SEND, p->ha, addr, slots);
    case 1:
        return CALL(p->ka, p->a, CHAN_SEND_WAIT, p->ha, addr, slots, 0);
    default:
        return CALL(p->ka, p->a, CHAN_CALL, p->ha, addr, SLOTS(slots, 1u), 0);
    }
}

static void assert_nothing_sent(struct two *p)
{
    EXPECT(CALL(p->kb, p->b, CHAN_RECV, p->hb, user(8192), 4), SK_ERR_EMPTY);
    assert_null(p->a->calling);
}

static void test_memory_that_is_not_the_callers(void **state)
{
    (void)state;
    struct two p = on(1);
    const uint64_t bad[] = {0,
                            8,
                            user(0) - 64,
                            user(0) - 1,
                            user(END - 63),
                            user(END - 1),
                            user(END),
                            ~(uint64_t)0,
                            ~(uint64_t)63,
                            ~(uint64_t)7};
    for (int how = 0; how < 3; how++)
        for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
            EXPECT(try_send(&p, how, bad[i], 1), SK_ERR_FAULT);
            assert_nothing_sent(&p);
        }
    put(END - 128, 5, 2);
    for (int how = 0; how < 3; how++) /* its last slots are outside */
        for (uint32_t slots = 3; slots <= 4; slots++) {
            EXPECT(try_send(&p, how, user(END - 128), slots), SK_ERR_FAULT);
            assert_nothing_sent(&p);
        }
    EXPECT(answer(&p, 5, 2), SK_OK);
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        EXPECT(CALL(p.ka, p.a, CHAN_RECV, p.ha, bad[i], 4), SK_ERR_FAULT);
    EXPECT(CALL(p.ka, p.a, CHAN_RECV, p.ha, user(END - 128), 4), SK_ERR_FAULT);
    EXPECT(CALL(p.ka, p.a, CHAN_RECV, p.ha, user(0), 4), SK_OK); /* it stayed in the ring */
    assert_got(0, 5, 2);
}

/* There is room for the request, but not for the answer that the caller says it would take. */
static void test_no_memory_for_the_answer(void **state)
{
    (void)state;
    for (int cores = 1; cores <= 2; cores++) {
        struct two p = on(cores);
        b_sleeps(&p);
        put(END - 64, 3, 1);
        EXPECT(CALL(p.ka, p.a, CHAN_CALL, p.ha, user(END - 64), SLOTS(1, 2), SK_FOREVER),
               CALL_BLOCKED);
        assert_b_has(&p, 3, 1); /* sent */
        EXPECT(answer(&p, 4, 1), SK_OK);
        fake_settle();
        EXPECT(p.a->state, SK_TASK_READY);
        EXPECT((sk_err)p.a->port.reg[0], SK_ERR_FAULT);
        assert_got((uint32_t)END - 64, 3, 1); /* nothing was written */
        EXPECT(CALL(p.ka, p.a, CHAN_RECV, p.ha, user(0), 1), SK_OK);
        assert_got(0, 4, 1);
    }
}

static void test_counts_of_slots(void **state)
{
    (void)state;
    struct two p = on(1);
    static const uint32_t bad[] = {0, 5, 6, 0x80, 0xff};
    put(0, 1, 1);
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        for (int how = 0; how < 3; how++)
            EXPECT(try_send(&p, how, user(0), bad[i]), SK_ERR_ARG);
        EXPECT(CALL(p.ka, p.a, CHAN_RECV, p.ha, user(0), bad[i]), SK_ERR_ARG);
        EXPECT(CALL(p.ka, p.a, CHAN_CALL, p.ha, user(0), SLOTS(1, bad[i]), 0), SK_ERR_ARG);
        EXPECT(CALL(p.ka, p.a, CHAN_WANT, p.ha, bad[i]), SK_ERR_ARG);
        assert_nothing_sent(&p);
    }
    EXPECT(CALL(p.ka, p.a, CHAN_CALL, p.ha, user(0), ~0u, 0), SK_ERR_ARG);
    EXPECT(CALL(p.ka, p.a, CHAN_RECV, p.ha, user(0), ~0u), SK_ERR_ARG);
    assert_nothing_sent(&p);
}

static void test_headers_that_make_no_sense(void **state)
{
    (void)state;
    struct two p = on(1);
    const uint32_t bad[] = {sk_ctl_make(57, 0, 0, false),
                            sk_ctl_make(63, 0, 0, false),
                            sk_ctl_make(8, 1, 0, false),
                            sk_ctl_make(8, 3, 0, false),
                            SK_CTL_TAKEN,
                            1u << 28,
                            1u << 30};
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        for (int how = 0; how < 3; how++)
            for (uint32_t at = 0; at <= 4; at += 4) { /* aligned: in place; or copied */
                struct sk_msg m = {.ctl = bad[i]};
                memcpy(fake_user + at, &m, sizeof(m));
                EXPECT(try_send(&p, how, user(at), 1), SK_ERR_ARG);
                assert_nothing_sent(&p);
            }
}

static void test_memory_that_is_not_aligned(void **state)
{
    (void)state;
    for (int cores = 1; cores <= 2; cores++)
        for (uint32_t at = 1; at < 64; at += 9) {
            struct two p = on(cores);
            b_sleeps(&p);
            put(at, 3, 2);
            EXPECT(CALL(p.ka, p.a, CHAN_CALL, p.ha, user(at), SLOTS(2, 4), SK_FOREVER),
                   CALL_BLOCKED);
            assert_b_has(&p, 3, 2);
            EXPECT(answer(&p, 4, 4), SK_OK);
            fake_settle();
            EXPECT((sk_err)p.a->port.reg[0], SK_OK);
            assert_got(at, 4, 4);
        }
}

static void test_handles(void **state)
{
    (void)state;
    struct two p = on(1);
    sk_handle h[2];
    make_chan(p.ka, p.a, h);
    put(0, 1, 1);
    p.a->port.reg[4] = 0;
    EXPECT(CALL(p.ka, p.a, CHAN_CALL, h[0], user(0), SLOTS(1, 1), 0), SK_ERR_STATE);
    EXPECT(CALL(p.ka, p.a, CHAN_SEND_WAIT, h[0], user(0), 1, 0), SK_ERR_STATE);
    EXPECT(CALL(p.ka, p.a, CHAN_SEND, h[0], user(0), 1), SK_ERR_STATE);
    EXPECT(CALL(p.ka, p.a, CHAN_RECV, h[0], user(0), 1), SK_ERR_STATE);
    EXPECT(CALL(p.ka, p.a, CHAN_ARM, h[0]), SK_ERR_STATE);
    EXPECT(CALL(p.ka, p.a, CHAN_WANT, h[0], 1), SK_ERR_STATE);
    EXPECT(CALL(p.ka, p.a, CHAN_CALL, p.hb + 0x5000, user(0), SLOTS(1, 1), 0), SK_ERR_HANDLE);
    EXPECT(CALL(p.ka, p.a, WAKE, p.ha), SK_ERR_UNSUPPORTED);
    EXPECT(CALL(p.ka, p.a, WAKE_WAIT, p.ha, 1, 0), SK_ERR_UNSUPPORTED);
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
        cmocka_unit_test_teardown(test_memory_that_is_not_the_callers, teardown),
        cmocka_unit_test_teardown(test_no_memory_for_the_answer, teardown),
        cmocka_unit_test_teardown(test_counts_of_slots, teardown),
        cmocka_unit_test_teardown(test_headers_that_make_no_sense, teardown),
        cmocka_unit_test_teardown(test_memory_that_is_not_aligned, teardown),
        cmocka_unit_test_teardown(test_handles, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
