/* What the harness needs of the processor: arm64.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef BENCH_ISA_H
#define BENCH_ISA_H

#include <stdint.h>

/* The pause of a loop that polls another core. */
static inline void isa_relax(void)
{
    __asm__ volatile("yield" ::: "memory");
}

/* A clock of constant rate, the same on all cores, that costs little to read. */
static inline uint64_t isa_ticks(void)
{
    uint64_t t;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(t)::"memory");
    return t;
}

#endif
