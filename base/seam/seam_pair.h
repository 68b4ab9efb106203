/* What stands between the store and the load of the seq pair: nothing, the accesses themselves are
 * ordered. A board that needs more has a file of this name, found first.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef SEAM_PAIR_H
#define SEAM_PAIR_H

static inline void seam_between_pair(void)
{
}

#endif
