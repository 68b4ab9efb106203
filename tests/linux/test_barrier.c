/* What is done where membarrier is not there, refuses to register, or fails when it is used; and
 * joining: what is no area is refused. The system call is replaced (--wrap).
 * SPDX-License-Identifier: BSD-2-Clause */
#include "area.h"
#include "lib/loop.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <sys/mman.h>
#include <sys/wait.h>

/* Which commands fail; a mask of MEMBARRIER_CMD_*, QUERY being bit 31. */
static uint32_t failing;
#define QUERY (1u << 31)

int __real_sk_linux_membarrier(int command);
int __wrap_sk_linux_membarrier(int command)
{
    uint32_t bit = command == MEMBARRIER_CMD_QUERY ? QUERY : (uint32_t)command;
    if (__atomic_load_n(&failing, __ATOMIC_SEQ_CST) & bit) {
        errno = EPERM;
        return -1;
    }
    return __real_sk_linux_membarrier(command);
}

static void fail_on(uint32_t commands)
{
    __atomic_store_n(&failing, commands, __ATOMIC_SEQ_CST);
}

static uint64_t failed_barriers(void)
{
    struct sk_linux_stats stats;
    sk_linux_stats(&stats);
    return stats.barriers_failed;
}

static void test_modes(void **state)
{
    struct sk_linux_area *a, *b;
    struct sk_linux_params asym = {.mode = SK_LINUX_ASYMMETRIC}, fenced = {.mode = SK_LINUX_FENCED};
    (void)state;
    fail_on(0);
    ASSERT_OK(sk_linux_create(&asym, &a));
    assert_int_equal(sk_linux_mode(a), SK_LINUX_ASYMMETRIC);
    const uint32_t why[] = {QUERY, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED};
    for (uint32_t i = 0; i < 2; i++) {
        fail_on(why[i]);
        assert_int_equal(sk_linux_create(&asym, &b), SK_ERR_UNSUPPORTED);
        assert_int_equal(sk_linux_join(sk_linux_fd(a), &b), SK_ERR_UNSUPPORTED);
        ASSERT_OK(sk_linux_create(NULL, &b));
        assert_int_equal(sk_linux_mode(b), SK_LINUX_FENCED);
        ASSERT_OK(sk_linux_leave(b));
    }
    ASSERT_OK(sk_linux_create(&fenced, &b));
    struct sk_linux_area *again;
    ASSERT_OK(sk_linux_join(sk_linux_fd(b), &again));
    assert_int_equal(sk_linux_mode(again), SK_LINUX_FENCED);
    fail_on(0);
    ASSERT_OK(sk_linux_leave(again));
    ASSERT_OK(sk_linux_leave(b));
    ASSERT_OK(sk_linux_leave(a));
    assert_int_equal(sk_linux_create(&(struct sk_linux_params){.mode = 3}, &a), SK_ERR_ARG);
}

static int does_nothing(void *arg)
{
    (void)arg;
    return 0;
}

/* A new process registers for itself; where it may not, it does not begin. */
static void test_process_registers(void **state)
{
    struct setting *s = *state;
    struct sk_linux_child child;
    bool asym = sk_linux_mode(s->area) == SK_LINUX_ASYMMETRIC;
    fail_on(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED);
    sk_err err = sk_linux_start_process(s->area, NULL, does_nothing, NULL, &child);
    fail_on(0);
    assert_int_equal(err, asym ? SK_ERR_UNSUPPORTED : SK_OK);
    if (err == SK_OK)
        end_peer(&child, 0);
}

/* Sends two messages, the second without a wake-up: what happens to a sleeper that its publisher
 * has not seen. */
static int quiet_sender(void *arg)
{
    struct sk_chan c;
    struct sk_in in;
    bool wake;
    (void)arg;
    PEER_CHECK(sk_chan_open(&c, sk_linux_given(0), SK_EV_CHAN) == SK_OK);
    for (;;) {
        sk_err err = sk_recv_until(&c, &in, sk_in_ms(LONG_MS));
        if (err == SK_ERR_PEER_DEAD)
            return 0;
        PEER_CHECK(err == SK_OK);
        sk_sleep_until(sk_in_ms(2));
        PEER_CHECK(sk_send_quiet(&c, &(struct sk_out){.label = in.label}, &wake) == SK_OK);
    }
}

static void test_fails_in_use(void **state)
{
    struct sk_chan c;
    struct sk_in in;
    sk_handle far;
    fail_on(0);
    ASSERT_OK(sk_chan_create(&c, &far, SK_EV_CHAN));
    struct sk_linux_child peer = start_peer(*state, quiet_sender, NULL, &far, 1);
    uint64_t before = failed_barriers();
    sk_linux_spin(0);
    fail_on(MEMBARRIER_CMD_GLOBAL_EXPEDITED);
    for (uint16_t i = 0; i < 20; i++) {
        ASSERT_OK(sk_send_try(&c, &(struct sk_out){.label = i}));
        ASSERT_OK(
            sk_recv_until(&c, &in, SK_FOREVER)); /* hangs if a failure is taken for a barrier */
        assert_int_equal(in.label, i);
    }
    assert_true(failed_barriers() >= before + 20);
    fail_on(0);
    /* With a barrier that works a wake-up that does not come is missed, until the deadline; unless
     * we were so slow that the message was there before we slept. */
    bool missed = false;
    for (uint16_t i = 0; i < 50 && !missed; i++) {
        ASSERT_OK(sk_send_try(&c, &(struct sk_out){.label = i}));
        sk_ns until = sk_in_ms(100);
        ASSERT_OK(sk_recv_until(&c, &in, until));
        missed = sk_now() >= until;
    }
    assert_true(missed);
    sk_chan_close(&c);
    end_peer(&peer, 0);
}

/* Something else comes before it is time to look: that is not forgotten, whatever is waited for. */
static void test_doubt_remains(void **state)
{
    struct setting *s = *state;
    struct sk_chan c;
    sk_handle far;
    uint32_t events;
    sk_tid me = sk_self()->start->tid;
    fail_on(0);
    ASSERT_OK(sk_chan_create(&c, &far, SK_EV_CHAN));
    ASSERT_OK(sk_wait_events(1u << SK_EV_CHAN, sk_in_ms(LONG_MS), &events)); /* it begins ready */
    fail_on(MEMBARRIER_CMD_GLOBAL_EXPEDITED);
    assert_true(sk_chan_arm(&c));
    ASSERT_OK(sk_linux_set_events(s->area, me, 1u << 9 | 1u << 10));
    ASSERT_OK(sk_wait_events(1u << 9 | 1u << SK_EV_CHAN, sk_in_ms(LONG_MS), &events));
    ASSERT_OK(sk_wait_events(1u << 10, sk_in_ms(LONG_MS), &events));
    ASSERT_OK(sk_wait_events(1u << SK_EV_CHAN, sk_in_ms(LONG_MS), &events));
    assert_int_equal(events, 1u << SK_EV_CHAN);
    fail_on(0);
    assert_int_equal(sk_wait_events(1u << SK_EV_CHAN, sk_in_ms(20), &events), SK_ERR_TIMED_OUT);
    sk_chan_close(&c);
    ASSERT_OK(sys_close(far));
}

/* The same for who waits for room, and for an event loop. */
static void on_answer(struct sk_loop *loop, struct sk_async *async, sk_err err, struct sk_in *in)
{
    (void)in;
    *(sk_err *)async->user = err;
    sk_loop_stop(loop);
}

static int quiet_answerer(void *arg)
{
    struct sk_chan c;
    struct sk_in in;
    bool wake;
    (void)arg;
    PEER_CHECK(sk_chan_open(&c, sk_linux_given(0), SK_EV_CHAN) == SK_OK);
    PEER_CHECK(sk_recv_until(&c, &in, sk_in_ms(LONG_MS)) == SK_OK);
    sk_sleep_until(sk_in_ms(2));
    PEER_CHECK(sk_reply(&c, in.token, SK_OK, NULL, 0, NULL, 0, &wake) == SK_OK);
    PEER_CHECK(sk_recv_until(&c, &in, sk_in_ms(LONG_MS)) == SK_ERR_PEER_DEAD);
    return 0;
}

static void test_loop_finds_it(void **state)
{
    struct sk_loop loop;
    struct sk_source source = {.on_end = NULL};
    struct sk_async async = {.pending = false};
    sk_err result = SK_ERR_STATE;
    sk_handle far;
    fail_on(0);
    ASSERT_OK(sk_chan_create(&source.chan, &far, SK_EV_CHAN));
    struct sk_linux_child peer = start_peer(*state, quiet_answerer, NULL, &far, 1);
    sk_linux_spin(0);
    fail_on(MEMBARRIER_CMD_GLOBAL_EXPEDITED);
    sk_loop_init(&loop, NULL, 0, NULL);
    sk_source_attach(&loop, &source);
    async.fn = on_answer;
    async.user = &result;
    ASSERT_OK(sk_call_async(&loop, &source, &async, &(struct sk_out){.label = 1}, 0, SK_FOREVER));
    sk_loop_run(&loop);
    ASSERT_OK(result);
    fail_on(0);
    sk_source_detach(&loop, &source);
    sk_chan_close(&source.chan);
    end_peer(&peer, 0);
}

static void test_no_area(void **state)
{
    struct sk_linux_area *a, *b;
    (void)state;
    fail_on(0);
    assert_int_equal(sk_linux_join(-1, &b), SK_ERR_ARG);
    int fd = memfd_create("other", MFD_ALLOW_SEALING);
    assert_int_equal(ftruncate(fd, 1 << 20), 0);
    assert_int_equal(sk_linux_join(fd, &b), SK_ERR_PROTOCOL); /* could be cut off */
    assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
    assert_int_equal(sk_linux_join(fd, &b), SK_ERR_PROTOCOL);
    /* Each word of a true head changed in turn: refused, or no harm. */
    uint32_t head[8];
    ASSERT_OK(sk_linux_create(&(struct sk_linux_params){.tasks = 3, .channels = 5}, &a));
    assert_int_equal(pread(sk_linux_fd(a), head, sizeof(head), 0), sizeof(head));
    for (uint32_t i = 0; i < 8; i++) {
        const uint32_t odd[] = {0, 0xffffffffu, 0x7fffffffu, 70000};
        for (uint32_t j = 0; j < 4; j++) {
            uint32_t wrong[8];
            memcpy(wrong, head, sizeof(wrong));
            wrong[i] = odd[j];
            assert_int_equal(pwrite(fd, wrong, sizeof(wrong), 0), sizeof(wrong));
            assert_int_equal(sk_linux_join(fd, &b), SK_ERR_PROTOCOL);
        }
    }
    assert_int_equal(pwrite(fd, head, sizeof(head), 0), sizeof(head));
    assert_int_equal(sk_linux_join(fd, &b), SK_ERR_PROTOCOL); /* right, but the file is too short */
    close(fd);
    ASSERT_OK(sk_linux_leave(a));
    const struct sk_linux_params bad[] = {{.tasks = SK_LINUX_TASKS_MAX + 1u},
                                          {.channels = SK_LINUX_CHANNELS_MAX + 1u},
                                          {.ports = SK_LINUX_PORTS_MAX + 1u},
                                          {.regions = SK_LINUX_REGIONS_MAX + 1u},
                                          {.region_pages = SK_REGION_PAGES_MAX + 1u}};
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(sk_linux_create(&bad[i], &a), SK_ERR_ARG);
}

/* A program that was not forked by us: it has the descriptor and nothing else. */
static int joiner(const char *fd)
{
    struct sk_linux_area *a;
    struct sk_chan c;
    uint32_t back = 0, sent = 4711;
    PEER_CHECK(sk_linux_join(atoi(fd), &a) == SK_OK);
    PEER_CHECK(sk_linux_task_begin(a, NULL) == SK_OK);
    PEER_CHECK(sk_linux_task_begin(a, NULL) == SK_ERR_STATE);
    PEER_CHECK(sk_linux_leave(a) == SK_ERR_BUSY);
    PEER_CHECK(names_connect("joined", sk_in_ms(LONG_MS), &c) == SK_OK);
    PEER_CHECK(sk_call(&c, 1, &sent, 4, &back, 4, NULL, sk_in_ms(LONG_MS)) == SK_OK);
    PEER_CHECK(back == 4712);
    return 33; /* without any leave-taking */
}

static int names_task(void *arg)
{
    (void)arg;
    return sk_linux_serve_names();
}

static void test_exec_and_join(void **state)
{
    struct setting *s = *state;
    struct sk_chan c;
    struct sk_in in;
    sk_handle port, end;
    uint32_t events, number;
    char fd[16];
    int how;
    fail_on(0);
    struct sk_linux_child names = start_peer(s, names_task, NULL, NULL, 0);
    ASSERT_OK(sys_port_create(8, 1, &port));
    ASSERT_OK(names_register("joined", port));
    int shared = dup(sk_linux_fd(s->area));
    snprintf(fd, sizeof(fd), "%d", shared);
    pid_t pid = fork();
    if (pid == 0) {
        execl("/proc/self/exe", "test_barrier", "join", fd, NULL);
        _exit(98);
    }
    close(shared);
    ASSERT_OK(sk_wait_events(1u << 8, sk_in_ms(LONG_MS), &events));
    ASSERT_OK(sys_port_accept(port, &end));
    ASSERT_OK(sk_chan_open(&c, end, SK_EV_CHAN));
    ASSERT_OK(sk_recv_until(&c, &in, sk_in_ms(LONG_MS)));
    number = in.w32[0] + 1u;
    ASSERT_OK(sk_reply(&c, in.token, SK_OK, &number, 4, NULL, 0, NULL));
    assert_int_equal(sk_recv_until(&c, &in, sk_in_ms(LONG_MS)), SK_ERR_PEER_DEAD);
    assert_int_equal(waitpid(pid, &how, 0), pid);
    assert_int_equal(WEXITSTATUS(how), 33);
    sk_chan_close(&c);
    ASSERT_OK(sk_linux_set_events(s->area, names.tid, 1u << SK_LINUX_EV_STOP));
    end_peer(&names, 0);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "join") == 0)
        return joiner(argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_no_area),
        {"test_process_registers", test_process_registers, up_asym_processes, setting_down, NULL},
        {"test_process_registers (fenced)", test_process_registers, up_fenced_processes,
         setting_down, NULL},
        {"test_fails_in_use", test_fails_in_use, up_asym_threads, setting_down, NULL},
        {"test_doubt_remains", test_doubt_remains, up_asym_threads, setting_down, NULL},
        {"test_loop_finds_it", test_loop_finds_it, up_asym_threads, setting_down, NULL},
        {"test_exec_and_join", test_exec_and_join, up_asym_processes, setting_down, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
