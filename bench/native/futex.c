/* A ring in shared memory, sleeping and waking by futex.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "sleepq.h"
#include "systems.h"
#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#define futex_open sleepq_open

static void futex_wake(struct sleepq_end *e)
{
    if (syscall(SYS_futex, &e->tx->sleeps, FUTEX_WAKE, 1, NULL, NULL, 0) < 0)
        bench_fail(e->run, "futex wake: %m");
}

static void futex_sleep(struct sleepq_end *e)
{
    if (syscall(SYS_futex, &e->rx->sleeps, FUTEX_WAIT, 1, NULL, NULL, 0) < 0 && errno != EAGAIN &&
        errno != EINTR)
        bench_fail(e->run, "futex wait: %m");
}

SLEEPQ(futex)

const struct system futex_system = {
    .name = "futex",
    .about = "a ring in shared memory, sleeping by futex",
    .bytes = sleepq_bytes,
    SLEEPQ_MEASURES(futex),
};
