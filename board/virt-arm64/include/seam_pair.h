/* QEMU's `virt` needs a barrier between the store and the load of the seq pair (docs/adr/0008).
 *
 * The architecture does not: a load-acquire is not observed before an earlier store-release (RCsc).
 * But QEMU 7.2 puts its barriers before the store and after the load, none between, and an x86 host
 * then lets the load pass: of 4 million pairs on two cores, 48 saw both loads too early, none with
 * the barrier. A sleeper and its waker that miss each other so wait for ever.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef SEAM_PAIR_H
#define SEAM_PAIR_H

static inline void seam_between_pair(void)
{
    __asm__ volatile("dmb ish" ::: "memory");
}

#endif
