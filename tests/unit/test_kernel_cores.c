/* Several kernels and what passes between them, call by call on a machine of plain memory.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel_calls.h"

/* The first opened end takes a page of status lines that stays with the task, the first one with
 * its home elsewhere a page more. */
static void warm(struct kern *k, struct kern *from)
{
    struct task *t = &k->tasks[0];
    sk_handle near, far = connect_inits(from, k, &near);
    open_end(k, t, far, 0);
    EXPECT(CALL(k, t, CLOSE, far), SK_OK);
    EXPECT(CALL(from, &from->tasks[0], CLOSE, near), SK_OK);
    fake_settle();
}

static void test_connect_across_cores(void **state)
{
    (void)state;
    struct kern *k0 = fake_cpu[0].k, *k1 = fake_cpu[1].k;
    struct task *a = &k0->tasks[0], *b = &k1->tasks[0];
    warm(k0, k1);
    warm(k1, k0);
    struct sk_stats before0 = gauges(k0), before1 = gauges(k1);
    for (int round = 0; round < 20; round++) {
        sk_handle near, far = connect_inits(k0, k1, &near);
        open_end(k0, a, near, 1);
        open_end(k1, b, far, 2);
        EXPECT(end_of(k0, a, near)->page, end_of(k1, b, far)->page);
        CALL(k1, b, WAIT, 4, 0);
        EXPECT(CALL(k1, b, WAIT, 4, SK_FOREVER), CALL_BLOCKED);
        EXPECT(CALL(k0, a, WAKE, near), SK_OK);
        fake_settle();
        EXPECT(b->state, SK_TASK_READY);
        EXPECT(CALL(k1, b, WAIT, 4, SK_FOREVER), CALL_BLOCKED);
        struct task *first = round % 2 ? a : b;
        if (first == b)
            sched_event(k1, b, 4, false);
        EXPECT(CALL(first == a ? k0 : k1, first, CLOSE, first == a ? near : far), SK_OK);
        fake_settle();
        if (first == a) {
            EXPECT(b->state, SK_TASK_READY);
            EXPECT(CALL(k1, b, WAKE, far), SK_ERR_PEER_DEAD);
            EXPECT(CALL(k1, b, CLOSE, far), SK_OK);
        } else {
            EXPECT(CALL(k0, a, WAKE, near), SK_ERR_PEER_DEAD);
            EXPECT(CALL(k0, a, CLOSE, near), SK_OK);
        }
        fake_settle();
        assert_same(gauges(k0), before0);
        assert_same(gauges(k1), before1);
    }
}

/* A broker passes an end on: home 0, broker 1, service 2; and every close order. */
static void test_broker_between_three_cores(void **state)
{
    (void)state;
    struct kern *k[3] = {fake_cpu[0].k, fake_cpu[1].k, fake_cpu[2].k};
    struct task *t[3] = {&k[0]->tasks[0], &k[1]->tasks[0], &k[2]->tasks[0]};
    sk_handle a0, a1, b1, b2;
    a1 = connect_inits(k[0], k[1], &a0);
    b2 = connect_inits(k[1], k[2], &b1);
    warm(k[0], k[1]);
    warm(k[1], k[0]);
    warm(k[2], k[0]);
    struct sk_stats before[3] = {gauges(k[0]), gauges(k[1]), gauges(k[2])};
    for (int order = 0; order < 4; order++) {
        sk_handle h[2];
        make_chan(k[0], t[0], h);
        EXPECT(CALL(k[0], t[0], SEND_HANDLE, a0, h[1], SK_FOREVER), CALL_BLOCKED);
        fake_settle();
        EXPECT((sk_err)t[0]->port.reg[0], SK_OK);
        EXPECT(CALL(k[1], t[1], TAKE_HANDLE, a1), SK_OK);
        sk_handle passing = (sk_handle)t[1]->port.reg[1];
        EXPECT(CALL(k[1], t[1], SEND_HANDLE, b1, passing, SK_FOREVER), CALL_BLOCKED);
        if (order == 2) /* the first end closes while the second is in the air */
            EXPECT(CALL(k[0], t[0], CLOSE, h[0]), SK_OK);
        fake_settle();
        EXPECT(t[1]->state, SK_TASK_READY);
        EXPECT((sk_err)t[1]->port.reg[0], SK_OK);
        EXPECT(CALL(k[2], t[2], TAKE_HANDLE, b2), SK_OK);
        sk_handle far = (sk_handle)t[2]->port.reg[1];
        open_end(k[2], t[2], far, 3);
        if (order == 2) {
            EXPECT(CALL(k[2], t[2], WAKE, far), SK_ERR_PEER_DEAD);
        } else {
            open_end(k[0], t[0], h[0], 3);
            EXPECT(end_of(k[0], t[0], h[0])->peer.core, 2);
            CALL(k[2], t[2], WAIT, 8, 0);
            EXPECT(CALL(k[2], t[2], WAIT, 8, SK_FOREVER), CALL_BLOCKED);
            EXPECT(CALL(k[0], t[0], WAKE, h[0]), SK_OK);
            fake_settle();
            EXPECT(t[2]->state, SK_TASK_READY);
        }
        if (order == 0 || order == 3) {
            EXPECT(CALL(k[0], t[0], CLOSE, h[0]), SK_OK);
            if (order == 0)
                fake_settle(); /* else: both close before either hears of it */
        }
        EXPECT(CALL(k[2], t[2], CLOSE, far), SK_OK);
        if (order == 1)
            EXPECT(CALL(k[0], t[0], CLOSE, h[0]), SK_OK);
        fake_settle();
        for (int c = 0; c < 3; c++)
            assert_same(gauges(k[c]), before[c]);
    }
}

/* Both ends leave their home, one after the other. */
static void test_both_ends_leave_home(void **state)
{
    (void)state;
    struct kern *k[3] = {fake_cpu[0].k, fake_cpu[1].k, fake_cpu[2].k};
    struct task *t[3] = {&k[0]->tasks[0], &k[1]->tasks[0], &k[2]->tasks[0]};
    sk_handle to1, at1, to2, at2, h[2];
    at1 = connect_inits(k[0], k[1], &to1);
    at2 = connect_inits(k[0], k[2], &to2);
    struct sk_stats before[3] = {gauges(k[0]), gauges(k[1]), gauges(k[2])};
    for (int round = 0; round < 3; round++) {
        make_chan(k[0], t[0], h);
        EXPECT(CALL(k[0], t[0], SEND_HANDLE, to1, h[0], SK_FOREVER), CALL_BLOCKED);
        fake_settle();
        EXPECT(CALL(k[1], t[1], TAKE_HANDLE, at1), SK_OK);
        sk_handle x = (sk_handle)t[1]->port.reg[1];
        EXPECT(CALL(k[0], t[0], SEND_HANDLE, to2, h[1], SK_FOREVER), CALL_BLOCKED);
        if (round == 1)
            EXPECT(CALL(k[1], t[1], CLOSE, x), SK_OK);
        fake_settle();
        EXPECT((sk_err)t[0]->port.reg[0], SK_OK);
        EXPECT(CALL(k[2], t[2], TAKE_HANDLE, at2), SK_OK);
        sk_handle y = (sk_handle)t[2]->port.reg[1];
        if (round != 1) {
            EXPECT(end_of(k[1], t[1], x)->peer.core, 2);
            EXPECT(end_of(k[2], t[2], y)->peer.core, 1);
            EXPECT(CALL(k[1], t[1], CLOSE, x), SK_OK);
            if (round == 2)
                fake_settle();
        }
        EXPECT(CALL(k[2], t[2], CLOSE, y), SK_OK);
        fake_settle();
        for (int c = 0; c < 3; c++)
            assert_same(gauges(k[c]), before[c]);
    }
}

static void test_refused_handover_comes_back(void **state)
{
    (void)state;
    struct kern *k0 = fake_cpu[0].k, *k1 = fake_cpu[1].k;
    struct task *a = &k0->tasks[0];
    sk_handle h[2];
    for (unsigned i = 0; i < SK_PORT_DEPTH_MAX; i++) /* fill the queue of core 1's init */
        EXPECT(port_object_push(k1, &k1->ports[k1->core_port], &k1->ends[0]), SK_OK);
    make_chan(k0, a, h);
    EXPECT(CALL(k0, a, CORE_CONNECT, SK_HANDLE_MAKE(0, 1), 1, h[1], SK_FOREVER), CALL_BLOCKED);
    fake_settle();
    EXPECT((sk_err)a->port.reg[0], SK_ERR_FULL);
    EXPECT(CALL(k0, a, CLOSE, h[1]), SK_OK); /* still ours, same name */
    EXPECT(CALL(k0, a, CLOSE, h[0]), SK_OK);
    k1->ports[k1->core_port].count = 0;
}

static void test_timed_out_handover_is_in_doubt(void **state)
{
    (void)state;
    struct kern *k0 = fake_cpu[0].k;
    struct task *a = &k0->tasks[0];
    sk_handle h[2];
    struct sk_stats before = gauges(k0);
    make_chan(k0, a, h);
    EXPECT(CALL(k0, a, CORE_CONNECT, SK_HANDLE_MAKE(0, 1), 1, h[1], fake_now + 10), CALL_BLOCKED);
    fake_now += 10;
    kern_timer(k0); /* core 1 has not looked yet */
    EXPECT((sk_err)a->port.reg[0], SK_ERR_TIMED_OUT);
    EXPECT(CALL(k0, a, CORE_CONNECT, SK_HANDLE_MAKE(0, 1), 1, h[0], 0), SK_ERR_BUSY);
    fake_settle();
    EXPECT(CALL(k0, a, CLOSE, h[1]), SK_ERR_HANDLE); /* it has arrived after all */
    EXPECT(CALL(k0, a, CLOSE, h[0]), SK_OK);
    fake_settle();
    EXPECT(CALL(fake_cpu[1].k, &fake_cpu[1].k->tasks[0], PORT_ACCEPT, SK_HANDLE_MAKE(1, 1)), SK_OK);
    struct task *b = &fake_cpu[1].k->tasks[0];
    EXPECT(CALL(fake_cpu[1].k, b, CLOSE, b->port.reg[1]), SK_OK);
    fake_settle();
    assert_same(gauges(k0), before);
}

/* Closed while it is in doubt: an end that comes back is closed, whoever its home is. */
static void test_in_doubt_and_closed(void **state)
{
    (void)state;
    struct kern *k0 = fake_cpu[0].k, *k1 = fake_cpu[1].k;
    struct task *a = &k0->tasks[0];
    for (uint32_t i = 0; i < 2; i++) {
        sk_handle h[2];
        struct sk_stats before = gauges(k0);
        struct port *port = &k1->ports[k1->core_port];
        for (unsigned n = 0; n < SK_PORT_DEPTH_MAX && i == 0; n++) /* it is refused; or taken */
            EXPECT(port_object_push(k1, port, &k1->ends[0]), SK_OK);
        make_chan(k0, a, h);
        sk_handle control = SK_HANDLE_MAKE(0, 1);
        EXPECT(CALL(k0, a, CORE_CONNECT, control, 1, h[1], fake_now + 10), CALL_BLOCKED);
        fake_now += 10;
        kern_timer(k0);
        EXPECT((sk_err)a->port.reg[0], SK_ERR_TIMED_OUT);
        EXPECT(CALL(k0, a, CLOSE, h[1]), SK_OK);
        EXPECT(CALL(k0, a, CLOSE, h[0]), SK_OK);
        fake_settle();
        EXPECT(CALL(k0, a, CLOSE, h[1]), SK_ERR_HANDLE);
        if (i == 0)
            port->count = 0;
        else
            EXPECT(CALL(k1, &k1->tasks[0], PORT_ACCEPT, SK_HANDLE_MAKE(1, 1)), SK_OK);
        if (i == 1)
            EXPECT(CALL(k1, &k1->tasks[0], CLOSE, k1->tasks[0].port.reg[1]), SK_OK);
        fake_settle();
        assert_same(gauges(k0), before);
    }
}

static void test_panic_is_told(void **state)
{
    (void)state;
    struct kern *k0 = fake_cpu[0].k, *k1 = fake_cpu[1].k, *k2 = fake_cpu[2].k;
    struct task *a = &k0->tasks[0];
    sk_handle near, far = connect_inits(k0, k1, &near);
    sk_handle other, far2 = connect_inits(k0, k2, &other);
    (void)far;
    open_end(k0, a, near, 1);
    CALL(k0, a, WAIT, 2, 0);
    EXPECT(CALL(k0, a, WAIT, 2, SK_FOREVER), CALL_BLOCKED);
    if (setjmp(fake_halt) == 0)
        kern_panic(k1, "a test");
    assert_true(fake_cpu[1].halted);
    fake_settle();
    EXPECT(a->state, SK_TASK_READY);
    EXPECT(CALL(k0, a, WAKE, near), SK_ERR_PEER_DEAD);
    EXPECT(core_state(k0, 1), SK_CORE_DEAD);
    EXPECT(core_state(k2, 1), SK_CORE_DEAD);
    EXPECT(CALL(k0, a, CLOSE, near), SK_OK);
    sk_handle h[2];
    make_chan(k0, a, h);
    EXPECT(CALL(k0, a, CORE_CONNECT, SK_HANDLE_MAKE(0, 1), 1, h[1], 0), SK_ERR_CORE_DOWN);
    EXPECT(CALL(k0, a, WAKE, other), SK_OK); /* the others carry on */
    EXPECT(CALL(k2, &k2->tasks[0], WAKE, far2), SK_OK);
}

static void test_core_start_means_an_answer(void **state)
{
    (void)state;
    struct kern *k0 = fake_cpu[0].k;
    struct task *a = &k0->tasks[0];
    sk_handle control = SK_HANDLE_MAKE(0, 1), h[2];
    fake_tpl.cores = k0->cores = 4; /* a fourth core, not started */
    link_init(k0);
    EXPECT(CALL(k0, a, CORE_START, control, 1, 0), SK_ERR_STATE);
    EXPECT(CALL(k0, a, CORE_START, control, 4, 0), SK_ERR_NOT_FOUND);
    make_chan(k0, a, h);
    EXPECT(CALL(k0, a, CORE_CONNECT, control, 3, h[1], 0), SK_ERR_CORE_DOWN);
    EXPECT(CALL(k0, a, CORE_START, control, 3, fake_now + 10), CALL_BLOCKED);
    fake_settle();
    EXPECT(a->state, SK_TASK_WAITING);
    fake_now += 10;
    kern_timer(k0);
    EXPECT((sk_err)a->port.reg[0], SK_ERR_TIMED_OUT);
    EXPECT(CALL(k0, a, CORE_START, control, 3, 0), SK_ERR_STATE); /* it may still come */
    k0->link[3].starting = false;
    EXPECT(CALL(k0, a, CORE_START, control, 3, fake_now + 10), CALL_BLOCKED);
    fake_boot(3, 0);
    EXPECT(a->state, SK_TASK_WAITING); /* present is not enough */
    fake_settle();
    EXPECT(a->state, SK_TASK_READY);
    EXPECT((sk_err)a->port.reg[0], SK_OK);
    EXPECT(CALL(k0, a, CORE_CONNECT, control, 3, h[1], SK_FOREVER), CALL_BLOCKED);
    fake_settle();
    EXPECT((sk_err)a->port.reg[0], SK_OK);
}

/* Requests that make no sense: the link goes down, nothing else happens. */
static void test_hostile_requests(void **state)
{
    (void)state;
    for (int kind = 0; kind < 6; kind++) {
        fake_free();
        fake_machine(3);
        struct kern *k0 = fake_cpu[0].k, *k1 = fake_cpu[1].k;
        sk_handle near;
        connect_inits(k0, k1, &near);
        struct sk_link_give give = {.dest = {.kind = SK_TO_CORE_PORT},
                                    .kind = SK_KIND_CHAN,
                                    .slots = 8,
                                    .home = 1,
                                    .paddr = (uintptr_t)fake_cpu[1].ram};
        struct sk_link_repeer repeer = {.index = 0, .gen = k0->ends[0].gen};
        struct sk_msg m = {.label = SK_LINK_GIVE};
        if (kind == 0)
            give.peer_index = 60000; /* peer_core is 0: the receiver's own */
        else if (kind == 1)
            give.paddr = 0xdeadbeef123;
        else if (kind == 2)
            give.paddr = (uintptr_t)fake_cpu[2].ram; /* not the sender's */
        else if (kind == 3)
            give.peer_core = 77;
        else if (kind == 4)
            m.label = 99;
        else
            repeer.peer_index = 60000;
        memcpy(m.bytes, &give, sizeof(give));
        if (kind == 5) {
            m.label = SK_LINK_REPEER;
            memcpy(m.bytes, &repeer, sizeof(repeer));
        }
        struct sk_stats before = gauges(k0);
        k1->link[0].in_flight = 0;
        link_request(k1, &k1->link[0], &m);
        fake_settle();
        EXPECT(k0->link[1].state, LINK_DOWN);
        EXPECT(gauges(k0).ends, before.ends);
        EXPECT(k0->link[2].state != LINK_DOWN, true);
    }
}

static void test_link_garbage(void **state)
{
    (void)state;
    struct kern *k0 = fake_cpu[0].k, *k1 = fake_cpu[1].k;
    sk_handle near;
    connect_inits(k0, k1, &near);
    uint32_t seed = 12345;
    struct sk_link *page = &fake_link[1][0];
    for (int round = 0; round < 2000; round++) {
        uint8_t *bytes = (uint8_t *)page + (round % 2 ? offsetof(struct sk_link, flip) : 0);
        for (unsigned i = 0; i < 64; i++) {
            seed = seed * 1664525u + 1013904223u;
            bytes[seed % (sizeof(*page) - offsetof(struct sk_link, flip))] = (uint8_t)(seed >> 24);
        }
        page->bell++;
        kern_doorbell(k0); /* the sanitizers judge; the kernel lives */
    }
    assert_null(k0->panic_why);
    EXPECT(k0->link[1].state, LINK_DOWN);
    EXPECT(CALL(k0, &k0->tasks[0], WAKE, near), SK_ERR_PEER_DEAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_connect_across_cores, setup3, teardown),
        cmocka_unit_test_setup_teardown(test_broker_between_three_cores, setup3, teardown),
        cmocka_unit_test_setup_teardown(test_both_ends_leave_home, setup3, teardown),
        cmocka_unit_test_setup_teardown(test_refused_handover_comes_back, setup3, teardown),
        cmocka_unit_test_setup_teardown(test_timed_out_handover_is_in_doubt, setup3, teardown),
        cmocka_unit_test_setup_teardown(test_in_doubt_and_closed, setup3, teardown),
        cmocka_unit_test_setup_teardown(test_panic_is_told, setup3, teardown),
        cmocka_unit_test_setup_teardown(test_core_start_means_an_answer, setup3, teardown),
        cmocka_unit_test_setup_teardown(test_hostile_requests, setup3, teardown),
        cmocka_unit_test_setup_teardown(test_link_garbage, setup3, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
