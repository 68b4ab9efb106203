/* The barrier of who goes to sleep: membarrier makes every running thread of every registered
 * process pass a full fence, so publishers need none. If it fails when it is used the sleeper is
 * not sure to be seen: its task is told by its waits to look at all rings a moment later (wait.c).
 * SPDX-License-Identifier: BSD-2-Clause */
#include "inside.h"
#include <seam.h>
#include <linux/membarrier.h>

uint32_t linux_fenced;

sk_err barrier_join(void)
{
    int can = sk_linux_membarrier(MEMBARRIER_CMD_QUERY);
    if (can < 0 || (can & MEMBARRIER_CMD_GLOBAL_EXPEDITED) == 0 ||
        sk_linux_membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED) != 0)
        return SK_ERR_UNSUPPORTED;
    return SK_OK;
}

void barrier_mode(uint32_t mode)
{
    if (mode == SK_LINUX_FENCED)
        __atomic_store_n(&linux_fenced, 1u, __ATOMIC_RELAXED);
}

void linux_barrier(void)
{
    struct linux_task *t = linux_me;
    if (t != NULL && t->area->mode == SK_LINUX_FENCED)
        return; /* store and load are seq on both sides */
    linux_count(&linux_stats.barriers);
    if (sk_linux_membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED) == 0)
        return;
    linux_count(&linux_stats.barriers_failed);
    if (t == NULL)
        return;
    sk_ns now = linux_now();
    if (t->unsure == 0 || t->unsure_at <= now)
        t->unsure_at = now + UNSURE_NS;
    t->unsure = t->chan_bits;
}
