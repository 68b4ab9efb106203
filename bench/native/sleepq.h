/* A ring in shared memory whose receiver can sleep: what programs build by hand. The receiver says
 * that it sleeps, looks again, sleeps; the sender publishes, then looks whether somebody sleeps,
 * with a full fence in between on both sides. How to sleep and to wake is the system's.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef BENCH_SLEEPQ_H
#define BENCH_SLEEPQ_H

#include "queue.h"

struct sleepq_half {
    uint64_t head __attribute__((aligned(BENCH_PAIR_ALIGN))); /* received so far */
    uint64_t tail __attribute__((aligned(BENCH_PAIR_ALIGN))); /* sent so far */
    uint32_t sleeps __attribute__((aligned(BENCH_PAIR_ALIGN)));
    struct bench_msg slot[] __attribute__((aligned(BENCH_PAIR_ALIGN)));
};

struct sleepq_end {
    struct sleepq_half *tx, *rx;
    uint64_t sent, free; /* free: last seen of tx->head */
    uint64_t received, there;
    uint64_t slots;
    int wake_out, wake_in; /* of systems that wake by descriptors */
    struct run *run;
};

typedef void sleepq_wake(struct sleepq_end *e);
typedef void sleepq_sleep(struct sleepq_end *e);

static size_t sleepq_half_bytes(const struct measure *measure)
{
    return sizeof(struct sleepq_half) + measure->slots * sizeof(struct bench_msg);
}

static size_t sleepq_bytes(const struct measure *measure)
{
    return 2u * sleepq_half_bytes(measure);
}

static void sleepq_open(struct sleepq_end *e, struct run *run, unsigned pair)
{
    uint8_t *at = tool_pair(run, pair);
    size_t half = sleepq_half_bytes(run->measure);
    e->tx = (struct sleepq_half *)(at + run->side * half);
    e->rx = (struct sleepq_half *)(at + (1u - run->side) * half);
    e->slots = run->measure->slots;
    e->run = run;
}

LOOP uint64_t sleepq_send(struct sleepq_end *e, uint64_t number, uint64_t count, sleepq_wake *wake)
{
    struct sleepq_half *h = e->tx;
    if (!count)
        return 0;
    if (e->sent - e->free == e->slots) {
        e->free = __atomic_load_n(&h->head, __ATOMIC_ACQUIRE);
        if (e->sent - e->free == e->slots)
            return 0;
    }
    msg_make(&h->slot[e->sent & (e->slots - 1u)], number);
    __atomic_store_n(&h->tail, ++e->sent, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (__atomic_load_n(&h->sleeps, __ATOMIC_RELAXED) != 0) {
        __atomic_store_n(&h->sleeps, 0, __ATOMIC_RELAXED);
        wake(e);
    }
    return 1;
}

LOOP uint64_t sleepq_recv(struct sleepq_end *e, uint64_t expect, uint64_t *bad)
{
    struct sleepq_half *h = e->rx;
    if (e->received == e->there) {
        e->there = __atomic_load_n(&h->tail, __ATOMIC_ACQUIRE);
        if (e->received == e->there)
            return 0;
    }
    msg_judge(&h->slot[e->received & (e->slots - 1u)], expect, bad);
    __atomic_store_n(&h->head, ++e->received, __ATOMIC_RELEASE);
    return 1;
}

LOOP void sleepq_wait(struct sleepq_end *e, sleepq_sleep *sleep)
{
    struct sleepq_half *h = e->rx;
    __atomic_store_n(&h->sleeps, 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (__atomic_load_n(&h->tail, __ATOMIC_ACQUIRE) == e->received)
        sleep(e);
    else
        __atomic_store_n(&h->sleeps, 0, __ATOMIC_RELAXED);
}

#define SLEEPQ(x)                                                                                  \
    LOOP uint64_t x##_send(void *end, uint64_t number, uint64_t count)                             \
    {                                                                                              \
        return sleepq_send((struct sleepq_end *)end, number, count, x##_wake);                     \
    }                                                                                              \
    LOOP uint64_t x##_recv(void *end, uint64_t expect, uint64_t max, uint64_t *bad)                \
    {                                                                                              \
        (void)max;                                                                                 \
        return sleepq_recv((struct sleepq_end *)end, expect, bad);                                 \
    }                                                                                              \
    LOOP void x##_wait(void *end)                                                                  \
    {                                                                                              \
        sleepq_wait((struct sleepq_end *)end, x##_sleep);                                          \
    }                                                                                              \
    QUEUE_POLLED_SIDES(x, sleepq_end)                                                              \
    QUEUE_SLEEPING_SIDES(x, sleepq_end)

#define SLEEPQ_MEASURES(x)                                                                         \
    .side = {[KIND_RTT] = QUEUE_RTT(x),       [KIND_STREAM] = QUEUE_STREAM(x),                     \
             [KIND_ASLEEP] = QUEUE_ASLEEP(x), [KIND_SOON] = QUEUE_SOON(x),                         \
             [KIND_LATE] = QUEUE_LATE(x),     [KIND_COPY] = QUEUE_COPY(x),                         \
             [KIND_RPC] = QUEUE_RPC(x)}

#endif
