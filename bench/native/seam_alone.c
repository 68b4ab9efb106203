/* What the seam of Linux wants where nobody sleeps and no area is joined.
 * SPDX-License-Identifier: BSD-2-Clause */
#include <seam.h>

uint32_t linux_fenced;

void linux_barrier(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
