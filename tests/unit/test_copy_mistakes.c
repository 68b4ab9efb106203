/* Messages where the kernels keep the rings: what a task may get wrong, and what it is told.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "copy_pair.h"

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

static void test_D6_memory_that_is_not_aligned(void **state)
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
        cmocka_unit_test_teardown(test_memory_that_is_not_the_callers, teardown),
        cmocka_unit_test_teardown(test_no_memory_for_the_answer, teardown),
        cmocka_unit_test_teardown(test_counts_of_slots, teardown),
        cmocka_unit_test_teardown(test_headers_that_make_no_sense, teardown),
        cmocka_unit_test_teardown(test_D6_memory_that_is_not_aligned, teardown),
        cmocka_unit_test_teardown(test_handles, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
