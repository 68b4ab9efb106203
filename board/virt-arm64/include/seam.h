/* The ring's seam on QEMU's `virt`: base/seam/seam.h with a full barrier after the store of the
 * store->load pair.
 *
 * The architecture does not need it: a load-acquire is not observed before an earlier
 * store-release (RCsc). But QEMU 7.2 puts its barriers before the store and after the load, none
 * between, and an x86 host then lets the load pass: of 4 million pairs on two cores, 48 saw both
 * loads too early, none with the barrier. A sleeper and its waker that miss each other so wait for
 * ever; tests/port/portorder.c fails. A board of silicon has no such file and gets base/seam's.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef BOARD_SEAM_H
#define BOARD_SEAM_H

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
    __atomic_store_n(p, v, __ATOMIC_RELEASE);
    __asm__ volatile("dmb ish" ::: "memory");
}

#endif
