/* Fault plans: what goes wrong in a run, by the seed's chance (sim_options.plan) or at a place of
 * the script (@ACTION):
 *   fault CORE      the task that runs next on CORE (not init) faults
 *   panic CORE      the kernel of CORE breaks
 *   restart CORE    CORE begins anew, without being asked (not core 0)
 *   kill CORE       CORE is off, without a word
 *   freeze, thaw CORE   CORE does nothing, and is not off; it goes on
 *   unforced        no core can be ordered off from now on
 *   in N ACTION     ACTION, so many steps from now
 *   seen CORE TEXT  TEXT must be in the log of CORE's kernel
 *   chan N, link N  garbage of 64 bytes into N slots of channels, of links
 *   calm, storm     no faults by chance from now on; again
 *   audit           walk all tables now
 * Garbage models a hostile peer: it goes only to memory that a peer may write.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "arch/host/sim.h"
#include "kernel/kern.h"
#include "kernel/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool chance(uint32_t one_in)
{
    return one_in != 0 && sim_random_below(one_in) == 0;
}

/* A line of garbage: noise, or a plausible header with noise behind it. */
void plan_garbage(void *line)
{
    uint32_t *w = line;
    uint32_t keep = w[0];
    for (unsigned i = 0; i < 16; i++)
        w[i] = (uint32_t)(sim_random() >> 32);
    switch (sim_random_below(4)) {
    case 0:
        w[0] = keep;
        break;
    case 1:
        w[0] = (keep + SK_CHAN_SLOTS_MIN) & SK_CTL_TAG;
        w[0] |= SK_CTL_VALID | ((uint32_t)sim_random() & ~SK_CTL_TAG);
        break;
    default:
        break;
    }
}

static void scribble_chan(void)
{
    struct sk_chan_mem *mem = sim_random_chan_page();
    if (mem == NULL)
        return;
    sim.lies = true;
    uint32_t at = sim_random_below(2u + 2u * SK_CHAN_SLOTS_MAX);
    plan_garbage(at < 2 ? (void *)&mem->line[at] : (void *)&mem->slot[at - 2u]);
}

static void scribble_link(void)
{
    sk_core from = sim_random_below(sim.cores), to = sim_random_below(sim.cores);
    struct sk_link *l = sim_link(from, to);
    if (from == to || l->magic == 0)
        return;
    sim.lies = true;
    uint32_t lines = sizeof(*l) / 64u;
    plan_garbage((char *)l + 64u * sim_random_below(lines));
}

/* init may not: its end is its kernel's. */
void sim_fault_task(struct port_cpu *cpu)
{
    if (cpu->mode != CORE_TASK || cpu->space->task->creator == NULL)
        return;
    cpu->fault = (struct port_fault){.kind = SK_FAULT_OTHER, .addr = 0xdead};
    sim.inside = true;
    sim_enter_kernel(REASON_FAULT);
    sim_fail("core %u resumed a task that had faulted", cpu->core);
}

/* A core begins anew in the middle of whatever it does. */
static void restart_cores(void)
{
    for (sk_core c = 1; c < sim.cores; c++) {
        struct port_cpu *cpu = &sim.cpu[c];
        if (!cpu->restart_due)
            continue;
        if (cpu == sim.cur) {
            sim_core_leave();
            continue;
        }
        cpu->parent = 0;
        cpu->epoch++;
        sim_core_start(cpu);
    }
}

void plan_restart(sk_core core)
{
    if (core != 0 && core < sim.cores && sim.cpu[core].mode != CORE_OFF)
        sim.cpu[core].restart_due = true;
}

/* Cores that are killed, or were ordered off. */
void plan_time(void)
{
    for (sk_core c = 0; c < sim.cores; c++)
        if (sim.cpu[c].stop_due)
            sim_core_stop(&sim.cpu[c]);
        else if (sim.cpu[c].off_ns <= sim.now)
            sim_core_force(&sim.cpu[c]);
}

/* "N ACTION" */
static void put_off(unsigned long steps, const char *words)
{
    for (unsigned i = 0; i < SIM_LATER; i++) {
        if (sim.later[i].at != 0)
            continue;
        sim.later[i].at = sim.steps + steps;
        snprintf(sim.later[i].action, sizeof(sim.later[i].action), "%s",
                 words + strcspn(words, " ") + 1);
        return;
    }
    sim_fail("too many acts are put off");
}

static void what_was_put_off(void)
{
    for (unsigned i = 0; i < SIM_LATER; i++)
        if (sim.later[i].at != 0 && sim.later[i].at <= sim.steps) {
            sim.later[i].at = 0;
            plan_do(sim.later[i].action);
        }
}

bool plan_put_off(void)
{
    bool any = false;
    for (unsigned i = 0; i < SIM_LATER; i++)
        any |= sim.later[i].at != 0;
    return any;
}

/* "CORE TEXT" */
static void seen(const struct port_cpu *cpu, const char *words)
{
    static char text[65536];
    const char *what = words + strcspn(words, " ") + 1;
    uint64_t position = 0;
    size_t len = cpu->kern != NULL ? klog_read(cpu->kern, &position, text, sizeof(text) - 1u) : 0;
    text[len] = '\0';
    if (strstr(text, what) == NULL)
        sim_fail("not in the log of core %u: %s\n%s", cpu->core, what,
                 text + (len > 1500 ? len - 1500 : 0));
}

static void freeze(struct port_cpu *cpu)
{
    cpu->frozen = true;
    cpu->thaw_step = UINT64_MAX;
    cpu->thaw_at_ns = SK_FOREVER - 1u; /* only when it is told to */
}

void plan_step(void)
{
    restart_cores();
    plan_time();
    what_was_put_off();
    if (sim.cur->frozen)
        sim_core_pause();
    faults_step();
    if (sim.plans && sim.steps == sim.opt.plan.restart_at)
        plan_restart(sim.cores - 1u);
    if (sim.fault_core == sim.cur->core + 1u && sim.cur->mode == CORE_TASK &&
        sim.cur->space->task->creator != NULL) {
        sim.fault_core = 0;
        sim_fault_task(sim.cur);
    }
    if (!sim.plans || sim.now < SK_MS(1))
        return;
    if (chance(sim.opt.plan.scribble_chan))
        scribble_chan();
    if (chance(sim.opt.plan.scribble_link))
        scribble_link();
    if (chance(sim.opt.plan.panic_core) && sim.cur->core != 0 && sim.cur->kern != NULL)
        sim.cur->end_due = END_PANIC;
    if (chance(sim.opt.plan.restart_core) && sim.cores > 1)
        plan_restart(1u + sim_random_below(sim.cores - 1u));
    if (chance(sim.opt.plan.fault_task))
        sim_fault_task(sim.cur);
}

void plan_do(const char *action)
{
    const char *words = action + strcspn(action, " ") + (strchr(action, ' ') != NULL);
    unsigned long n = strtoul(words, NULL, 10);
    if (strncmp(action, "audit", 5) == 0)
        sim_audit();
    else if (strncmp(action, "in ", 3) == 0)
        put_off(n, words);
    else if (strncmp(action, "seen", 4) == 0 && n < sim.cores)
        seen(&sim.cpu[n], words);
    else if (strncmp(action, "unforced", 8) == 0)
        sim.opt.no_force = true;
    else if (strncmp(action, "calm", 4) == 0)
        sim.plans = false;
    else if (strncmp(action, "storm", 5) == 0)
        sim.plans = true;
    else if (strncmp(action, "fault", 5) == 0)
        sim.fault_core = (uint32_t)n + 1u;
    else if (strncmp(action, "panic", 5) == 0 && n < sim.cores)
        sim.cpu[n].end_due = END_PANIC;
    else if (strncmp(action, "restart", 7) == 0)
        plan_restart((sk_core)n);
    else if (strncmp(action, "kill", 4) == 0 && n < sim.cores)
        sim.cpu[n].stop_due = true;
    else if (strncmp(action, "freeze", 6) == 0 && n < sim.cores)
        freeze(&sim.cpu[n]);
    else if (strncmp(action, "thaw", 4) == 0 && n < sim.cores)
        sim.cpu[n].frozen = false;
    else if (strncmp(action, "chan", 4) == 0)
        while (n-- > 0)
            scribble_chan();
    else if (strncmp(action, "link", 4) == 0)
        while (n-- > 0)
            scribble_link();
}
