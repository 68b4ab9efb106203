/* Pipes, of as many bytes as the ring of the measure has in slots (a page at least).
 * SPDX-License-Identifier: BSD-2-Clause */
#include "fd.h"
#include "systems.h"

static void pipe_setup(struct run *run)
{
    struct fd_pair *p = fd_pairs(run);
    unsigned bytes = run->measure->kind == KIND_COPY ? 1u << 16 : run->measure->slots * 64u;
    for (unsigned i = 0; i < queue_pairs(run->measure); i++) {
        for (unsigned side = 0; side < 2; side++) {
            int both[2];
            if (pipe2(both, O_CLOEXEC) != 0)
                bench_skip(run, "pipe: %m");
            if (fcntl(both[1], F_SETPIPE_SZ, bytes) < 0)
                bench_skip(run, "a pipe of %u bytes: %m", bytes);
            p[i].out[side] = both[1];
            p[i].in[1u - side] = both[0];
        }
    }
}

static void pipe_open(struct fd_end *e, struct run *run, unsigned pair)
{
    fd_open(e, run, pair, BENCH_BATCH);
}

#define pipe_send fd_send
#define pipe_recv fd_recv
#define pipe_wait fd_wait
FD_SIDES(pipe, SIZE_MAX)

const struct system pipe_system = {
    .name = "pipe",
    .about = "pipes: one write for each message, a read takes what is there",
    .setup = pipe_setup,
    .side = {[KIND_RTT] = QUEUE_RTT(pipe),
             [KIND_STREAM] = QUEUE_STREAM(pipe),
             [KIND_ASLEEP] = QUEUE_ASLEEP(pipe),
             [KIND_SOON] = QUEUE_SOON(pipe),
             [KIND_LATE] = QUEUE_LATE(pipe),
             [KIND_COPY] = {pipe_fd_give, pipe_fd_get},
             [KIND_RPC] = QUEUE_RPC(pipe)},
};
