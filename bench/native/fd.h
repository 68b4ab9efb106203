/* Ends that are file descriptors: what pipes and sockets have in common. Polled measures and
 * copies do not block, those of sleepers do. One system call sends one message; what keeps no
 * boundaries of messages may receive several. SPDX-License-Identifier: BSD-2-Clause */
#ifndef BENCH_FD_H
#define BENCH_FD_H

#include "queue.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct fd_end {
    struct run *run;
    int in, out;
    unsigned batch; /* most messages of one read */
    struct bench_msg got[BENCH_BATCH];
};

/* What setup makes: for each pair, where a side reads and writes. */
struct fd_pair {
    int in[2], out[2];
};

static inline bool fd_blocks(const struct run *run)
{
    enum bench_kind k = run->measure->kind;
    return k == KIND_ASLEEP || k == KIND_SOON || k == KIND_LATE;
}

static inline struct fd_pair *fd_pairs(struct run *run)
{
    run->own = tool_own(run, queue_pairs(run->measure), sizeof(struct fd_pair));
    return (struct fd_pair *)run->own;
}

static inline void fd_open(struct fd_end *e, struct run *run, unsigned pair, unsigned batch)
{
    const struct fd_pair *p = (const struct fd_pair *)run->own + pair;
    int flags = fd_blocks(run) ? 0 : O_NONBLOCK;
    e->run = run;
    e->in = p->in[run->side];
    e->out = p->out[run->side];
    e->batch = batch;
    if (fcntl(e->in, F_SETFL, flags) != 0 || fcntl(e->out, F_SETFL, flags) != 0)
        bench_fail(run, "fcntl: %m");
}

LOOP uint64_t fd_send(void *end, uint64_t number, uint64_t count)
{
    struct fd_end *e = (struct fd_end *)end;
    struct bench_msg m;
    if (!count)
        return 0;
    msg_make(&m, number);
    ssize_t n = write(e->out, &m, sizeof m);
    if (n == (ssize_t)sizeof m)
        return 1;
    if (n < 0 && errno == EAGAIN)
        return 0;
    bench_fail(e->run, "write: %m");
}

LOOP uint64_t fd_recv(void *end, uint64_t expect, uint64_t max, uint64_t *bad)
{
    struct fd_end *e = (struct fd_end *)end;
    ssize_t n = read(e->in, e->got, (max < e->batch ? max : e->batch) * sizeof e->got[0]);
    if (n < 0 && errno == EAGAIN)
        return 0;
    if (n <= 0 || n % (ssize_t)sizeof e->got[0] != 0)
        bench_fail(e->run, "read: %m");
    uint64_t count = (uint64_t)n / sizeof e->got[0];
    for (uint64_t i = 0; i < count; i++)
        msg_judge(&e->got[i], expect + i, bad);
    return count;
}

LOOP void fd_wait(void *end)
{
    (void)end; /* the read has slept */
}

/* Payloads: as they are, by read and write. `most` bytes at a time. */

static inline void fd_write_all(struct fd_end *e, const uint8_t *at, size_t size, size_t most)
{
    while (size) {
        ssize_t n = write(e->out, at, size < most ? size : most);
        if (n < 0 && errno == EAGAIN) {
            isa_relax();
            continue;
        }
        if (n <= 0)
            bench_fail(e->run, "write: %m");
        at += n;
        size -= (size_t)n;
    }
}

/* Side 0 of copies. */
LOOP void fd_give(struct run *run, struct fd_end *e, size_t most)
{
    struct steps s;
    uint32_t size = run->measure->param;
    uint8_t *own = (uint8_t *)tool_own(run, 1, size);
    uint64_t sent = 0;
    steps_begin(&s, run);
    do {
        for (uint64_t i = s.grain; i != 0; i--, sent++) {
            bulk_stamp(own, size, sent);
            fd_write_all(e, own, size, most);
        }
    } while (steps_next(&s, s.grain));
    bulk_stamp(own, size, sent | BENCH_LAST);
    fd_write_all(e, own, size, most);
}

/* Side 1 of copies. */
LOOP void fd_get(struct run *run, struct fd_end *e)
{
    struct steps s;
    uint32_t size = run->measure->param;
    uint8_t *own = (uint8_t *)tool_own(run, 1, size);
    uint64_t got = 0, first = 0;
    steps_begin(&s, run);
    for (;;) {
        for (uint64_t i = s.grain; i != 0; i--, got++) {
            for (size_t have = 0; have < size;) {
                ssize_t n = read(e->in, own + have, size - have);
                if (n < 0 && errno == EAGAIN) {
                    isa_relax();
                    continue;
                }
                if (n <= 0)
                    bench_fail(run, "read: %m");
                have += (size_t)n;
            }
            memcpy(&first, own, sizeof first);
            bulk_check(run, own, size, got | (first & BENCH_LAST));
            if (first & BENCH_LAST)
                goto end;
        }
        steps_next(&s, s.grain);
    }
end:
    steps_result(&s, run->result);
}

#define FD_SIDES(x, most)                                                                          \
    QUEUE_POLLED_SIDES(x, fd_end)                                                                  \
    QUEUE_SLEEPING_SIDES(x, fd_end)                                                                \
    QUEUE_SIDE(x, fd_end, fd_give, fd_give(run, q, most))                                          \
    QUEUE_SIDE(x, fd_end, fd_get, fd_get(run, q))

#endif
