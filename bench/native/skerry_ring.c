/* Skerry's bare ring: base/ring.h, messages written and read where they lie. No sleeping here: what
 * ring_publish and ring_pop say of a sleeper is looked at, as who uses it must, and never true.
 * The batch variant sends and takes up to BENCH_BATCH messages at a time.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "queue.h"
#include "systems.h"
#include "base/ring.h"

_Static_assert(sizeof(struct bench_msg) == sizeof(struct sk_msg), "the same size for all");

struct ring_end {
    struct ring_tx tx __attribute__((aligned(BENCH_LINE)));
    struct ring_rx rx __attribute__((aligned(BENCH_LINE)));
    struct run *run;
};

struct ring_pair {
    struct sk_chan_ctl line[2];
    struct sk_msg slot[];
};

static size_t ring_bytes(const struct measure *measure)
{
    return sizeof(struct ring_pair) + 2u * measure->slots * sizeof(struct sk_msg);
}

static void ring_open(struct ring_end *e, struct run *run, unsigned pair)
{
    struct ring_pair *p = (struct ring_pair *)tool_pair(run, pair);
    unsigned me = run->side;
    uint32_t n = run->measure->slots;
    e->run = run;
    ring_tx_init(&e->tx, p->slot + me * n, n, &p->line[me], &p->line[1u - me], 1);
    ring_rx_init(&e->rx, p->slot + (1u - me) * n, n, &p->line[me], &p->line[1u - me], 1);
}

LOOP void ring_unexpected(struct ring_end *e, bool wake)
{
    if (__builtin_expect(wake, 0))
        bench_fail(e->run, "the ring says that somebody sleeps");
}

LOOP uint64_t ring_send_one(void *end, uint64_t number, uint64_t count)
{
    struct ring_end *e = end;
    struct sk_msg *line = count ? ring_claim(&e->tx) : NULL;
    if (!line)
        return 0;
    line->label = (uint16_t)number;
    line->token = 0;
    msg_fill(line->w64, number);
    ring_unexpected(e, ring_publish(&e->tx, line, sk_ctl_make(SK_PAYLOAD_BYTES, 0, 0, false)));
    return 1;
}

LOOP uint64_t ring_recv_one(void *end, uint64_t expect, uint64_t max, uint64_t *bad)
{
    struct ring_end *e = end;
    uint32_t ctl;
    const struct sk_msg *line = ring_front(&e->rx, &ctl);
    (void)max;
    if (!line)
        return 0;
    *bad |= (uint16_t)(line->label ^ (uint16_t)expect);
    msg_check(line->w64, expect, bad);
    ring_unexpected(e, ring_pop(&e->rx));
    return 1;
}

LOOP uint64_t ring_batch_send(void *end, uint64_t number, uint64_t count)
{
    uint64_t n = 0, most = count < BENCH_BATCH ? count : BENCH_BATCH;
    while (n < most && ring_send_one(end, number + n, 1))
        n++;
    return n;
}

LOOP uint64_t ring_batch_recv(void *end, uint64_t expect, uint64_t max, uint64_t *bad)
{
    uint64_t n = 0, most = max < BENCH_BATCH ? max : BENCH_BATCH;
    while (n < most && ring_recv_one(end, expect + n, 1, bad))
        n++;
    return n;
}

#define ring_send       ring_send_one
#define ring_recv       ring_recv_one
#define ring_batch_open ring_open
QUEUE_POLLED_SIDES(ring, ring_end)
QUEUE_POLLED_SIDES(ring_batch, ring_end)

const struct system skerry_ring = {
    .name = "skerry-ring",
    .about = "Skerry's bare ring, one message at a time, in place",
    .bytes = ring_bytes,
    .side = {[KIND_RTT] = QUEUE_RTT(ring),
             [KIND_STREAM] = QUEUE_STREAM(ring),
             [KIND_RPC] = QUEUE_RPC(ring),
             [KIND_COPY] = QUEUE_COPY(ring),
             [KIND_MOVE] = QUEUE_MOVE(ring),
             [KIND_TOUCH] = QUEUE_MOVE(ring),
             [KIND_CLIENTS] = QUEUE_CLIENTS(ring),
             [KIND_IDLE] = QUEUE_IDLE(ring)},
};

const struct system skerry_ring_batch = {
    .name = "skerry-ring-batch",
    .about = "the same, up to 32 messages at a time",
    .bytes = ring_bytes,
    .side = {[KIND_RTT] = QUEUE_RTT(ring_batch),
             [KIND_STREAM] = QUEUE_STREAM(ring_batch),
             [KIND_RPC] = QUEUE_RPC(ring_batch)},
};
