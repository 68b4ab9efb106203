/* nng: pair0 sockets over inproc, between threads, with buffers of as many messages as the ring of
 * the measure has slots. Its own threads carry messages on; they are not pinned.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "queue.h"
#include "systems.h"
#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>

struct nng_end {
    struct run *run;
    nng_socket socket;
    int flags; /* NNG_FLAG_NONBLOCK where it polls */
};

static void nng_check(struct run *run, int err)
{
    if (err)
        bench_skip(run, "nng: %s", nng_strerror(err));
}

static void nng_setup(struct run *run)
{
    nng_socket *socket = tool_own(run, 2, sizeof *socket);
    int most = (int)run->measure->slots / 2; /* of each of the two sides of the way */
    for (unsigned side = 0; side < 2; side++) {
        nng_check(run, nng_pair0_open(&socket[side]));
        nng_check(run, nng_socket_set_int(socket[side], NNG_OPT_SENDBUF, most));
        nng_check(run, nng_socket_set_int(socket[side], NNG_OPT_RECVBUF, most));
        nng_check(run, side == 0 ? nng_listen(socket[0], "inproc://bench", NULL, 0)
                                 : nng_dial(socket[1], "inproc://bench", NULL, 0));
    }
    run->own = socket;
}

static void nng_take_end(struct nng_end *e, struct run *run, unsigned pair)
{
    enum bench_kind k = run->measure->kind;
    (void)pair;
    e->run = run;
    e->socket = ((nng_socket *)run->own)[run->side];
    e->flags = k == KIND_RTT || k == KIND_RPC ? NNG_FLAG_NONBLOCK : 0;
}

LOOP uint64_t nanomsg_send(void *end, uint64_t number, uint64_t count)
{
    struct nng_end *e = end;
    struct bench_msg m;
    if (!count)
        return 0;
    msg_make(&m, number);
    int err = nng_send(e->socket, &m, sizeof m, e->flags);
    if (err == 0)
        return 1;
    if (err != NNG_EAGAIN)
        bench_fail(e->run, "nng: %s", nng_strerror(err));
    return 0;
}

LOOP uint64_t nanomsg_recv(void *end, uint64_t expect, uint64_t max, uint64_t *bad)
{
    struct nng_end *e = end;
    struct bench_msg m;
    size_t n = sizeof m;
    int err = nng_recv(e->socket, &m, &n, e->flags);
    (void)max;
    if (err == NNG_EAGAIN)
        return 0;
    if (err != 0 || n != sizeof m)
        bench_fail(e->run, "nng: %zu bytes, %s", n, nng_strerror(err));
    msg_judge(&m, expect, bad);
    return 1;
}

LOOP void nanomsg_wait(void *end)
{
    (void)end; /* receiving has slept */
}

#define nanomsg_open nng_take_end
QUEUE_POLLED_SIDES(nanomsg, nng_end)
QUEUE_SLEEPING_SIDES(nanomsg, nng_end)

const struct system nng_system = {
    .name = "nng",
    .about = "nng, pair0 over inproc",
    .threads = true,
    .setup = nng_setup,
    .side = {[KIND_RTT] = QUEUE_RTT(nanomsg),
             [KIND_STREAM] = QUEUE_STREAM(nanomsg),
             [KIND_ASLEEP] = QUEUE_ASLEEP(nanomsg),
             [KIND_SOON] = QUEUE_SOON(nanomsg),
             [KIND_LATE] = QUEUE_LATE(nanomsg),
             [KIND_RPC] = QUEUE_RPC(nanomsg)},
};
