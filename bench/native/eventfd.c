/* A ring in shared memory, sleeping and waking by eventfd.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "sleepq.h"
#include "systems.h"
#include <sys/eventfd.h>
#include <unistd.h>

/* One for each pair and direction. */
static void eventfd_setup(struct run *run)
{
    int *fd = tool_own(run, 2u * queue_pairs(run->measure), sizeof *fd);
    for (unsigned i = 0; i < 2u * queue_pairs(run->measure); i++) {
        fd[i] = eventfd(0, EFD_CLOEXEC);
        if (fd[i] < 0)
            bench_skip(run, "eventfd: %m");
    }
    run->own = fd;
}

static void eventfd_open(struct sleepq_end *e, struct run *run, unsigned pair)
{
    const int *fd = (const int *)run->own + 2u * pair;
    sleepq_open(e, run, pair);
    e->wake_out = fd[run->side];
    e->wake_in = fd[1u - run->side];
}

static void eventfd_wake(struct sleepq_end *e)
{
    if (eventfd_write(e->wake_out, 1) != 0)
        bench_fail(e->run, "eventfd: %m");
}

static void eventfd_sleep(struct sleepq_end *e)
{
    eventfd_t value;
    if (eventfd_read(e->wake_in, &value) != 0)
        bench_fail(e->run, "eventfd: %m");
}

SLEEPQ(eventfd)

const struct system eventfd_system = {
    .name = "eventfd",
    .about = "a ring in shared memory, sleeping by eventfd",
    .setup = eventfd_setup,
    .bytes = sleepq_bytes,
    SLEEPQ_MEASURES(eventfd),
};
