/* moodycamel's ReaderWriterQueue, and BlockingReaderWriterQueue where it sleeps: between threads,
 * as its blocks are allocated on the heap.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "queue.h"
#include "systems.h"
#include <readerwriterqueue/readerwriterqueue.h>

namespace
{

/* Made where it lies. */
struct moody_msg : bench_msg {
    moody_msg() = default;
    explicit moody_msg(uint64_t number)
    {
        msg_make(this, number);
    }
};

using moody_queue = moodycamel::ReaderWriterQueue<moody_msg>;
using moody_blocking = moodycamel::BlockingReaderWriterQueue<moody_msg>;

template <class Queue> struct moody_pair {
    Queue queue[2];
    explicit moody_pair(size_t slots) : queue{Queue(slots), Queue(slots)}
    {
    }
};

template <class Queue> struct moody_end {
    Queue *tx, *rx;
};
struct moody_polled_end : moody_end<moody_queue> {
};
struct moody_asleep_end : moody_end<moody_blocking> {
};

bool moody_sleeps(const struct measure *m)
{
    return m->kind == KIND_ASLEEP || m->kind == KIND_SOON || m->kind == KIND_LATE;
}

template <class Queue> void moody_make(struct run *run)
{
    unsigned pairs = queue_pairs(run->measure);
    auto all = new moody_pair<Queue> *[pairs];
    for (unsigned i = 0; i < pairs; i++)
        all[i] = new moody_pair<Queue>(run->measure->slots);
    run->own = all;
}

void moody_setup(struct run *run)
{
    if (moody_sleeps(run->measure))
        moody_make<moody_blocking>(run);
    else
        moody_make<moody_queue>(run);
}

template <class Queue> void moody_take_end(moody_end<Queue> *e, struct run *run, unsigned pair)
{
    auto p = static_cast<moody_pair<Queue> **>(run->own)[pair];
    e->tx = &p->queue[run->side];
    e->rx = &p->queue[1u - run->side];
}

void moody_open(moody_polled_end *e, struct run *run, unsigned pair)
{
    moody_take_end(e, run, pair);
}

LOOP uint64_t moody_send(void *end, uint64_t number, uint64_t count)
{
    return count && static_cast<moody_polled_end *>(end)->tx->try_emplace(number);
}

LOOP uint64_t moody_recv(void *end, uint64_t expect, uint64_t, uint64_t *bad)
{
    moody_queue *q = static_cast<moody_polled_end *>(end)->rx;
    const moody_msg *m = q->peek();
    if (!m)
        return 0;
    msg_judge(m, expect, bad);
    return q->pop();
}

void moody_blocking_open(moody_asleep_end *e, struct run *run, unsigned pair)
{
    moody_take_end(e, run, pair);
}

LOOP uint64_t moody_blocking_send(void *end, uint64_t number, uint64_t)
{
    return static_cast<moody_asleep_end *>(end)->tx->try_emplace(number);
}

LOOP uint64_t moody_blocking_recv(void *end, uint64_t expect, uint64_t, uint64_t *bad)
{
    moody_msg m;
    static_cast<moody_asleep_end *>(end)->rx->wait_dequeue(m);
    msg_judge(&m, expect, bad);
    return 1;
}

LOOP void moody_blocking_wait(void *)
{
    isa_relax(); /* no room: receiving has slept */
}

QUEUE_POLLED_SIDES(moody, moody_polled_end)
QUEUE_SLEEPING_SIDES(moody_blocking, moody_asleep_end)

struct system moody_system()
{
    struct system s = {};
    s.name = "moodycamel";
    s.about = "moodycamel's ReaderWriterQueue; its sleeping variant spins a little first";
    s.threads = true;
    s.setup = moody_setup;
    QUEUE_SET(s, KIND_RTT, QUEUE_RTT(moody));
    QUEUE_SET(s, KIND_STREAM, QUEUE_STREAM(moody));
    QUEUE_SET(s, KIND_RPC, QUEUE_RPC(moody));
    QUEUE_SET(s, KIND_COPY, QUEUE_COPY(moody));
    QUEUE_SET(s, KIND_CLIENTS, QUEUE_CLIENTS(moody));
    QUEUE_SET(s, KIND_IDLE, QUEUE_IDLE(moody));
    QUEUE_SET(s, KIND_ASLEEP, QUEUE_ASLEEP(moody_blocking));
    QUEUE_SET(s, KIND_SOON, QUEUE_SOON(moody_blocking));
    QUEUE_SET(s, KIND_LATE, QUEUE_LATE(moody_blocking));
    return s;
}

} // namespace

extern "C" const struct system moodycamel_queue;
const struct system moodycamel_queue = moody_system();
