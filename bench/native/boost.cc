/* Boost's spsc_queue: pushed by copying, consumed where it lies. Its elements are allocated in
 * shared memory.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "queue.h"
#include "systems.h"
#include <boost/lockfree/spsc_queue.hpp>
#include <new>

namespace
{

/* Memory behind the queue itself. */
template <class T> struct behind {
    using value_type = T;
    T *at;
    explicit behind(T *from) : at(from)
    {
    }
    T *allocate(size_t)
    {
        return at;
    }
    void deallocate(T *, size_t)
    {
    }
};

using line_queue =
    boost::lockfree::spsc_queue<bench_msg, boost::lockfree::allocator<behind<bench_msg>>>;

struct boost_end {
    line_queue *tx, *rx;
};

/* One more slot than it holds. */
size_t boost_half_bytes(const struct measure *measure)
{
    return (sizeof(line_queue) + BENCH_LINE - 1u) / BENCH_LINE * BENCH_LINE +
           (measure->slots + 1u) * sizeof(bench_msg);
}

size_t boost_bytes(const struct measure *measure)
{
    return 2u * boost_half_bytes(measure);
}

uint8_t *boost_half(struct run *run, unsigned pair, unsigned which)
{
    return tool_pair(run, pair) + which * boost_half_bytes(run->measure);
}

void boost_setup(struct run *run)
{
    for (unsigned i = 0; i < 2u * queue_pairs(run->measure); i++) {
        uint8_t *at = boost_half(run, i / 2u, i % 2u);
        uint8_t *slots = at + (sizeof(line_queue) + BENCH_LINE - 1u) / BENCH_LINE * BENCH_LINE;
        behind<bench_msg> memory(reinterpret_cast<bench_msg *>(slots));
        new (at) line_queue(run->measure->slots, memory);
    }
}

void boost_open(boost_end *e, struct run *run, unsigned pair)
{
    e->tx = reinterpret_cast<line_queue *>(boost_half(run, pair, run->side));
    e->rx = reinterpret_cast<line_queue *>(boost_half(run, pair, 1u - run->side));
}

LOOP uint64_t boost_send(void *end, uint64_t number, uint64_t count)
{
    bench_msg m;
    if (!count)
        return 0;
    msg_make(&m, number);
    return static_cast<boost_end *>(end)->tx->push(m);
}

LOOP uint64_t boost_recv(void *end, uint64_t expect, uint64_t, uint64_t *bad)
{
    uint64_t odd = 0;
    bool got = static_cast<boost_end *>(end)->rx->consume_one(
        [&](bench_msg &m) { msg_judge(&m, expect, &odd); });
    *bad |= odd;
    return got;
}

QUEUE_POLLED_SIDES(boost, boost_end)

struct system boost_system()
{
    struct system s = {};
    s.name = "boost";
    s.about = "Boost's spsc_queue";
    s.setup = boost_setup;
    s.bytes = boost_bytes;
    QUEUE_SET(s, KIND_RTT, QUEUE_RTT(boost));
    QUEUE_SET(s, KIND_STREAM, QUEUE_STREAM(boost));
    QUEUE_SET(s, KIND_RPC, QUEUE_RPC(boost));
    QUEUE_SET(s, KIND_COPY, QUEUE_COPY(boost));
    QUEUE_SET(s, KIND_CLIENTS, QUEUE_CLIENTS(boost));
    QUEUE_SET(s, KIND_IDLE, QUEUE_IDLE(boost));
    return s;
}

} // namespace

extern "C" const struct system boost_spsc;
const struct system boost_spsc = boost_system();
