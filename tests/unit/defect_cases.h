/* Defects that other systems have had and this one must not (REQUIREMENTS calls them D1 to D21):
 * those that no other test is about. For kernels that map rings and kernels that keep them alike.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef DEFECT_CASES_H
#define DEFECT_CASES_H

#include "loan_pair.h"

/* A handle of t's on a port of u's, on one core: as if it had been given it. */
static inline sk_handle port_to(struct kern *k, struct task *t, struct task *u, sk_handle port)
{
    struct handle entry = u->handles[SK_HANDLE_INDEX(port)];
    sk_handle to;
    entry.rights = SK_RIGHT_CONNECT | SK_RIGHT_MOVE;
    EXPECT(handle_add(k, t, &entry, &to), SK_OK);
    return to;
}

static inline sk_handle port_new(struct kern *k, struct task *t, unsigned bit, unsigned depth)
{
    EXPECT(CALL(k, t, PORT_CREATE, bit, depth), SK_OK);
    return (sk_handle)t->port.reg[1];
}

/* A side of a channel that s.t has the handle of. */
static inline struct side side_here(struct kern *k, struct task *t, sk_handle h)
{
    struct side s = {.k = k, .t = t, .h = h};
    side_open(&s);
    return s;
}

/* A notification sent before the service is ready waits for it: connection, messages, event. */
static void test_D4_what_comes_before_the_service_is_ready_waits(void **state)
{
    (void)state;
    fake_free();
    fake_machine(1);
    struct kern *k = fake_cpu[0].k;
    struct task *a = fake_task(k, "client"), *b = fake_task(k, "service");
    sk_handle h[2], port = port_new(k, b, 7, 2), to = port_to(k, a, b, port);
    make_chan(k, a, h);
    EXPECT(CALL(k, a, PORT_CONNECT, to, h[1], 0), SK_OK);
    struct side near = side_here(k, a, h[0]);
    for (uint16_t n = 1; n <= 3; n++)
        say(&near, n);
    EXPECT(CALL(k, b, WAIT, 1u << 7, 0), SK_OK); /* long ago */
    EXPECT(CALL(k, b, PORT_ACCEPT, port), SK_OK);
    struct side far = side_here(k, b, (sk_handle)b->port.reg[1]);
    EXPECT(CALL(k, b, WAIT, 1u << 1, 0), SK_OK); /* it is told to look */
    for (uint16_t n = 1; n <= 3; n++)
        EXPECT(take(&far), n);
    EXPECT(take(&far), SK_ERR_EMPTY);
}

/* Whatever fails says so itself, changes nothing, and is well the next time. */
static void test_D5_each_step_that_fails_says_so(void **state)
{
    (void)state;
    fake_free();
    fake_machine(1);
    struct kern *k = fake_cpu[0].k;
    struct task *t = fake_task(k, "t"), *init = &k->tasks[0];
    sk_handle h[2];
    make_chan(k, t, h);
    EXPECT(CALL(k, t, REGION_CREATE, 1), SK_OK);
    sk_handle region = (sk_handle)t->port.reg[1];
    unsigned refused = 0;
    for (unsigned room = 0, done = 0; done < 2; room++) {
        struct sk_stats before = gauges(k);
        uint32_t pages = t->pages_used;
        fake_map_room = room;
        sk_err err = done == 0 ? CALL(k, t, REGION_MAP, region, 0, SK_PROT_R)
                               : CALL(k, t, CHAN_OPEN, h[0], 1, user(1024));
        if (err == SK_OK) {
            done++;
            room = ~0u;
            continue;
        }
        EXPECT(err, SK_ERR_BUDGET);
        refused++;
        before.pages_free -= t->pages_used - pages; /* a page of status lines stays the task's */
        assert_same(gauges(k), before);
        EXPECT(k->regions[0].addr != 0, done != 0);
    }
    assert_int_equal(refused >= (PORT_COPY_MODE ? 1 : 2), 1);
    /* A program's memory, moved to it: refused, it is still the creator's. */
    struct sk_task_params params = {
        .name = "new", .priority = 5, .event_bit = 3, .pages = 4, .handles = 4, .ends = 4};
    memcpy(fake_user, &params, sizeof(params));
    fake_map_room = ~0u;
    EXPECT(CALL(k, init, TASK_CREATE, SK_HANDLE_MAKE(0, 1), user(0)), SK_OK);
    sk_handle task = (sk_handle)init->port.reg[1];
    EXPECT(CALL(k, init, REGION_CREATE, 2), SK_OK);
    region = (sk_handle)init->port.reg[1];
    struct sk_stats before = gauges(k);
    fake_map_room = 0;
    EXPECT(CALL(k, init, TASK_MAP, task, region, 0x10000, SK_PROT_R), SK_ERR_BUDGET);
    assert_same(gauges(k), before);
    fake_map_room = ~0u;
    EXPECT(CALL(k, init, TASK_MAP, task, region, 0x10000, SK_PROT_R), SK_OK);
    EXPECT(CALL(k, init, CLOSE, region), SK_ERR_HANDLE);
}

static unsigned mapped(const struct task *t)
{
    unsigned n = 0;
    for (unsigned i = 0; i < FAKE_MAPS; i++)
        n += fake_map[i].task == t;
    return n;
}

/* Twelve clients, and neither one is mapped into the service where kernels keep the rings: nothing
 * of what an MPU has few of. Where rings are mapped: a page each, and one for the status lines. */
static void test_D7_clients_cost_no_protection_regions(void **state)
{
    (void)state;
    fake_free();
    fake_machine(1);
    struct kern *k = fake_cpu[0].k;
    struct task *service = fake_task(k, "service"), *client[2];
    struct pair p[12];
    client[0] = fake_task(k, "a");
    client[1] = fake_task(k, "b");
    unsigned before = mapped(service);
    for (unsigned i = 0; i < 12; i++) {
        p[i] = pair_of(client[i % 2], service, 0);
        say(&p[i].a, (uint16_t)(100 + i));
    }
    EXPECT(mapped(service) - before, PORT_COPY_MODE ? 0 : 13);
    for (unsigned i = 0; i < 12; i++)
        EXPECT(take(&p[i].b), 100 + i);
}

/* A stranger's connection and messages take nothing from the one who gets them. */
static void test_D12_the_receiver_never_pays(void **state)
{
    (void)state;
    fake_free();
    fake_machine(1);
    struct kern *k = fake_cpu[0].k;
    struct task *a = fake_task(k, "stranger"), *b = fake_task(k, "victim");
    sk_handle h[2], port = port_new(k, b, 7, 2), to = port_to(k, a, b, port);
    uint32_t pages = b->pages_used, handles = b->handles_used, ends = b->ends_used;
    uint32_t paid = a->pages_used;
    make_chan(k, a, h);
    EXPECT(a->pages_used, paid + 1);
    EXPECT(CALL(k, a, PORT_CONNECT, to, h[1], 0), SK_OK);
    struct side near = side_here(k, a, h[0]);
    for (uint16_t n = 0; n < 8; n++)
        say(&near, n);
    for (unsigned i = 0; i < SK_ESCROW_MAX; i++) {
        EXPECT(CALL(k, a, REGION_CREATE, 1), SK_OK);
        sk_err err = CALL(k, a, SEND_HANDLE, h[0], a->port.reg[1], 0);
        assert_true(err == SK_OK || err == SK_ERR_FULL); /* it is not accepted yet */
    }
    EXPECT(b->pages_used, pages);
    EXPECT(b->handles_used, handles);
    EXPECT(b->ends_used, ends);
    EXPECT(CALL(k, b, PORT_ACCEPT, port), SK_OK);
    EXPECT(b->pages_used, pages);
    EXPECT(b->handles_used, handles + 1); /* its own step, in its own budget */
    EXPECT(b->ends_used, ends + 1);
}

/* The tables of a core grow with what is declared, each by itself. */
static void test_D15_memory_grows_with_what_is_declared(void **state)
{
    (void)state;
    fake_free();
    fake_machine(1);
    struct sk_sys_core *c = &fake_sys.core[0];
    size_t rounding = 12 * 64; /* of the tables to lines */
    size_t tasks[3], ends[3], both[3];
    for (unsigned i = 0; i < 3; i++) {
        uint16_t was_tasks = c->tasks;
        uint16_t was_ends = c->ends;
        c->tasks = (uint16_t)(8 + 64 * i);
        tasks[i] = kern_size(&fake_tpl, 0);
        c->ends = (uint16_t)(64 + 256 * i);
        both[i] = kern_size(&fake_tpl, 0);
        c->tasks = was_tasks;
        ends[i] = kern_size(&fake_tpl, 0);
        c->ends = was_ends;
    }
    assert_true(tasks[1] > tasks[0] && ends[1] > ends[0]);
    assert_in_range(tasks[2] - tasks[1], tasks[1] - tasks[0] - rounding,
                    tasks[1] - tasks[0] + rounding);
    assert_in_range(ends[2] - ends[1], ends[1] - ends[0] - rounding, ends[1] - ends[0] + rounding);
    /* More of both costs no more than more of each. */
    assert_in_range(both[2] - both[0], 0, tasks[2] - tasks[0] + ends[2] - ends[0] + rounding);
    /* Programs that have no channel cost none; a pair that has one, one page. */
    struct kern *k = fake_cpu[0].k;
    struct task *t[6];
    for (unsigned i = 0; i < 6; i++)
        t[i] = fake_task(k, "t");
    uint32_t free = k->ram_free;
    for (unsigned i = 0; i < 5; i++) {
        sk_handle h[2];
        make_chan(k, t[i], h);
        EXPECT(k->ram_free, --free);
    }
}

/* Whoever sends to what is full is told, and all that was taken arrives. */
static void test_D16_who_finds_it_full_is_told(void **state)
{
    (void)state;
    struct pair p = pair_new(0);
    struct kern *k = p.a.k;
    struct task *a = p.a.t, *b = p.b.t;
    sk_handle h[3][2], port = port_new(k, b, 7, 2), to = port_to(k, a, b, port);
    for (unsigned i = 0; i < 3; i++) {
        make_chan(k, a, h[i]);
        EXPECT(CALL(k, a, PORT_CONNECT, to, h[i][1], SK_FOREVER), i < 2 ? SK_OK : SK_ERR_FULL);
    }
    for (unsigned i = 0; i < 2; i++)
        EXPECT(CALL(k, b, PORT_ACCEPT, port), SK_OK);
    EXPECT(CALL(k, b, PORT_ACCEPT, port), SK_ERR_EMPTY);
    EXPECT(CALL(k, a, PORT_CONNECT, to, h[2][1], 0), SK_OK); /* it was still the sender's */
    for (unsigned i = 0; i <= SK_ESCROW_MAX; i++) {
        EXPECT(CALL(k, a, REGION_CREATE, 1), SK_OK);
        EXPECT(CALL(k, a, SEND_HANDLE, p.a.h, a->port.reg[1], SK_FOREVER),
               i < SK_ESCROW_MAX ? SK_OK : SK_ERR_FULL);
    }
    uint16_t sent = 0;
    for (;; sent++) {
        struct sk_msg m = {.ctl = sk_ctl_make(0, 0, 0, false), .label = sent};
        bool wake;
        memcpy(fake_user + AT_MSG, &m, sizeof(m));
        sk_err err = PORT_COPY_MODE ? CALL(k, a, CHAN_SEND, p.a.h, user(AT_MSG), 1)
                                    : ring_send(&p.a.tx, &m, 1, &wake);
        if (err != SK_OK) {
            EXPECT(err, SK_ERR_FULL);
            break;
        }
        assert_true(sent < SK_CHAN_SLOTS_MAX);
    }
    EXPECT(sent, 8);
    for (uint16_t n = 0; n < sent; n++)
        EXPECT(take(&p.b), n);
    EXPECT(take(&p.b), SK_ERR_EMPTY);
}

/* Two programs: several ports of one, several channels through each, and none is another. */
static void test_D19_any_number_of_ports_and_channels(void **state)
{
    (void)state;
    fake_free();
    fake_machine(1);
    struct kern *k = fake_cpu[0].k;
    struct task *a = fake_task(k, "client"), *b = fake_task(k, "service");
    struct side near[6], far[6];
    sk_handle port[3];
    for (unsigned i = 0; i < 3; i++)
        port[i] = port_new(k, b, 10 + i, 2);
    for (unsigned i = 0; i < 6; i++) {
        sk_handle h[2], to = port_to(k, a, b, port[i % 3]);
        make_chan(k, a, h);
        EXPECT(CALL(k, a, PORT_CONNECT, to, h[1], 0), SK_OK);
        EXPECT(CALL(k, a, CLOSE, to), SK_OK);
        near[i] = side_here(k, a, h[0]);
        say(&near[i], (uint16_t)(100 + i));
    }
    EXPECT(CALL(k, b, WAIT, 7u << 10, 0), SK_OK);
    EXPECT(b->port.reg[1], 7u << 10); /* each port has its own event */
    for (unsigned i = 0; i < 6; i++) {
        EXPECT(CALL(k, b, PORT_ACCEPT, port[i % 3]), SK_OK);
        far[i] = side_here(k, b, (sk_handle)b->port.reg[1]);
    }
    for (unsigned i = 6; i-- > 0;) {
        EXPECT(take(&far[i]), 100 + i);
        say(&far[i], (uint16_t)(200 + i));
    }
    for (unsigned i = 0; i < 6; i++)
        EXPECT(take(&near[i]), 200 + i);
}

#define DEFECT_CASES                                                                               \
    cmocka_unit_test_teardown(test_D4_what_comes_before_the_service_is_ready_waits, teardown),     \
        cmocka_unit_test_teardown(test_D5_each_step_that_fails_says_so, teardown),                 \
        cmocka_unit_test_teardown(test_D7_clients_cost_no_protection_regions, teardown),           \
        cmocka_unit_test_teardown(test_D12_the_receiver_never_pays, teardown),                     \
        cmocka_unit_test_teardown(test_D15_memory_grows_with_what_is_declared, teardown),          \
        cmocka_unit_test_teardown(test_D16_who_finds_it_full_is_told, teardown),                   \
        cmocka_unit_test_teardown(test_D19_any_number_of_ports_and_channels, teardown)

#endif
