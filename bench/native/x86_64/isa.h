/* What the harness needs of the processor: x86-64.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef BENCH_ISA_H
#define BENCH_ISA_H

#include <stdint.h>

/* The pause of a loop that polls another core. */
static inline void isa_relax(void)
{
    __asm__ volatile("pause" ::: "memory");
}

/* A clock of constant rate, the same on all cores, that costs little to read. */
static inline uint64_t isa_ticks(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

#endif
