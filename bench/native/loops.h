/* The loops of a sample, written once and compiled into each system with its own operations
 * inlined: constant function pointers to functions that are always inlined. So no system pays for
 * a call that another does not pay for.
 *
 * Every wait for the other side is one attempt and one isa_relax, in all systems alike; where a
 * system sleeps, one attempt and its own `wait`. Clients that share a core give it up instead.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef BENCH_LOOPS_H
#define BENCH_LOOPS_H

#include "msg.h"
#include "steps.h"
#include "tool.h"

#define LOOP static inline __attribute__((always_inline))

/* What a system does, on an end of a pair of rings (one in each direction). */
typedef void queue_open(void *end, struct run *run, unsigned pair);
/* Send up to `count` messages from `number` on: how many. */
typedef uint64_t queue_send(void *end, uint64_t number, uint64_t count);
/* Receive and check up to `max` messages, `expect` is the first one's number: how many. */
typedef uint64_t queue_recv(void *end, uint64_t expect, uint64_t max, uint64_t *bad);
/* Nothing could be received, or sent: sleep until that may have changed. */
typedef void queue_wait(void *end);

LOOP void loop_put(void *q, queue_send *send, queue_wait *wait, uint64_t number)
{
    while (!send(q, number, 1)) {
        if (wait)
            wait(q);
        else
            isa_relax();
    }
}

LOOP uint64_t loop_take(void *q, queue_recv *recv, queue_wait *wait, uint64_t expect, uint64_t max,
                        uint64_t *bad)
{
    uint64_t n;
    while (!(n = recv(q, expect, max, bad))) {
        if (wait)
            wait(q);
        else
            isa_relax();
    }
    return n;
}

/* Side 0 of a round trip: in steps, then one by one for the percentiles. */
LOOP void loop_ping(struct run *run, void *q, queue_send *send, queue_recv *recv, queue_wait *wait)
{
    struct steps s;
    uint64_t number = 0, bad = 0;
    steps_begin(&s, run);
    do {
        for (uint64_t i = s.grain; i != 0; i--, number++) {
            loop_put(q, send, wait, number);
            loop_take(q, recv, wait, number, 1, &bad);
        }
        tool_check(run, number, bad);
    } while (steps_next(&s, s.grain));
    uint64_t end = s.last + run->ticks, count = 0, last = s.last;
    do {
        loop_put(q, send, wait, number);
        loop_take(q, recv, wait, number, 1, &bad);
        uint64_t now = isa_ticks();
        tool_single(run, &count, now - last);
        last = now;
        number++;
    } while (last < end);
    tool_check(run, number, bad);
    loop_put(q, send, wait, number | BENCH_LAST);
    steps_result(&s, run->result);
    tool_singles(run, count);
}

/* Side 1 of it: answers after `think` ticks. */
LOOP void loop_pong(struct run *run, void *q, queue_send *send, queue_recv *recv, queue_wait *wait,
                    uint64_t think)
{
    uint64_t number = 0, bad = 0;
    for (;;) {
        loop_take(q, recv, wait, number, 1, &bad);
        if (bad != 0)
            break;
        if (think)
            tool_spin(think);
        loop_put(q, send, wait, number++);
    }
    tool_check_end(run, number, bad);
}

/* Side 0 where the other one sleeps by the time that it is asked. */
LOOP void loop_ask_asleep(struct run *run, void *q, queue_send *send, queue_recv *recv,
                          queue_wait *wait, uint64_t gap, uint64_t think)
{
    struct steps s;
    uint64_t number = 0, bad = 0, count = 0;
    steps_begin(&s, run);
    uint64_t last;
    do {
        tool_spin(gap);
        uint64_t from = isa_ticks();
        loop_put(q, send, wait, number);
        loop_take(q, recv, wait, number, 1, &bad);
        last = isa_ticks();
        if (last > s.warm) {
            steps_add(&s, last - from - think, 1);
            tool_single(run, &count, last - from - think);
        }
        tool_check(run, ++number, bad);
    } while (last < s.end);
    loop_put(q, send, wait, number | BENCH_LAST);
    steps_result(&s, run->result);
    tool_singles(run, count);
}

/* Side 0 of a stream. */
LOOP void loop_source(struct run *run, void *q, queue_send *send, queue_wait *wait)
{
    struct steps s;
    uint64_t number = 0;
    steps_begin(&s, run);
    do {
        for (uint64_t stop = number + s.grain; number != stop;) {
            uint64_t n = send(q, number, stop - number);
            number += n;
            if (!n && wait)
                wait(q);
            else if (!n)
                isa_relax();
        }
    } while (steps_next(&s, s.grain));
    loop_put(q, send, wait, number | BENCH_LAST);
}

/* Side 1 of it. */
LOOP void loop_sink(struct run *run, void *q, queue_recv *recv, queue_wait *wait)
{
    struct steps s;
    uint64_t number = 0, bad = 0;
    steps_begin(&s, run);
    while (bad == 0) {
        uint64_t from = number;
        for (uint64_t stop = number + s.grain; number < stop && bad == 0;)
            number += loop_take(q, recv, wait, number, stop - number, &bad);
        if (bad == 0)
            steps_next(&s, number - from);
    }
    tool_check_end(run, number - 1u, bad);
    steps_result(&s, run->result);
}

/* Side 0 with up to `window` requests that wait for their answers. */
LOOP void loop_window(struct run *run, void *q, queue_send *send, queue_recv *recv,
                      queue_wait *wait, uint64_t window)
{
    struct steps s;
    uint64_t sent = 0, got = 0, from = 0, bad = 0;
    steps_begin(&s, run);
    for (;;) {
        uint64_t room = window - (sent - got);
        uint64_t put = room ? send(q, sent, room) : 0;
        sent += put;
        uint64_t took = sent != got ? recv(q, got, sent - got, &bad) : 0;
        got += took;
        if (!put && !took && wait)
            wait(q);
        else if (!put && !took)
            isa_relax();
        if (got - from < s.grain)
            continue;
        tool_check(run, got, bad);
        if (!steps_next(&s, got - from))
            break;
        from = got;
    }
    while (got != sent)
        got += loop_take(q, recv, wait, got, sent - got, &bad);
    tool_check(run, got, bad);
    loop_put(q, send, wait, sent | BENCH_LAST);
    steps_result(&s, run->result);
}

/* Side 1 of it: answers all that it has, in order. */
LOOP void loop_serve(struct run *run, void *q, queue_send *send, queue_recv *recv, queue_wait *wait)
{
    uint64_t got = 0, sent = 0, bad = 0;
    for (;;) {
        uint64_t n = loop_take(q, recv, wait, got, BENCH_BATCH, &bad);
        got += n;
        if (bad != 0)
            break;
        while (sent != got) {
            uint64_t put = send(q, sent, got - sent);
            sent += put;
            if (!put)
                isa_relax();
        }
    }
    while (sent != got - 1u) {
        uint64_t put = send(q, sent, got - 1u - sent);
        sent += put;
        if (!put)
            isa_relax();
    }
    tool_check_end(run, got - 1u, bad);
}

#endif
