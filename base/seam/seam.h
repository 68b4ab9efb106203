/* The ring's seam: how base/ring.h touches shared words. This is the native one; the simulation's
 * (arch/host/include/seam.h, found first there) makes each access a step.
 *
 * relaxed  no order.   acquire/release  the usual pairing.
 * seq      a store and a load, both seq: the load is not taken before the store is visible (the
 *          store->load pair). arm64: STLR/LDAR; riscv: fence rw,rw; Cortex-M: DMB; x86: XCHG.
 *          No atomic read-modify-write is used on machines that lack it.
 * light,   the same pair with unequal sides: of a light store and light load on one side and a
 * heavy    heavy store and heavy load on the other, one load at least sees the other's store.
 *          Light is who publishes, all the time; heavy is who is about to sleep. A light store
 *          also releases. Light with light promises no more than release and relaxed: between
 *          kernels, where base/level.h looks with seq at what a ring made known, light and heavy
 *          must both be seq, as in base/seam. A port whose heavy side can fail sees to it itself
 *          that nobody then sleeps for long: the ring has no way to say so.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_SEAM_H
#define BASE_SEAM_H

#include <seam_pair.h>
#include <seam_tune.h>
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

#include <seam_asym.h>

#endif
