/* The name service that comes late, stops, or is not there at all; and the log, interrupted.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "area.h"
#include <fcntl.h>
#include <pthread.h>

#define AGAIN 9u  /* events of who serves names: serve once more */
#define DONE  10u /* it may end */
#define ASKS  11u /* of who has started the next one: it has found a name, and asks for another */

/* Serves names twice, and lives on in between and afterwards, with no more handles than before. */
static int serves_twice(void *arg)
{
    struct sk_task_info before, after;
    uint32_t events;
    (void)arg;
    PEER_CHECK(sys_task_info(SK_HANDLE_NONE, &before) == SK_OK);
    for (uint32_t i = 0; i < 2; i++) {
        PEER_CHECK(sk_linux_serve_names() == SK_OK);
        PEER_CHECK(sys_task_info(SK_HANDLE_NONE, &after) == SK_OK);
        PEER_CHECK(after.handles == before.handles);
        PEER_CHECK(sk_wait_events(1u << (AGAIN + i), sk_in_ms(LONG_MS), &events) == SK_OK);
    }
    return 0;
}

struct waiter {
    struct sk_linux_area *area;
    sk_tid starter;
};

/* Waits for a name that never comes. */
static int waits_for_name(void *arg)
{
    struct sk_chan c;
    struct waiter *w = arg;
    PEER_CHECK(names_wait("there", sk_in_ms(LONG_MS)) == SK_OK);
    PEER_CHECK(sk_linux_set_events(w->area, w->starter, 1u << ASKS) == SK_OK);
    PEER_CHECK(names_connect("never", SK_FOREVER, &c) == SK_ERR_PEER_DEAD);
    return 0;
}

static void test_stopped_service(void **state)
{
    struct setting *s = *state;
    struct waiter w = {s->area, sk_self()->start->tid};
    struct names_entry entry;
    uint32_t events;
    sk_handle port;
    struct sk_linux_child names = start_peer(s, serves_twice, NULL, NULL, 0);
    ASSERT_OK(sys_port_create(12, 2, &port));
    ASSERT_OK(names_register("there", port));
    struct sk_linux_child waits = start_peer(s, waits_for_name, &w, NULL, 0);
    ASSERT_OK(sk_wait_events(1u << ASKS, sk_in_ms(LONG_MS), &events));
    ASSERT_OK(sk_linux_set_events(s->area, names.tid, 1u << SK_LINUX_EV_STOP));
    end_peer(&waits, 0);
    assert_int_equal(names_wait("there", sk_in_ms(LONG_MS)), SK_ERR_PEER_DEAD);
    ASSERT_OK(sk_linux_set_events(s->area, names.tid, 1u << AGAIN));
    sk_chan_close(sk_parent());
    uint32_t at = 0;
    assert_int_equal(names_list("", &at, &entry), SK_ERR_NOT_FOUND); /* a new one knows nobody */
    ASSERT_OK(sk_linux_set_events(s->area, names.tid, 1u << SK_LINUX_EV_STOP));
    ASSERT_OK(sk_linux_set_events(s->area, names.tid, 1u << DONE));
    end_peer(&names, 0);
    ASSERT_OK(sys_close(port));
}

/* No service, and who asks is cancelled: it does not wait for one. */
static void test_cancelled_before_it_serves(void **state)
{
    struct setting *s = *state;
    struct sk_chan c;
    uint32_t events, at = 0;
    struct names_entry entry;
    ASSERT_OK(sk_linux_set_events(s->area, sk_self()->start->tid, 1u << DONE));
    sk_cancel_on(1u << DONE);
    assert_int_equal(names_wait("x", SK_FOREVER), SK_ERR_CANCELLED);
    assert_int_equal(names_connect("x", SK_FOREVER, &c), SK_ERR_CANCELLED);
    assert_int_equal(names_list("", &at, &entry), SK_ERR_CANCELLED);
    sk_cancel_on(0);
    ASSERT_OK(sk_wait_events(1u << DONE, 0, &events));
}

/* Each question by `deadline`, while nobody serves. */
static void ask_nobody(sk_ns deadline)
{
    struct sk_chan c;
    struct sk_chan_view view;
    sk_ns before = sk_now();
    sk_err none = deadline == 0 ? SK_ERR_NOT_FOUND : SK_ERR_TIMED_OUT;
    assert_null(sk_parent());
    assert_int_equal(sys_chan_open(sk_self()->start->parent, SK_EV_CHAN, &view), SK_ERR_NOT_FOUND);
    assert_int_equal(names_wait("x", deadline), none);
    assert_int_equal(names_connect("x", deadline != 0 ? sk_in_ms(10) : 0, &c), none);
    assert_true(sk_now() >= deadline);
    assert_true(sk_now() - before < SK_MS(SK_NAMES_MS)); /* nothing that has its own patience */
}

/* Its deadline is all that a question waits for a service; then it asks one that has come. */
static void test_nobody_serves(void **state)
{
    struct setting *s = *state;
    struct sk_linux_use use;
    sk_handle port;
    ask_nobody(0);
    ask_nobody(sk_in_ms(10));
    sk_linux_use(s->area, &use);
    assert_int_equal(use.channels, 0);
    struct sk_linux_child names = start_peer(s, serves_twice, NULL, NULL, 0);
    ASSERT_OK(sys_port_create(12, 2, &port));
    for (uint32_t i = 0; i < 2; i++) {
        sk_err err;
        ASSERT_OK(names_register("there", port)); /* waits, if it does not serve yet */
        ASSERT_OK(names_wait("there", 0));
        ASSERT_OK(sk_linux_set_events(s->area, names.tid, 1u << SK_LINUX_EV_STOP));
        while ((err = names_wait("there", 0)) == SK_OK)
            ;
        assert_int_equal(err, SK_ERR_PEER_DEAD);
        sk_chan_close(sk_parent());
        ask_nobody(sk_in_ms(10)); /* it was there once */
        ASSERT_OK(sk_linux_set_events(s->area, names.tid, 1u << (AGAIN + i)));
    }
    end_peer(&names, 0);
    ASSERT_OK(sys_close(port));
}

static void test_no_task(void **state)
{
    (void)state;
    assert_int_equal(sk_linux_serve_names(), SK_ERR_STATE);
    assert_int_equal(sk_linux_given(0), SK_HANDLE_NONE);
}

/* --- The log --------------------------------------------------------------------------------- */

struct reader {
    int fd;
    pthread_t writer;
    size_t got;
};

static void on_signal(int number)
{
    (void)number;
}

/* Interrupts who writes into a full pipe, again and again, then reads all. */
static void *reader_run(void *arg)
{
    struct reader *r = arg;
    char some[4096];
    ssize_t n;
    for (uint32_t i = 0; i < 50; i++) {
        pthread_kill(r->writer, SIGUSR1);
        usleep(1000);
    }
    while ((n = read(r->fd, some, sizeof(some))) > 0)
        r->got += (size_t)n;
    return NULL;
}

static void test_log_is_interrupted(void **state)
{
    static char text[1u << 18]; /* more than a pipe holds */
    struct sigaction old, now = {.sa_handler = on_signal};
    struct reader r = {.writer = pthread_self()};
    pthread_t thread;
    int fd[2], before = dup(STDERR_FILENO);
    (void)state;
    memset(text, '.', sizeof(text));
    assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
    assert_int_equal(sigaction(SIGUSR1, &now, &old), 0);
    r.fd = fd[0];
    assert_int_equal(pthread_create(&thread, NULL, reader_run, &r), 0);
    dup2(fd[1], STDERR_FILENO);
    close(fd[1]);
    sk_err err = SK_OK;
    for (uint32_t i = 0; i < 2 && err == SK_OK; i++)
        err = sys_log_write(text, sizeof(text));
    dup2(before, STDERR_FILENO);
    close(before);
    pthread_join(thread, NULL);
    close(fd[0]);
    sigaction(SIGUSR1, &old, NULL);
    ASSERT_OK(err);
    assert_int_equal(r.got, 2u * sizeof(text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOUR(test_stopped_service),
        FOUR(test_nobody_serves),
        {"test_cancelled", test_cancelled_before_it_serves, up_asym_threads, setting_down, NULL},
        cmocka_unit_test(test_no_task),
        {"test_log_is_interrupted", test_log_is_interrupted, up_asym_threads, setting_down, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
