/* Session quota, and the zeroing of large regions in pieces, call by call on a machine of plain
 * memory.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "restart_machine.h"

#define QUOTA(pages) (8u | (uint32_t)(pages) << 8)

/* A region call of t; a large one is finished before it returns. */
static sk_err create(struct kern *k, struct task *t, uint32_t pages, sk_handle end, sk_handle *h)
{
    sk_err err = CALL(k, t, REGION_CREATE, pages, end);
    *h = (sk_handle)t->port.reg[1];
    fake_settle();
    return err;
}

static const struct region *region_of(struct kern *k, struct task *t, sk_handle h)
{
    return &k->regions[t->handles[SK_HANDLE_INDEX(h)].index];
}

static bool all_zero(const struct region *r)
{
    const uint8_t *p = (const uint8_t *)r->first;
    for (size_t i = 0; i < r->pages * SK_PAGE_BYTES; i++)
        if (p[i] != 0)
            return false;
    return true;
}

/* A channel of `from` with a quota, its far end opened at `to`. */
static void join_with(sk_core from, sk_core to, uint32_t pages, sk_handle *near, sk_handle *far)
{
    struct kern *k = fake_cpu[from].k, *there = fake_cpu[to].k;
    struct task *t = init_of(from), *u = init_of(to);
    EXPECT(CALL(k, t, CHAN_CREATE, QUOTA(pages)), SK_OK);
    *near = (sk_handle)t->port.reg[1];
    sk_handle end = (sk_handle)t->port.reg[2];
    sk_err err = CALL(k, t, CORE_CONNECT, CONTROL, to, end, SK_FOREVER);
    EXPECT(err, from == to ? SK_OK : CALL_BLOCKED);
    fake_settle();
    EXPECT(result(t), SK_OK);
    EXPECT(CALL(there, u, PORT_ACCEPT, PORT), SK_OK);
    *far = (sk_handle)u->port.reg[1];
}

static void test_D21_quota_is_the_donors(void **state)
{
    (void)state;
    struct kern *k = fake_cpu[0].k;
    struct task *t = init_of(0);
    sk_handle r[3], near, far;
    warm(0, 1);
    uint32_t before = t->pages_used;
    EXPECT(CALL(k, t, CHAN_CREATE, QUOTA(t->pages_max)), SK_ERR_BUDGET);
    EXPECT(CALL(k, t, CHAN_CREATE, QUOTA(SK_QUOTA_MAX + 1u)), SK_ERR_ARG);
    EXPECT(t->pages_used, before);
    for (sk_core to = 0; to < 2; to++) {
        struct kern *there = fake_cpu[to].k;
        struct task *u = init_of(to);
        struct sk_stats all[2] = {gauges(k), gauges(fake_cpu[1].k)};
        join_with(0, to, 5, &near, &far);
        EXPECT(t->pages_used, before + 6u);
        EXPECT(create(there, u, 1, far, &r[0]), SK_ERR_STATE); /* not opened */
        open_end(k, t, near, 1);
        open_end(there, u, far, 2);
        uint32_t own = u->pages_used;
        EXPECT(create(k, t, 1, near, &r[0]), SK_ERR_BUDGET); /* the quota is the far end's */
        EXPECT(create(there, u, 3, far, &r[0]), SK_OK);
        EXPECT(create(there, u, 3, far, &r[1]), SK_ERR_BUDGET);
        EXPECT(create(there, u, 2, far, &r[1]), SK_OK);
        EXPECT(create(there, u, 1, far, &r[2]), SK_ERR_BUDGET);
        EXPECT(u->pages_used, own); /* not a page of its budget */
        EXPECT(CALL(there, u, CLOSE, r[0]), SK_OK);
        EXPECT(create(there, u, 3, far, &r[0]), SK_OK); /* it is there again */
        EXPECT(all_zero(region_of(there, u, r[0])), true);
        EXPECT(CALL(there, u, SEND_HANDLE, far, r[0], 0), SK_ERR_RIGHTS); /* it stays */
        EXPECT(CALL(there, u, REGION_MAP, r[0], 0, SK_PROT_R | SK_PROT_W), SK_OK);
        /* The donor goes: no more, but what there is stays until the service lets go. */
        EXPECT(CALL(k, t, CLOSE, near), SK_OK);
        fake_settle();
        EXPECT(create(there, u, 1, far, &r[2]), SK_ERR_PEER_DEAD);
        EXPECT(t->pages_used >= before + 6u, true);
        EXPECT(CALL(there, u, CLOSE, far), SK_OK);
        fake_settle();
        EXPECT(CALL(there, u, CLOSE, r[0]), SK_ERR_HANDLE);
        EXPECT(CALL(there, u, CLOSE, r[1]), SK_ERR_HANDLE);
        for (unsigned i = 0; i < FAKE_MAPS; i++)
            assert_true(fake_map[i].task != u || fake_map[i].bytes != 3 * SK_PAGE_BYTES);
        if (to == 1) { /* core 0's status page has come meanwhile, and stays */
            assert_same(gauges(k), all[0]);
            assert_same(gauges(fake_cpu[1].k), all[1]);
        }
        before = t->pages_used;
    }
}

/* A task of core 0 donates, one of core `to` serves; either dies first, with its handles closed in
 * any order (the regions lie before or behind the end in its table). */
static void test_who_dies(void **state)
{
    (void)state;
    warm(0, 1);
    for (unsigned way = 0; way < 8; way++) {
        sk_core to = way % 2;
        struct kern *k = fake_cpu[0].k, *there = fake_cpu[to].k;
        struct sk_stats before = gauges(k), before_there = gauges(there);
        struct task *client = fake_task(k, "client"), *service = fake_task(there, "service");
        sk_handle near, far, r[2], low;
        EXPECT(CALL(there, service, REGION_CREATE, 1, 0), SK_OK); /* holds entry 0 */
        low = (sk_handle)service->port.reg[1];
        EXPECT(CALL(k, client, CHAN_CREATE, QUOTA(4)), SK_OK);
        near = (sk_handle)client->port.reg[1];
        far = (sk_handle)client->port.reg[2];
        /* As give.c and move.c would: through the init of the other core. */
        sk_handle via, at = connect_inits(k, there, &via);
        struct handle *he = &client->handles[SK_HANDLE_INDEX(far)];
        sk_handle mine;
        struct end *e = &k->ends[he->index];
        handle_remove(k, client, he);
        chan_end_disown(e);
        EXPECT(chan_end_adopt(k, init_of(0), e, &mine), SK_OK);
        CALL(k, init_of(0), SEND_HANDLE, via, mine, SK_FOREVER);
        fake_settle();
        EXPECT(result(init_of(0)), SK_OK);
        EXPECT(CALL(there, init_of(to), TAKE_HANDLE, at), SK_OK);
        he = &init_of(to)->handles[SK_HANDLE_INDEX(init_of(to)->port.reg[1])];
        e = &there->ends[he->index];
        handle_remove(there, init_of(to), he);
        chan_end_disown(e);
        EXPECT(chan_end_adopt(there, service, e, &far), SK_OK);
        close_end(0, via);
        close_end(to, at);
        fake_settle();
        open_end(there, service, far, 1);
        if (way & 4)
            EXPECT(CALL(there, service, CLOSE, low), SK_OK); /* the next region lies before */
        EXPECT(create(there, service, 3, far, &r[0]), SK_OK);
        EXPECT(create(there, service, 1, far, &r[1]), SK_OK);
        EXPECT(CALL(there, service, REGION_MAP, r[0], 0, SK_PROT_R | SK_PROT_W), SK_OK);
        memset((void *)region_of(there, service, r[0])->first, 0x5a, 3 * SK_PAGE_BYTES);
        if (way & 2) {
            end_task(k, client);
            end_task(there, service);
        } else {
            end_task(there, service);
            EXPECT(client->pages_used >= 6u, true); /* until it lets go too */
            end_task(k, client);
        }
        fake_settle();
        (void)near;
        assert_same(gauges(k), before);
        assert_same(gauges(there), before_there);
    }
}

static void test_large_regions_are_zeroed_in_pieces(void **state)
{
    (void)state;
    struct kern *k = fake_cpu[0].k;
    struct task *t = init_of(0);
    struct sk_task_params params = {
        .priority = 5, .event_bit = 3, .pages = 100, .handles = 8, .ends = 2, .name = "large"};
    memcpy(fake_user, &params, sizeof(params));
    EXPECT(CALL(k, t, TASK_CREATE, CONTROL, (uintptr_t)fake_user), SK_OK);
    sk_handle h = (sk_handle)t->port.reg[1];
    struct task *u = &k->tasks[t->handles[SK_HANDLE_INDEX(h)].index];
    EXPECT(CALL(k, t, TASK_START, h, 0x1000, 0, 0), SK_OK);
    EXPECT(CALL(k, t, WAIT, 1u << 3, SK_FOREVER), CALL_BLOCKED);
    struct sk_stats before = gauges(k);
    for (uint32_t pages = 1; pages <= SK_REGION_PAGES_MAX; pages += 7) {
        unsigned entries = 1;
        k->current = u;
        u->port.reg[0] = pages;
        u->port.reg[1] = 0;
        fake_page_count = 0;
        kern_syscall(k, SK_CALL_REGION_CREATE);
        assert_true(fake_page_count <= 16); /* 64 KiB an entry, no more */
        while (u->state == TASK_WORKING) {
            EXPECT(kern_has_work(k), true);
            struct sk_task_info info;
            task_info(k, u, &info);
            EXPECT(info.state, SK_TASK_READY); /* what others see */
            sched_event(k, t, 1u << 3, false); /* an interrupt: who is urgent comes between */
            fake_page_count = 0;
            assert_ptr_equal(kern_doorbell(k), &t->port);
            EXPECT(fake_page_count, 0);
            EXPECT(CALL(k, t, WAIT, 1u << 3, SK_FOREVER), CALL_BLOCKED);
            assert_true(fake_page_count <= 16); /* the wait let it go on */
            entries++;
        }
        EXPECT((sk_err)u->port.reg[0], SK_OK);
        EXPECT(entries, (pages + 15u) / 16u);
        sk_handle r = (sk_handle)u->port.reg[1];
        EXPECT(all_zero(region_of(k, u, r)), true);
        memset((void *)region_of(k, u, r)->first, 0xa5, pages * SK_PAGE_BYTES);
        EXPECT(CALL(k, u, CLOSE, r), SK_OK);
        assert_same(gauges(k), before);
    }
    /* Killed in the middle: all is back. */
    k->current = u;
    u->port.reg[0] = 60;
    u->port.reg[1] = 0;
    kern_syscall(k, SK_CALL_REGION_CREATE);
    EXPECT(u->state, TASK_WORKING);
    t->events = 0;
    task_end(k, u, SK_CAUSE_KILLED, 0);
    while (u->state != SK_TASK_DEAD) {
        fake_page_count = 0;
        kern_idle(k);
        assert_true(fake_page_count <= 16);
    }
    EXPECT(u->pages_used, 0);
    EXPECT(k->stats.regions, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup3, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_D21_quota_is_the_donors),
        TEST(test_who_dies),
        TEST(test_large_regions_are_zeroed_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
