/* The ring's seam in the simulation: each access to a shared word is a step, at which the seed may
 * let another core run first. The interleaving is sequentially consistent: weaker orders are the
 * business of the memory-order tests, not of this.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef HOST_SEAM_H
#define HOST_SEAM_H

#include <stdint.h>

/* One step of the simulation (arch/host/sched.c). */
void sim_step(void);
/* A shared word has been written: whoever watches rings is told (arch/host/rings.c). */
void sim_stored(const uint32_t *p, uint32_t v);

static inline uint32_t seam_load_relaxed(const uint32_t *p)
{
    sim_step();
    return *(const volatile uint32_t *)p;
}
static inline uint32_t seam_load_acquire(const uint32_t *p)
{
    return seam_load_relaxed(p);
}
static inline uint32_t seam_load_seq(const uint32_t *p)
{
    return seam_load_relaxed(p);
}
static inline void seam_store_relaxed(uint32_t *p, uint32_t v)
{
    sim_step();
    *(volatile uint32_t *)p = v;
    sim_stored(p, v);
}
static inline void seam_store_release(uint32_t *p, uint32_t v)
{
    seam_store_relaxed(p, v);
}
static inline void seam_store_seq(uint32_t *p, uint32_t v)
{
    seam_store_relaxed(p, v);
}
static inline uint32_t seam_load_light(const uint32_t *p)
{
    return seam_load_relaxed(p);
}
static inline uint32_t seam_load_heavy(const uint32_t *p)
{
    return seam_load_relaxed(p);
}
static inline void seam_store_light(uint32_t *p, uint32_t v)
{
    seam_store_relaxed(p, v);
}
static inline void seam_store_heavy(uint32_t *p, uint32_t v)
{
    seam_store_relaxed(p, v);
}

#endif
