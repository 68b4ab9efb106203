/* The simulation's audit (arch/host/audit.c) for one kernel of a fuzz target.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "audit.h"
#include "arch/host/audit_reason.h"
#include "arch/host/sim.h"
#include "kernel/kern.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct sim sim;

_Noreturn void sim_fail(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    abort();
}

/* In place of the simulation's: a task may wait for an event that cannot come, that is its own
 * business. What a kernel owes it must be able to come. */
bool audit_reason(const struct kern *k, const struct task *t)
{
    if (t->op.waiting && (t->op.state == OP_QUEUED || t->op.state == OP_SENT))
        return k->link[t->op.link].state >= LINK_HELLO;
    if (t->op.waiting)
        return t->op.state != OP_IDLE;
    return t->calling == NULL || !t->calling->peer_closed;
}

void fuzz_audit(struct kern *k)
{
    sim.cores = 1;
    sim.cpu[0].kern = k;
    sim.cpu[0].mode = CORE_IDLE;
    sim_audit();
}
