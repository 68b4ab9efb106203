/* One server with many descriptors: it asks epoll which of them have something, without sleeping.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef BENCH_FD_MANY_H
#define BENCH_FD_MANY_H

#include "fd.h"
#include <sys/epoll.h>

#define FD_EVENTS 32

static inline int fd_watch_all(struct run *run, struct fd_end *q, unsigned ends)
{
    int watch = epoll_create1(EPOLL_CLOEXEC);
    for (unsigned i = 0; i < ends; i++) {
        struct epoll_event want = {.events = EPOLLIN, .data = {.u32 = i}};
        if (watch < 0 || epoll_ctl(watch, EPOLL_CTL_ADD, q[i].in, &want) != 0)
            bench_skip(run, "epoll: %m");
    }
    return watch;
}

static inline unsigned fd_ready(struct run *run, int watch, struct epoll_event *events)
{
    int n = epoll_wait(watch, events, FD_EVENTS, 0);
    if (n < 0)
        bench_fail(run, "epoll: %m");
    if (n == 0)
        isa_relax();
    return (unsigned)n;
}

/* Side 1 of clients. */
LOOP void fd_server(struct run *run, struct fd_end *q, unsigned ends)
{
    struct steps s;
    struct epoll_event events[FD_EVENTS];
    uint64_t *number = (uint64_t *)tool_own(run, ends, sizeof *number), served = 0;
    unsigned open = ends;
    int watch = fd_watch_all(run, q, ends);
    steps_begin(&s, run);
    while (open != 0) {
        unsigned n = fd_ready(run, watch, events);
        for (unsigned k = 0; k < n; k++) {
            unsigned i = events[k].data.u32;
            uint64_t bad = 0;
            if (!fd_recv(&q[i], number[i], 1, &bad))
                continue;
            if (bad != 0) {
                tool_check_end(run, number[i], bad);
                open--;
                continue;
            }
            loop_put(&q[i], fd_send, 0, number[i]++);
            served++;
        }
        if (served >= s.grain && open == ends) {
            steps_next(&s, served);
            served = 0;
        }
    }
    steps_result(&s, run->result);
}

/* Side 1 of a round trip beside silent ends. */
LOOP void fd_watch(struct run *run, struct fd_end *q, unsigned ends)
{
    struct epoll_event events[FD_EVENTS];
    uint64_t number = 0, bad = 0;
    int watch = fd_watch_all(run, q, ends);
    while (bad == 0) {
        unsigned n = fd_ready(run, watch, events);
        for (unsigned k = 0; k < n; k++) {
            if (events[k].data.u32 != 0)
                bench_fail(run, "a message from silent pair %u", events[k].data.u32);
            if (fd_recv(&q[0], number, 1, &bad) && bad == 0)
                loop_put(&q[0], fd_send, 0, number++);
        }
    }
    tool_check_end(run, number, bad);
}

#define FD_MANY_SIDES(x)                                                                           \
    QUEUE_SIDE(x, fd_end, fd_server, fd_server(run, q, ends))                                      \
    QUEUE_SIDE(x, fd_end, fd_watch, fd_watch(run, q, ends))

#endif
