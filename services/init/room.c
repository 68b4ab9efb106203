/* How many of everything init has room for: from the system table, so that a core of a few tasks
 * costs little and one of many is served. Taken once, when it starts.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "init.h"
#include "lib/take.h"

#define DEAD_MIN 8u /* ends that are remembered, however few tasks there are */
#define OPS_MIN  8u

/* Programs of the manifest that are kept running on this core. */
static uint32_t count_boot(const struct init *in)
{
    const struct sk_sys_prog *p;
    uint32_t n = 0;
    for (uint32_t i = 0; (p = manifest_prog(&in->manifest, i)) != NULL; i++)
        n += boot_is_here(in, p) ? 1u : 0u;
    return n;
}

static uint32_t at_least(uint32_t n, uint32_t least)
{
    return n < least ? least : n;
}

void room_count(const struct init *in, struct room *n)
{
    const struct sk_sys_core *core = manifest_core(&in->manifest, in->start->core);
    uint32_t peers = in->start->cores - 1u;
    n->tasks = core->tasks;
    n->clients = core->tasks + 2u * peers; /* an init that has restarted may still have a channel */
    n->dead = at_least(core->tasks * 2u / 3u, DEAD_MIN);
    n->ops = at_least(core->tasks * 5u / 6u, OPS_MIN);
    n->patient = n->ops * 7u / 10u;
    n->waiters = peers * FAR_WAITS_PEER + n->ops;
    n->regs = core->ports;
    n->boots = count_boot(in);
}

bool room_take(struct init *in)
{
    const struct room *n = &in->room;
    in->client = sk_take(n->clients, sizeof *in->client, "clients");
    in->task = sk_take(n->tasks, sizeof *in->task, "tasks");
    in->dead = sk_take(n->dead, sizeof *in->dead, "ended tasks");
    in->waiter = sk_take(n->waiters, sizeof *in->waiter, "waits");
    in->boot = sk_take(n->boots, sizeof *in->boot, "programs");
    in->reg = sk_take(n->regs, sizeof *in->reg, "names");
    in->op = sk_take(n->ops, sizeof *in->op, "requests");
    in->peer = sk_take(in->start->cores, sizeof *in->peer, "cores");
    if (in->start->core == 0)
        in->watch = sk_take(in->start->cores, sizeof *in->watch, "cores");
    return (in->watch || in->start->core != 0) && in->client && in->task && in->dead &&
           in->waiter && in->boot && in->reg && in->op && in->peer;
}
