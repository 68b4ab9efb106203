/* A system that is a queue: QUEUE_SIDES(x, type) makes its functions for every kind of measure from
 * x_open, x_send, x_recv and x_wait (struct type is an end); QUEUE_POLLED and QUEUE_SLEEPING name
 * them in its struct system.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef BENCH_QUEUE_H
#define BENCH_QUEUE_H

#include "loops.h"
#include "loops_bulk.h"
#include "loops_many.h"

/* Pairs of rings that a measure needs. */
static inline unsigned queue_pairs(const struct measure *m)
{
    return m->kind == KIND_CLIENTS ? m->param : m->kind == KIND_IDLE ? m->param + 1u : 1u;
}

#define QUEUE_SIDE(x, type, name, loop)                                                            \
    __attribute__((unused)) static void x##_##name(struct run *run)                                \
    {                                                                                              \
        unsigned ends = run->side == 1 ? queue_pairs(run->measure) : 1u;                           \
        struct type *q = (struct type *)tool_own(run, ends, sizeof(struct type));                  \
        for (unsigned i = 0; i < ends; i++)                                                        \
            x##_open(&q[i], run, i + (run->side == 0 ? run->me : 0));                              \
        loop;                                                                                      \
    }

#define QUEUE_POLLED_SIDES(x, type)                                                                \
    QUEUE_SIDE(x, type, ping, loop_ping(run, q, x##_send, x##_recv, 0))                            \
    QUEUE_SIDE(x, type, pong, loop_pong(run, q, x##_send, x##_recv, 0, 0))                         \
    QUEUE_SIDE(x, type, source, loop_source(run, q, x##_send, 0))                                  \
    QUEUE_SIDE(x, type, sink, loop_sink(run, q, x##_recv, 0))                                      \
    QUEUE_SIDE(x, type, window, loop_window(run, q, x##_send, x##_recv, 0, run->measure->param))   \
    QUEUE_SIDE(x, type, serve, loop_serve(run, q, x##_send, x##_recv, 0))                          \
    QUEUE_SIDE(x, type, give, loop_give(run, q, x##_send, x##_recv))                               \
    QUEUE_SIDE(x, type, get, loop_get(run, q, x##_send, x##_recv))                                 \
    QUEUE_SIDE(x, type, hand, loop_hand(run, q, x##_send, x##_recv))                               \
    QUEUE_SIDE(x, type, hand_back, loop_hand_back(run, q, x##_send, x##_recv))                     \
    QUEUE_SIDE(x, type, client, loop_client(run, q, x##_send, x##_recv))                           \
    QUEUE_SIDE(x, type, server, loop_server(run, q, sizeof *q, ends, x##_send, x##_recv))          \
    QUEUE_SIDE(x, type, watch, loop_watch(run, q, sizeof *q, ends, x##_send, x##_recv))

#define QUEUE_SLEEPING_SIDES(x, type)                                                              \
    QUEUE_SIDE(x, type, ping_asleep, loop_ping(run, q, x##_send, x##_recv, x##_wait))              \
    QUEUE_SIDE(x, type, pong_asleep, loop_pong(run, q, x##_send, x##_recv, x##_wait, 0))           \
    QUEUE_SIDE(x, type, ask_soon,                                                                  \
               loop_ask_asleep(run, q, x##_send, x##_recv, x##_wait,                               \
                               tool_ticks_of_ns(run, BENCH_THINK_NS), 0))                          \
    QUEUE_SIDE(x, type, ask_late,                                                                  \
               loop_ask_asleep(run, q, x##_send, x##_recv, x##_wait,                               \
                               tool_ticks_of_ns(run, BENCH_THINK_NS),                              \
                               tool_ticks_of_ns(run, BENCH_THINK_NS)))                             \
    QUEUE_SIDE(                                                                                    \
        x, type, answer_late,                                                                      \
        loop_pong(run, q, x##_send, x##_recv, x##_wait, tool_ticks_of_ns(run, BENCH_THINK_NS)))

#define QUEUE_RTT(x)                                                                               \
    {                                                                                              \
        x##_ping, x##_pong                                                                         \
    }
#define QUEUE_STREAM(x)                                                                            \
    {                                                                                              \
        x##_source, x##_sink                                                                       \
    }
#define QUEUE_RPC(x)                                                                               \
    {                                                                                              \
        x##_window, x##_serve                                                                      \
    }
#define QUEUE_COPY(x)                                                                              \
    {                                                                                              \
        x##_give, x##_get                                                                          \
    }
#define QUEUE_MOVE(x)                                                                              \
    {                                                                                              \
        x##_hand, x##_hand_back                                                                    \
    }
#define QUEUE_CLIENTS(x)                                                                           \
    {                                                                                              \
        x##_client, x##_server                                                                     \
    }
#define QUEUE_IDLE(x)                                                                              \
    {                                                                                              \
        x##_ping, x##_watch                                                                        \
    }
#define QUEUE_ASLEEP(x)                                                                            \
    {                                                                                              \
        x##_ping_asleep, x##_pong_asleep                                                           \
    }
#define QUEUE_SOON(x)                                                                              \
    {                                                                                              \
        x##_ask_soon, x##_pong_asleep                                                              \
    }
#define QUEUE_LATE(x)                                                                              \
    {                                                                                              \
        x##_ask_late, x##_answer_late                                                              \
    }

/* The same for C++, which has no designated array elements. */
#define QUEUE_SET(s, kind, ...)                                                                    \
    do {                                                                                           \
        void (*const both[2])(struct run *) = __VA_ARGS__;                                         \
        (s).side[kind][0] = both[0];                                                               \
        (s).side[kind][1] = both[1];                                                               \
    } while (0)

#endif
