/* The end of a peer: killed or ended anywhere, the survivor reads what was sent, then learns of it;
 * everything comes back; a process that is stopped only costs deadlines.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "area.h"
#include <poll.h>
#include <sys/wait.h>

static int up_process(void **state)
{
    return setting_up(state, SK_LINUX_ANY, true);
}

/* Ends with a thread that returns; a process is killed by whoever waits for it. */
static void end_or_kill(struct setting *s, struct sk_linux_child *peer)
{
    int32_t status;
    if (s->processes)
        ASSERT_OK(sk_linux_kill(peer));
    ASSERT_OK(sk_linux_await(peer, sk_in_ms(LONG_MS), &status));
    assert_int_equal(status, s->processes ? 128 + SIGKILL : 0);
}

/* Sends five, answers nothing; a thread ends then, a process waits to be killed. */
static int send_five(void *process)
{
    struct sk_chan c;
    uint32_t events;
    PEER_CHECK(sk_chan_open(&c, sk_linux_given(0), SK_EV_CHAN) == SK_OK);
    for (uint32_t i = 0; i < 5; i++) {
        struct sk_out out = {.label = (uint16_t)(10u + i)};
        PEER_CHECK(sk_send_try(&c, &out) == SK_OK);
    }
    if (process != NULL)
        (void)sk_wait_events(0, sk_in_ms(LONG_MS), &events);
    return 0;
}

static void test_drained_then_told(void **state)
{
    struct setting *s = *state;
    struct sk_chan c;
    struct sk_in in;
    sk_handle far;
    ASSERT_OK(sk_chan_create(&c, &far, SK_EV_CHAN));
    struct sk_linux_child peer = start_peer(s, send_five, s->processes ? s : NULL, &far, 1);
    ASSERT_OK(sk_recv_until(&c, &in, sk_in_ms(LONG_MS)));
    assert_int_equal(in.label, 10);
    for (uint32_t i = 0; s->processes && i < 4;) { /* all are in the ring before it is killed */
        i = 0;
        while (i < 4 && (c.end.rx.slot[1 + i].ctl & SK_CTL_VALID) != 0)
            i++;
    }
    end_or_kill(s, &peer);
    for (uint32_t i = 1; i < 5; i++) {
        ASSERT_OK(sk_recv_until(&c, &in, sk_in_ms(LONG_MS)));
        assert_int_equal(in.label, 10 + i);
    }
    assert_int_equal(sk_recv_until(&c, &in, sk_in_ms(LONG_MS)), SK_ERR_PEER_DEAD);
    assert_int_equal(sk_send_try(&c, &(struct sk_out){.label = 1}), SK_ERR_PEER_DEAD);
    sk_chan_close(&c);
}

/* Takes requests and never answers, until something with label 9 comes. */
static int swallow(void *process)
{
    struct sk_chan c;
    struct sk_in in;
    uint32_t events;
    PEER_CHECK(sk_chan_open(&c, sk_linux_given(0), SK_EV_CHAN) == SK_OK);
    do
        PEER_CHECK(sk_recv_until(&c, &in, sk_in_ms(LONG_MS)) == SK_OK);
    while (in.label != 9);
    if (process != NULL)
        kill(getpid(), SIGKILL);
    (void)events;
    return 0;
}

/* The end comes while the survivor sleeps in the wait for an answer. */
static void test_calls_complete(void **state)
{
    struct setting *s = *state;
    struct sk_chan c;
    struct sk_in in[3];
    struct sk_call call[3];
    sk_handle far;
    int32_t status;
    ASSERT_OK(sk_chan_create(&c, &far, SK_EV_CHAN));
    struct sk_linux_child peer = start_peer(s, swallow, s->processes ? s : NULL, &far, 1);
    sk_linux_spin(0);
    for (uint32_t i = 0; i < 3; i++) {
        struct sk_out out = {.label = i < 2 ? 1 : 9};
        ASSERT_OK(sk_call_begin(&c, &call[i], &out, &in[i], 8));
    }
    assert_int_equal(sk_call_end(&c, &call[1], sk_in_ms(LONG_MS)), SK_ERR_PEER_DEAD);
    assert_true(call[0].ended && call[0].err == SK_ERR_PEER_DEAD);
    assert_true(call[2].ended && call[2].err == SK_ERR_PEER_DEAD);
    ASSERT_OK(sk_linux_await(&peer, sk_in_ms(LONG_MS), &status));
    sk_chan_close(&c);
}

/* Fills the ring and sleeps for room. */
static int fill(void *process)
{
    struct sk_chan c;
    sk_err err;
    (void)process;
    sk_linux_spin(0);
    PEER_CHECK(sk_chan_open(&c, sk_linux_given(0), SK_EV_CHAN) == SK_OK);
    struct sk_out out = {.label = 1};
    while ((err = sk_send_until(&c, &out, sk_in_ms(LONG_MS))) == SK_OK)
        ;
    PEER_CHECK(err == SK_ERR_PEER_DEAD);
    return 0;
}

static void test_sender_learns(void **state)
{
    struct sk_chan c;
    struct sk_in in;
    sk_handle far;
    ASSERT_OK(sk_chan_create(&c, &far, SK_EV_CHAN));
    struct sk_linux_child peer = start_peer(*state, fill, NULL, &far, 1);
    for (uint32_t i = 0; i < 100; i++)
        ASSERT_OK(sk_recv_until(&c, &in, sk_in_ms(LONG_MS)));
    sk_chan_close(&c);
    end_peer(&peer, 0);
}

/* Killed at a random moment while it makes and loses everything that there is. Everything that it
 * had must be free again; what it was sent and did not take dies with it. */
static int churn(void *arg)
{
    struct sk_chan c, d;
    struct sk_in in;
    (void)arg;
    PEER_CHECK(sk_chan_open(&c, sk_linux_given(0), SK_EV_CHAN) == SK_OK);
    for (uint32_t i = 0;; i++) {
        sk_handle h[3], port, region;
        PEER_CHECK(sk_chan_create(&d, &h[0], SK_EV_CHAN) == SK_OK);
        PEER_CHECK(sys_port_create(5, 4, &port) == SK_OK);
        PEER_CHECK(sys_region_create(2, &region) == SK_OK);
        PEER_CHECK(sys_chan_create(16, &h[1], &h[2]) == SK_OK);
        PEER_CHECK(sys_port_connect(port, h[2], 0) == SK_OK);
        sk_handle give[3] = {h[0], region, h[1]};
        for (uint32_t j = 0; j < 3; j++) {
            struct sk_out out = {.label = 1, .handles = 1, .handle = &give[j]};
            sk_err err = sk_send_until(&c, &out, sk_in_ms(LONG_MS));
            PEER_CHECK(err == SK_OK);
        }
        while (sk_recv_try(&c, &in) == SK_OK)
            sk_in_drop_handles(&in);
        sys_close(port);
        sk_chan_close(&d);
    }
}

static uint32_t seed;

static uint32_t random_below(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(seed >> 4) * n >> 28);
}

static void test_killed_anywhere(void **state)
{
    struct setting *s = *state;
    seed = getenv("SEED") != NULL ? (uint32_t)strtoul(getenv("SEED"), NULL, 0) : (uint32_t)getpid();
    uint32_t used = seed;
    for (uint32_t round = 0; round < 150; round++) {
        struct sk_chan c;
        struct sk_in in;
        sk_handle far;
        struct sk_linux_use use;
        int32_t status;
        ASSERT_OK(sk_chan_create(&c, &far, SK_EV_CHAN));
        struct sk_linux_child peer = start_peer(s, churn, NULL, &far, 1);
        sk_ns until = sk_now() + random_below(3000) * 1000u;
        while (sk_now() < until) {
            sk_err err = sk_recv_try(&c, &in);
            if (err == SK_OK)
                sk_in_drop_handles(&in);
            else
                assert_int_equal(err, SK_ERR_EMPTY);
            sk_handle pair[2];
            ASSERT_OK(sys_chan_create(8, &pair[0], &pair[1]));
            struct sk_out out = {.label = 2, .handles = 1, .handle = &pair[1]};
            if (sk_send_try(&c, &out) != SK_OK)
                ASSERT_OK(sys_close(pair[1]));
            ASSERT_OK(sys_close(pair[0]));
        }
        ASSERT_OK(sk_linux_kill(&peer));
        ASSERT_OK(sk_linux_await(&peer, sk_in_ms(LONG_MS), &status));
        sk_err err;
        while ((err = sk_recv_try(&c, &in)) == SK_OK)
            sk_in_drop_handles(&in);
        if (err != SK_ERR_PEER_DEAD || status != 128 + SIGKILL)
            fail_msg("round %u, seed %u: %d, status %d", round, used, err, status);
        sk_chan_close(&c);
        sk_linux_use(s->area, &use);
        if (use.tasks != 1 || use.channels != 0 || use.ports != 0 || use.regions != 0)
            fail_msg("round %u, seed %u: left %u tasks, %u channels, %u ports, %u regions", round,
                     used, use.tasks, use.channels, use.ports, use.regions);
    }
}

/* Two that nobody has started together: the death of one is seen by the other's own watcher. */
static int other_survives(void *arg)
{
    struct sk_chan c;
    struct sk_in in;
    (void)arg;
    PEER_CHECK(sk_chan_open(&c, sk_linux_given(0), SK_EV_CHAN) == SK_OK);
    struct sk_out hello = {.label = 3};
    PEER_CHECK(sk_send_try(&c, &hello) == SK_OK);
    sk_linux_spin(0);
    PEER_CHECK(sk_recv_until(&c, &in, sk_in_ms(LONG_MS)) == SK_ERR_PEER_DEAD);
    return 21;
}

static int other_dies(void *arg)
{
    struct sk_chan c;
    struct sk_in in;
    (void)arg;
    PEER_CHECK(sk_chan_open(&c, sk_linux_given(0), SK_EV_CHAN) == SK_OK);
    PEER_CHECK(sk_recv_until(&c, &in, sk_in_ms(LONG_MS)) == SK_OK);
    kill(getpid(), SIGKILL);
    return 0;
}

static void test_watcher_of_a_third(void **state)
{
    sk_handle end[2];
    int32_t status;
    ASSERT_OK(sys_chan_create(16, &end[0], &end[1]));
    struct sk_linux_child one = start_peer(*state, other_survives, NULL, &end[0], 1);
    struct sk_linux_child two = start_peer(*state, other_dies, NULL, &end[1], 1);
    end_peer(&one, 21);
    ASSERT_OK(sk_linux_await(&two, sk_in_ms(LONG_MS), &status));
    assert_int_equal(status, 128 + SIGKILL);
}

/* Processes that live on and are no tasks any more are not watched for ever: there are places for
 * as many as there can be tasks. */
static int lingers(void *setting)
{
    struct setting *s = setting;
    sk_linux_task_end(0);
    PEER_CHECK(sk_linux_leave(s->area) == SK_OK); /* nor does it watch */
    pause();
    return 0;
}

static int up_small(void **state)
{
    struct setting *s = calloc(1, sizeof(*s));
    *state = s;
    s->processes = true;
    return sk_linux_create(&(struct sk_linux_params){.tasks = 2}, &s->area) == SK_OK &&
                   sk_linux_task_begin(s->area, NULL) == SK_OK
               ? 0
               : -1;
}

static void test_many_have_been(void **state)
{
    struct setting *s = *state;
    struct sk_linux_child gone[5];
    struct sk_chan c;
    struct sk_in in;
    sk_handle far;
    int32_t status;
    for (uint32_t i = 0; i < 5; i++) {
        struct sk_linux_use use;
        gone[i] = start_peer(s, lingers, s, NULL, 0);
        do
            sk_linux_use(s->area, &use);
        while (use.tasks != 1);
    }
    ASSERT_OK(sk_chan_create(&c, &far, SK_EV_CHAN));
    struct sk_linux_child peer = start_peer(s, send_five, s, &far, 1);
    for (uint32_t i = 0; i < 5; i++)
        ASSERT_OK(sk_recv_until(&c, &in, sk_in_ms(LONG_MS)));
    ASSERT_OK(sk_linux_kill(&peer));
    assert_int_equal(sk_recv_until(&c, &in, sk_in_ms(LONG_MS)), SK_ERR_PEER_DEAD);
    ASSERT_OK(sk_linux_await(&peer, sk_in_ms(LONG_MS), &status));
    sk_chan_close(&c);
    for (uint32_t i = 0; i < 5; i++) {
        ASSERT_OK(sk_linux_kill(&gone[i]));
        ASSERT_OK(sk_linux_await(&gone[i], sk_in_ms(LONG_MS), &status));
    }
}

/* Stopped is not dead: deadlines pass, nothing is reused, and it goes on where it was. */
static void test_stopped(void **state)
{
    struct setting *s = *state;
    struct sk_chan c;
    struct sk_in in;
    struct sk_linux_use before, after;
    sk_handle far;
    int how;
    ASSERT_OK(sk_chan_create(&c, &far, SK_EV_CHAN));
    struct sk_linux_child peer = start_peer(s, send_five, s, &far, 1);
    ASSERT_OK(sk_recv_until(&c, &in, sk_in_ms(LONG_MS)));
    assert_int_equal(kill(peer.pid, SIGSTOP), 0);
    assert_int_equal(waitpid(peer.pid, &how, WUNTRACED), peer.pid);
    while (sk_recv_until(&c, &in, sk_in_ms(20)) == SK_OK)
        ;
    sk_linux_use(s->area, &before);
    assert_int_equal(sk_call(&c, 1, NULL, 0, NULL, 0, NULL, sk_in_ms(5)), SK_ERR_TIMED_OUT);
    assert_false(sk_chan_peer_closed(&c));
    sk_linux_use(s->area, &after);
    assert_int_equal(before.channels, after.channels);
    sk_chan_close(&c); /* ours; its end, and the memory, stay its own */
    sk_linux_use(s->area, &after);
    assert_int_equal(after.channels, 1);
    ASSERT_OK(sk_linux_kill(&peer)); /* works on what is stopped */
    ASSERT_OK(sk_linux_await(&peer, sk_in_ms(LONG_MS), &how));
    sk_linux_use(s->area, &after);
    assert_int_equal(after.channels, 0);
}

/* The creator's event; exit from the middle. */
static int exits(void *status)
{
    sys_exit((int32_t)(intptr_t)status);
}

static void test_exit_and_event(void **state)
{
    struct setting *s = *state;
    struct sk_linux_child child;
    struct sk_linux_task how = {.end_event_plus_1 = 14 + 1};
    uint32_t events;
    ASSERT_OK(s->processes
                  ? sk_linux_start_process(s->area, &how, exits, (void *)(intptr_t)-70000, &child)
                  : sk_linux_start_thread(s->area, &how, exits, (void *)(intptr_t)-70000, &child));
    ASSERT_OK(sk_wait_events(1u << 14, sk_in_ms(LONG_MS), &events));
    end_peer(&child, -70000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOUR(test_drained_then_told),
        FOUR(test_calls_complete),
        FOUR(test_sender_learns),
        FOUR(test_exit_and_event),
        {"test_killed_anywhere", test_killed_anywhere, up_process, setting_down, NULL},
        {"test_watcher_of_a_third", test_watcher_of_a_third, up_process, setting_down, NULL},
        {"test_many_have_been", test_many_have_been, up_small, setting_down, NULL},
        {"test_stopped", test_stopped, up_process, setting_down, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
