/* Loops of one server with many pairs of rings: clients beside each other, and channels that are
 * open and silent. A queue that tells nobody which of many has something must look at each: that is
 * what is measured here of those that have nothing else.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef BENCH_LOOPS_MANY_H
#define BENCH_LOOPS_MANY_H

#include "loops.h"
#include <sched.h>

/* Side 0, once for each client: one request at a time. Clients that share a core give it up while
 * they wait. */
LOOP void loop_client(struct run *run, void *q, queue_send *send, queue_recv *recv)
{
    uint64_t number = 0, bad = 0, end = isa_ticks() + run->ticks;
    bool alone = !run->crowded;
    do {
        loop_put(q, send, 0, number);
        while (!recv(q, number, 1, &bad)) {
            if (alone)
                isa_relax();
            else
                sched_yield();
        }
        tool_check(run, number++, bad);
    } while (isa_ticks() < end);
    loop_put(q, send, 0, number | BENCH_LAST);
}

/* Side 1 of it: `ends` ends of `size` bytes each. */
LOOP void loop_server(struct run *run, void *q, size_t size, unsigned ends, queue_send *send,
                      queue_recv *recv)
{
    struct steps s;
    uint64_t *number = (uint64_t *)tool_own(run, ends, sizeof *number);
    uint64_t served = 0;
    unsigned open = ends;
    steps_begin(&s, run);
    while (open != 0) {
        uint64_t before = served;
        for (unsigned i = 0; i < ends; i++) {
            void *end = (uint8_t *)q + i * size;
            uint64_t bad = 0;
            if (!recv(end, number[i], 1, &bad))
                continue;
            if (bad != 0) {
                tool_check_end(run, number[i], bad);
                open--;
                continue;
            }
            loop_put(end, send, 0, number[i]++);
            served++;
        }
        if (served == before)
            isa_relax();
        if (served >= s.grain && open == ends) {
            steps_next(&s, served);
            served = 0;
        }
    }
    steps_result(&s, run->result);
}

/* Side 1 of round trips on the first of `ends` pairs. */
LOOP void loop_watch(struct run *run, void *q, size_t size, unsigned ends, queue_send *send,
                     queue_recv *recv)
{
    uint64_t number = 0, bad = 0;
    for (unsigned i = 0;; i = i + 1u == ends ? 0 : i + 1u) {
        uint64_t odd = 0,
                 n = recv((uint8_t *)q + i * size, i == 0 ? number : 0, 1, i == 0 ? &bad : &odd);
        if (n == 0) {
            if (ends == 1u)
                isa_relax();
            continue;
        }
        if (i != 0)
            bench_fail(run, "a message from silent pair %u", i);
        if (bad != 0)
            break;
        loop_put(q, send, 0, number++);
    }
    tool_check_end(run, number, bad);
}

#endif
