/* See witness.h.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "arch/host/include/witness.h"
#include "arch/host/history.h"
#include "arch/host/sim.h"
#include "arch/host/stage.h"
#include "kernel/kern.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct witness witness;

void w_fail(const char *file, int line, const char *format, ...)
{
    char text[160];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    history_note("%s", text);
    if (faults_lies())
        return;
    const char *name = strrchr(file, '/');
    sim.inside = true;
    sim_fail("%s, %s:%d: %s", sim.cur->space->task->name, name ? name + 1 : file, line, text);
}

void w_note(const char *format, ...)
{
    char text[HISTORY_TEXT];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    history_note("%s", text);
}

bool w_calm(void)
{
    for (sk_core c = 0; c < sim.cores; c++)
        if (w_core_in_doubt(c))
            return false;
    return !faults_met() && !faults_lies();
}

bool w_alone(void)
{
    return !faults_met_others() && !faults_lies();
}

bool w_can_force(void)
{
    return !sim.opt.no_force;
}

void w_plan(const char *act)
{
    faults_own(act);
}

bool w_core_in_doubt(sk_core core)
{
    const struct port_cpu *cpu = &sim.cpu[core];
    return !sim_core_works(cpu) || cpu->lost || cpu->doubted || cpu->frozen || cpu->restart_due ||
           cpu->epoch > 1;
}

bool w_alive(sk_tid tid)
{
    sk_core core = SK_TID_CORE(tid);
    const struct kern *k = core < sim.cores ? sim.cpu[core].kern : NULL;
    if (k == NULL || !sim_core_works(&sim.cpu[core]) || sim.cpu[core].lost ||
        sim.cpu[core].doubted || sim.cpu[core].ordered || SK_TID_SLOT(tid) >= k->task_count)
        return false;
    const struct task *t = &k->tasks[SK_TID_SLOT(tid)];
    return t->gen == SK_TID_GEN(tid) && t->state != SK_TASK_NEW && sim_task_lives(t);
}

/* A service that is refused memory for a client closes the connection; so does who finds that time
 * is over. */
static bool turned_away(void)
{
    for (uint32_t i = 0; i < sim.faults.count; i++)
        if ((sim.faults.fault[i].act == ACT_EXHAUST || sim.faults.fault[i].act == ACT_CLOCK) &&
            sim.faults.fault[i].done)
            return true;
    return false;
}

sk_err w_told(const char *file, int line, sk_err err, sk_tid peer, sk_ns deadline)
{
    if (err == SK_OK)
        return err;
    w_note("told: %s", sk_err_text(err));
    if (err == SK_ERR_TIMED_OUT && deadline != SK_FOREVER && sim.now >= deadline)
        return err;
    if (err == SK_ERR_PEER_DEAD && peer != SK_TID_NONE) {
        /* A core that was silent is given up by others: then its own tasks lose them, too. */
        if (w_alive(peer) && !turned_away() && !sim.cur->doubted)
            w_fail(file, line, "told that the peer is dead, which is alive");
        return err;
    }
    if (w_calm())
        w_fail(file, line, "told without a reason: %s", sk_err_text(err));
    return err;
}

bool w_role(uint32_t n, const char **program, sk_core *core, const char **arg)
{
    const struct sim_role *r = &sim.opt.scenario->role[n];
    if (n >= STAGE_ROLES || r->program == NULL)
        return false;
    *program = r->program;
    *core = r->core;
    *arg = r->arg;
    return true;
}
