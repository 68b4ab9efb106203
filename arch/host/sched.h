/* Between sched.c, which chooses what runs, and core.c, which runs it.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef HOST_SCHED_H
#define HOST_SCHED_H

#include "arch/host/sim.h"

/* Does an interrupt wait that this core may take, or something that the plan does to it? */
bool sim_pending(const struct port_cpu *cpu);
bool sim_due(const struct port_cpu *cpu);
/* The current core is idle until one of them is so. */
void sim_wait_for_interrupt(struct port_cpu *cpu);
/* Until the current core may run again; never, if it is halted. */
void sim_run_others(void);

#endif
