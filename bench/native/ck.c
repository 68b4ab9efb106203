/* Concurrency Kit's ck_ring, single producer and single consumer, elements of a line each: written
 * in place, and copied out (there is no other way).
 * SPDX-License-Identifier: BSD-2-Clause */
#include "queue.h"
#include "systems.h"
#include <ck_ring.h>

CK_RING_PROTOTYPE(line, bench_msg)

struct ck_half {
    ck_ring_t ring __attribute__((aligned(BENCH_LINE)));
    struct bench_msg slot[];
};

struct ck_end {
    struct ck_half *tx, *rx;
};

static size_t ck_half_bytes(const struct measure *measure)
{
    return sizeof(struct ck_half) + measure->slots * sizeof(struct bench_msg);
}

static size_t ck_bytes(const struct measure *measure)
{
    return 2u * ck_half_bytes(measure);
}

static struct ck_half *ck_half(struct run *run, unsigned pair, unsigned which)
{
    return (struct ck_half *)(tool_pair(run, pair) + which * ck_half_bytes(run->measure));
}

static void ck_setup(struct run *run)
{
    for (unsigned i = 0; i < 2u * queue_pairs(run->measure); i++)
        ck_ring_init(&ck_half(run, i / 2u, i % 2u)->ring, run->measure->slots);
}

static void ck_open(struct ck_end *e, struct run *run, unsigned pair)
{
    e->tx = ck_half(run, pair, run->side);
    e->rx = ck_half(run, pair, 1u - run->side);
}

LOOP uint64_t ck_send(void *end, uint64_t number, uint64_t count)
{
    struct ck_end *e = end;
    struct bench_msg *m =
        count ? ck_ring_enqueue_reserve_spsc_line(&e->tx->ring, e->tx->slot) : NULL;
    if (!m)
        return 0;
    msg_make(m, number);
    ck_ring_enqueue_commit_spsc(&e->tx->ring);
    return 1;
}

LOOP uint64_t ck_recv(void *end, uint64_t expect, uint64_t max, uint64_t *bad)
{
    struct ck_end *e = end;
    struct bench_msg m;
    (void)max;
    if (!ck_ring_dequeue_spsc_line(&e->rx->ring, e->rx->slot, &m))
        return 0;
    msg_judge(&m, expect, bad);
    return 1;
}

QUEUE_POLLED_SIDES(ck, ck_end)

const struct system ck_ring_spsc = {
    .name = "ck_ring",
    .about = "Concurrency Kit's ring",
    .setup = ck_setup,
    .bytes = ck_bytes,
    .side = {[KIND_RTT] = QUEUE_RTT(ck),
             [KIND_STREAM] = QUEUE_STREAM(ck),
             [KIND_RPC] = QUEUE_RPC(ck),
             [KIND_COPY] = QUEUE_COPY(ck),
             [KIND_CLIENTS] = QUEUE_CLIENTS(ck),
             [KIND_IDLE] = QUEUE_IDLE(ck)},
};
