/* Channels and calls between two threads and two processes, asymmetric and fenced.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "area.h"

#define STOP 0xffeu

/* Answers each request with its bytes added up, until STOP. */
static int adder(void *arg)
{
    struct sk_chan c;
    struct sk_in in;
    sk_linux_spin((uint32_t)(uintptr_t)arg);
    PEER_CHECK(sk_chan_open(&c, sk_linux_given(0), SK_EV_CHAN) == SK_OK);
    for (;;) {
        uint32_t sum = 0;
        sk_err err = sk_recv_until(&c, &in, sk_in_ms(LONG_MS));
        if (err == SK_ERR_PEER_DEAD)
            break;
        PEER_CHECK(err == SK_OK);
        for (uint32_t i = 0; i < in.len; i++)
            sum += in.bytes[i];
        PEER_CHECK(sk_reply(&c, in.token, SK_OK, &sum, sizeof(sum), NULL, 0, NULL) == SK_OK);
        if (in.label == STOP)
            break;
    }
    sk_chan_close(&c);
    return 7;
}

static void call_many(struct setting *s, uint32_t mine, uint32_t theirs, uint32_t calls)
{
    struct sk_chan c;
    sk_handle far;
    uint8_t bytes[SK_PAYLOAD_MAX];
    ASSERT_OK(sk_chan_create(&c, &far, SK_EV_CHAN));
    struct sk_linux_child peer = start_peer(s, adder, (void *)(uintptr_t)theirs, &far, 1);
    assert_int_equal(sys_close(far), SK_ERR_HANDLE); /* it has gone */
    sk_linux_spin(mine);
    for (uint32_t i = 0; i < calls; i++) {
        uint32_t sum = 0, expected = 0, got, len = i % (SK_PAYLOAD_MAX + 1u);
        for (uint32_t j = 0; j < len; j++)
            expected += bytes[j] = (uint8_t)(i + j);
        ASSERT_OK(sk_call(&c, 1, bytes, len, &sum, sizeof(sum), &got, sk_in_ms(LONG_MS)));
        assert_int_equal(got, sizeof(sum));
        assert_int_equal(sum, expected);
    }
    ASSERT_OK(sk_call(&c, STOP, NULL, 0, NULL, 0, NULL, sk_in_ms(LONG_MS)));
    end_peer(&peer, 7);
    assert_int_equal(sk_call(&c, 1, NULL, 0, NULL, 0, NULL, sk_in_ms(LONG_MS)), SK_ERR_PEER_DEAD);
    sk_chan_close(&c);
}

static void test_calls_asleep(void **state)
{
    call_many(*state, 0, 0, 2000);
}

static void test_calls_adaptive(void **state)
{
    call_many(*state, SK_LINUX_LOOKS, 0, 1000);
    call_many(*state, 0, 50, 1000);
}

/* Sends numbered messages of all lengths as fast as they are taken. */
static int sender(void *arg)
{
    struct sk_chan c;
    uint32_t count = (uint32_t)(uintptr_t)arg;
    uint8_t bytes[SK_PAYLOAD_MAX];
    sk_linux_spin(count % 3u * 20u);
    PEER_CHECK(sk_chan_open(&c, sk_linux_given(0), SK_EV_CHAN) == SK_OK);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t len = 4u + i * 7u % (SK_PAYLOAD_MAX - 3u);
        memset(bytes, (int)(i & 0xffu), len);
        memcpy(bytes, &i, 4);
        struct sk_out out = {.label = (uint16_t)(i & 0xfffu), .len = len, .bytes = bytes};
        PEER_CHECK(sk_send_until(&c, &out, sk_in_ms(LONG_MS)) == SK_OK);
    }
    return 0; /* what it has sent can be read when it has ended */
}

static void test_stream(void **state)
{
    struct sk_chan c;
    struct sk_in in;
    sk_handle far;
    const uint32_t count = 20000;
    ASSERT_OK(sk_chan_create(&c, &far, SK_EV_CHAN));
    struct sk_linux_child peer = start_peer(*state, sender, (void *)(uintptr_t)count, &far, 1);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t number, len = 4u + i * 7u % (SK_PAYLOAD_MAX - 3u);
        sk_linux_spin(i % 5u * 10u);
        ASSERT_OK(sk_recv_until(&c, &in, sk_in_ms(LONG_MS)));
        memcpy(&number, in.bytes, 4);
        assert_int_equal(number, i);
        assert_int_equal(in.len, len);
        assert_int_equal(in.label, i & 0xfffu);
        for (uint32_t j = 4; j < len; j++)
            if (in.bytes[j] != (uint8_t)i)
                fail_msg("byte %u of message %u", j, i);
        if (i == count - 4u) /* what is left fits the ring */
            end_peer(&peer, 0);
    }
    assert_int_equal(sk_recv_until(&c, &in, sk_in_ms(LONG_MS)), SK_ERR_PEER_DEAD);
    sk_chan_close(&c);
}

/* What is sent before the wait, and before the deadline. */
static void test_deadlines(void **state)
{
    struct sk_chan a, b;
    struct sk_in in;
    sk_handle far;
    uint32_t events;
    (void)state;
    ASSERT_OK(sk_chan_create(&a, &far, 9));
    ASSERT_OK(sk_chan_open(&b, far, 10));
    struct sk_out out = {.label = 5};
    assert_int_equal(sk_recv_until(&a, &in, 0), SK_ERR_TIMED_OUT);
    assert_int_equal(sk_recv_until(&a, &in, sk_in_ms(1)), SK_ERR_STATE); /* who should send? */
    for (uint32_t i = 0; i < SK_CHAN_SLOTS; i++)
        ASSERT_OK(sk_send_until(&b, &out, 0));
    assert_int_equal(sk_send_until(&b, &out, 0), SK_ERR_FULL);
    assert_int_equal(sk_send_until(&b, &out, 1), SK_ERR_STATE);
    ASSERT_OK(sk_recv_until(&a, &in, 0));
    /* Both ends began ready. */
    ASSERT_OK(sk_wait_events(1u << 9 | 1u << 10, 0, &events));
    assert_int_equal(events, 1u << 9 | 1u << 10);
    assert_int_equal(sk_wait_events(1u << 9, 0, &events), SK_ERR_TIMED_OUT);
    sk_ns begin = sk_now();
    assert_int_equal(sk_wait_events(1u << 9, begin + SK_MS(5), &events), SK_ERR_TIMED_OUT);
    assert_true(sk_now() >= begin + SK_MS(5));
    ASSERT_OK(sys_timer(20, sk_in_ms(3)));
    ASSERT_OK(sk_wait_events(1u << 20, sk_in_ms(LONG_MS), &events));
    sk_cancel_on(1u << 21);
    ASSERT_OK(sys_timer(21, sk_in_ms(3)));
    assert_int_equal(sk_wait_events(1u << 9, sk_in_ms(LONG_MS), &events), SK_ERR_CANCELLED);
    assert_int_equal(sk_wait_events(1u << 9, 0, &events), SK_ERR_CANCELLED); /* it stays */
    ASSERT_OK(sk_wait_events(1u << 21, 0, &events));
    sk_cancel_on(0);
    sk_chan_close(&a);
    assert_true(sk_chan_peer_closed(&b));
    sk_chan_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOUR(test_calls_asleep),
        FOUR(test_calls_adaptive),
        FOUR(test_stream),
        {"test_deadlines", test_deadlines, up_asym_threads, setting_down, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
