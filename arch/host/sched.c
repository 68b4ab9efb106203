/* Steps, virtual time, the choice of the core that runs next, and the loop that stands for a
 * core's exception vectors: enter the kernel, resume what it returns.
 *
 * A core's kernel runs on the core's own stack, a task on its own; sim.cur is the core whose
 * active context has the processor. Nothing here is called by two contexts at once.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "arch/host/sim.h"
#include "arch/host/history.h"
#include "arch/host/stage.h"
#include "arch/host/include/host_user.h"
#include "arch/host/include/programs.h"
#include "kernel/crash.h"
#include "kernel/task.h"
#include "kernel/kern.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define AUDIT_STEPS 256u /* of a scenario, which is short */

struct sim sim;

/* splitmix64: small, and good enough to pick interleavings. */
uint64_t sim_random(void)
{
    uint64_t z = (sim.rng += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint32_t sim_random_below(uint32_t n)
{
    return (uint32_t)(((sim_random() >> 32) * n) >> 32);
}

void sim_schedule_reset(void)
{
    sim.switch_mask = (1u << sim_random_below(7)) - 1u;
    sim.now = 1000 + sim_random_below(1000);
}

/* --- The end --------------------------------------------------------------------------------- */

_Noreturn void sim_finish(enum sim_end end)
{
    sim.end = end;
    struct co gone;
    memset(&gone, 0, sizeof(gone));
    co_switch(sim.cur ? sim.cur->active : &gone, &sim.main);
    __builtin_trap();
}

_Noreturn void sim_fail(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(sim.why, sizeof(sim.why), format, list);
    va_end(list);
    sim_finish(SIM_FAILED);
}

/* --- Interrupts ------------------------------------------------------------------------------ */

static bool pending(const struct port_cpu *cpu)
{
    return (cpu->bell && cpu->bell_ns <= sim.now) || cpu->timer_ns <= sim.now ||
           uart_irq_pending(cpu->core);
}

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

/* --- Which core runs ------------------------------------------------------------------------- */

static void sim_core_thaw(struct port_cpu *cpu)
{
    cpu->frozen = false;
    history_note("core %u goes on", cpu->core);
}

static bool due(const struct port_cpu *cpu)
{
    return cpu->end_due != END_NOT || cpu->kill_due != NULL;
}

static bool runnable(struct port_cpu *cpu)
{
    if (cpu->frozen && (sim.steps >= cpu->thaw_step || sim.now >= cpu->thaw_at_ns))
        sim_core_thaw(cpu);
    if (cpu->frozen)
        return false;
    return cpu->mode == CORE_KERNEL || cpu->mode == CORE_TASK ||
           (cpu->mode == CORE_IDLE && (pending(cpu) || due(cpu)));
}

static struct port_cpu *choose(void)
{
    struct port_cpu *can[SK_CORES_MAX];
    uint32_t n = 0;
    for (sk_core c = 0; c < sim.cores; c++)
        if (runnable(&sim.cpu[c]))
            can[n++] = &sim.cpu[c];
    return n == 0 ? NULL : can[sim_random_below(n)];
}

static void switch_to(struct port_cpu *cpu)
{
    struct port_cpu *from = sim.cur;
    if (cpu == from)
        return;
    sim.cur = cpu;
    co_switch(from->active, cpu->active);
    sim.cur = from;
}

/* Nothing happens but by a core that is frozen: its time is over. */
static bool thaw_first(void)
{
    for (sk_core c = 0; c < sim.cores; c++)
        if (sim.cpu[c].frozen && sim.cpu[c].thaw_at_ns == SK_FOREVER) {
            sim_core_thaw(&sim.cpu[c]);
            return true;
        }
    return false;
}

/* Kernels beat without end. Nothing will happen any more if nobody waits for a time, and nobody has
 * been resumed for longer than the kernels need to find each other silent and to press. */
static bool stuck(void)
{
    if (uart_next_ns() != SK_FOREVER || sim.jumps < SIM_JUMPS_MAX)
        return false;
    for (sk_core c = 0; c < sim.cores; c++) {
        const struct port_cpu *cpu = &sim.cpu[c];
        if (cpu->mode == CORE_IDLE && !cpu->frozen && cpu->kern->timers.next != &cpu->kern->timers)
            return false;
    }
    return true;
}

/* Every core is idle: let time pass until something happens. */
static void jump_time(void)
{
    stage_idle();
    sk_ns next = uart_next_ns();
    if (stage_next_ns() < next)
        next = stage_next_ns();
    for (sk_core c = 0; c < sim.cores; c++) {
        struct port_cpu *cpu = &sim.cpu[c];
        if (cpu->frozen && cpu->mode != CORE_HALTED && cpu->thaw_at_ns < next)
            next = cpu->thaw_at_ns;
        if (cpu->off_ns < next)
            next = cpu->off_ns;
        if (cpu->mode != CORE_IDLE || cpu->frozen)
            continue;
        if (due(cpu))
            return;
        if (cpu->timer_ns < next)
            next = cpu->timer_ns;
        if (cpu->bell && cpu->bell_ns < next)
            next = cpu->bell_ns;
    }
    sim.jumps++;
    if (next == SK_FOREVER && thaw_first())
        return;
    if (next == SK_FOREVER || stuck()) {
        snprintf(sim.why, sizeof(sim.why), "every core is idle for ever; %s", stage_waits_for());
        sim_finish(SIM_STUCK);
    }
    if (next > sim.now)
        sim.now = next;
    uart_advance();
    plan_time();
}

static void check_bounds(void)
{
    if (sim.steps > sim.opt.max_steps || sim.now > sim.opt.max_ns)
        sim_fail("no end after %llu steps, %llu virtual ms; %s", (unsigned long long)sim.steps,
                 (unsigned long long)(sim.now / SK_MS(1)), stage_waits_for());
    uart_advance();
    if (sim.steps >= sim.audit_steps) {
        sim.audit_steps =
            sim.steps + (sim.opt.scenario ? AUDIT_STEPS : 20000 + sim_random_below(20000));
        sim_audit();
    }
}

static void pass_time(sk_ns ns)
{
    sim.steps++;
    sim.cur->steps++;
    sim.now += ns;
    if ((sim.steps & 63u) == 0)
        check_bounds();
    plan_step();
}

/* In a task: should its core take an interrupt now? Put off for a bounded number of steps. */
static bool interrupt_now(struct port_cpu *cpu)
{
    if (due(cpu))
        return true;
    if (!pending(cpu))
        return false;
    if (cpu->patience == 0)
        cpu->patience = 1 + sim_random_below(64);
    return --cpu->patience == 0;
}

void sim_step_long(sk_ns ns)
{
    struct port_cpu *cpu = sim.cur;
    if (cpu == NULL) /* a unit test uses the ring without a machine */
        return;
    bool was_inside = sim.inside;
    sim.inside = true;
    uint64_t r = sim_random();
    pass_time(ns + (r & 7u));
    if (((uint32_t)(r >> 8) & sim.switch_mask) == 0) {
        struct port_cpu *next = choose();
        if (next != NULL)
            switch_to(next);
    }
    while (cpu->mode == CORE_TASK && interrupt_now(cpu))
        sim_enter_kernel(REASON_INTERRUPT);
    sim.inside = was_inside;
}

void sim_step(void)
{
    sim_step_long(4);
}

/* --- A core ---------------------------------------------------------------------------------- */

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

static void wait_for_interrupt(struct port_cpu *cpu)
{
    cpu->mode = CORE_IDLE;
    while (!pending(cpu) && !due(cpu)) {
        struct port_cpu *next;
        pass_time(1);
        while ((next = choose()) == NULL)
            jump_time();
        switch_to(next);
    }
    cpu->mode = CORE_KERNEL;
    cpu->reason = REASON_INTERRUPT;
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
            if (cpu->kill_due != NULL || (pending(cpu) && sim_random_below(2) == 0))
                cpu->reason = REASON_INTERRUPT; /* came while the kernel was inside */
            else
                resume(cpu, pt);
        } else if (kern_has_work(cpu->kern) && !pending(cpu)) {
            sim.inside = false;
            pt = kern_idle(cpu->kern);
            continue;
        } else {
            wait_for_interrupt(cpu);
        }
        sim.inside = false;
        sim_step();
        if (cpu->reason != REASON_INTERRUPT || due(cpu) || pending(cpu))
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
    cpu->lost = cpu->doubted = cpu->seen_off = cpu->ordered = false;
    cpu->kill_due = NULL;
    cpu->off_ns = SK_FOREVER;
    cpu->stop_due = false;
    cpu->space = NULL;
    cpu->active = &cpu->co;
    history_note("core %u begins, epoch %u", cpu->core, cpu->epoch);
    co_init(&cpu->co, cpu->stack, SIM_KERNEL_STACK, core_main, cpu);
}

void sim_core_leave(void)
{
    struct port_cpu *can[SK_CORES_MAX];
    uint32_t n = 0;
    for (sk_core c = 0; c < sim.cores; c++)
        if (&sim.cpu[c] != sim.cur && runnable(&sim.cpu[c]))
            can[n++] = &sim.cpu[c];
    if (n != 0)
        switch_to(can[sim_random_below(n)]); /* looks at the plans at its next step */
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

/* Until this core may run again; never, if it is halted. */
static void run_others(void)
{
    struct port_cpu *next;
    while ((next = choose()) == NULL)
        jump_time();
    switch_to(next);
}

_Noreturn void sim_core_leave_for_good(void)
{
    history_note("core %u does nothing more", sim.cur->core);
    run_others();
    __builtin_trap();
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
    run_others();
    __builtin_trap();
}

void sim_core_pause(void)
{
    struct port_cpu *cpu = sim.cur;
    while (cpu->frozen)
        run_others();
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

/* --- The program's side ---------------------------------------------------------------------- */

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
