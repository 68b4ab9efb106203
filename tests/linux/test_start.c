/* Starting a task whose process dies or is stopped before it has begun, or whose thread does not
 * get the processor: the starter is back by its deadline, and nothing is left of it.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "arch/linux/inside.h"
#include "area.h"
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Where it happens, in the order in which a started process comes by. */
enum place {
    NOWHERE = 0,
    BEFORE,  /* it has not joined yet */
    JOINING, /* it has a place, and is about to be alive */
    ALIVE,   /* and has not taken yet what it is given */
    TAKING,  /* has taken the first */
    PLACES
};
static enum place place;
static void (*happens)(void); /* in the started one */
static pid_t starter;         /* its thread */
static uint32_t *came;        /* to its place; also a process tells it */
static uint32_t mains, held, go_on;

static void at(enum place here)
{
    if (place == here && happens != NULL && syscall(SYS_gettid) != starter) {
        half_store(came, 1);
        happens();
    }
}

long __real_syscall(long nr, long a, long b, long c, long d, long e, long f);
long __wrap_syscall(long nr, long a, long b, long c, long d, long e, long f);
int __real_sched_setaffinity(pid_t pid, size_t bytes, const cpu_set_t *set);
int __wrap_sched_setaffinity(pid_t pid, size_t bytes, const cpu_set_t *set);
void __real_chan_relate(struct sk_linux_area *a, uint32_t c);
void __wrap_chan_relate(struct sk_linux_area *a, uint32_t c);

long __wrap_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
    if (nr == SYS_membarrier)
        at(BEFORE);
    if (nr == SYS_futex && b == FUTEX_WAKE && linux_me != NULL &&
        a == (long)(uintptr_t)&linux_me->area->head->members)
        at(ALIVE);
    return __real_syscall(nr, a, b, c, d, e, f);
}

int __wrap_sched_setaffinity(pid_t pid, size_t bytes, const cpu_set_t *set)
{
    at(JOINING);
    return __real_sched_setaffinity(pid, bytes, set);
}

void __wrap_chan_relate(struct sk_linux_area *a, uint32_t c)
{
    at(TAKING);
    __real_chan_relate(a, c);
}

static void dies(void)
{
    (void)raise(SIGKILL);
}

static void exits(void)
{
    _exit(0);
}

static void stops(void)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)raise(SIGSTOP);
}

/* Until it may go on. */
static void stays(void)
{
    half_store(&held, 1);
    while (half_load(&go_on) == 0)
        usleep(100);
}

static int runs(void *arg)
{
    (void)arg;
    half_store(&mains, 1);
    return 7;
}

static struct sk_linux_task how_of(const sk_handle *give, uint32_t count, sk_ns deadline)
{
    return (struct sk_linux_task){
        .cpu_plus_1 = sched_getcpu() + 1, .give = give, .give_count = count, .deadline = deadline};
}

/* What was to be given is here still, and whole; or it is not, and its peer knows. */
static void still_here(struct sk_chan *c, sk_handle far, bool here, bool certain)
{
    struct sk_chan d;
    struct sk_in in;
    sk_err err = sk_chan_open(&d, far, SK_EV_CHAN);
    if (certain || err != SK_OK)
        assert_int_equal(err, certain && here ? SK_OK : SK_ERR_HANDLE);
    if (err == SK_OK) {
        ASSERT_OK(sk_send_try(c, &(struct sk_out){.label = 5}));
        ASSERT_OK(sk_recv_try(&d, &in));
        sk_chan_close(&d);
    }
    assert_int_equal(sk_recv_until(c, &in, sk_in_ms(LONG_MS)), SK_ERR_PEER_DEAD);
    sk_chan_close(c);
}

/* That happens to who is started next, there. */
static void plant(enum place where, void (*what)(void))
{
    place = where;
    happens = what;
    starter = gettid();
    half_store(came, 0);
}

/* A process to which that happens there: this is said, and nothing is left. */
static void fails(struct setting *s, enum place where, void (*what)(void), sk_ns deadline,
                  sk_err err)
{
    struct sk_chan c;
    struct sk_linux_child child;
    struct sk_linux_use use;
    sk_handle far;
    int32_t status;
    ASSERT_OK(sk_chan_create(&c, &far, SK_EV_CHAN));
    struct sk_linux_task how = how_of(&far, 1, deadline);
    plant(where, what);
    assert_int_equal(sk_linux_start_process(s->area, &how, runs, NULL, &child), err);
    happens = NULL;
    if (deadline != 0)
        assert_true(sk_now() >= deadline);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    assert_int_equal(sk_linux_await(&child, 0, &status), SK_ERR_STATE);
    sk_linux_use(s->area, &use);
    assert_int_equal(use.tasks, 1);
    /* A machine that is slow may let it be given up on its way there. */
    still_here(&c, far, where < TAKING, where < TAKING || half_load(came) != 0);
}

static void test_process_dies(void **state)
{
    for (enum place where = BEFORE; where < PLACES; where++) {
        fails(*state, where, dies, 0, SK_ERR_PEER_DEAD);
        fails(*state, where, exits, 0, SK_ERR_PEER_DEAD);
    }
}

static void test_process_is_stopped(void **state)
{
    for (enum place where = BEFORE; where < PLACES; where++)
        fails(*state, where, stops, sk_in_ms(100), SK_ERR_TIMED_OUT);
}

/* What ends before its starter has looked has begun, and is awaited as ever. */
static void test_process_is_quick(void **state)
{
    struct setting *s = *state;
    struct sk_linux_child child;
    for (uint32_t i = 0; i < 20; i++) {
        struct sk_linux_task how = {.deadline = i % 2 != 0 ? SK_FOREVER : 0};
        ASSERT_OK(sk_linux_start_process(s->area, &how, runs, NULL, &child));
        end_peer(&child, 7);
    }
}

static void test_thread_does_not_run(void **state)
{
    struct setting *s = *state;
    for (enum place where = JOINING; where < TAKING; where++) {
        struct sk_chan c;
        struct sk_linux_child child;
        struct sk_linux_use use;
        sk_handle far;
        int32_t status;
        ASSERT_OK(sk_chan_create(&c, &far, SK_EV_CHAN));
        sk_ns deadline = sk_in_ms(10);
        struct sk_linux_task how = how_of(&far, 1, deadline);
        plant(where, stays);
        mains = held = go_on = 0;
        assert_int_equal(sk_linux_start_thread(s->area, &how, runs, NULL, &child),
                         SK_ERR_TIMED_OUT);
        assert_true(sk_now() >= deadline);
        assert_int_equal(sk_linux_await(&child, 0, &status), SK_ERR_STATE);
        while (half_load(&held) == 0)
            usleep(100);
        half_store(&go_on, 1);
        sk_ns give_up = sk_in_ms(LONG_MS);
        while (half_load(&s->area->live) != 1) /* it ends, and comes by no place any more */
            assert_true(sk_now() < give_up);
        sk_linux_use(s->area, &use);
        assert_int_equal(use.tasks, 1);
        happens = NULL;
        assert_int_equal(half_load(&mains), 0);
        still_here(&c, far, true, true);
    }
}

/* What a thread that was given up will touch yet cannot be taken from under it. */
static void test_area_waits_for_thread(void **state)
{
    struct sk_linux_area *area;
    struct sk_linux_child child;
    sk_err err;
    (void)state;
    ASSERT_OK(sk_linux_create(NULL, &area));
    char name[] = "gone";
    struct sk_linux_task how = how_of(NULL, 0, sk_in_ms(10));
    how.name = name;
    place = JOINING;
    happens = stays;
    starter = gettid();
    mains = held = go_on = 0;
    assert_int_equal(sk_linux_start_thread(area, &how, runs, NULL, &child), SK_ERR_TIMED_OUT);
    while (half_load(&held) == 0)
        usleep(100);
    assert_int_equal(sk_linux_leave(area), SK_ERR_BUSY);
    half_store(&go_on, 1);
    while ((err = sk_linux_leave(area)) == SK_ERR_BUSY)
        usleep(100);
    happens = NULL;
    ASSERT_OK(err);
    assert_int_equal(half_load(&mains), 0);
}

int main(void)
{
    came = mmap(NULL, sizeof *came, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (came == MAP_FAILED)
        return 1;
    const struct CMUnitTest tests[] = {
        {"test_process_dies", test_process_dies, up_asym_processes, setting_down, NULL},
        {"test_process_is_stopped", test_process_is_stopped, up_asym_processes, setting_down, NULL},
        {"test_process_is_quick", test_process_is_quick, up_asym_processes, setting_down, NULL},
        {"test_thread_does_not_run", test_thread_does_not_run, up_asym_threads, setting_down, NULL},
        cmocka_unit_test(test_area_waits_for_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
