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

#define RING_CTL sk_ctl_make(SK_PAYLOAD_BYTES, 0, 0, false)

/* Label and token in one store, as the library writes them. */
LOOP void ring_fill_line(struct sk_msg *line, uint64_t number)
{
    *(volatile uint32_t *)(volatile void *)&line->label = (uint16_t)number;
    msg_fill(line->w64, number);
}

LOOP uint64_t ring_send_one(void *end, uint64_t number, uint64_t count)
{
    struct ring_end *e = end;
    struct sk_msg *line = count ? ring_claim(&e->tx) : NULL;
    if (!line)
        return 0;
    ring_fill_line(line, number);
    ring_unexpected(e, ring_publish(&e->tx, line, RING_CTL));
    return 1;
}

LOOP bool ring_take(struct ring_rx *rx, uint64_t expect, uint64_t *bad, bool *wake)
{
    uint32_t ctl;
    const struct sk_msg *line = ring_front(rx, &ctl);
    if (!line)
        return false;
    *bad |= (uint16_t)(line->label ^ (uint16_t)expect);
    msg_check(line->w64, expect, bad);
    *wake |= ring_pop(rx);
    return true;
}

LOOP uint64_t ring_recv_one(void *end, uint64_t expect, uint64_t max, uint64_t *bad)
{
    struct ring_end *e = end;
    bool wake = false;
    (void)max;
    bool taken = ring_take(&e->rx, expect, bad, &wake);
    ring_unexpected(e, wake);
    return taken;
}

/* One look at who sleeps for all of them; on a copy of the end, as base/ring.h advises. */
LOOP uint64_t ring_batch_send(void *end, uint64_t number, uint64_t count)
{
    struct ring_end *e = end;
    struct ring_tx tx = e->tx;
    uint32_t n = ring_room(&tx, count < BENCH_BATCH ? (uint32_t)count : BENCH_BATCH);
    bool wake = false;
    for (uint32_t i = 0; i < n; i++) {
        struct sk_msg *line = ring_claim(&tx); /* there is room */
        ring_fill_line(line, number + i);
        if (i + 1u < n)
            ring_post(&tx, line, RING_CTL);
        else
            wake = ring_publish_batch(&tx, line, RING_CTL, i);
    }
    e->tx = tx;
    ring_unexpected(e, wake);
    return n;
}

LOOP uint64_t ring_batch_recv(void *end, uint64_t expect, uint64_t max, uint64_t *bad)
{
    struct ring_end *e = end;
    struct ring_rx rx = e->rx;
    uint64_t n = 0, most = max < BENCH_BATCH ? max : BENCH_BATCH;
    bool wake = false;
    while (n < most && ring_take(&rx, expect + n, bad, &wake))
        n++;
    e->rx = rx;
    ring_unexpected(e, wake);
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
