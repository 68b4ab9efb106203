/* Channels and calls between two threads and two processes, asymmetric and fenced.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "area.h"
#include <sched.h>
#include <sys/time.h>

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

/* A signal handler cancels what its own task waits for. */
static struct sk_linux_area *alarm_area;
static sk_tid alarm_tid;

static void on_alarm(int signal)
{
    (void)signal;
    (void)sk_linux_set_events(alarm_area, alarm_tid, 1u << 25);
}

static int silent(void *arg)
{
    struct sk_chan c;
    struct sk_in in;
    (void)arg;
    PEER_CHECK(sk_chan_open(&c, sk_linux_given(0), SK_EV_CHAN) == SK_OK);
    while (sk_recv_until(&c, &in, sk_in_ms(LONG_MS)) == SK_OK)
        ;
    return 0;
}

static void test_signal_cancels(void **state)
{
    struct setting *s = *state;
    const struct itimerval soon = {.it_value.tv_usec = 20000};
    const uint32_t looks[] = {0, SK_LINUX_POLL};
    struct sk_chan c;
    sk_handle far;
    uint32_t events;
    ASSERT_OK(sk_chan_create(&c, &far, SK_EV_CHAN));
    struct sk_linux_child peer = start_peer(s, silent, NULL, &far, 1);
    alarm_area = s->area;
    alarm_tid = sk_my_tid();
    signal(SIGALRM, on_alarm);
    sk_cancel_on(1u << 25);
    for (uint32_t i = 0; i < 2; i++) {
        sk_linux_spin(looks[i]);
        assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
        assert_int_equal(sk_call(&c, 1, NULL, 0, NULL, 0, NULL, SK_FOREVER), SK_ERR_CANCELLED);
        ASSERT_OK(sk_wait_events(1u << 25, 0, &events));
        assert_int_equal(sk_call(&c, 1, NULL, 0, NULL, 0, NULL, sk_in_ms(3)), SK_ERR_TIMED_OUT);
    }
    sk_cancel_on(0);
    sk_chan_close(&c);
    end_peer(&peer, 0);
}

/* Two on one CPU never look at each other's ring: who waits sleeps at once. */
static void test_same_cpu(void **state)
{
    struct setting *s = *state;
    struct sk_linux_child peer;
    struct sk_chan c;
    sk_handle far;
    int cpu = sched_getcpu();
    sk_linux_task_end(0);
    struct sk_linux_task how = {.cpu_plus_1 = cpu + 1, .give = &far, .give_count = 1};
    cpu_set_t before;
    assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
    assert_int_equal(
        sk_linux_task_begin(s->area, &(struct sk_linux_task){.cpu_plus_1 = CPU_SETSIZE + 1}),
        SK_ERR_ARG);
    ASSERT_OK(sk_linux_task_begin(s->area, &how));
    ASSERT_OK(sk_chan_create(&c, &far, SK_EV_CHAN));
    ASSERT_OK(s->processes ? sk_linux_start_process(s->area, &how, adder, NULL, &peer)
                           : sk_linux_start_thread(s->area, &how, adder, NULL, &peer));
    sk_linux_spin(SK_LINUX_POLL);
    for (uint32_t i = 0; i < 300; i++) {
        uint32_t sum = 0;
        uint8_t two[2] = {(uint8_t)i, 3};
        ASSERT_OK(sk_call(&c, 1, two, 2, &sum, 4, NULL, sk_in_ms(LONG_MS)));
        assert_int_equal(sum, (i & 0xffu) + 3u);
        assert_true(sk_chan_same_core(&c));
    }
    ASSERT_OK(sk_call(&c, STOP, NULL, 0, NULL, 0, NULL, sk_in_ms(LONG_MS)));
    end_peer(&peer, 7);
    sk_chan_close(&c);
    assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOUR(test_calls_asleep),
        FOUR(test_calls_adaptive),
        FOUR(test_stream),
        FOUR(test_signal_cancels),
        FOUR(test_same_cpu),
        {"test_deadlines", test_deadlines, up_asym_threads, setting_down, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
