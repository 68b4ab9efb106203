/* Programs that lie in place, devices that belong to a kernel, the clock: what a kernel does about
 * them, call by call on a machine of plain memory.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel_calls.h"

#define CONTROL  SK_HANDLE_MAKE(0, 1)
#define RW       (SK_PROT_R | SK_PROT_W)
#define RX       (SK_PROT_R | SK_PROT_X)
#define TIMER    1u /* the device of core 1's kernel */
#define WRITE    (1u << 31)
#define PATIENCE 1000u

/* The protection with which t has all of r mapped; 0: it has not. */
static uint32_t mapped(const struct task *t, struct sk_sys_range r)
{
    for (unsigned i = 0; i < FAKE_MAPS; i++)
        if (fake_map[i].task == t && fake_map[i].addr == r.base && fake_map[i].bytes == r.bytes)
            return fake_map[i].prot;
    return 0;
}

static unsigned maps_of(const struct task *t)
{
    unsigned n = 0;
    for (unsigned i = 0; i < FAKE_MAPS; i++)
        n += fake_map[i].task == t;
    return n;
}

/* --- Images ---------------------------------------------------------------------------------- */

/* A new task of init's; *h is init's handle of it. */
static struct task *new_task(struct kern *k, const char *name, sk_handle *h)
{
    struct sk_task_params params = {
        .priority = 5, .event_bit = 3, .pages = 16, .handles = 16, .ends = 12};
    struct task *init = &k->tasks[0];
    snprintf(params.name, sizeof(params.name), "%s", name);
    memcpy(fake_user, &params, sizeof(params));
    EXPECT(CALL(k, init, TASK_CREATE, CONTROL, user(0)), SK_OK);
    *h = (sk_handle)init->port.reg[1];
    return &k->tasks[init->handles[SK_HANDLE_INDEX(*h)].index];
}

static sk_handle open_image(struct kern *k, uint32_t index)
{
    struct task *init = &k->tasks[0];
    EXPECT(CALL(k, init, IMAGE_OPEN, CONTROL, index), SK_OK);
    return (sk_handle)init->port.reg[1];
}

static void test_image_is_filled_by_one(void **state)
{
    (void)state;
    struct kern *k = fake_cpu[0].k;
    struct task *init = &k->tasks[0];
    struct sk_stats before = gauges(k);
    sk_handle h = open_image(k, 1);
    EXPECT(mapped(init, fake_sys.image[1].ram), RW);
    EXPECT(maps_of(init), 1); /* neither text nor constants */
    EXPECT(CALL(k, init, IMAGE_OPEN, CONTROL, 1), SK_ERR_BUSY);
    sk_handle other = open_image(k, 0);
    EXPECT(CALL(k, init, CLOSE, h), SK_OK);
    EXPECT(mapped(init, fake_sys.image[1].ram), 0);
    EXPECT(mapped(init, fake_sys.image[0].ram), RW);
    EXPECT(CALL(k, init, CLOSE, other), SK_OK);
    EXPECT(CALL(k, init, CLOSE, open_image(k, 1)), SK_OK);
    EXPECT(maps_of(init), 0);
    assert_same(gauges(k), before);
}

static void test_image_of_another_core_is_none(void **state)
{
    (void)state;
    struct kern *k0 = fake_cpu[0].k, *k1 = fake_cpu[1].k;
    EXPECT(CALL(k0, &k0->tasks[0], IMAGE_OPEN, CONTROL, 2), SK_ERR_NOT_FOUND);
    EXPECT(CALL(k0, &k0->tasks[0], IMAGE_OPEN, CONTROL, 3), SK_ERR_NOT_FOUND);
    EXPECT(CALL(k0, &k0->tasks[0], IMAGE_OPEN, CONTROL, ~0u), SK_ERR_NOT_FOUND);
    EXPECT(CALL(k1, &k1->tasks[0], IMAGE_OPEN, CONTROL, 1), SK_ERR_NOT_FOUND);
    EXPECT(CALL(k1, &k1->tasks[0], IMAGE_OPEN, CONTROL, 2), SK_OK);
    struct task *t = fake_task(k0, "t"); /* and it takes the right to make tasks */
    EXPECT(CALL(k0, t, IMAGE_OPEN, CONTROL, 0), SK_ERR_HANDLE);
}

static void test_image_moves_to_its_task(void **state)
{
    (void)state;
    struct kern *k = fake_cpu[0].k;
    struct task *init = &k->tasks[0];
    sk_handle child;
    struct task *t = new_task(k, "t", &child);
    sk_handle h = open_image(k, 1);
    EXPECT(CALL(k, init, TASK_MAP, child, h, 0, 0), SK_OK);
    EXPECT(maps_of(init), 0);
    EXPECT(mapped(t, fake_sys.image[1].text), RX);
    EXPECT(mapped(t, fake_sys.image[1].rodata), SK_PROT_R);
    EXPECT(mapped(t, fake_sys.image[1].ram), RW);
    EXPECT(maps_of(t), 3);
    EXPECT(CALL(k, init, TASK_MAP, child, h, 0, 0), SK_ERR_HANDLE); /* it has gone */
    EXPECT(CALL(k, init, CLOSE, h), SK_ERR_HANDLE);
    EXPECT(CALL(k, init, IMAGE_OPEN, CONTROL, 1), SK_ERR_BUSY);
    h = open_image(k, 0); /* without constants: two ranges */
    sk_handle second;
    struct task *u = new_task(k, "u", &second);
    EXPECT(CALL(k, init, TASK_MAP, second, h, 0, 0), SK_OK);
    EXPECT(maps_of(u), 2);
    EXPECT(CALL(k, init, TASK_START, second, 0x1000, 0, 0), SK_OK);
}

static void test_image_moves_only_before_the_start(void **state)
{
    (void)state;
    struct kern *k = fake_cpu[0].k;
    struct task *init = &k->tasks[0];
    sk_handle child;
    struct task *t = new_task(k, "t", &child);
    EXPECT(CALL(k, init, TASK_START, child, 0x1000, 0, 0), SK_OK);
    sk_handle h = open_image(k, 0);
    EXPECT(CALL(k, init, TASK_MAP, child, h, 0, 0), SK_ERR_STATE);
    EXPECT(maps_of(t), 0);
    EXPECT(mapped(init, fake_sys.image[0].ram), RW); /* still who fills it */
    EXPECT(CALL(k, init, TASK_GIVE, child, h), SK_ERR_STATE);
    EXPECT(CALL(k, init, CLOSE, h), SK_OK);
}

/* Whatever port_map refuses: nothing has happened. */
static void test_image_that_does_not_fit_its_task(void **state)
{
    (void)state;
    struct kern *k = fake_cpu[0].k;
    struct task *init = &k->tasks[0];
    sk_handle child;
    struct task *t = new_task(k, "t", &child);
    fake_map_room = 0;
    struct sk_stats before = gauges(k);
    EXPECT(CALL(k, init, IMAGE_OPEN, CONTROL, 1), SK_ERR_BUDGET);
    assert_same(gauges(k), before);
    fake_map_room = 1;
    sk_handle h = open_image(k, 1);
    for (unsigned room = 0; room < 3; room++) {
        fake_map_room = room;
        EXPECT(CALL(k, init, TASK_MAP, child, h, 0, 0), SK_ERR_BUDGET);
        EXPECT(maps_of(t), 0);
        EXPECT(mapped(init, fake_sys.image[1].ram), RW);
    }
    fake_map_room = 3;
    EXPECT(CALL(k, init, TASK_MAP, child, h, 0, 0), SK_OK);
}

static void test_death_gives_the_image_back(void **state)
{
    (void)state;
    struct kern *k = fake_cpu[0].k;
    struct task *init = &k->tasks[0];
    struct sk_stats before = gauges(k);
    for (int round = 0; round < 5; round++) {
        sk_handle child;
        struct task *t = new_task(k, "t", &child);
        EXPECT(CALL(k, init, TASK_MAP, child, open_image(k, 1), 0, 0), SK_OK);
        if (round % 2)
            EXPECT(CALL(k, init, TASK_START, child, 0x1000, 0, 0), SK_OK);
        EXPECT(CALL(k, init, IMAGE_OPEN, CONTROL, 1), SK_ERR_BUSY);
        end_task(k, t);
        EXPECT(maps_of(t), 0);
        assert_same(gauges(k), before);
    }
    EXPECT(CALL(k, init, CLOSE, open_image(k, 1)), SK_OK);
}

/* --- Devices of a kernel --------------------------------------------------------------------- */

static sk_handle open_timer(struct kern *k)
{
    struct task *init = &k->tasks[0];
    EXPECT(CALL(k, init, DEV_OPEN, CONTROL, TIMER), SK_OK);
    return (sk_handle)init->port.reg[1];
}

static void test_device_of_this_kernel(void **state)
{
    (void)state;
    struct kern *k = fake_cpu[1].k;
    struct task *init = &k->tasks[0];
    sk_handle h = open_timer(k);
    EXPECT(CALL(k, init, DEV_CALL, h, 8, 77, 0), SK_OK);
    EXPECT(init->port.reg[1], 1008);
    EXPECT(fake_access.core, 1);
    EXPECT(fake_access.index, TIMER);
    EXPECT(fake_access.base, 0x9010000);
    EXPECT(fake_access.offset, 8);
    assert_false(fake_access.write);
    EXPECT(CALL(k, init, DEV_CALL, h, 12 | WRITE, 77, 0), SK_OK);
    assert_true(fake_access.write);
    EXPECT(fake_access.offset, 12);
    EXPECT(fake_access.value, 77);
    EXPECT(fake_access.count, 2);
}

static void test_device_registers_are_checked(void **state)
{
    (void)state;
    struct kern *k0 = fake_cpu[0].k, *k1 = fake_cpu[1].k;
    sk_handle here = open_timer(k1), there = open_timer(k0);
    static const uint32_t bad[] = {
        1, 2, 3, 4096, 4098, 0x10000, 0x7ffffffc, 1 | WRITE, 4096 | WRITE, ~0u, 0x7fffffff};
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        EXPECT(CALL(k1, &k1->tasks[0], DEV_CALL, here, bad[i], 0, 0), SK_ERR_ARG);
        EXPECT(CALL(k0, &k0->tasks[0], DEV_CALL, there, bad[i], 0, SK_FOREVER), CALL_BLOCKED);
        fake_settle();
        EXPECT((sk_err)k0->tasks[0].port.reg[0], SK_ERR_ARG);
        EXPECT(k0->link[1].state, LINK_UP); /* a caller's mistake, not the peer's nonsense */
    }
    EXPECT(fake_access.count, 0);
    EXPECT(CALL(k1, &k1->tasks[0], DEV_CALL, here, 4092, 0, 0), SK_OK);
}

static void test_device_of_another_kernel(void **state)
{
    (void)state;
    struct kern *k0 = fake_cpu[0].k;
    struct task *init = &k0->tasks[0];
    sk_handle h = open_timer(k0);
    struct sk_stats before = gauges(k0);
    for (unsigned i = 0; i < 40; i++) {
        EXPECT(CALL(k0, init, DEV_CALL, h, 4 * i | (i % 2 ? WRITE : 0), 5 + i, SK_FOREVER),
               CALL_BLOCKED);
        EXPECT(fake_access.count, i);
        fake_settle();
        EXPECT(init->state, SK_TASK_READY);
        EXPECT((sk_err)init->port.reg[0], SK_OK);
        EXPECT(init->port.reg[1], i % 2 ? 5 + i : 1000 + 4 * i);
        EXPECT(fake_access.core, 1); /* the owner's kernel did it */
        EXPECT(fake_access.offset, 4 * i);
        EXPECT(k0->link[1].in_flight, 0);
    }
    assert_same(gauges(k0), before);
}

static void test_device_call_that_comes_too_late(void **state)
{
    (void)state;
    struct kern *k0 = fake_cpu[0].k;
    struct task *init = &k0->tasks[0];
    sk_handle h = open_timer(k0);
    EXPECT(CALL(k0, init, DEV_CALL, h, 4, 0, fake_now + PATIENCE), CALL_BLOCKED);
    fake_now += PATIENCE;
    kern_timer(k0);
    EXPECT(init->state, SK_TASK_READY);
    EXPECT((sk_err)init->port.reg[0], SK_ERR_TIMED_OUT);
    EXPECT(CALL(k0, init, DEV_CALL, h, 4, 0, SK_FOREVER), SK_ERR_BUSY); /* its answer is due */
    init->port.reg[1] = 4711;
    fake_settle();
    EXPECT(init->port.reg[1], 4711); /* the late answer is nobody's */
    EXPECT(fake_access.count, 1);
    EXPECT(CALL(k0, init, DEV_CALL, h, 8, 0, SK_FOREVER), CALL_BLOCKED);
    fake_settle();
    EXPECT((sk_err)init->port.reg[0], SK_OK);
    EXPECT(init->port.reg[1], 1008);
}

static void test_device_call_to_a_core_that_dies(void **state)
{
    (void)state;
    struct kern *k0 = fake_cpu[0].k, *k1 = fake_cpu[1].k;
    struct task *init = &k0->tasks[0];
    sk_handle h = open_timer(k0);
    EXPECT(CALL(k0, init, DEV_CALL, h, 4, 0, SK_FOREVER), CALL_BLOCKED);
    if (setjmp(fake_halt) == 0)
        kern_panic(k1, "a test");
    fake_settle();
    EXPECT((sk_err)init->port.reg[0], SK_ERR_PEER_DEAD);
    EXPECT(CALL(k0, init, DEV_CALL, h, 4, 0, SK_FOREVER), SK_ERR_CORE_DOWN);
    EXPECT(fake_access.count, 0);
}

/* Anybody may have such a device; it is copied when it is given. */
static void test_device_call_is_shared(void **state)
{
    (void)state;
    struct kern *k = fake_cpu[1].k;
    struct task *init = &k->tasks[0];
    sk_handle h = open_timer(k), child;
    struct task *t = new_task(k, "t", &child);
    EXPECT(CALL(k, init, TASK_GIVE, child, h), SK_OK);
    sk_handle theirs = (sk_handle)init->port.reg[1];
    EXPECT(CALL(k, init, DEV_CALL, h, 0, 0, 0), SK_OK); /* still init's too */
    EXPECT(CALL(k, init, TASK_START, child, 0x1000, 0, 0), SK_OK);
    EXPECT(CALL(k, t, DEV_CALL, theirs, 4, 0, 0), SK_OK);
    EXPECT(CALL(k, t, DEV_MAP, theirs), SK_ERR_RIGHTS);
    EXPECT(CALL(k, t, IRQ_BIND, theirs, 1), SK_ERR_RIGHTS);
    end_task(k, t);
    EXPECT(CALL(k, init, DEV_CALL, h, 4, 0, 0), SK_OK);
    /* And one that a task owns is read and written by that task, not by calls. */
    EXPECT(CALL(k, init, DEV_OPEN, CONTROL, 0), SK_OK);
    EXPECT(CALL(k, init, DEV_CALL, init->port.reg[1], 0, 0, 0), SK_ERR_RIGHTS);
}

/* A kernel asks for a device that is not the other's, or not to be had: nonsense. */
static void test_hostile_device_requests(void **state)
{
    (void)state;
    static const struct sk_link_device bad[] = {
        {.index = 0}, {.index = 2}, {.index = ~0u}, {.index = 1, .where = 0}};
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        fake_free();
        fake_machine(3);
        sk_handle near;
        /* The last is right in itself, but of core 1: core 0 is asked. */
        struct kern *asked = fake_cpu[i == 3 ? 0 : 1].k, *asks = fake_cpu[2].k;
        connect_inits(asked, asks, &near);
        struct sk_msg m = {.label = SK_LINK_DEVICE};
        memcpy(m.bytes, &bad[i], sizeof(bad[i]));
        asks->link[asked->core].in_flight = 0;
        link_request(asks, &asks->link[asked->core], &m);
        fake_settle();
        EXPECT(asked->link[2].state, LINK_DOWN);
        EXPECT(fake_access.count, 0);
        assert_null(asked->panic_why);
    }
}

/* --- The clock ------------------------------------------------------------------------------- */

static void test_now(void **state)
{
    (void)state;
    struct kern *k = fake_cpu[0].k;
    struct task *t = fake_task(k, "t");
    fake_now = 0x123456789abcdef0;
    EXPECT(CALL(k, t, NOW, 0), SK_OK);
    assert_true(t->port.reg[2] == fake_now);
    fake_now = 1000;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_image_is_filled_by_one, setup1, teardown),
        cmocka_unit_test_setup_teardown(test_image_of_another_core_is_none, setup3, teardown),
        cmocka_unit_test_setup_teardown(test_image_moves_to_its_task, setup1, teardown),
        cmocka_unit_test_setup_teardown(test_image_moves_only_before_the_start, setup1, teardown),
        cmocka_unit_test_setup_teardown(test_image_that_does_not_fit_its_task, setup1, teardown),
        cmocka_unit_test_setup_teardown(test_death_gives_the_image_back, setup1, teardown),
        cmocka_unit_test_setup_teardown(test_device_of_this_kernel, setup3, teardown),
        cmocka_unit_test_setup_teardown(test_device_registers_are_checked, setup3, teardown),
        cmocka_unit_test_setup_teardown(test_device_of_another_kernel, setup3, teardown),
        cmocka_unit_test_setup_teardown(test_device_call_that_comes_too_late, setup3, teardown),
        cmocka_unit_test_setup_teardown(test_device_call_to_a_core_that_dies, setup3, teardown),
        cmocka_unit_test_setup_teardown(test_device_call_is_shared, setup3, teardown),
        cmocka_unit_test_setup_teardown(test_hostile_device_requests, setup3, teardown),
        cmocka_unit_test_setup_teardown(test_now, setup1, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
