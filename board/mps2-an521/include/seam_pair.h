/* QEMU's `mps2-an521` needs a barrier between the store and the load of the seq pair
 * (docs/adr/0008): of 8 million pairs on two cores, about 1,700 loads went ahead of their store
 * with STL and LDA alone, none with the barrier. The architecture orders the two (RCsc).
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef SEAM_PAIR_H
#define SEAM_PAIR_H

static inline void seam_between_pair(void)
{
    __asm__ volatile("dmb ish" ::: "memory");
}

#endif
