/* ZeroMQ: PAIR sockets over inproc, between threads, with as many messages at most as the ring of
 * the measure has slots.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "queue.h"
#include "systems.h"
#include <errno.h>
#include <zmq.h>

struct zmq_end {
    struct run *run;
    void *socket;
    int flags; /* ZMQ_DONTWAIT where it polls */
};

static void zmq_setup(struct run *run)
{
    void *context = zmq_ctx_new(), **socket = tool_own(run, 2, sizeof *socket);
    int most = (int)run->measure->slots / 2; /* of each of the two sides of the way */
    for (unsigned side = 0; side < 2; side++) {
        socket[side] = zmq_socket(context, ZMQ_PAIR);
        if (!socket[side] || zmq_setsockopt(socket[side], ZMQ_SNDHWM, &most, sizeof most) != 0 ||
            zmq_setsockopt(socket[side], ZMQ_RCVHWM, &most, sizeof most) != 0 ||
            (side == 0 ? zmq_bind(socket[0], "inproc://bench")
                       : zmq_connect(socket[1], "inproc://bench")) != 0)
            bench_skip(run, "ZeroMQ: %s", zmq_strerror(errno));
    }
    run->own = socket;
}

static void zmq_open(struct zmq_end *e, struct run *run, unsigned pair)
{
    enum bench_kind k = run->measure->kind;
    (void)pair;
    e->run = run;
    e->socket = ((void **)run->own)[run->side];
    e->flags = k == KIND_RTT || k == KIND_RPC ? ZMQ_DONTWAIT : 0;
}

LOOP uint64_t zeromq_send(void *end, uint64_t number, uint64_t count)
{
    struct zmq_end *e = end;
    struct bench_msg m;
    if (!count)
        return 0;
    msg_make(&m, number);
    if (zmq_send(e->socket, &m, sizeof m, e->flags) == (int)sizeof m)
        return 1;
    if (errno != EAGAIN)
        bench_fail(e->run, "ZeroMQ: %s", zmq_strerror(errno));
    return 0;
}

LOOP uint64_t zeromq_recv(void *end, uint64_t expect, uint64_t max, uint64_t *bad)
{
    struct zmq_end *e = end;
    struct bench_msg m;
    int n = zmq_recv(e->socket, &m, sizeof m, e->flags);
    (void)max;
    if (n < 0 && errno == EAGAIN)
        return 0;
    if (n != (int)sizeof m)
        bench_fail(e->run, "ZeroMQ: %d bytes, %s", n, zmq_strerror(errno));
    msg_judge(&m, expect, bad);
    return 1;
}

LOOP void zeromq_wait(void *end)
{
    (void)end; /* receiving has slept */
}

#define zeromq_open zmq_open
QUEUE_POLLED_SIDES(zeromq, zmq_end)
QUEUE_SLEEPING_SIDES(zeromq, zmq_end)

const struct system zeromq = {
    .name = "zeromq",
    .about = "ZeroMQ, PAIR over inproc",
    .threads = true,
    .setup = zmq_setup,
    .side = {[KIND_RTT] = QUEUE_RTT(zeromq),
             [KIND_STREAM] = QUEUE_STREAM(zeromq),
             [KIND_ASLEEP] = QUEUE_ASLEEP(zeromq),
             [KIND_SOON] = QUEUE_SOON(zeromq),
             [KIND_LATE] = QUEUE_LATE(zeromq),
             [KIND_RPC] = QUEUE_RPC(zeromq)},
};
