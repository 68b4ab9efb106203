/* Ends whose peer has gone, owners that nobody has told, processes that nobody could await: states
 * that have been told apart badly.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "arch/linux/inside.h"
#include "area.h"
#include <linux/futex.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define HANG_MS 5000u /* only a wake-up that is lost takes so long */

long __real_syscall(long nr, long a, long b, long c, long d, long e, long f);
long __wrap_syscall(long nr, long a, long b, long c, long d, long e, long f);

static bool die_at_wake;

/* Killed at the last moment before somebody is woken. */
long __wrap_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
    if (die_at_wake && nr == SYS_futex && b == FUTEX_WAKE)
        (void)raise(SIGKILL);
    return __real_syscall(nr, a, b, c, d, e, f);
}

/* Sends when the task in slot 0 sleeps, and does not live to wake it. */
static int wakes_nobody(void *arg)
{
    struct sk_chan c;
    struct sk_out out = {.label = 3};
    const struct task_slot *first = &linux_me->area->task[0];
    (void)arg;
    PEER_CHECK(sk_chan_open(&c, sk_linux_given(0), SK_EV_CHAN) == SK_OK);
    while (half_load(&first->asleep) == 0)
        usleep(100);
    die_at_wake = true;
    (void)sk_send_try(&c, &out);
    return 98; /* it was to be woken */
}

static void test_killed_before_it_wakes(void **state)
{
    struct sk_chan c;
    struct sk_in in;
    sk_handle far;
    assert_int_equal(linux_me->slot, 0);
    for (uint32_t i = 0; i < 5; i++) {
        ASSERT_OK(sk_chan_create(&c, &far, SK_EV_CHAN));
        struct sk_linux_child peer = start_peer(*state, wakes_nobody, NULL, &far, 1);
        sk_linux_spin(0);
        sk_ns give_up = sk_in_ms(HANG_MS);
        ASSERT_OK(sk_recv_until(&c, &in, give_up));
        assert_int_equal(in.label, 3);
        assert_int_equal(sk_recv_until(&c, &in, give_up), SK_ERR_PEER_DEAD);
        assert_true(sk_now() < give_up); /* what was found at the last moment was not told */
        end_peer(&peer, 128 + SIGKILL);
        sk_chan_close(&c);
    }
}

/* Sends when the task in slot 0 sleeps, and is killed on the way to waking it. *halves: how many of
 * the stores that come before the wake-up it has made. */
static int wakes_by_halves(void *halves)
{
    struct sk_chan c;
    bool wake = false;
    struct sk_out out = {.label = 3};
    struct sk_linux_area *a = linux_me->area;
    PEER_CHECK(sk_chan_open(&c, sk_linux_given(0), SK_EV_CHAN) == SK_OK);
    while (half_load(&a->task[0].asleep) == 0)
        usleep(100);
    PEER_CHECK(sk_send_quiet(&c, &out, &wake) == SK_OK && wake);
    const struct linux_handle *h = &linux_me->handle[SK_HANDLE_INDEX(c.handle)];
    uint32_t far = half_load(&area_end(a, h->index ^ 1u)->wake);
    if (*(uint32_t *)halves > 0)
        __atomic_fetch_or(&a->task[0].ready, (uint64_t)1 << (far >> 8 & 63u), __ATOMIC_SEQ_CST);
    if (*(uint32_t *)halves > 1)
        __atomic_fetch_or(&a->task[0].events, 1u << (far & 31u), __ATOMIC_SEQ_CST);
    (void)raise(SIGKILL);
    return 98;
}

static void test_killed_between_the_halves(void **state)
{
    struct sk_chan c;
    struct sk_in in;
    sk_handle far;
    assert_int_equal(linux_me->slot, 0);
    for (uint32_t halves = 0; halves < 3; halves++) {
        ASSERT_OK(sk_chan_create(&c, &far, SK_EV_CHAN));
        struct sk_linux_child peer = start_peer(*state, wakes_by_halves, &halves, &far, 1);
        sk_linux_spin(0);
        sk_ns give_up = sk_in_ms(HANG_MS);
        ASSERT_OK(sk_recv_until(&c, &in, give_up));
        assert_int_equal(in.label, 3);
        assert_int_equal(sk_recv_until(&c, &in, give_up), SK_ERR_PEER_DEAD);
        assert_true(sk_now() < give_up);
        end_peer(&peer, 128 + SIGKILL);
        sk_chan_close(&c);
    }
}

/* A place of the table as somebody leaves it who has just taken it after another one's death: whose
 * process it is now, and when that other one's was started. */
static uint64_t joins_by_hand(struct task_slot *s, int pid)
{
    uint64_t w = word_load(&s->word);
    uint64_t joining = WORD(TASK_JOINING, (uint32_t)pid, WORD_GEN(w) + 1u);
    assert_int_equal(WORD_STATE(w), TASK_FREE);
    word_store(&s->born, 1); /* long ago */
    assert_true(word_change(&s->word, w, joining));
    return joining;
}

static void await_free(struct task_slot *s)
{
    sk_ns give_up = sk_in_ms(HANG_MS);
    while (WORD_STATE(word_load(&s->word)) != TASK_FREE) {
        assert_true(sk_now() < give_up);
        usleep(100);
    }
}

/* Who joins in a dead one's place is not taken for the dead one, and is watched: it lives as long
 * as its process, no longer. */
static void test_joins_in_the_place_of_the_dead(void **state)
{
    struct sk_linux_area *a = linux_me->area;
    struct task_slot *lives = &a->task[1], *mark = &a->task[2];
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            pause();
    }
    uint64_t joining = joins_by_hand(lives, pid);
    for (uint32_t i = 0; i < 2; i++) { /* once might be the end of an older pass */
        (void)joins_by_hand(mark,
                            (int)0xfffffff); /* a process that is not: gone when it was seen */
        __atomic_fetch_add(&a->head->members, 1u, __ATOMIC_SEQ_CST);
        linux_futex_wake(&a->head->members);
        await_free(mark);
    }
    assert_true(word_load(&lives->word) == joining); /* it was looked at before the mark was */
    assert_int_equal(kill(pid, SIGKILL), 0);
    await_free(lives);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* No room in the ring, and nobody will make any: also a message with handles is told so. */
static void test_full_ring_to_a_dead_end(void **state)
{
    struct sk_chan a, b;
    sk_handle far, region;
    (void)state;
    ASSERT_OK(sk_chan_create(&a, &far, SK_EV_CHAN));
    ASSERT_OK(sk_chan_open(&b, far, SK_EV_CHAN));
    ASSERT_OK(sys_region_create(1, &region));
    struct sk_out out = {.label = 1};
    for (uint32_t i = 0; i < SK_CHAN_SLOTS; i++)
        ASSERT_OK(sk_send_try(&a, &out));
    out.handles = 1;
    out.handle = &region;
    assert_int_equal(sk_send_try(&a, &out), SK_ERR_FULL);
    sk_chan_close(&b);
    assert_int_equal(sk_send_try(&a, &out), SK_ERR_PEER_DEAD);
    assert_int_equal(sk_send_until(&a, &out, sk_in_ms(LONG_MS)), SK_ERR_PEER_DEAD);
    ASSERT_OK(sys_close(region)); /* it is here still */
    sk_chan_close(&a);
}

/* Whoever puts a connection into a port may be killed before it tells the port's owner: whoever
 * finds the port full tells, and so does who clears up. */
static void test_port_owner_is_told(void **state)
{
    sk_handle port, one[2], two[2], end;
    uint32_t events;
    (void)state;
    ASSERT_OK(sys_port_create(8, 1, &port));
    ASSERT_OK(sys_chan_create(8, &one[0], &one[1]));
    ASSERT_OK(sys_chan_create(8, &two[0], &two[1]));
    ASSERT_OK(sys_port_connect(port, one[1], 0));
    ASSERT_OK(sk_wait_events(1u << 8, 0, &events)); /* as if it had never come */
    assert_int_equal(sys_port_connect(port, two[1], 0), SK_ERR_FULL);
    ASSERT_OK(sk_wait_events(1u << 8, 0, &events));
    ASSERT_OK(sys_close(one[0]));
    ASSERT_OK(sk_wait_events(1u << 8, 0, &events));
    ASSERT_OK(sys_port_accept(port, &end));
    ASSERT_OK(sys_close(end));
    ASSERT_OK(sys_close(two[0]));
    ASSERT_OK(sys_close(two[1]));
    ASSERT_OK(sys_close(port));
}

/* No descriptor is left to await a process by: it is not started, and leaves nothing. */
static int waits(void *arg)
{
    (void)arg;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pause();
    return 0;
}

static void test_no_descriptor(void **state)
{
    struct setting *s = *state;
    struct sk_linux_child child;
    struct sk_linux_use use;
    struct rlimit before, none;
    int next = dup(0);
    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){(rlim_t)next, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    sk_err err = sk_linux_start_process(s->area, NULL, waits, NULL, &child);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(err, SK_ERR_NO_MEMORY);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    sk_linux_use(s->area, &use);
    assert_int_equal(use.tasks, 1);
}

/* A handle of a port that is gone names no other, though the place is used again. */
static void test_D13_stale_port(void **state)
{
    struct sk_chan c;
    sk_handle port, old, far, end;
    (void)state;
    ASSERT_OK(sys_port_create(SK_EV_PORT, 4, &port));
    ASSERT_OK(sys_dup(port, SK_RIGHT_CONNECT, &old));
    ASSERT_OK(sys_close(port));
    ASSERT_OK(sys_port_create(SK_EV_PORT, 4, &port));
    ASSERT_OK(sk_chan_create(&c, &far, SK_EV_CHAN));
    assert_int_equal(sys_port_connect(old, far, sk_in_ms(1)), SK_ERR_PEER_DEAD);
    assert_int_equal(sys_port_accept(port, &end), SK_ERR_EMPTY);
    ASSERT_OK(sys_close(far));
    ASSERT_OK(sys_close(old));
    ASSERT_OK(sys_close(port));
    sk_chan_close(&c);
}

static int waits_for_end(void *arg)
{
    struct sk_chan c;
    struct sk_in in;
    uint32_t events;
    (void)arg;
    PEER_CHECK(sk_chan_open(&c, sk_linux_given(0), SK_EV_CHAN) == SK_OK);
    PEER_CHECK(sk_recv_until(&c, &in, sk_in_ms(LONG_MS)) == SK_ERR_PEER_DEAD);
    PEER_CHECK(sk_wait_events(1u << SK_EV_FREE, 0, &events) == SK_ERR_TIMED_OUT);
    return 0;
}

/* Nor does the name of a task that has ended. */
static void test_D13_stale_task(void **state)
{
    struct setting *s = *state;
    sk_tid old = SK_TID_NONE;
    for (uint32_t i = 0; i < 3; i++) {
        struct sk_chan c;
        sk_handle far;
        ASSERT_OK(sk_chan_create(&c, &far, SK_EV_CHAN));
        struct sk_linux_child peer = start_peer(s, waits_for_end, NULL, &far, 1);
        if (old != SK_TID_NONE) {
            assert_int_equal(SK_TID_SLOT(peer.tid), SK_TID_SLOT(old)); /* the same place */
            assert_int_equal(sk_linux_set_events(s->area, old, 1u << SK_EV_FREE), SK_ERR_NOT_FOUND);
        }
        old = peer.tid;
        sk_chan_close(&c);
        end_peer(&peer, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"test_D13_stale_port", test_D13_stale_port, up_asym_threads, setting_down, NULL},
        {"test_D13_stale_task", test_D13_stale_task, up_asym_processes, setting_down, NULL},
        {"test_killed_before_it_wakes", test_killed_before_it_wakes, up_asym_processes,
         setting_down, NULL},
        {"test_killed_between_the_halves", test_killed_between_the_halves, up_asym_processes,
         setting_down, NULL},
        {"test_joins_in_the_place_of_the_dead", test_joins_in_the_place_of_the_dead,
         up_asym_processes, setting_down, NULL},
        {"test_full_ring_to_a_dead_end", test_full_ring_to_a_dead_end, up_asym_threads,
         setting_down, NULL},
        {"test_port_owner_is_told", test_port_owner_is_told, up_asym_threads, setting_down, NULL},
        {"test_no_descriptor", test_no_descriptor, up_asym_processes, setting_down, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
