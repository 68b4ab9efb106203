/* For tests that break something by hand in the middle of a run and want to see it noticed: the
 * run, and whom to hurt. Included by one file.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_SIM_BREAKAGE_H
#define TESTS_SIM_BREAKAGE_H

#include "arch/host/sim.h"
#include "arch/host/stage.h"
#include "kernel/kern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static bool broken;            /* the breakage of this run has been done */
static void (*do_break)(void); /* tries to */
static bool audit_at_once;     /* it is the audit that is to complain */

static const struct sim_scenario *scenario(const char *name)
{
    const struct sim_scenario *s = sim_scenarios;
    while (strcmp(s->name, name) != 0)
        s++;
    return s;
}

static void *table(const char *system, size_t *bytes)
{
    static char text[65536];
    char name[64];
    snprintf(name, sizeof(name), "build/host/%s.system.bin", system != NULL ? system : "small");
    FILE *f = fopen(name, "rb");
    assert_non_null(f);
    *bytes = fread(text, 1, sizeof(text), f);
    fclose(f);
    return text;
}

static void tamper_once(void)
{
    if (broken)
        return;
    do_break();
    if (broken && audit_at_once)
        sim_audit();
}

/* With that done to it, the run fails, and says so; without, it does not. */
static void breaks(const char *name, void (*tamper)(void), const char *says)
{
    struct sim_options o = {.scenario = scenario(name),
                            .seed = 3,
                            .max_steps = 1000000,
                            .max_ns = SK_MS(60000),
                            .quiet = true};
    o.system = table(o.scenario->system, &o.system_bytes);
    o.cores = o.scenario->cores;
    sim_signals_install();
    assert_true(sim_run(&o));
    o.tamper = tamper_once;
    do_break = tamper;
    broken = false;
    bool well = sim_run(&o);
    assert_true(broken);
    if (well || strstr(sim.why, says) == NULL)
        fail_msg("expected a failure with \"%s\", got: %s (seed %llu)", says,
                 well ? "none" : sim.why, (unsigned long long)o.seed);
}

static void breaks_audit(const char *name, void (*tamper)(void), const char *says)
{
    audit_at_once = true;
    breaks(name, tamper, says);
    audit_at_once = false;
}

/* --- Whom to hurt ---------------------------------------------------------------------------- */

/* Its kernel, between two entries; NULL: not now. */
static struct kern *at_rest(sk_core core)
{
    struct port_cpu *cpu = &sim.cpu[core];
    return !broken && (cpu->mode == CORE_IDLE || cpu->mode == CORE_TASK) ? cpu->kern : NULL;
}

static struct task *named(struct kern *k, const char *name)
{
    for (uint32_t i = 0; k != NULL && i < k->task_count; i++)
        if (sim_task_lives(&k->tasks[i]) && strcmp(k->tasks[i].name, name) == 0)
            return &k->tasks[i];
    return NULL;
}

/* An open end of that task whose peer lives. */
static struct end *end_of(struct kern *k, const struct task *t)
{
    for (uint32_t i = 0; t != NULL && i < k->end_count; i++)
        if (k->ends[i].owner == t && k->ends[i].used && !k->ends[i].peer_closed)
            return &k->ends[i];
    return NULL;
}

#endif
