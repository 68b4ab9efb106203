/* The ring's seam: how base/ring.h touches shared words. This is the native one; the simulation's
 * (arch/host/include/seam.h, found first there) makes each access a step.
 *
 * relaxed  no order.   acquire/release  the usual pairing.
 * seq      a store and a load, both seq: the load is not taken before the store is visible (the
 *          store->load pair). arm64: STLR/LDAR; riscv: fence rw,rw; Cortex-M: DMB; x86: XCHG.
 *          No atomic read-modify-write is used on machines that lack it.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_SEAM_H
#define BASE_SEAM_H

#include <seam_pair.h>
#include <stdint.h>

static inline uint32_t seam_load_relaxed(const uint32_t *p)
{
    return __atomic_load_n(p, __ATOMIC_RELAXED);
}
static inline uint32_t seam_load_acquire(const uint32_t *p)
{
    return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}
static inline uint32_t seam_load_seq(const uint32_t *p)
{
    return __atomic_load_n(p, __ATOMIC_SEQ_CST);
}
static inline void seam_store_relaxed(uint32_t *p, uint32_t v)
{
    __atomic_store_n(p, v, __ATOMIC_RELAXED);
}
static inline void seam_store_release(uint32_t *p, uint32_t v)
{
    __atomic_store_n(p, v, __ATOMIC_RELEASE);
}
static inline void seam_store_seq(uint32_t *p, uint32_t v)
{
    __atomic_store_n(p, v, __ATOMIC_SEQ_CST);
    seam_between_pair();
}

#endif
