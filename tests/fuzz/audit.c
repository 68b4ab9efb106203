/* The simulation's audit (arch/host/audit.c) for one kernel of a fuzz target.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "audit.h"
#include "arch/host/sim.h"

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

void fuzz_audit(struct kern *k)
{
    sim.cores = 1;
    sim.cpu[0].kern = k;
    sim.cpu[0].mode = CORE_IDLE;
    sim_audit();
}
