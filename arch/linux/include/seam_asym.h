/* The asymmetric pair on Linux (see base/seam/seam.h). Light: a release store and a plain load, in
 * this order for the compiler; a process that has a fenced area puts a fence between. Heavy:
 * linux_barrier stands between the two (arch/linux/barrier.c), which makes all running threads of
 * all members pass a fence, so that a light store is seen or the light load behind it sees.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LINUX_SEAM_ASYM_H
#define LINUX_SEAM_ASYM_H

extern uint32_t linux_fenced; /* set for good when a fenced area is made or joined */

/* Between a sleeper's store and its load. Never fails: what it could not order is made good by the
 * task's next wait, which then is short. */
void linux_barrier(void);

static inline void seam_store_light(uint32_t *p, uint32_t v)
{
    seam_store_release(p, v);
    if (__builtin_expect(seam_load_relaxed(&linux_fenced) != 0, 0))
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
    __asm__ volatile("" : : : "memory");
}

static inline uint32_t seam_load_light(const uint32_t *p)
{
    return seam_load_relaxed(p);
}

static inline void seam_store_heavy(uint32_t *p, uint32_t v)
{
    seam_store_seq(p, v);
    linux_barrier();
}

static inline uint32_t seam_load_heavy(const uint32_t *p)
{
    return seam_load_seq(p);
}

#endif
