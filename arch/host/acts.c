/* Fault plans, carried out: at the step that a fault names, before anything else happens there.
 * What is killed while its kernel is at work ends when that is done; a core stops at once.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "arch/host/faults.h"
#include "arch/host/history.h"
#include "arch/host/sim.h"
#include "kernel/kern.h"

#include <stdio.h>

static bool on(const struct port_cpu *cpu)
{
    return sim_core_works(cpu);
}

static void kill_task(const char *name)
{
    struct port_cpu *cpu;
    struct task *t = faults_find_task(name, &cpu);
    if (t == NULL || t->creator == NULL) /* gone; or init, whose end is its kernel's */
        return;
    if (cpu == sim.cur && cpu->mode == CORE_TASK && cpu->space->task == t) {
        sim_fault_task(cpu);
        return;
    }
    sim_kill_task(cpu, t);
}

static void scribble(const char *name)
{
    struct port_cpu *cpu;
    struct task *t = faults_find_task(name, &cpu);
    if (t != NULL)
        sim_scribble_space(sim_space_of(kern_port_task(t)));
}

static void on_core(struct port_cpu *cpu, const struct fault *f)
{
    if (!on(cpu))
        return;
    if (f->act == ACT_KILL_CORE) {
        cpu->lost = true;
        sim_core_stop(cpu);
    } else if (f->act == ACT_PANIC_CORE || f->act == ACT_STOP_CORE || f->act == ACT_HANG_CORE) {
        cpu->lost = cpu->kern != NULL;
        cpu->end_due = cpu->kern == NULL          ? END_NOT
                       : f->act == ACT_PANIC_CORE ? END_PANIC
                       : f->act == ACT_STOP_CORE  ? END_STOP
                                                  : END_HANG;
    } else if (f->act == ACT_SCRIBBLE_CORE) {
        sim_scribble_links(cpu->core);
    } else if (f->act == ACT_RESTART_CORE) {
        plan_restart(cpu->core);
    } else {
        cpu->doubted = true;
        cpu->frozen = true;
        cpu->thaw_step = f->ms ? UINT64_MAX : sim.steps + f->length;
        cpu->thaw_at_ns = f->ms ? sim.now + SK_MS(f->length) : SK_FOREVER;
        if (cpu == sim.cur)
            sim_core_pause();
    }
}

static void carry_out(struct fault *f)
{
    char text[HISTORY_TEXT];
    faults_format(f, text, sizeof(text));
    history_note("plan: %s", text);
    f->done = true;
    switch (f->act) {
    case ACT_KILL_TASK:
        kill_task(f->task);
        break;
    case ACT_SCRIBBLE:
        scribble(f->task);
        break;
    case ACT_CLOCK:
        sim.now += SK_MS(f->length);
        break;
    default:
        if (f->core < sim.cores)
            on_core(&sim.cpu[f->core], f);
        break;
    }
}

void faults_step(void)
{
    if (sim.sweeping && sim.window)
        sweep_step();
    if (sim.opt.tamper != NULL && sim.window)
        sim.opt.tamper();
    for (uint32_t i = 0; i < sim.faults.count; i++) {
        struct fault *f = &sim.faults.fault[i];
        if (!f->done && f->act != ACT_EXHAUST && f->at == sim.steps)
            carry_out(f);
    }
    if (sim.faults.bells != 0 && sim.window && sim_random_below(sim.faults.bells * 16u) == 0)
        sim_ring_core(&sim.cpu[sim_random_below(sim.cores)]);
}

bool faults_refuse(void)
{
    if (!sim.window)
        return false;
    sim.requests++;
    if (sim.sweeping)
        sweep_refusal(sim.requests);
    for (uint32_t i = 0; i < sim.faults.count; i++) {
        struct fault *f = &sim.faults.fault[i];
        if (f->act == ACT_EXHAUST && f->at == sim.requests) {
            history_note("plan: request %llu is refused", (unsigned long long)f->at);
            f->done = true;
            const struct kern *k = sim.cur->kern;
            sim.cur->starved = k != NULL && k->current == &k->tasks[0];
            return true;
        }
    }
    return false;
}

bool faults_met(void)
{
    for (uint32_t i = 0; i < sim.faults.count; i++)
        if (sim.faults.fault[i].done)
            return true;
    return sim.faults.bells != 0;
}

bool faults_met_others(void)
{
    for (uint32_t i = 0; i < sim.faults.count; i++)
        if (sim.faults.fault[i].done && !sim.faults.fault[i].own)
            return true;
    return sim.faults.bells != 0;
}

void faults_own(const char *text)
{
    struct fault_plan own = {.count = 0};
    const char *wrong = faults_parse(text, &own);
    if (wrong != NULL || own.count != 1 || sim.faults.count == FAULTS_MAX)
        sim_fail("plan of the scenario: %s: %s", text, wrong ? wrong : "one act, if there is room");
    struct fault *f = &sim.faults.fault[sim.faults.count++];
    *f = own.fault[0];
    f->own = true;
    f->at = sim.steps + 1u;
}

bool faults_lies(void)
{
    const struct sim_options *o = &sim.opt;
    for (uint32_t i = 0; i < sim.faults.count; i++)
        if ((sim.faults.fault[i].act == ACT_SCRIBBLE ||
             sim.faults.fault[i].act == ACT_SCRIBBLE_CORE) &&
            sim.faults.fault[i].done)
            return true;
    return sim.lies || o->plan.scribble_chan != 0 || o->plan.scribble_link != 0;
}
