/* The asymmetric pair on Linux. Who publishes pays nothing but the compiler's order, or a fence if
 * its process has an area in fenced mode; who is about to sleep pays for both sides.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef SEAM_ASYM_H
#define SEAM_ASYM_H

/* Not 0: this process publishes with a fence. Written while an area is made or joined, before the
 * process uses its rings; never 0 again. */
extern uint32_t linux_fenced;

/* All threads of all members pass a full fence at some moment between its call and its return:
 * membarrier, or, where all areas are fenced, a fence of this thread alone. If the kernel refuses,
 * the task's next sleep is cut into short pieces, with a look at each. */
void linux_barrier(void);

static inline void seam_store_light(uint32_t *p, uint32_t v)
{
    __atomic_store_n(p, v, __ATOMIC_RELEASE);
    if (__builtin_expect(linux_fenced != 0, 0))
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* the compiler leaves the look behind the store */
}
static inline uint32_t seam_load_light(const uint32_t *p)
{
    return __atomic_load_n(p, __ATOMIC_RELAXED);
}
static inline void seam_store_heavy(uint32_t *p, uint32_t v)
{
    __atomic_store_n(p, v, __ATOMIC_RELEASE);
    linux_barrier();
}
static inline uint32_t seam_load_heavy(const uint32_t *p)
{
    return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

#endif
