/* See faults.h: the plan as text, and finding whom it names.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "arch/host/faults.h"
#include "arch/host/sim.h"
#include "kernel/kern.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FREEZE_STEPS 3000u
#define CLOCK_MS     3000u
#define BELLS_RATE   6u

const char faults_usage[] =
    "A plan is one of these, or several with commas between; K is a step of the run:\n"
    "  none\n"
    "  kill-task:T@K     task T ends; T is a program's name, NAME#CORE, or CORE.SLOT.GENERATION\n"
    "  kill-core:C@K     core C stops for good, in the middle of whatever it does, silently\n"
    "  panic-core:C@K    its kernel breaks, and says so\n"
    "  stop-core:C@K     its kernel stops, as if it had been asked to\n"
    "  hang-core:C@K     its kernel executes nothing more and is not off: it must be forced\n"
    "  restart-core:C@K  it begins anew, unasked (not core 0)\n"
    "  freeze:C@K+N      core C executes nothing for N steps (Nms: virtual milliseconds), then\n"
    "                    goes on: long enough, it was thought dead\n"
    "  scribble:T@K      task T fills all memory that it shares with garbage\n"
    "  scribble-core:C@K the kernel of core C fills all that other kernels read with garbage\n"
    "  clock:N@K         the clock jumps N virtual ms ahead\n"
    "  exhaust:N         the N-th request for memory or a channel end is refused\n"
    "  bells[:RATE]      one doorbell in RATE is lost, one late, and one in RATE steps means\n"
    "                    nothing\n"
    "  no-force          this machine cannot order a core off: what hangs is quarantined\n"
    "  sweep[:RATE]      kill-task and kill-core, for each task and each core, at each step (or "
    "at\n"
    "                    one step in RATE): one run each\n"
    "  kill-task kill-core panic-core stop-core hang-core restart-core freeze scribble\n"
    "  scribble-core clock, each [:RATE], and exhaust, which takes that of another\n"
    "                    the same for this act alone, for each task, core or request\n"
    "  all[:RATE]        the same for every act\n";

static const char *const act_name[ACT_COUNT] = {
    "kill-task", "kill-core", "panic-core",    "stop-core", "hang-core", "restart-core",
    "freeze",    "scribble",  "scribble-core", "clock",     "exhaust"};

static bool of_core(uint32_t act)
{
    return (act >= ACT_KILL_CORE && act <= ACT_FREEZE) || act == ACT_SCRIBBLE_CORE;
}

static bool of_task(uint32_t act)
{
    return act == ACT_KILL_TASK || act == ACT_SCRIBBLE;
}

/* --- Text ------------------------------------------------------------------------------------ */

static bool number(const char **text, uint64_t *n)
{
    char *rest;
    if (!isdigit((unsigned char)**text))
        return false;
    *n = strtoull(*text, &rest, 10);
    *text = rest;
    return true;
}

/* WHO@K[+N[ms]], without the act. */
static const char *parse_one(uint32_t act, const char *text, struct fault *f)
{
    uint64_t n;
    *f = (struct fault){.act = (uint8_t)act, .length = FREEZE_STEPS};
    if (of_task(act)) {
        size_t len = strcspn(text, "@");
        if (len == 0 || len >= sizeof(f->task))
            return "a task is NAME, NAME#CORE or CORE.SLOT.GENERATION";
        memcpy(f->task, text, len);
        text += len;
    } else if (!number(&text, &n)) {
        return "a number is missing after ':'";
    } else if (of_core(act)) {
        if (n >= SK_CORES_MAX)
            return "there is no such core";
        f->core = (sk_core)n;
    } else if (act == ACT_CLOCK) {
        f->length = n;
    } else {
        f->at = n;
        return *text != '\0' ? "what follows the number?" : n == 0 ? "requests count from 1" : NULL;
    }
    if (*text++ != '@' || !number(&text, &f->at))
        return "@K is missing: at which step";
    if (act == ACT_FREEZE && *text == '+') {
        text++;
        if (!number(&text, &f->length))
            return "a number is missing after '+'";
        f->ms = strncmp(text, "ms", 2) == 0;
        text += f->ms ? 2 : 0;
    }
    return *text != '\0' ? "what follows the number?" : NULL;
}

static const char *parse_sweep(struct fault_plan *plan, uint32_t acts, const char *rate)
{
    uint64_t n = plan->rate; /* of an act before this one, or 1 */
    if (*rate != '\0' && (*rate++ != ':' || !number(&rate, &n) || *rate != '\0' || n == 0))
        return "@K is missing (at which step), or a number (a rate: one step in so many)";
    plan->sweep |= acts;
    plan->rate = (uint32_t)n;
    return NULL;
}

static const char *parse_word(const char *word, struct fault_plan *plan)
{
    size_t len = strcspn(word, ":");
    bool placed = strchr(word, '@') != NULL;
    if (strcmp(word, "none") == 0)
        return NULL;
    if (len == 5 && strncmp(word, "sweep", 5) == 0)
        return parse_sweep(plan, 1u << ACT_KILL_TASK | 1u << ACT_KILL_CORE, word + 5);
    if (len == 3 && strncmp(word, "all", 3) == 0)
        return parse_sweep(plan, (1u << ACT_COUNT) - 1u, word + 3);
    if (strcmp(word, "no-force") == 0) {
        plan->no_force = true;
        return NULL;
    }
    if (len == 5 && strncmp(word, "bells", 5) == 0) {
        plan->bells = word[5] != '\0' ? (uint32_t)strtoul(word + 6, NULL, 10) : BELLS_RATE;
        return plan->bells < 2 ? "a rate of bells is at least 2" : NULL;
    }
    for (uint32_t act = 0; act < ACT_COUNT; act++) {
        if (strlen(act_name[act]) != len || strncmp(word, act_name[act], len) != 0)
            continue;
        if (!placed && (act != ACT_EXHAUST || word[len] == '\0'))
            return parse_sweep(plan, 1u << act, word + len);
        if (plan->count == FAULTS_MAX)
            return "too many acts in one plan";
        return parse_one(act, word + len + 1, &plan->fault[plan->count++]);
    }
    return "there is no such plan";
}

const char *faults_parse(const char *text, struct fault_plan *plan)
{
    *plan = (struct fault_plan){.rate = 1};
    do {
        char word[96] = "";
        size_t len = strcspn(text, ",");
        if (len == 0 || len >= sizeof(word))
            return "an act is empty, or too long";
        memcpy(word, text, len);
        const char *wrong = parse_word(word, plan);
        if (wrong != NULL)
            return wrong;
        text += len;
    } while (*text++ == ',');
    return plan->sweep != 0 && plan->count != 0 ? "either a sweep or single acts" : NULL;
}

void faults_format(const struct fault *f, char *text, size_t room)
{
    unsigned long long at = f->at, length = f->length;
    if (of_task(f->act))
        snprintf(text, room, "%s:%s@%llu", act_name[f->act], f->task, at);
    else if (f->act == ACT_FREEZE)
        snprintf(text, room, "freeze:%u@%llu+%llu%s", f->core, at, length, f->ms ? "ms" : "");
    else if (of_core(f->act))
        snprintf(text, room, "%s:%u@%llu", act_name[f->act], f->core, at);
    else if (f->act == ACT_CLOCK)
        snprintf(text, room, "clock:%llu@%llu", length, at);
    else
        snprintf(text, room, "exhaust:%llu", at);
}

void faults_format_rest(const struct fault_plan *plan, char *text, size_t room)
{
    char bells[24] = "";
    if (plan->bells != 0)
        snprintf(bells, sizeof(bells), ",bells:%u", plan->bells);
    snprintf(text, room, "%s%s", plan->no_force ? ",no-force" : "", bells);
}

/* --- Whom ------------------------------------------------------------------------------------ */

bool sim_task_lives(const struct task *t)
{
    return t->state == SK_TASK_NEW || t->state == SK_TASK_READY || t->state == SK_TASK_WAITING ||
           t->state == TASK_LENDING;
}

static bool is_named(const struct kern *k, const struct task *t, const char *name)
{
    unsigned core, slot, gen;
    size_t len = strcspn(name, "#");
    if (sscanf(name, "%u.%u.%u", &core, &slot, &gen) == 3)
        return k->core == core && t->slot == slot && t->gen == gen;
    return strlen(t->name) == len && strncmp(t->name, name, len) == 0 &&
           (name[len] == '\0' || k->core == strtoul(name + len + 1, NULL, 10));
}

struct task *faults_find_task(const char *name, struct port_cpu **cpu)
{
    for (sk_core c = 0; c < sim.cores; c++) {
        struct kern *k = sim.cpu[c].kern;
        if (k == NULL || !sim_core_works(&sim.cpu[c]))
            continue;
        for (uint32_t i = 0; i < k->task_count; i++)
            if (sim_task_lives(&k->tasks[i]) && is_named(k, &k->tasks[i], name)) {
                *cpu = &sim.cpu[c];
                return &k->tasks[i];
            }
    }
    return NULL;
}
