/* Queues that are wrong on purpose: the harness must find them out. No part of a run unless they
 * are named.
 *
 * broken-loses  drops a message now and then      broken-early  publishes before it has written
 * broken-stale  does not look whether there is room
 * SPDX-License-Identifier: BSD-2-Clause */
#include "queue.h"
#include "systems.h"

struct broken_end {
    struct broken_half {
        uint64_t head __attribute__((aligned(BENCH_PAIR_ALIGN)));
        uint64_t tail __attribute__((aligned(BENCH_PAIR_ALIGN)));
        struct bench_msg slot[64] __attribute__((aligned(BENCH_PAIR_ALIGN)));
    } * tx, *rx;
};

static size_t broken_bytes(const struct measure *measure)
{
    (void)measure;
    return 2u * sizeof(struct broken_half);
}

static void broken_open(struct broken_end *e, struct run *run, unsigned pair)
{
    struct broken_half *both = (struct broken_half *)tool_pair(run, pair);
    e->tx = &both[run->side];
    e->rx = &both[1u - run->side];
}

LOOP bool broken_room(const struct broken_half *h)
{
    return h->tail - __atomic_load_n(&h->head, __ATOMIC_ACQUIRE) < 64u;
}

LOOP void broken_put(struct broken_half *h, uint64_t number)
{
    msg_make(&h->slot[h->tail % 64u], number);
    __atomic_store_n(&h->tail, h->tail + 1u, __ATOMIC_RELEASE);
}

LOOP uint64_t broken_recv(void *end, uint64_t expect, uint64_t max, uint64_t *bad)
{
    struct broken_half *h = ((struct broken_end *)end)->rx;
    (void)max;
    if (__atomic_load_n(&h->tail, __ATOMIC_ACQUIRE) == h->head)
        return 0;
    msg_judge(&h->slot[h->head % 64u], expect, bad);
    __atomic_store_n(&h->head, h->head + 1u, __ATOMIC_RELEASE);
    return 1;
}

LOOP uint64_t loses_send(void *end, uint64_t number, uint64_t count)
{
    struct broken_half *h = ((struct broken_end *)end)->tx;
    if (!count || !broken_room(h))
        return 0;
    if (number % 1000u != 999u)
        broken_put(h, number);
    return 1;
}

LOOP uint64_t early_send(void *end, uint64_t number, uint64_t count)
{
    struct broken_half *h = ((struct broken_end *)end)->tx;
    if (!count || !broken_room(h))
        return 0;
    __atomic_store_n(&h->tail, h->tail + 1u, __ATOMIC_SEQ_CST);
    if (number % 1000u == 999u)
        tool_spin(100000); /* long enough for any receiver to look */
    msg_make(&h->slot[(h->tail - 1u) % 64u], number);
    return 1;
}

LOOP uint64_t stale_send(void *end, uint64_t number, uint64_t count)
{
    if (!count)
        return 0;
    broken_put(((struct broken_end *)end)->tx, number);
    return 1;
}

#define loses_open broken_open
#define loses_recv broken_recv
#define early_open broken_open
#define early_recv broken_recv
#define stale_open broken_open
#define stale_recv broken_recv
QUEUE_POLLED_SIDES(loses, broken_end)
QUEUE_POLLED_SIDES(early, broken_end)
QUEUE_POLLED_SIDES(stale, broken_end)

const struct system broken_loses = {
    .name = "broken-loses",
    .about = "wrong on purpose: loses messages",
    .hidden = true,
    .bytes = broken_bytes,
    .side = {[KIND_RTT] = QUEUE_RTT(loses), [KIND_STREAM] = QUEUE_STREAM(loses)},
};

const struct system broken_early = {
    .name = "broken-early",
    .about = "wrong on purpose: publishes before it writes",
    .hidden = true,
    .bytes = broken_bytes,
    .side = {[KIND_RTT] = QUEUE_RTT(early), [KIND_STREAM] = QUEUE_STREAM(early)},
};

const struct system broken_stale = {
    .name = "broken-stale",
    .about = "wrong on purpose: writes over what is not read",
    .hidden = true,
    .bytes = broken_bytes,
    .side = {[KIND_RTT] = QUEUE_RTT(stale), [KIND_STREAM] = QUEUE_STREAM(stale)},
};
