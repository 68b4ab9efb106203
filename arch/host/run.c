/* One run of the machine, from an empty state to its end, and what to say about it.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "arch/host/sim.h"
#include "arch/host/history.h"
#include "arch/host/ledger.h"
#include "arch/host/stage.h"
#include "kernel/kern.h"

#include <stdio.h>
#include <string.h>

static const char *const mode_name[] = {"off", "kernel", "task", "idle", "halted", "hung"};
static const char *const task_state[] = {"free", "new", "ready", "waiting", "dying", "dead"};

static void print_core(const struct port_cpu *cpu)
{
    fprintf(stderr, "  core %u: %s, %llu steps, timer %lld ns%s\n", cpu->core, mode_name[cpu->mode],
            (unsigned long long)cpu->steps,
            cpu->timer_ns == SK_FOREVER ? -1ll : (long long)(cpu->timer_ns - sim.now),
            cpu->bell ? ", rung" : "");
    const struct kern *k = cpu->kern;
    if (k == NULL)
        return;
    for (uint32_t i = 0; i < k->task_count; i++) {
        const struct task *t = &k->tasks[i];
        if (t->state == 0)
            continue;
        fprintf(stderr,
                "    %-10s %016llx %s%s events %x mask %x ready %llx op %u pages %u handles %u "
                "ends %u%s\n",
                t->name, (unsigned long long)SK_TID_MAKE(k->core, t->slot, t->gen),
                t->state == TASK_LENDING ? "lending" : task_state[t->state],
                t == k->current ? " current" : "", t->events, t->mask, (unsigned long long)t->ready,
                t->op.state, t->pages_used, t->handles_used, t->ends_used,
                t->wait_timer.next ? " timed" : "");
    }
    for (uint32_t i = 0; i < k->end_count; i++) {
        const struct end *e = &k->ends[i];
        if (e->state != END_FREE)
            fprintf(stderr,
                    "    end %u gen %u state %u of %s peer %u:%u:%u home %u:%u side %u%s%s%s%s\n",
                    i, e->gen, e->state, e->owner ? e->owner->name : "-", e->peer.core,
                    e->peer.index, e->peer.gen, e->home.core, e->home.index, e->side,
                    e->used ? " used" : "", e->peer_closed ? " peer_closed" : "",
                    e->peer_gone ? " peer_gone" : "", e->close_sent ? " close_sent" : "");
    }
    for (sk_core c = 0; c < sim.cores; c++)
        if (k->link[c].state != LINK_NONE)
            fprintf(stderr, "    link to %u: state %u in flight %u%s\n", c, k->link[c].state,
                    k->link[c].in_flight, k->link[c].queued ? " queued" : "");
}

void sim_print_state(void)
{
    fprintf(stderr, "sim: seed %llu, cores %u, mode %s, step %llu, now %llu ns\n",
            (unsigned long long)sim.opt.seed, sim.cores, PORT_COPY_MODE ? "copy" : "shared",
            (unsigned long long)sim.steps, (unsigned long long)sim.now);
    for (sk_core c = 0; c < sim.cores; c++)
        print_core(&sim.cpu[c]);
}

static void judge(void)
{
    const char *waits = sim.opt.scenario == NULL ? script_waits_for() : NULL;
    if (waits != NULL && strncmp(waits, "+halt", 5) == 0)
        waits = NULL; /* which it was asked again and again */
    const char *bad = script_forbidden();
    if (sim.end == SIM_POWER_OFF && sim.status != 0)
        snprintf(sim.why, sizeof(sim.why), "powered off with status %u", sim.status);
    else if (sim.end == SIM_POWER_OFF && waits != NULL)
        snprintf(sim.why, sizeof(sim.why), "halted, but the script waits for: %s", waits);
    else if (bad != NULL)
        snprintf(sim.why, sizeof(sim.why), "in the output: %s", bad);
    else
        return;
    sim.end = SIM_FAILED;
}

bool sim_run(const struct sim_options *opt)
{
    memset(&sim, 0, sizeof(sim));
    sim.opt = *opt;
    sim.rng = opt->seed * 0x2545f4914f6cdd1du + 1u;
    for (sk_core c = 0; c < SK_CORES_MAX; c++) {
        sim.cpu[c].core = c;
        sim.cpu[c].timer_ns = sim.cpu[c].off_ns = SK_FOREVER;
    }
    rings_reset();
    sim_memory_reset();
    sim_boot_prepare();
    uart_reset();
    const char *wrong = script_reset(opt->script);
    if (wrong != NULL) {
        snprintf(sim.why, sizeof(sim.why), "%s", wrong);
        sim.end = SIM_FAILED;
        return false;
    }
    sim.plans = true;
    sim.faults = opt->faults;
    sim.opt.no_force |= opt->faults.no_force;
    sim.sweeping = opt->faults.sweep != 0;
    history_reset();
    stage_reset();
    sim_schedule_reset();
    sim.cpu[0].epoch = 1;
    sim_core_start(&sim.cpu[0]);
    sim.cur = &sim.cpu[0];
    co_switch(&sim.main, &sim.cpu[0].co);
    sim.inside = true;
    if (sim.end == SIM_POWER_OFF || sim.end == SIM_SCRIPT_END)
        judge();
    sim.cur = NULL;
    return sim.end == SIM_POWER_OFF || sim.end == SIM_SCRIPT_END;
}
