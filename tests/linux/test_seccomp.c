/* A sandbox that refuses membarrier, from the beginning or from some moment on: fenced, refused
 * with the stated error, or slower; never asleep for ever. Each case in a process of its own: a
 * filter is for life. SPDX-License-Identifier: BSD-2-Clause */
#include "area.h"
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define TRIPS 300u

/* From now on membarrier fails with that error, in this process and its children. */
static bool refuse(int error)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ((uint32_t)error & SECCOMP_RET_DATA)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = 4, .filter = code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
}

static int echo(void *arg)
{
    struct sk_chan c;
    struct sk_in in;
    (void)arg;
    sk_linux_spin(0);
    PEER_CHECK(sk_chan_open(&c, sk_linux_given(0), SK_EV_CHAN) == SK_OK);
    for (;;) {
        sk_err err = sk_recv_until(&c, &in, sk_in_ms(LONG_MS));
        if (err == SK_ERR_PEER_DEAD)
            return 0;
        PEER_CHECK(err == SK_OK);
        PEER_CHECK(sk_reply(&c, in.token, SK_OK, in.bytes, in.len, NULL, 0, NULL) == SK_OK);
    }
}

/* Calls through the sleeping path; after `half` of them membarrier fails, if error is not 0. */
static int calls(struct sk_linux_area *a, int error)
{
    struct sk_chan c;
    struct sk_linux_child child;
    sk_handle far;
    int32_t status = -1;
    PEER_CHECK(sk_linux_task_begin(a, NULL) == SK_OK);
    PEER_CHECK(sk_chan_create(&c, &far, SK_EV_CHAN) == SK_OK);
    struct sk_linux_task how = {.give = &far, .give_count = 1};
    PEER_CHECK(sk_linux_start_process(a, &how, echo, NULL, &child) == SK_OK);
    sk_linux_spin(0);
    for (uint32_t i = 0; i < TRIPS; i++) {
        uint32_t answer = 0, got = 0;
        struct sk_in none; /* it sleeps for certain, in each half: an answer may be there at once */
        PEER_CHECK(i % (TRIPS / 4u) != 1 ||
                   sk_recv_until(&c, &none, sk_in_ms(1)) == SK_ERR_TIMED_OUT);
        PEER_CHECK(i != TRIPS / 2u || error == 0 || refuse(error));
        sk_err err = sk_call(&c, 1, &i, 4, &answer, 4, &got, sk_in_ms(LONG_MS));
        PEER_CHECK(err == SK_OK && got == 4 && answer == i);
    }
    sk_chan_close(&c);
    PEER_CHECK(sk_linux_await(&child, sk_in_ms(LONG_MS), &status) == SK_OK && status == 0);
    sk_linux_task_end(0);
    PEER_CHECK(sk_linux_leave(a) == SK_OK);
    return 0;
}

static int from_the_beginning(int error)
{
    struct sk_linux_area *a;
    struct sk_linux_params p = {.mode = SK_LINUX_ASYMMETRIC};
    PEER_CHECK(refuse(error));
    PEER_CHECK(sk_linux_create(&p, &a) == SK_ERR_UNSUPPORTED);
    PEER_CHECK(sk_linux_create(NULL, &a) == SK_OK);
    PEER_CHECK(sk_linux_mode(a) == SK_LINUX_FENCED);
    return calls(a, 0);
}

/* The area is asymmetric; this process is one that cannot be. */
static int of_others(int error)
{
    struct sk_linux_area *a, *again;
    PEER_CHECK(sk_linux_create(NULL, &a) == SK_OK);
    int fd = dup(sk_linux_fd(a));
    PEER_CHECK(sk_linux_leave(a) == SK_OK);
    PEER_CHECK(refuse(error));
    PEER_CHECK(sk_linux_join(fd, &again) == SK_ERR_UNSUPPORTED);
    return 0;
}

static int in_the_middle(int error)
{
    struct sk_linux_area *a;
    struct sk_linux_stats stats;
    PEER_CHECK(sk_linux_create(NULL, &a) == SK_OK);
    int result = calls(a, error);
    sk_linux_stats(&stats);
    PEER_CHECK(stats.barriers_failed != 0 && stats.barriers_failed < stats.barriers);
    return result;
}

static void alone(int (*run)(int error), int error)
{
    int status = -1;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        _exit(run(error));
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static bool asymmetric_here(void)
{
    struct sk_linux_area *a;
    bool is = sk_linux_create(NULL, &a) == SK_OK && sk_linux_mode(a) == SK_LINUX_ASYMMETRIC;
    assert_int_equal(sk_linux_leave(a), SK_OK);
    return is;
}

static void test_refused_from_the_beginning(void **state)
{
    (void)state;
    alone(from_the_beginning, EPERM);
    alone(from_the_beginning, ENOSYS);
}

static void test_refused_to_who_joins(void **state)
{
    (void)state;
    if (!asymmetric_here())
        skip();
    alone(of_others, EPERM);
    alone(of_others, ENOSYS);
}

static void test_refused_in_the_middle(void **state)
{
    (void)state;
    if (!asymmetric_here())
        skip();
    alone(in_the_middle, EPERM);
    alone(in_the_middle, ENOSYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused_from_the_beginning),
        cmocka_unit_test(test_refused_to_who_joins),
        cmocka_unit_test(test_refused_in_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
