/* The asymmetric pair, where both sides pay alike: a seq store and a seq load each. A port whose
 * sleepers can order everybody's accesses has a file of this name, found first (arch/linux).
 * Included by seam.h, after the plain accesses.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef SEAM_ASYM_H
#define SEAM_ASYM_H

static inline void seam_store_light(uint32_t *p, uint32_t v)
{
    seam_store_seq(p, v);
}
static inline uint32_t seam_load_light(const uint32_t *p)
{
    return seam_load_seq(p);
}
static inline void seam_store_heavy(uint32_t *p, uint32_t v)
{
    seam_store_seq(p, v);
}
static inline uint32_t seam_load_heavy(const uint32_t *p)
{
    return seam_load_seq(p);
}

#endif
