/* The program's side of the host port: calls, the clock, and steps in the middle of its code.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "arch/host/history.h"
#include "arch/host/include/host_user.h"
#include "arch/host/sim.h"
#include "kernel/kern.h"

#include <string.h>

void host_syscall(uint32_t nr, const uint64_t args[6], uint64_t r[4])
{
    sim_step();
    struct port_cpu *cpu = sim.cur;
    struct host_space *s = cpu->space;
    struct port_task *pt = kern_port_task(s->task);
    sim.inside = true;
    memcpy(pt->reg, args, sizeof(pt->reg));
    cpu->call = nr;
    history_add(HISTORY_CALL, nr, args[0], args[1]);
    sim_enter_kernel(REASON_SYSCALL);
    memcpy(r, pt->reg, 4 * sizeof(r[0]));
    history_add(HISTORY_RETURN, r[0], 0, 0);
    sim.inside = false;
}

sk_ns host_now(void)
{
    sim_step();
    return sim.now;
}

void host_relax(void)
{
    sim_step_long(200);
}

void *host_self(void)
{
    return sim.cur->space->stack + SIM_TASK_STACK - HOST_SELF_BYTES;
}

void *host_heap(void)
{
    return sim.cur->space->heap;
}

void host_heap_set(void *heap)
{
    sim.cur->space->heap = heap;
}

/* Called by the compiler's instrumentation of programs at each branch: every program can be
 * interrupted anywhere, and one that never yields lets time pass. */
void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void)
{
    if (sim.cur == NULL || sim.inside || sim.cur->mode != CORE_TASK || sim.branches-- != 0)
        return;
    sim.branches = 63;
    sim_step_long(500);
}
