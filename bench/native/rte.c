/* DPDK's rte_ring, single producer and single consumer, elements of a line each, written and read
 * in place (its zero-copy interface). The memory is ours: no environment layer is started.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "queue.h"
#include "systems.h"
#include <rte_ring.h>
#include <rte_ring_elem.h>

struct rte_end {
    struct rte_ring *tx, *rx;
};

static size_t rte_half_bytes(const struct measure *measure)
{
    ssize_t bytes = rte_ring_get_memsize_elem(sizeof(struct bench_msg), measure->slots);
    return ((size_t)bytes + BENCH_PAIR_ALIGN - 1u) / BENCH_PAIR_ALIGN * BENCH_PAIR_ALIGN;
}

static size_t rte_bytes(const struct measure *measure)
{
    return 2u * rte_half_bytes(measure);
}

static struct rte_ring *rte_half(struct run *run, unsigned pair, unsigned which)
{
    return (struct rte_ring *)(tool_pair(run, pair) + which * rte_half_bytes(run->measure));
}

static void rte_setup(struct run *run)
{
    for (unsigned i = 0; i < 2u * queue_pairs(run->measure); i++) {
        if (rte_ring_init(rte_half(run, i / 2u, i % 2u), "bench", run->measure->slots,
                          RING_F_SP_ENQ | RING_F_SC_DEQ) != 0)
            bench_skip(run, "rte_ring_init refuses a ring of %u", run->measure->slots);
    }
}

static void rte_open(struct rte_end *e, struct run *run, unsigned pair)
{
    e->tx = rte_half(run, pair, run->side);
    e->rx = rte_half(run, pair, 1u - run->side);
}

LOOP struct bench_msg *rte_line(const struct rte_ring_zc_data *z, unsigned i)
{
    return i < z->n1 ? (struct bench_msg *)z->ptr1 + i : (struct bench_msg *)z->ptr2 + (i - z->n1);
}

LOOP uint64_t rte_send_some(void *end, uint64_t number, unsigned count)
{
    struct rte_ring *ring = ((struct rte_end *)end)->tx;
    struct rte_ring_zc_data z;
    unsigned n =
        rte_ring_enqueue_zc_burst_elem_start(ring, sizeof(struct bench_msg), count, &z, NULL);
    if (n == 0)
        return 0;
    for (unsigned i = 0; i < n; i++)
        msg_make(rte_line(&z, i), number + i);
    rte_ring_enqueue_zc_elem_finish(ring, n);
    return n;
}

LOOP uint64_t rte_recv_some(void *end, uint64_t expect, unsigned max, uint64_t *bad)
{
    struct rte_ring *ring = ((struct rte_end *)end)->rx;
    struct rte_ring_zc_data z;
    unsigned n =
        rte_ring_dequeue_zc_burst_elem_start(ring, sizeof(struct bench_msg), max, &z, NULL);
    if (n == 0)
        return 0;
    for (unsigned i = 0; i < n; i++)
        msg_judge(rte_line(&z, i), expect + i, bad);
    rte_ring_dequeue_zc_elem_finish(ring, n);
    return n;
}

LOOP uint64_t rte_send(void *end, uint64_t number, uint64_t count)
{
    return count ? rte_send_some(end, number, 1) : 0;
}

LOOP uint64_t rte_recv(void *end, uint64_t expect, uint64_t max, uint64_t *bad)
{
    (void)max;
    return rte_recv_some(end, expect, 1, bad);
}

#define rte_burst_open rte_open
LOOP uint64_t rte_burst_send(void *end, uint64_t number, uint64_t count)
{
    return count ? rte_send_some(end, number, count < BENCH_BATCH ? (unsigned)count : BENCH_BATCH)
                 : 0;
}

LOOP uint64_t rte_burst_recv(void *end, uint64_t expect, uint64_t max, uint64_t *bad)
{
    return rte_recv_some(end, expect, max < BENCH_BATCH ? (unsigned)max : BENCH_BATCH, bad);
}

QUEUE_POLLED_SIDES(rte, rte_end)
QUEUE_POLLED_SIDES(rte_burst, rte_end)

const struct system rte_ring = {
    .name = "rte_ring",
    .about = "DPDK's ring, one message at a time",
    .setup = rte_setup,
    .bytes = rte_bytes,
    .side = {[KIND_RTT] = QUEUE_RTT(rte),
             [KIND_STREAM] = QUEUE_STREAM(rte),
             [KIND_RPC] = QUEUE_RPC(rte),
             [KIND_COPY] = QUEUE_COPY(rte),
             [KIND_CLIENTS] = QUEUE_CLIENTS(rte),
             [KIND_IDLE] = QUEUE_IDLE(rte)},
};

const struct system rte_ring_burst = {
    .name = "rte_ring-burst",
    .about = "DPDK's ring, up to 32 messages at a time",
    .setup = rte_setup,
    .bytes = rte_bytes,
    .side = {[KIND_RTT] = QUEUE_RTT(rte_burst),
             [KIND_STREAM] = QUEUE_STREAM(rte_burst),
             [KIND_RPC] = QUEUE_RPC(rte_burst)},
};
