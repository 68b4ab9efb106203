/* POSIX message queues, of as many messages as the ring of the measure has slots if the system's
 * limit permits it. Where the number does not matter, of as many as it permits.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "fd.h"
#include "systems.h"
#include <mqueue.h>
#include <stdio.h>

/* Most messages of a queue for those without the privilege to have more. */
static unsigned mqueue_limit(void)
{
    unsigned limit = 0;
    FILE *f = fopen("/proc/sys/fs/mqueue/msg_max", "r");
    if (f) {
        if (fscanf(f, "%u", &limit) != 1)
            limit = 0;
        fclose(f);
    }
    return limit;
}

static mqd_t mqueue_make(struct run *run, const char *name, int flags)
{
    const struct measure *m = run->measure;
    unsigned limit = mqueue_limit(), needed = m->kind == KIND_STREAM ? m->slots : m->param + 1u;
    struct mq_attr how = {.mq_maxmsg = m->slots, .mq_msgsize = BENCH_MSG_BYTES};
    mqd_t q = mq_open(name, flags, 0600, &how);
    if (q < 0 && errno == EINVAL && needed <= limit) {
        how.mq_maxmsg = limit;
        q = mq_open(name, flags, 0600, &how);
    }
    if (q < 0)
        bench_skip(run, "a message queue of %u: %m; /proc/sys/fs/mqueue/msg_max is %u", m->slots,
                   limit);
    mq_unlink(name);
    return q;
}

static void mqueue_setup(struct run *run)
{
    struct fd_pair *p = fd_pairs(run);
    int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | (fd_blocks(run) ? 0 : O_NONBLOCK);
    for (unsigned side = 0; side < 2; side++) {
        char name[64];
        snprintf(name, sizeof name, "/skerry-bench-%d-%u", (int)getpid(), side);
        mqd_t q = mqueue_make(run, name, flags);
        p->out[side] = q;
        p->in[1u - side] = q;
    }
}

static void mqueue_open(struct fd_end *e, struct run *run, unsigned pair)
{
    const struct fd_pair *p = (const struct fd_pair *)run->own + pair;
    e->run = run;
    e->in = p->in[run->side];
    e->out = p->out[run->side];
}

LOOP uint64_t mqueue_send(void *end, uint64_t number, uint64_t count)
{
    struct fd_end *e = end;
    struct bench_msg m;
    if (!count)
        return 0;
    msg_make(&m, number);
    if (mq_send(e->out, (const char *)&m, sizeof m, 0) == 0)
        return 1;
    if (errno != EAGAIN)
        bench_fail(e->run, "mq_send: %m");
    return 0;
}

LOOP uint64_t mqueue_recv(void *end, uint64_t expect, uint64_t max, uint64_t *bad)
{
    struct fd_end *e = end;
    ssize_t n = mq_receive(e->in, (char *)e->got, sizeof e->got[0], NULL);
    (void)max;
    if (n < 0 && errno == EAGAIN)
        return 0;
    if (n != (ssize_t)sizeof e->got[0])
        bench_fail(e->run, "mq_receive: %m");
    msg_judge(e->got, expect, bad);
    return 1;
}

#define mqueue_wait fd_wait
QUEUE_POLLED_SIDES(mqueue, fd_end)
QUEUE_SLEEPING_SIDES(mqueue, fd_end)

const struct system mqueue_system = {
    .name = "mqueue",
    .about = "POSIX message queues",
    .setup = mqueue_setup,
    .side = {[KIND_RTT] = QUEUE_RTT(mqueue),
             [KIND_STREAM] = QUEUE_STREAM(mqueue),
             [KIND_ASLEEP] = QUEUE_ASLEEP(mqueue),
             [KIND_SOON] = QUEUE_SOON(mqueue),
             [KIND_LATE] = QUEUE_LATE(mqueue),
             [KIND_RPC] = QUEUE_RPC(mqueue)},
};
