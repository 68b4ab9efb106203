/* Small tools of the loops, not on the path that is measured.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef BENCH_TOOL_H
#define BENCH_TOOL_H

#include "bench.h"

#ifdef __cplusplus
extern "C" {
#endif

#define BENCH_BATCH      32u /* most messages of one call, of systems with batches */
#define BENCH_PAGE       4096u
#define BENCH_PAIR_ALIGN 128u    /* two lines: what some processors fetch at a time */
#define BENCH_THINK_NS   300000u /* of a server that is late, and of a client between requests */

/* One single operation took d ticks: the first BENCH_SINGLES of a sample are kept. */
#define BENCH_SINGLES 65536u
extern uint32_t tool_kept[BENCH_SINGLES];
static inline void tool_single(const struct run *run, uint64_t *count, uint64_t d)
{
    if (d <= run->ms && *count < BENCH_SINGLES)
        tool_kept[(*count)++] = (uint32_t)d;
}

/* Percentiles of those, less what reading the clock costs, into run->result. */
void tool_singles(struct run *run, uint64_t count);

/* All messages up to `number` were as they should be, or this ends the sample. */
void tool_complain(struct run *run, uint64_t number, uint64_t bad) __attribute__((noreturn, cold));
static inline void tool_check(struct run *run, uint64_t number, uint64_t bad)
{
    if (__builtin_expect(bad != 0, 0))
        tool_complain(run, number, bad);
}

/* The same at the end: the last message has come in its place. */
static inline void tool_check_end(struct run *run, uint64_t number, uint64_t bad)
{
    if (__builtin_expect(bad != BENCH_LAST, 0))
        tool_complain(run, number, bad);
}

static inline void tool_spin(uint64_t ticks)
{
    uint64_t from = isa_ticks();
    while (isa_ticks() - from < ticks)
        isa_relax();
}

static inline uint64_t tool_ticks_of_ns(const struct run *run, uint64_t ns)
{
    return (uint64_t)((double)ns * (double)run->ms / 1e6);
}

/* n zeroed things of `size` bytes, for this side alone, on lines of their own. */
void *tool_own(struct run *run, size_t n, size_t size);

/* Where pair `pair` of the rings lies in run->mem, and what is behind the last of n. */
uint8_t *tool_pair(struct run *run, unsigned pair);
uint8_t *tool_behind(struct run *run, unsigned n);

/* What run->mem must have for all that. */
size_t tool_bytes(const struct run *run);

#ifdef __cplusplus
}
#endif
#endif
