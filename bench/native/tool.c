/* Small tools of the loops.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tool.h"
#include "queue.h"
#include <stdlib.h>
#include <string.h>

uint32_t tool_kept[BENCH_SINGLES];

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Ticks that reading the clock costs: the median of many. */
static double clock_cost(void)
{
    static uint32_t cost[1001];
    uint64_t last = isa_ticks();
    for (unsigned i = 0; i < 1001u; i++) {
        uint64_t now = isa_ticks();
        cost[i] = (uint32_t)(now - last);
        last = now;
    }
    qsort(cost, 1001u, sizeof cost[0], by_size);
    return cost[500];
}

static double part(uint64_t count, double share, double cost)
{
    double d = tool_kept[(uint64_t)((double)(count - 1u) * share)];
    return d > cost ? d - cost : d;
}

void tool_singles(struct run *run, uint64_t count)
{
    if (count == 0)
        return;
    double cost = clock_cost();
    qsort(tool_kept, count, sizeof tool_kept[0], by_size);
    run->result->p50 = part(count, 0.5, cost);
    run->result->p99 = part(count, 0.99, cost);
    run->result->p999 = part(count, 0.999, cost);
}

void tool_complain(struct run *run, uint64_t number, uint64_t bad)
{
    bench_fail(run, "message %llu, or one shortly before, is not what was sent (differs in %#llx)",
               (unsigned long long)number, (unsigned long long)bad);
}

void *tool_own(struct run *run, size_t n, size_t size)
{
    size_t bytes = (n * size + BENCH_PAGE - 1u) / BENCH_PAGE * BENCH_PAGE;
    void *p = aligned_alloc(BENCH_PAGE, bytes);
    if (!p)
        bench_fail(run, "no memory");
    memset(p, 0, bytes);
    return p;
}

static size_t pair_bytes(const struct run *run)
{
    size_t bytes = run->system->bytes ? run->system->bytes(run->measure) : 0;
    return (bytes + BENCH_PAIR_ALIGN - 1u) / BENCH_PAIR_ALIGN * BENCH_PAIR_ALIGN;
}

uint8_t *tool_pair(struct run *run, unsigned pair)
{
    return run->mem + pair * pair_bytes(run);
}

uint8_t *tool_behind(struct run *run, unsigned n)
{
    size_t at = n * pair_bytes(run);
    return run->mem + (at + BENCH_PAGE - 1u) / BENCH_PAGE * BENCH_PAGE;
}

size_t tool_bytes(const struct run *run)
{
    const struct measure *m = run->measure;
    size_t bytes = queue_pairs(m) * pair_bytes(run) + BENCH_PAGE;
    if (m->kind == KIND_COPY || m->kind == KIND_MOVE || m->kind == KIND_TOUCH)
        bytes += (size_t)bulk_depth(m->param) * m->param;
    return (bytes + BENCH_PAGE - 1u) / BENCH_PAGE * BENCH_PAGE;
}
