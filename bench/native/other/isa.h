/* What the harness needs of the processor: one that it knows nothing of.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef BENCH_ISA_H
#define BENCH_ISA_H

#include <stdint.h>
#include <time.h>

/* The pause of a loop that polls another core. */
static inline void isa_relax(void)
{
    __asm__ volatile("" ::: "memory");
}

/* A clock of constant rate, the same on all cores, that costs little to read. */
static inline uint64_t isa_ticks(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

#endif
