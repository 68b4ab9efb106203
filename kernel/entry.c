/* The entries: what the port calls. Each does what has come, then lets the scheduler choose.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/entry.h"
#include "kernel/core.h"
#include "kernel/device.h"
#include "kernel/handle.h"
#include "kernel/link.h"
#include "kernel/log.h"
#include "kernel/sched.h"
#include "kernel/sys.h"
#include "kernel/task.h"

struct port_task *kern_first(struct kern *k)
{
    return sched_next(k);
}

/* A call whose first argument is a handle. Apart, so that calls on the path of every message do not
 * pay for it. */
static __attribute__((noinline)) sk_err call_checked(struct kern *k, struct task *t,
                                                     const struct sys_call *call)
{
    sk_err err;
    struct handle *h = handle_get(t, sys_u32(t, 0), call->kind, call->rights, &err);
    return h ? call->fn(k, t, h) : err;
}

struct port_task *kern_syscall(struct kern *k, uint32_t nr)
{
    struct task *t = k->current;
    sk_err err = SK_ERR_SYSCALL;
    k->stats.syscalls++;
    if (nr < SK_CALL_COUNT) {
        const struct sys_call *call = &sys_table[nr];
        if (__builtin_expect(call->kind == SK_KIND_NONE, 1))
            err = call->fn(k, t, NULL);
        else
            err = call_checked(k, t, call);
    }
    if (err == CALL_SWITCHED)
        return &k->current->port;
    if (err != CALL_BLOCKED)
        port_result(&t->port, 0, (uintptr_t)(intptr_t)err);
    return sched_next(k);
}

struct port_task *kern_irq(struct kern *k, uint32_t irq)
{
    device_irq(k, irq);
    return sched_next(k);
}

struct port_task *kern_timer(struct kern *k)
{
    sched_timer_fire(k);
    if (k->tick_ns != SK_FOREVER && k->tick_ns <= port_now(k->cpu))
        core_tick(k);
    return sched_next(k);
}

struct port_task *kern_doorbell(struct kern *k)
{
    link_doorbell(k);
    return sched_next(k);
}

struct port_task *kern_idle(struct kern *k)
{
    return sched_next(k);
}

bool kern_has_work(const struct kern *k)
{
    return k->work;
}

struct port_task *kern_fault(struct kern *k, const struct port_fault *fault)
{
    struct task *t = k->current;
    t->fault = (uint8_t)fault->kind;
    t->fault_addr = fault->addr;
    t->fault_pc = fault->pc;
    t->fault_sp = fault->sp;
    klog(k, "%s: fault %u at address 0x%llx, pc 0x%llx", t->name, fault->kind,
         (unsigned long long)fault->addr, (unsigned long long)fault->pc);
    task_end(k, t, SK_CAUSE_FAULT, 0);
    return sched_next(k);
}

struct port_cpu *kern_cpu(struct kern *k)
{
    return k->cpu;
}

struct port_task *kern_port_task(struct task *t)
{
    return &t->port;
}

struct task *kern_task_of(struct port_task *pt)
{
    return (struct task *)pt; /* asserted to be the first member */
}
