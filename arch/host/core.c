/* A core: the loop that stands for its exception vectors – enter the kernel, resume what it
 * returns – and how it begins and ends.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "arch/host/history.h"
#include "arch/host/include/host_user.h"
#include "arch/host/include/programs.h"
#include "arch/host/sched.h"
#include "kernel/crash.h"
#include "kernel/kern.h"
#include "kernel/task.h"

#include <string.h>

/* Take one of the pending interrupts of cpu, by chance. */
static struct port_task *take_interrupt(struct port_cpu *cpu)
{
    bool ready[3] = {cpu->bell && cpu->bell_ns <= sim.now, cpu->timer_ns <= sim.now,
                     uart_irq_pending(cpu->core)};
    uint32_t at = sim_random_below(3);
    while (!ready[at])
        at = (at + 1) % 3;
    uint32_t irq;
    switch (at) {
    case 0:
        cpu->bell = false;
        history_add(HISTORY_BELL, 0, 0, 0);
        return kern_doorbell(cpu->kern);
    case 1:
        cpu->timer_ns = SK_FOREVER;
        history_add(HISTORY_TIMER, 0, 0, 0);
        return kern_timer(cpu->kern);
    default:
        uart_irq_taken(cpu->core, &irq);
        history_add(HISTORY_IRQ, irq, 0, 0);
        return kern_irq(cpu->kern, irq);
    }
}

void sim_enter_kernel(enum core_reason reason)
{
    struct port_cpu *cpu = sim.cur;
    struct co *own = cpu->active;
    cpu->reason = reason;
    cpu->mode = CORE_KERNEL;
    cpu->active = &cpu->co;
    co_switch(own, &cpu->co);
}

static void task_main(void *arg)
{
    struct host_space *s = arg;
    co_began();
    struct port_task *pt = kern_port_task(s->task);
    const struct host_program *p = host_programs;
    while (p->name != NULL && (uint64_t)(uintptr_t)p != pt->entry)
        p++;
    if (p->name == NULL) {
        sim.cur->fault = (struct port_fault){
            .kind = SK_FAULT_EXEC, .addr = pt->entry, .pc = pt->entry, .sp = pt->sp};
        sim_enter_kernel(REASON_FAULT);
    }
    uint64_t arg0 = pt->reg[0];
    sim.inside = false;
    host_task_begin(p, arg0);
}

/* Run pt until its core enters the kernel again. */
static void resume(struct port_cpu *cpu, struct port_task *pt)
{
    struct host_space *s = sim_space_of(pt);
    if (s == NULL)
        sim_fail("core %u: the kernel resumes a task that has no space", cpu->core);
    if (!s->started) {
        s->started = true;
        memset(s->stack + SIM_TASK_STACK - HOST_SELF_BYTES, 0, HOST_SELF_BYTES);
        co_init(&s->co, s->stack, SIM_TASK_STACK - HOST_SELF_BYTES, task_main, s);
    }
    sim.jumps = 0;
    cpu->space = s;
    cpu->mode = CORE_TASK;
    cpu->active = &s->co;
    sim.resumed_ns = sim.now;
    co_switch(&cpu->co, &s->co);
    cpu->space = NULL;
}

/* As if the task's creator ended it now. */
static struct port_task *kill_now(struct port_cpu *cpu)
{
    struct kern *k = cpu->kern;
    struct task *t = cpu->kill_due;
    cpu->kill_due = NULL;
    bool lives = t->gen == cpu->kill_gen && sim_task_lives(t);
    if (lives && t == k->current)
        task_end(k, t, SK_CAUSE_KILLED, 0);
    else if (lives)
        task_kill(k, t, t->creator);
    return kern_idle(k);
}

static _Noreturn void end_now(struct port_cpu *cpu)
{
    enum core_end how = cpu->end_due;
    cpu->end_due = END_NOT;
    if (how == END_STOP)
        crash_end(cpu->kern, SK_CRASH_STOPPED, "stopped by the fault plan", &crash_no_registers);
    if (how == END_HANG)
        port_hang(cpu);
    kern_panic(cpu->kern, "broken by the fault plan");
}

static struct port_task *enter(struct port_cpu *cpu)
{
    if (cpu->end_due != END_NOT)
        end_now(cpu);
    switch (cpu->reason) {
    case REASON_SYSCALL:
        return kern_syscall(cpu->kern, cpu->call);
    case REASON_FAULT:
        history_add(HISTORY_FAULT, cpu->fault.kind, cpu->fault.addr, 0);
        return kern_fault(cpu->kern, &cpu->fault);
    default:
        if (cpu->kill_due != NULL)
            return kill_now(cpu);
        return take_interrupt(cpu);
    }
}

static void core_main(void *arg)
{
    struct port_cpu *cpu = arg;
    co_began();
    sim.inside = false;
    sim_boot_core(cpu);
    struct port_task *pt = kern_first(cpu->kern);
    for (;;) {
        sim_step();
        sim.inside = true;
        if (pt != NULL) {
            if (cpu->kill_due != NULL || (sim_pending(cpu) && sim_random_below(2) == 0))
                cpu->reason = REASON_INTERRUPT; /* came while the kernel was inside */
            else
                resume(cpu, pt);
        } else if (kern_has_work(cpu->kern) && !sim_pending(cpu)) {
            sim.inside = false;
            pt = kern_idle(cpu->kern);
            continue;
        } else {
            sim_wait_for_interrupt(cpu);
        }
        sim.inside = false;
        sim_step();
        if (cpu->reason != REASON_INTERRUPT || sim_due(cpu) || sim_pending(cpu))
            pt = enter(cpu); /* else it went away meanwhile */
    }
}

void sim_core_start(struct port_cpu *cpu)
{
    sim_memory_begin(cpu);
    uart_core_reset(cpu->core);
    cpu->kern = NULL;
    cpu->mode = CORE_KERNEL;
    cpu->timer_ns = SK_FOREVER;
    cpu->bell = cpu->restart_due = cpu->frozen = false;
    cpu->end_due = END_NOT;
    cpu->lost = cpu->doubted = cpu->seen_off = cpu->ordered = cpu->starved = false;
    cpu->kill_due = NULL;
    cpu->off_ns = SK_FOREVER;
    cpu->stop_due = false;
    cpu->space = NULL;
    cpu->active = &cpu->co;
    history_note("core %u begins, epoch %u", cpu->core, cpu->epoch);
    co_init(&cpu->co, cpu->stack, SIM_KERNEL_STACK, core_main, cpu);
}

/* What an interrupt that nothing masks leads to, on a stack of its own. */
static _Noreturn void forced(struct port_cpu *cpu)
{
    static const uintptr_t nowhere;
    sim.inside = false;
    kern_forced(cpu->kern, &(struct kern_registers){"pc", &nowhere, 1});
}

static void forced_main(void *arg)
{
    co_began();
    forced(arg);
}

void sim_core_force(struct port_cpu *cpu)
{
    cpu->off_ns = SK_FOREVER;
    cpu->frozen = false;
    if (cpu->kern == NULL) {
        sim_core_stop(cpu);
        return;
    }
    cpu->mode = CORE_KERNEL;
    if (cpu == sim.cur) { /* on top of what it does */
        cpu->active = &cpu->co;
        forced(cpu);
    }
    cpu->space = NULL;
    cpu->active = &cpu->co;
    co_init(&cpu->co, cpu->stack, SIM_KERNEL_STACK, forced_main, cpu);
}

void sim_core_stop(struct port_cpu *cpu)
{
    cpu->mode = CORE_HALTED;
    sim_memory_end(cpu);
    cpu->off_ns = SK_FOREVER;
    cpu->bell = cpu->frozen = cpu->stop_due = false;
    cpu->timer_ns = SK_FOREVER;
    uart_core_reset(cpu->core);
    if (cpu != sim.cur)
        return;
    sim_run_others();
    __builtin_trap();
}

void sim_core_pause(void)
{
    struct port_cpu *cpu = sim.cur;
    while (cpu->frozen)
        sim_run_others();
}

void sim_kill_task(struct port_cpu *cpu, struct task *t)
{
    cpu->kill_due = t;
    cpu->kill_gen = t->gen;
}

void sim_ring_core(struct port_cpu *cpu)
{
    if (cpu->mode == CORE_OFF || cpu->mode == CORE_HALTED || cpu->bell)
        return;
    cpu->bell = true;
    cpu->bell_ns = sim.now;
}

_Noreturn void sim_fault_landing(void)
{
    struct port_cpu *cpu = sim.cur;
    cpu->reason = REASON_FAULT;
    cpu->mode = CORE_KERNEL;
    cpu->active = &cpu->co;
    struct co gone;
    memset(&gone, 0, sizeof(gone));
    co_switch(&gone, &cpu->co);
    __builtin_trap();
}
