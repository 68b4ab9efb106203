/* What arch/linux/include/seam_asym.h asks of its port, for the stress: with the word FENCED in the
 * environment who publishes fences, else who sleeps calls membarrier, which must not fail.
 * SPDX-License-Identifier: BSD-2-Clause */
#include <linux/membarrier.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <seam.h>

uint32_t linux_fenced;

static void membarrier(int command)
{
    if (syscall(SYS_membarrier, command, 0, 0) == 0)
        return;
    perror("stress: membarrier");
    _exit(1);
}

static __attribute__((constructor)) void join(void)
{
    linux_fenced = getenv("FENCED") != NULL;
    if (!linux_fenced)
        membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED);
}

void linux_barrier(void)
{
    if (linux_fenced)
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
    else
        membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED);
}
