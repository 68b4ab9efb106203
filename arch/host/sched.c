/* Steps, virtual time and the choice of the core that runs next.
 *
 * A core's kernel runs on the core's own stack, a task on its own; sim.cur is the core whose
 * active context has the processor. Nothing here is called by two contexts at once.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "arch/host/sched.h"
#include "arch/host/history.h"
#include "arch/host/stage.h"
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

bool sim_pending(const struct port_cpu *cpu)
{
    return (cpu->bell && cpu->bell_ns <= sim.now) || cpu->timer_ns <= sim.now ||
           uart_irq_pending(cpu->core);
}

/* --- Which core runs ------------------------------------------------------------------------- */

static void sim_core_thaw(struct port_cpu *cpu)
{
    cpu->frozen = false;
    history_note("core %u goes on", cpu->core);
}

bool sim_due(const struct port_cpu *cpu)
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
           (cpu->mode == CORE_IDLE && (sim_pending(cpu) || sim_due(cpu)));
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
        if (sim_due(cpu))
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
    if (sim_due(cpu))
        return true;
    if (!sim_pending(cpu))
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

/* --- A core gives way ------------------------------------------------------------------------ */

void sim_wait_for_interrupt(struct port_cpu *cpu)
{
    cpu->mode = CORE_IDLE;
    while (!sim_pending(cpu) && !sim_due(cpu)) {
        struct port_cpu *next;
        pass_time(1);
        while ((next = choose()) == NULL)
            jump_time();
        switch_to(next);
    }
    cpu->mode = CORE_KERNEL;
    cpu->reason = REASON_INTERRUPT;
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

void sim_run_others(void)
{
    struct port_cpu *next;
    while ((next = choose()) == NULL)
        jump_time();
    switch_to(next);
}

_Noreturn void sim_core_leave_for_good(void)
{
    history_note("core %u does nothing more", sim.cur->core);
    sim_run_others();
    __builtin_trap();
}
