/* The kernel's modules, driven call by call on a machine of plain memory.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "fake_machine.h"

#define EXPECT(call, err) assert_int_equal((call), (err))

static uint64_t user(uint32_t offset)
{
    return (uintptr_t)fake_user + offset;
}

static struct sk_stats gauges(struct kern *k)
{
    struct sk_stats s = k->stats;
    s.pages_free = k->ram_free;
    s.syscalls = s.switches = s.doorbells_sent = s.doorbells_taken = 0;
    return s;
}

static void assert_same(struct sk_stats a, struct sk_stats b)
{
    assert_memory_equal(&a, &b, sizeof(a));
}

static int setup1(void **state)
{
    (void)state;
    fake_machine(1);
    return 0;
}

static int setup3(void **state)
{
    (void)state;
    fake_machine(3);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fake_free();
    return 0;
}

/* A channel of t: its two ends. */
static void make_chan(struct kern *k, struct task *t, sk_handle h[2])
{
    EXPECT(CALL(k, t, CHAN_CREATE, 8), SK_OK);
    h[0] = (sk_handle)t->port.reg[1];
    h[1] = (sk_handle)t->port.reg[2];
}

static struct end *end_of(struct kern *k, struct task *t, sk_handle h)
{
    return &k->ends[t->handles[SK_HANDLE_INDEX(h)].index];
}

static void open_end(struct kern *k, struct task *t, sk_handle h, unsigned bit)
{
    EXPECT(CALL(k, t, CHAN_OPEN, h, bit, user(1024)), SK_OK);
}

static void end_task(struct kern *k, struct task *t)
{
    struct task *init = &k->tasks[0];
    task_end(k, t, SK_CAUSE_KILLED, 0);
    EXPECT(CALL(k, init, WAIT, 1u << 3, SK_FOREVER), CALL_BLOCKED);
    for (int i = 0; i < 1000 && t->state != SK_TASK_DEAD; i++) {
        k->current = NULL;
        for (struct task *u = k->ready[t->priority].head; u && u != t; u = u->next)
            sched_remove(k, u), sched_ready(k, u, false);
        kern_idle(k);
        fake_settle();
    }
    EXPECT(t->state, SK_TASK_DEAD);
    EXPECT(init->state, SK_TASK_READY); /* its creator was told */
    task_forget(k, t);
    for (unsigned i = 0; i < init->handles_max; i++)
        if (init->handles[i].kind == SK_KIND_TASK && init->handles[i].index == t->slot) {
            init->handles[i].kind = SK_KIND_CONTROL; /* its task is forgotten already */
            CALL(k, init, CLOSE, SK_HANDLE_MAKE(i, init->handles[i].gen));
        }
}

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
            nr == SK_CALL_PORT_CREATE || nr == SK_CALL_REGION_CREATE)
            continue;
        for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
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

static void test_stale_handles(void **state)
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

/* --- Between cores --------------------------------------------------------------------------- */

/* init of `from` hands an end of t... to init of `to`, which accepts it: a channel between them. */
static sk_handle connect_inits(struct kern *from, struct kern *to, sk_handle *near)
{
    struct task *a = &from->tasks[0], *b = &to->tasks[0];
    sk_handle h[2], control = SK_HANDLE_MAKE(0, 1), port = SK_HANDLE_MAKE(1, 1);
    make_chan(from, a, h);
    sk_err err = CALL(from, a, CORE_CONNECT, control, to->core, h[1], SK_FOREVER);
    EXPECT(err, from == to ? SK_OK : CALL_BLOCKED);
    fake_settle();
    EXPECT(a->state, SK_TASK_READY);
    EXPECT((sk_err)a->port.reg[0], SK_OK);
    EXPECT(CALL(to, b, PORT_ACCEPT, port), SK_OK);
    *near = h[0];
    return (sk_handle)b->port.reg[1];
}

/* The first opened end takes a page of status lines that stays with the task. */
static void warm(struct kern *k)
{
    sk_handle h[2];
    make_chan(k, &k->tasks[0], h);
    open_end(k, &k->tasks[0], h[0], 0);
    EXPECT(CALL(k, &k->tasks[0], CLOSE, h[0]), SK_OK);
    EXPECT(CALL(k, &k->tasks[0], CLOSE, h[1]), SK_OK);
}

static void test_connect_across_cores(void **state)
{
    (void)state;
    struct kern *k0 = fake_cpu[0].k, *k1 = fake_cpu[1].k;
    struct task *a = &k0->tasks[0], *b = &k1->tasks[0];
    warm(k0);
    warm(k1);
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
    warm(k[0]);
    warm(k[1]);
    warm(k[2]);
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
    for (int i = 0; i < SK_PORT_DEPTH_MAX; i++) /* fill the queue of core 1's init */
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
    EXPECT(CALL(k0, a, CLOSE, h[1]), SK_ERR_BUSY);
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
    EXPECT(link_core_state(k0, 1), SK_CORE_DEAD);
    EXPECT(link_core_state(k2, 1), SK_CORE_DEAD);
    EXPECT(CALL(k0, a, CLOSE, near), SK_OK);
    sk_handle h[2];
    make_chan(k0, a, h);
    EXPECT(CALL(k0, a, CORE_CONNECT, SK_HANDLE_MAKE(0, 1), 1, h[1], 0), SK_ERR_CORE_DOWN);
    EXPECT(CALL(k0, a, WAKE, other), SK_OK); /* the others carry on */
    EXPECT(CALL(k2, &k2->tasks[0], WAKE, far2), SK_OK);
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
        uint8_t *bytes = (uint8_t *)page + (round % 2 ? offsetof(struct sk_link, wake) : 0);
        for (unsigned i = 0; i < 64; i++) {
            seed = seed * 1664525u + 1013904223u;
            bytes[seed % (sizeof(*page) - offsetof(struct sk_link, wake))] = (uint8_t)(seed >> 24);
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
        cmocka_unit_test_setup_teardown(test_bad_calls_are_errors, setup1, teardown),
        cmocka_unit_test_setup_teardown(test_wait_and_timers, setup1, teardown),
        cmocka_unit_test_setup_teardown(test_priority_and_round_robin, setup1, teardown),
        cmocka_unit_test_setup_teardown(test_stale_handles, setup1, teardown),
        cmocka_unit_test_setup_teardown(test_handle_entries_retire, setup1, teardown),
        cmocka_unit_test_setup_teardown(test_budgets, setup1, teardown),
        cmocka_unit_test_setup_teardown(test_pages_are_zeroed, setup1, teardown),
        cmocka_unit_test_setup_teardown(test_channel_on_one_core, setup1, teardown),
        cmocka_unit_test_setup_teardown(test_ends_do_not_carry_themselves, setup1, teardown),
        cmocka_unit_test_setup_teardown(test_connect_across_cores, setup3, teardown),
        cmocka_unit_test_setup_teardown(test_broker_between_three_cores, setup3, teardown),
        cmocka_unit_test_setup_teardown(test_both_ends_leave_home, setup3, teardown),
        cmocka_unit_test_setup_teardown(test_refused_handover_comes_back, setup3, teardown),
        cmocka_unit_test_setup_teardown(test_timed_out_handover_is_in_doubt, setup3, teardown),
        cmocka_unit_test_setup_teardown(test_panic_is_told, setup3, teardown),
        cmocka_unit_test_setup_teardown(test_link_garbage, setup3, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
