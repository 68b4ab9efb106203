/* Our own implementations of published designs, from their papers' descriptions:
 *
 * lamport         Lamport 1977: head and tail, each written by one side and read by the other
 * lamport-cached  the same, each side keeps what it last saw of the other's index and looks again
 *                 only when that is used up (as in Lee et al. 2009 and many libraries)
 * b-queue         Wang et al. 2013: no shared index; a slot is empty or full; both sides probe a
 *                 batch ahead, the receiver goes back by halves if there is nothing yet
 * SPDX-License-Identifier: BSD-2-Clause */
#include "queue.h"
#include "systems.h"

struct index_half {
    uint64_t head __attribute__((aligned(BENCH_PAIR_ALIGN))); /* received so far */
    uint64_t tail __attribute__((aligned(BENCH_PAIR_ALIGN))); /* sent so far */
    struct bench_msg slot[] __attribute__((aligned(BENCH_PAIR_ALIGN)));
};

struct half_end {
    struct index_half *half;
    uint64_t mine, theirs; /* my index, and what I last saw of the other's; or how far I may go */
};

struct index_end {
    struct half_end tx, rx;
    uint64_t slots, mask, batch;
};

static size_t index_half_bytes(const struct measure *measure)
{
    return sizeof(struct index_half) + measure->slots * sizeof(struct bench_msg);
}

static size_t index_bytes(const struct measure *measure)
{
    return 2u * index_half_bytes(measure);
}

static void index_open(struct index_end *e, struct run *run, unsigned pair)
{
    for (unsigned which = 0; which < 2; which++) {
        struct half_end *h = which == run->side ? &e->tx : &e->rx;
        h->half =
            (struct index_half *)(tool_pair(run, pair) + which * index_half_bytes(run->measure));
    }
    e->slots = run->measure->slots;
    e->mask = e->slots - 1u;
    e->batch = e->slots / 4u;
}

/* --- lamport -------------------------------------------------------------------------------------
 */

#define lamport_open index_open
LOOP uint64_t lamport_send(void *end, uint64_t number, uint64_t count)
{
    struct index_end *e = end;
    struct index_half *h = e->tx.half;
    uint64_t tail = e->tx.mine;
    if (!count || tail - __atomic_load_n(&h->head, __ATOMIC_ACQUIRE) == e->slots)
        return 0;
    msg_make(&h->slot[tail & e->mask], number);
    __atomic_store_n(&h->tail, e->tx.mine = tail + 1u, __ATOMIC_RELEASE);
    return 1;
}

LOOP uint64_t lamport_recv(void *end, uint64_t expect, uint64_t max, uint64_t *bad)
{
    struct index_end *e = end;
    struct index_half *h = e->rx.half;
    uint64_t head = e->rx.mine;
    (void)max;
    if (__atomic_load_n(&h->tail, __ATOMIC_ACQUIRE) == head)
        return 0;
    msg_judge(&h->slot[head & e->mask], expect, bad);
    __atomic_store_n(&h->head, e->rx.mine = head + 1u, __ATOMIC_RELEASE);
    return 1;
}

QUEUE_POLLED_SIDES(lamport, index_end)

const struct system lamport = {
    .name = "lamport",
    .about = "our own: Lamport's queue of 1977",
    .bytes = index_bytes,
    .side = {[KIND_RTT] = QUEUE_RTT(lamport),
             [KIND_STREAM] = QUEUE_STREAM(lamport),
             [KIND_RPC] = QUEUE_RPC(lamport)},
};

/* --- lamport-cached ------------------------------------------------------------------------------
 */

#define cached_open index_open
LOOP uint64_t cached_send(void *end, uint64_t number, uint64_t count)
{
    struct index_end *e = end;
    struct half_end *t = &e->tx;
    if (!count)
        return 0;
    if (t->mine - t->theirs == e->slots) {
        t->theirs = __atomic_load_n(&t->half->head, __ATOMIC_ACQUIRE);
        if (t->mine - t->theirs == e->slots)
            return 0;
    }
    msg_make(&t->half->slot[t->mine & e->mask], number);
    __atomic_store_n(&t->half->tail, ++t->mine, __ATOMIC_RELEASE);
    return 1;
}

LOOP uint64_t cached_recv(void *end, uint64_t expect, uint64_t max, uint64_t *bad)
{
    struct index_end *e = end;
    struct half_end *r = &e->rx;
    (void)max;
    if (r->mine == r->theirs) {
        r->theirs = __atomic_load_n(&r->half->tail, __ATOMIC_ACQUIRE);
        if (r->mine == r->theirs)
            return 0;
    }
    msg_judge(&r->half->slot[r->mine & e->mask], expect, bad);
    __atomic_store_n(&r->half->head, ++r->mine, __ATOMIC_RELEASE);
    return 1;
}

QUEUE_POLLED_SIDES(cached, index_end)

const struct system lamport_cached = {
    .name = "lamport-cached",
    .about = "our own: Lamport's queue, each side keeps what it saw of the other's index",
    .bytes = index_bytes,
    .side = {[KIND_RTT] = QUEUE_RTT(cached),
             [KIND_STREAM] = QUEUE_STREAM(cached),
             [KIND_RPC] = QUEUE_RPC(cached),
             [KIND_COPY] = QUEUE_COPY(cached)},
};

/* --- b-queue: the header of a full slot is not 0
 * -------------------------------------------------- */

#define bqueue_open index_open
LOOP uint64_t bqueue_send(void *end, uint64_t number, uint64_t count)
{
    struct index_end *e = end;
    struct half_end *t = &e->tx;
    struct bench_msg *slot = t->half->slot;
    if (!count)
        return 0;
    if (t->mine == t->theirs) {
        uint64_t probe = t->mine + e->batch;
        if (__atomic_load_n(&slot[(probe - 1u) & e->mask].header, __ATOMIC_ACQUIRE) != 0)
            return 0;
        t->theirs = probe;
    }
    struct bench_msg *m = &slot[t->mine++ & e->mask];
    msg_fill(m->word, number);
    __atomic_store_n(&m->header, number + 1u, __ATOMIC_RELEASE);
    return 1;
}

LOOP uint64_t bqueue_recv(void *end, uint64_t expect, uint64_t max, uint64_t *bad)
{
    struct index_end *e = end;
    struct half_end *r = &e->rx;
    struct bench_msg *slot = r->half->slot;
    (void)max;
    if (r->mine == r->theirs) {
        uint64_t ahead = e->batch;
        while (__atomic_load_n(&slot[(r->mine + ahead - 1u) & e->mask].header, __ATOMIC_ACQUIRE) ==
               0) {
            ahead /= 2u;
            if (ahead == 0)
                return 0;
        }
        r->theirs = r->mine + ahead;
    }
    struct bench_msg *m = &slot[r->mine++ & e->mask];
    *bad |= m->header ^ (expect + 1u);
    msg_check(m->word, expect, bad);
    __atomic_store_n(&m->header, 0, __ATOMIC_RELEASE);
    return 1;
}

QUEUE_POLLED_SIDES(bqueue, index_end)

const struct system bqueue = {
    .name = "b-queue",
    .about = "our own: B-Queue of Wang et al.",
    .bytes = index_bytes,
    .side = {[KIND_RTT] = QUEUE_RTT(bqueue),
             [KIND_STREAM] = QUEUE_STREAM(bqueue),
             [KIND_RPC] = QUEUE_RPC(bqueue),
             [KIND_COPY] = QUEUE_COPY(bqueue)},
};
