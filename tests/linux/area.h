/* What the tests of the Linux port have in common: an area, this thread as a task of it, a started
 * peer as a thread or as a process, and checks that also work in the peer.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TEST_LINUX_AREA_H
#define TEST_LINUX_AREA_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/chan.h"
#include "lib/names.h"
#include "lib/rpc.h"
#include "lib/self.h"
#include <skerry_linux.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <signal.h>
#include <unistd.h>

#define LONG_MS 20000u /* only a hang takes so long */

/* In a peer, where cmocka's checks do not reach: say what is wrong and end with that status. */
#define PEER_CHECK(c)                                                                              \
    do {                                                                                           \
        if (!(c)) {                                                                                \
            fprintf(stderr, "%s:%d: in the peer: not so: %s\n", __FILE__, __LINE__, #c);           \
            return 99;                                                                             \
        }                                                                                          \
    } while (0)
#define ASSERT_OK(e) assert_int_equal((e), SK_OK)

/* The tests' setting: each combination of a mode and a kind of peer. */
struct setting {
    uint32_t mode;
    bool processes;
    struct sk_linux_area *area;
};

static inline int setting_up(void **state, uint32_t mode, bool processes)
{
    struct setting *s = calloc(1, sizeof(*s));
    struct sk_linux_params p = {.mode = mode};
    s->mode = mode;
    s->processes = processes;
    *state = s;
    if (sk_linux_create(&p, &s->area) != SK_OK)
        return -1;
    return sk_linux_task_begin(s->area, NULL) == SK_OK ? 0 : -1;
}

static inline int setting_down(void **state)
{
    struct setting *s = *state;
    struct sk_linux_use use;
    sk_linux_task_end(0);
    sk_linux_use(s->area, &use);
    int bad = use.tasks != 0 || use.channels != 0 || use.ports != 0 || use.regions != 0;
    if (bad)
        fprintf(stderr, "left: %u tasks, %u channels, %u ports, %u regions\n", use.tasks,
                use.channels, use.ports, use.regions);
    bad |= sk_linux_leave(s->area) != SK_OK;
    free(s);
    return bad ? -1 : 0;
}

static inline int up_asym_threads(void **state)
{
    return setting_up(state, SK_LINUX_ANY, false);
}
static inline int up_asym_processes(void **state)
{
    return setting_up(state, SK_LINUX_ANY, true);
}
static inline int up_fenced_threads(void **state)
{
    return setting_up(state, SK_LINUX_FENCED, false);
}
static inline int up_fenced_processes(void **state)
{
    return setting_up(state, SK_LINUX_FENCED, true);
}

/* A test in all four settings. */
#define FOUR(f)                                                                                    \
    {#f " (threads)", f, up_asym_threads, setting_down, NULL},                                     \
        {#f " (processes)", f, up_asym_processes, setting_down, NULL},                             \
        {#f " (fenced, threads)", f, up_fenced_threads, setting_down, NULL},                       \
    {                                                                                              \
#f " (fenced, processes)", f, up_fenced_processes, setting_down, NULL                      \
    }

struct peer {
    sk_linux_main_fn *f;
    void *arg;
    bool process;
};

/* A process does not outlive the test that has failed. */
static inline int peer_run(void *arg)
{
    struct peer p = *(struct peer *)arg;
    free(arg);
    if (p.process)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    return p.f(p.arg);
}

static inline struct sk_linux_child start_peer(struct setting *s, sk_linux_main_fn *f, void *arg,
                                               const sk_handle *give, uint32_t count)
{
    struct sk_linux_child child;
    struct sk_linux_task how = {.name = "peer", .give = give, .give_count = count};
    struct peer *p = malloc(sizeof(*p));
    *p = (struct peer){f, arg, s->processes};
    ASSERT_OK(s->processes ? sk_linux_start_process(s->area, &how, peer_run, p, &child)
                           : sk_linux_start_thread(s->area, &how, peer_run, p, &child));
    if (s->processes)
        free(p);
    return child;
}

static inline void end_peer(struct sk_linux_child *child, int32_t expected)
{
    int32_t status = -1;
    ASSERT_OK(sk_linux_await(child, sk_in_ms(LONG_MS), &status));
    assert_int_equal(status, expected);
}

#endif
