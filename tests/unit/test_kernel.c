/* The kernel's modules on one core, driven call by call on a machine of plain memory.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel_calls.h"

static void test_bad_calls_are_errors(void **state)
{
    (void)state;
    struct kern *k = fake_cpu[0].k;
    struct task *t = fake_task(k, "t");
    EXPECT(CALL(k, t, NOP, 0), SK_OK);
    EXPECT(fake_call(k, t, SK_CALL_COUNT, 0, 0, 0, 0), SK_ERR_SYSCALL);
    EXPECT(fake_call(k, t, 0xffffffffu, 0, 0, 0, 0), SK_ERR_SYSCALL);
    for (uint32_t nr = SK_CALL_WAKE; nr < SK_CALL_COUNT; nr++) {
        static const uint32_t bad[] = {0, 1, 0x1005, 0xffffffffu, 0x00001fffu};
        if (nr == SK_CALL_TIMER || nr == SK_CALL_LOG_WRITE || nr == SK_CALL_CHAN_CREATE ||
            nr == SK_CALL_PORT_CREATE || nr == SK_CALL_REGION_CREATE || nr == SK_CALL_NOW ||
            nr == SK_CALL_LOAN_COPY || nr == SK_CALL_CANCEL_ON)
            continue;
        for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
            if (nr == SK_CALL_TASK_INFO && bad[i] == SK_HANDLE_NONE)
                continue; /* about the caller itself */
            sk_err err = fake_call(k, t, nr, bad[i], bad[i], user(0), 0);
            assert_true(err == SK_ERR_HANDLE || err == SK_ERR_UNSUPPORTED);
        }
    }
    EXPECT(CALL(k, t, CHAN_CREATE, 7), SK_ERR_ARG);
    EXPECT(CALL(k, t, CHAN_CREATE, 32), SK_ERR_ARG);
    EXPECT(CALL(k, t, PORT_CREATE, 32, 1), SK_ERR_ARG);
    EXPECT(CALL(k, t, PORT_CREATE, 0, 17), SK_ERR_ARG);
    EXPECT(CALL(k, t, REGION_CREATE, 0), SK_ERR_ARG);
    EXPECT(CALL(k, t, REGION_CREATE, (uint64_t)1 << 32), SK_ERR_TOO_BIG);
    EXPECT(CALL(k, t, TIMER, 32, 5), SK_ERR_ARG);
    EXPECT(CALL(k, t, LOG_WRITE, 16, 10), SK_ERR_FAULT);
    EXPECT(CALL(k, t, LOG_WRITE, user(0), 161), SK_ERR_TOO_BIG);
    EXPECT(CALL(k, t, LOG_WRITE, user(65530), 10), SK_ERR_FAULT);
    EXPECT(CALL(k, t, LOAN_COPY, user(65530)), SK_ERR_FAULT);
    memset(fake_user, 0, sizeof(struct sk_loan_copy));
    EXPECT(CALL(k, t, LOAN_COPY, user(0)), SK_ERR_HANDLE);
}

/* Every call that takes an address, with a right to be made: what only init may ask, too. */
static void test_addresses_that_are_not_the_callers(void **state)
{
    (void)state;
    struct kern *k = fake_cpu[0].k;
    struct task *init = &k->tasks[0];
    const sk_handle control = SK_HANDLE_MAKE(0, 1);
    const uint64_t end = user(sizeof(fake_user));
    const uint64_t bad[] = {0, 8, user(0) - 1, end - 1, end - 8, end, ~(uint64_t)0, ~(uint64_t)7};
    struct task *child = fake_task(k, "child");
    sk_handle h[2], task = SK_HANDLE_MAKE(2, 1);
    EXPECT(init->handles[SK_HANDLE_INDEX(task)].kind, SK_KIND_TASK);
    EXPECT(k->tasks + init->handles[SK_HANDLE_INDEX(task)].index == child, true);
    make_chan(k, init, h);
    struct sk_stats before = gauges(k);
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        EXPECT(CALL(k, init, TASK_CREATE, control, bad[i]), SK_ERR_FAULT);
        EXPECT(CALL(k, init, TASK_INFO, task, bad[i]), SK_ERR_FAULT);
        EXPECT(CALL(k, init, TASK_INFO, SK_HANDLE_NONE, bad[i]), SK_ERR_FAULT);
        EXPECT(CALL(k, init, CORE_INFO, control, 0, bad[i]), SK_ERR_FAULT);
        EXPECT(CALL(k, init, LOG_READ, control, bad[i], 64, 0), SK_ERR_FAULT);
        EXPECT(CALL(k, init, STATS, control, bad[i]), SK_ERR_FAULT);
        EXPECT(CALL(k, init, LOG_WRITE, bad[i], 16), SK_ERR_FAULT);
        EXPECT(CALL(k, init, INFO, h[0], bad[i]), SK_ERR_FAULT);
        EXPECT(CALL(k, init, CHAN_OPEN, h[0], 1, bad[i]), SK_ERR_FAULT);
        assert_same(gauges(k), before);
    }
    open_end(k, init, h[0], 1); /* still unused */
    EXPECT(CALL(k, init, LOG_READ, control, user(sizeof(fake_user) - 64), 64, 0), SK_OK);
}

static void test_wait_and_timers(void **state)
{
    (void)state;
    struct kern *k = fake_cpu[0].k;
    struct task *t = fake_task(k, "t");
    EXPECT(CALL(k, t, WAIT, 1, 0), SK_ERR_TIMED_OUT);
    EXPECT(CALL(k, t, TIMER, 4, fake_now + 50), SK_OK);
    EXPECT(CALL(k, t, WAIT, 1u << 4, fake_now + 100), CALL_BLOCKED);
    assert_true(fake_cpu[0].timer <= fake_now + 50);
    fake_now += 60;
    kern_timer(k);
    EXPECT(t->state, SK_TASK_READY);
    EXPECT(t->port.reg[0], SK_OK);
    EXPECT(t->port.reg[1], 1u << 4);
    EXPECT(CALL(k, t, WAIT, 1, fake_now + 100), CALL_BLOCKED);
    fake_now += 99;
    kern_timer(k);
    EXPECT(t->state, SK_TASK_WAITING);
    assert_true(fake_cpu[0].timer == fake_now + 1);
    fake_now += 1;
    kern_timer(k);
    EXPECT(t->state, SK_TASK_READY);
    EXPECT((sk_err)t->port.reg[0], SK_ERR_TIMED_OUT);
}

static void test_priority_and_round_robin(void **state)
{
    (void)state;
    struct kern *k = fake_cpu[0].k;
    struct task *a = fake_task(k, "a"), *b = fake_task(k, "b");
    struct task *init = &k->tasks[0];
    EXPECT(CALL(k, init, WAIT, 0, SK_FOREVER), CALL_BLOCKED);
    struct port_task *first = kern_idle(k);
    assert_ptr_equal(first, &a->port);
    assert_true(fake_cpu[0].timer == fake_now + KERN_SLICE_NS); /* they share: a slice */
    fake_now += KERN_SLICE_NS;
    assert_ptr_equal(kern_timer(k), &b->port);
    EXPECT(CALL(k, b, YIELD, 0), SK_OK);
    assert_ptr_equal(k->current, a);
    sched_event(k, init, 1, false); /* mask 0: stays asleep */
    assert_ptr_equal(kern_idle(k), &a->port);
    init->mask = 1;
    sched_event(k, init, 1, false);
    assert_ptr_equal(kern_idle(k), &init->port);
}

static void test_D13_stale_handles(void **state)
{
    (void)state;
    struct kern *k = fake_cpu[0].k;
    struct task *t = fake_task(k, "t");
    EXPECT(CALL(k, t, REGION_CREATE, 2), SK_OK);
    sk_handle h = (sk_handle)t->port.reg[1];
    EXPECT(CALL(k, t, WAKE, h), SK_ERR_HANDLE); /* of another kind */
    EXPECT(CALL(k, t, CLOSE, h), SK_OK);
    EXPECT(CALL(k, t, CLOSE, h), SK_ERR_HANDLE);
    EXPECT(CALL(k, t, REGION_CREATE, 1), SK_OK);
    assert_int_not_equal(h, (sk_handle)t->port.reg[1]); /* the entry again, another generation */
    EXPECT(CALL(k, t, REGION_MAP, h, 0, SK_PROT_R), SK_ERR_HANDLE);
    h = (sk_handle)t->port.reg[1];
}

static void test_handle_entries_retire(void **state)
{
    (void)state;
    struct kern *k = fake_cpu[0].k;
    struct task *t = fake_task(k, "t");
    t->handles[t->handle_free].gen = SK_HANDLE_GEN_MAX - 1;
    uint32_t entry = t->handle_free;
    EXPECT(CALL(k, t, REGION_CREATE, 1), SK_OK);
    sk_handle h = (sk_handle)t->port.reg[1];
    EXPECT(SK_HANDLE_INDEX(h), entry);
    EXPECT(SK_HANDLE_GEN(h), SK_HANDLE_GEN_MAX);
    EXPECT(CALL(k, t, CLOSE, h), SK_OK);
    for (int i = 0; i < 15; i++) { /* all others, but never this one again */
        EXPECT(CALL(k, t, PORT_CREATE, 0, 1), i < 8 - 1 ? SK_OK : SK_ERR_NO_MEMORY);
        if (i < 7)
            assert_int_not_equal(SK_HANDLE_INDEX(t->port.reg[1]), entry);
    }
}

/* A retired entry is not room: a channel that finds one entry too few takes nothing. */
static void test_channel_needs_two_real_entries(void **state)
{
    (void)state;
    struct kern *k = fake_cpu[0].k;
    struct task *t = fake_task(k, "t");
    while (t->handles_left > 2)
        EXPECT(CALL(k, t, REGION_CREATE, 1), SK_OK);
    struct sk_stats before = gauges(k);
    t->handles[t->handle_free].gen = SK_HANDLE_GEN_MAX - 1;
    EXPECT(CALL(k, t, PORT_CREATE, 0, 1), SK_OK);
    EXPECT(CALL(k, t, CLOSE, t->port.reg[1]), SK_OK); /* the entry retires */
    EXPECT(CALL(k, t, CHAN_CREATE, 8), SK_ERR_BUDGET);
    assert_same(gauges(k), before);
    end_task(k, t);
    struct task *next = fake_task(k, "next"); /* the slot again, with all its entries */
    assert_ptr_equal(next, t);
    EXPECT(next->handles_left, next->handles_max);
}

/* Two equal tasks share what a third of higher priority leaves, however often it preempts. */
static void test_preemption_does_not_renew_a_turn(void **state)
{
    (void)state;
    struct kern *k = fake_cpu[0].k;
    struct task *a = fake_task(k, "a"), *b = fake_task(k, "b");
    struct task *init = &k->tasks[0];
    EXPECT(CALL(k, init, WAIT, 2, SK_FOREVER), CALL_BLOCKED);
    kern_idle(k);
    for (int i = 0; i < 200; i++) {
        fake_now += SK_MS(3);
        if (fake_cpu[0].timer <= fake_now)
            kern_timer(k);
        sched_event(k, init, 2, false);
        assert_ptr_equal(kern_idle(k), &init->port);
        fake_now += 1000;
        EXPECT(CALL(k, init, WAIT, 2, SK_FOREVER), CALL_BLOCKED);
        if (fake_cpu[0].timer <= fake_now)
            kern_timer(k);
    }
    sk_ns sum = a->run_ns + b->run_ns;
    assert_true(sum > SK_MS(590));
    assert_true(a->run_ns > sum * 2 / 5 && b->run_ns > sum * 2 / 5);
}

static void test_a_killed_task_ends_under_load(void **state)
{
    (void)state;
    struct kern *k = fake_cpu[0].k;
    struct task *victim = fake_task(k, "victim"), *busy = fake_task(k, "busy");
    struct task *init = &k->tasks[0];
    sched_remove(k, busy);
    busy->priority = 9;
    sched_ready(k, busy, false);
    for (unsigned i = 0; i < init->handles_max; i++)
        if (init->handles[i].kind == SK_KIND_TASK && init->handles[i].index == victim->slot)
            EXPECT(CALL(k, init, TASK_KILL, SK_HANDLE_MAKE(i, init->handles[i].gen)), SK_OK);
    EXPECT(CALL(k, init, WAIT, 1u << 3, SK_FOREVER), CALL_BLOCKED);
    for (int i = 0; i < 100 && victim->state != SK_TASK_DEAD; i++)
        kern_idle(k); /* `busy` would run for ever: it is not asked */
    EXPECT(victim->state, SK_TASK_DEAD);
}

/* WAKE_WAIT goes straight to the woken, unless somebody more important is ready. */
static void test_wake_wait_hands_over(void **state)
{
    (void)state;
    struct kern *k = fake_cpu[0].k;
    struct task *a = fake_task(k, "a"), *b = fake_task(k, "b"), *c = fake_task(k, "c");
    struct task *init = &k->tasks[0];
    sk_handle h[2];
    make_chan(k, a, h);
    struct handle *mine = &a->handles[SK_HANDLE_INDEX(h[1])];
    struct end *e = &k->ends[mine->index];
    sk_handle far;
    handle_remove(k, a, mine);
    chan_end_disown(e);
    EXPECT(chan_end_adopt(k, b, e, &far), SK_OK);
    open_end(k, a, h[0], 1);
    open_end(k, b, far, 2);
    EXPECT(CALL(k, init, WAIT, 4, SK_FOREVER), CALL_BLOCKED);
    for (int crowd = 0; crowd < 3; crowd++) {
        CALL(k, a, WAIT, 2, 0);
        CALL(k, b, WAIT, 4, 0);
        EXPECT(CALL(k, b, WAIT, 4, SK_FOREVER), CALL_BLOCKED);
        if (crowd == 0)
            EXPECT(CALL(k, c, WAIT, 1, SK_FOREVER), CALL_BLOCKED); /* nobody else */
        else if (crowd == 1)
            sched_event(k, c, 1, false); /* an equal: the woken goes first all the same */
        else
            sched_event(k, init, 4, false); /* above both */
        k->ready[a->priority].head == a ? (void)0 : (sched_remove(k, a), sched_ready(k, a, true));
        EXPECT(CALL(k, a, WAKE_WAIT, h[0], 2, SK_FOREVER), CALL_BLOCKED);
        assert_ptr_equal(k->current, crowd == 2 ? init : b);
        EXPECT(b->state, SK_TASK_READY);
        EXPECT(b->port.reg[1], 4);
        assert_true(b->port.reg[2] & (uint64_t)1 << e->slot);
        EXPECT(CALL(k, b, WAKE, far), SK_OK);
        EXPECT(a->state, SK_TASK_READY);
        EXPECT(a->port.reg[1], 2);
    }
}

static void test_a_task_asks_about_itself(void **state)
{
    (void)state;
    struct kern *k = fake_cpu[0].k;
    struct task *t = fake_task(k, "me");
    struct sk_task_info info;
    EXPECT(CALL(k, t, TASK_INFO, SK_HANDLE_NONE, user(0)), SK_OK);
    memcpy(&info, fake_user, sizeof(info));
    assert_string_equal(info.name, "me");
    EXPECT(info.pages, 1);
}

static void test_budgets(void **state)
{
    (void)state;
    struct kern *k = fake_cpu[0].k;
    struct task *t = fake_task(k, "t"), *other = fake_task(k, "other");
    struct sk_stats before = gauges(k);
    unsigned n = 0;
    while (CALL(k, t, REGION_CREATE, 1) == SK_OK)
        n++;
    EXPECT((sk_err)t->port.reg[0], SK_ERR_BUDGET);
    EXPECT(n, 15); /* 16 pages, one is its page table */
    EXPECT(CALL(k, t, CHAN_CREATE, 8), SK_ERR_BUDGET);
    EXPECT(CALL(k, other, REGION_CREATE, 3), SK_OK); /* nobody else notices */
    EXPECT(CALL(k, other, CLOSE, other->port.reg[1]), SK_OK);
    end_task(k, t);
    struct sk_stats after = gauges(k);
    EXPECT(after.pages_free, before.pages_free + 1);
    EXPECT(after.regions, before.regions);
    EXPECT(after.tasks, before.tasks - 1);
    sk_handle h[2];
    for (n = 0; CALL(k, other, CHAN_CREATE, 8) == SK_OK; n++)
        h[n % 2] = (sk_handle)other->port.reg[1];
    EXPECT(n, 6); /* twelve ends */
    EXPECT((sk_err)other->port.reg[0], SK_ERR_BUDGET);
    EXPECT(CALL(k, other, CLOSE, h[0]), SK_OK);
}

static void test_pages_are_zeroed(void **state)
{
    (void)state;
    struct kern *k = fake_cpu[0].k;
    struct task *t = fake_task(k, "t");
    for (int round = 0; round < 40; round++) {
        EXPECT(CALL(k, t, REGION_CREATE, 7), SK_OK);
        struct region *r = &k->regions[t->handles[SK_HANDLE_INDEX(t->port.reg[1])].index];
        const uint8_t *p = (const uint8_t *)(uintptr_t)r->first;
        for (unsigned i = 0; i < 7 * SK_PAGE_BYTES; i++)
            assert_int_equal(p[i], 0);
        memset((void *)(uintptr_t)r->first, 0x55, 7 * SK_PAGE_BYTES);
        EXPECT(CALL(k, t, CLOSE, t->port.reg[1]), SK_OK);
    }
}

static void test_channel_on_one_core(void **state)
{
    (void)state;
    struct kern *k = fake_cpu[0].k;
    struct task *a = fake_task(k, "a"), *b = fake_task(k, "b");
    struct sk_stats before = gauges(k);
    sk_handle h[2];
    EXPECT(CALL(k, b, PORT_CREATE, 7, 2), SK_OK);
    sk_handle port = (sk_handle)b->port.reg[1];
    make_chan(k, a, h);
    /* a has no handle of b's port: give it one through a channel of init's making would be long;
     * the table of a is the kernel's to write. */
    struct handle entry = b->handles[SK_HANDLE_INDEX(port)];
    entry.rights = SK_RIGHT_CONNECT | SK_RIGHT_MOVE;
    sk_handle to;
    EXPECT(handle_add(k, a, &entry, &to), SK_OK);
    EXPECT(CALL(k, a, PORT_ACCEPT, to), SK_ERR_RIGHTS);
    EXPECT(CALL(k, b, PORT_ACCEPT, port), SK_ERR_EMPTY);
    EXPECT(CALL(k, b, WAIT, 1u << 7, SK_FOREVER), CALL_BLOCKED);
    EXPECT(CALL(k, a, PORT_CONNECT, to, h[1], 0), SK_OK);
    EXPECT(b->state, SK_TASK_READY);
    EXPECT(CALL(k, a, WAKE, h[1]), SK_ERR_HANDLE); /* it has left */
    EXPECT(CALL(k, b, PORT_ACCEPT, port), SK_OK);
    sk_handle far = (sk_handle)b->port.reg[1];
    open_end(k, a, h[0], 1);
    EXPECT(CALL(k, a, CHAN_OPEN, h[0], 1, user(0)), SK_ERR_STATE);
    EXPECT(CALL(k, a, PORT_CONNECT, to, h[0], 0), SK_ERR_BUSY); /* a used end stays */
    open_end(k, b, far, 2);
    CALL(k, b, WAIT, 4, 0);
    EXPECT(CALL(k, b, WAIT, 4, SK_FOREVER), CALL_BLOCKED);
    EXPECT(CALL(k, a, WAKE, h[0]), SK_OK);
    EXPECT(b->state, SK_TASK_READY);
    EXPECT(b->port.reg[1], 4);
    EXPECT(b->port.reg[2], (uint64_t)1 << end_of(k, b, far)->slot);
    EXPECT(CALL(k, b, WAIT, 4, SK_FOREVER), CALL_BLOCKED);
    EXPECT(CALL(k, a, CLOSE, h[0]), SK_OK);
    EXPECT(b->state, SK_TASK_READY); /* death is an event too */
    EXPECT(CALL(k, b, WAKE, far), SK_ERR_PEER_DEAD);
    EXPECT(CALL(k, b, CLOSE, far), SK_OK);
    EXPECT(CALL(k, b, CLOSE, port), SK_OK);
    EXPECT(CALL(k, a, PORT_CONNECT, to, to, 0), SK_ERR_HANDLE);
    make_chan(k, a, h);
    EXPECT(CALL(k, a, PORT_CONNECT, to, h[1], 0), SK_ERR_PEER_DEAD);
    end_task(k, a);
    end_task(k, b);
    struct sk_stats after = gauges(k);
    EXPECT(after.ends, before.ends);
    EXPECT(after.chans, before.chans);
    EXPECT(after.ports, before.ports);
    EXPECT(after.handles, before.handles - 2); /* init's two task handles */
}

/* Who waits for something else until a deadline still hears, with the event, which end was rung. */
static void test_what_is_ready_outlives_a_time_out(void **state)
{
    (void)state;
    struct kern *k = fake_cpu[0].k;
    struct task *t = &k->tasks[0];
    sk_handle h[2];
    make_chan(k, t, h);
    open_end(k, t, h[0], 1);
    open_end(k, t, h[1], 2);
    CALL(k, t, WAIT, 6, 0);
    EXPECT(CALL(k, t, WAIT, 6, 0), SK_ERR_TIMED_OUT);
    EXPECT(CALL(k, t, WAIT, 8, fake_now + 1000), CALL_BLOCKED);
    chan_end_ring(k, end_of(k, t, h[1]), false);
    EXPECT(t->state, SK_TASK_WAITING);
    fake_now += 1000;
    kern_timer(k);
    EXPECT((sk_err)t->port.reg[0], SK_ERR_TIMED_OUT);
    EXPECT(CALL(k, t, WAIT, 8, 0), SK_ERR_TIMED_OUT);
    EXPECT(CALL(k, t, WAIT, 4, SK_FOREVER), SK_OK);
    EXPECT(t->port.reg[1], 4);
    EXPECT(t->port.reg[2], (uint64_t)1 << end_of(k, t, h[1])->slot);
}

static void test_ends_do_not_carry_themselves(void **state)
{
    (void)state;
    struct kern *k = fake_cpu[0].k;
    struct task *a = fake_task(k, "a");
    sk_handle h[2], g[2];
    make_chan(k, a, h);
    make_chan(k, a, g);
    EXPECT(CALL(k, a, SEND_HANDLE, h[0], h[0], 0), SK_ERR_ARG);
    EXPECT(CALL(k, a, SEND_HANDLE, h[0], h[1], 0), SK_ERR_ARG); /* into its own escrow */
    EXPECT(CALL(k, a, TAKE_HANDLE, h[0]), SK_ERR_EMPTY);
    EXPECT(CALL(k, a, SEND_HANDLE, h[0], g[1], 0), SK_OK);
    EXPECT(CALL(k, a, SEND_HANDLE, g[0], h[1], 0), SK_ERR_BUSY); /* its escrow is not empty */
    EXPECT(CALL(k, a, TAKE_HANDLE, h[1]), SK_OK);
    for (int i = 0; i < 4; i++) {
        EXPECT(CALL(k, a, REGION_CREATE, 1), SK_OK);
        EXPECT(CALL(k, a, SEND_HANDLE, h[0], a->port.reg[1], 0), SK_OK);
    }
    EXPECT(CALL(k, a, REGION_CREATE, 1), SK_OK);
    EXPECT(CALL(k, a, SEND_HANDLE, h[0], a->port.reg[1], 0), SK_ERR_FULL);
    end_task(k, a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_bad_calls_are_errors, setup1, teardown),
        cmocka_unit_test_setup_teardown(test_addresses_that_are_not_the_callers, setup1, teardown),
        cmocka_unit_test_setup_teardown(test_wait_and_timers, setup1, teardown),
        cmocka_unit_test_setup_teardown(test_priority_and_round_robin, setup1, teardown),
        cmocka_unit_test_setup_teardown(test_D13_stale_handles, setup1, teardown),
        cmocka_unit_test_setup_teardown(test_handle_entries_retire, setup1, teardown),
        cmocka_unit_test_setup_teardown(test_channel_needs_two_real_entries, setup1, teardown),
        cmocka_unit_test_setup_teardown(test_preemption_does_not_renew_a_turn, setup1, teardown),
        cmocka_unit_test_setup_teardown(test_a_killed_task_ends_under_load, setup1, teardown),
        cmocka_unit_test_setup_teardown(test_wake_wait_hands_over, setup1, teardown),
        cmocka_unit_test_setup_teardown(test_a_task_asks_about_itself, setup1, teardown),
        cmocka_unit_test_setup_teardown(test_budgets, setup1, teardown),
        cmocka_unit_test_setup_teardown(test_pages_are_zeroed, setup1, teardown),
        cmocka_unit_test_setup_teardown(test_channel_on_one_core, setup1, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_ready_outlives_a_time_out, setup1, teardown),
        cmocka_unit_test_setup_teardown(test_ends_do_not_carry_themselves, setup1, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
