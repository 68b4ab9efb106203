/* See stage.h. Looks only while every core is idle.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "arch/host/stage.h"
#include "arch/host/history.h"
#include "arch/host/sim.h"
#include "kernel/kern.h"

#include <stdio.h>
#include <string.h>

#define WARM_NS   SK_MS(40)  /* nothing new happens for so long before play begins */
#define SETTLE_NS SK_MS(700) /* longer than what the system retries, restarts and forgets */
#define STUCK_NS  SK_MS(12000)
#define LIES_NS   SK_MS(4000) /* who was lied to may wait for ever; then it is killed */

/* Who was lied to may have to lose patience, and may try again, before it lets go. */
static sk_ns settle_ns(void)
{
    return faults_lies() ? LIES_NS + SETTLE_NS : SETTLE_NS;
}

static bool frozen(void)
{
    for (sk_core c = 0; c < sim.cores; c++)
        if (sim.cpu[c].frozen && sim.cpu[c].mode != CORE_HALTED)
            return true;
    return false;
}

enum phase { PHASE_WARM, PHASE_PLAY, PHASE_CLEAR, PHASE_SETTLE };

static struct {
    enum phase phase;
    bool frozen; /* a core was, when settling began */
    sk_ns since_ns;
    struct sk_stats before[SK_CORES_MAX];
    uint32_t epoch[SK_CORES_MAX];
    char waits[160];
} stage;

void stage_reset(void)
{
    memset(&stage, 0, sizeof(stage));
    memset(&witness, 0, sizeof(witness));
    if (sim.opt.scenario == NULL)
        sim.window = true;
}

static bool runs(const struct port_cpu *cpu)
{
    return sim_core_works(cpu) && cpu->kern != NULL;
}

static bool is(const char *name, size_t len, const char *program)
{
    return strlen(program) == len && strncmp(name, program, len) == 0;
}

/* The role of that program; what follows a '#' does not count. */
static const struct sim_role *plays(const char *name)
{
    static const struct sim_role other = {.service = false};
    const char *watch = sim.opt.scenario->watch;
    size_t len = strcspn(name, "#");
    if (is(name, len, "director") || (watch != NULL && is(name, len, watch)))
        return &other;
    for (const struct sim_role *r = sim.opt.scenario->role; r->program != NULL; r++)
        if (is(name, len, r->program))
            return r;
    return NULL;
}

/* The first task that plays a role; services: those too. */
static struct task *player(bool services, struct port_cpu **cpu)
{
    for (sk_core c = 0; c < sim.cores; c++) {
        struct kern *k = sim.cpu[c].kern;
        if (!runs(&sim.cpu[c]))
            continue;
        for (uint32_t i = 0; i < k->task_count; i++) {
            struct task *t = &k->tasks[i];
            const struct sim_role *r =
                t->state != 0 && t->state != SK_TASK_DEAD ? plays(t->name) : NULL;
            if (r == NULL || (r->service && !services))
                continue;
            *cpu = &sim.cpu[c];
            return t;
        }
    }
    return NULL;
}

/* --- The phases ------------------------------------------------------------------------------ */

static struct sk_stats in_use(const struct kern *k)
{
    struct sk_stats s = k->stats;
    s.pages_free = k->ram_free;
    /* A task keeps the pages of its status lines to its end. */
    for (uint32_t i = 0; i < k->task_count; i++)
        for (uint32_t n = 0; n < KERN_STATUS_PAGES && k->tasks[i].state != 0; n++)
            s.pages_free += k->tasks[i].status_page[n] != SK_PADDR_NONE;
    return s;
}

/* Without the director, which will have ended: it, all that it has, and the channel that its init
 * has made for it. */
static void without(const struct kern *k, const struct task *t, struct sk_stats *s)
{
    s->tasks--;
    s->handles -= t->handles_used + 2u;
    s->ends -= t->ends_used + 1u;
    s->chans--;
    s->pages_free += t->pages_used + 1u;
    for (uint32_t n = 0; n < KERN_STATUS_PAGES; n++) /* in_use has counted these */
        s->pages_free -= t->status_page[n] != SK_PADDR_NONE;
    for (uint32_t i = 0; i < k->region_count; i++)
        s->regions -= k->regions[i].in_use && k->regions[i].owner == t;
}

/* What belongs to the scenario goes wrong so many steps from now. */
static void own_plan(void)
{
    struct fault_plan own = {.count = 0};
    const char *text = sim.opt.scenario->plan;
    const char *wrong = text != NULL ? faults_parse(text, &own) : NULL;
    if (wrong != NULL)
        sim_fail("plan of the scenario: %s", wrong);
    sim.opt.no_force |= own.no_force;
    for (uint32_t i = 0; i < own.count && sim.faults.count < FAULTS_MAX; i++) {
        own.fault[i].at += sim.steps;
        own.fault[i].own = true;
        sim.faults.fault[sim.faults.count++] = own.fault[i];
    }
}

static void play(void)
{
    for (sk_core c = 0; c < sim.cores; c++)
        if (runs(&sim.cpu[c])) {
            stage.before[c] = in_use(sim.cpu[c].kern);
            stage.epoch[c] = sim.cpu[c].epoch;
        }
    struct port_cpu *cpu;
    struct task *director = player(false, &cpu);
    if (director != NULL)
        without(cpu->kern, director, &stage.before[cpu->core]);
    own_plan();
    history_note("the scenario begins");
    stage.phase = PHASE_PLAY;
    stage.since_ns = sim.now;
    sim.window = true;
    witness.go = true;
}

/* Did something go wrong after which the system may have fewer connections than before? */
static bool changed(void)
{
    if (faults_lies())
        return true;
    for (uint32_t i = 0; i < sim.faults.count; i++) {
        const struct fault *f = &sim.faults.fault[i];
        if (f->done && (f->act == ACT_CLOCK || f->act == ACT_EXHAUST ||
                        (f->act == ACT_KILL_TASK && !plays(f->task))))
            return true;
    }
    for (sk_core c = 0; c < sim.cores; c++)
        if (!runs(&sim.cpu[c]) || sim.cpu[c].epoch != stage.epoch[c] || sim.cpu[c].doubted)
            return true;
    return false;
}

#define SAME(field)                                                                                \
    do {                                                                                           \
        if (lost ? now.field > was->field : now.field != was->field) {                             \
            snprintf(sim.why, sizeof(sim.why), "core %u has " #field " %u, and had %u", c,         \
                     now.field, was->field);                                                       \
            return false;                                                                          \
        }                                                                                          \
    } while (0)

/* Has k given up that core, which is not off: because nobody can order it off? */
static bool quarantined(const struct kern *k, sk_core core)
{
    return core < sim.cores && k->link[core].state == LINK_DOWN && sim.cpu[core].mode != CORE_OFF &&
           sim.cpu[core].mode != CORE_HALTED;
}

/* May such a core still touch r? Then r does not come home; nor is its holder, who gave it to that
 * core and died, told by the home that it may be given up. */
static bool kept_away(const struct kern *k, const struct region *r)
{
    sk_core at = r->far.core;
    if (!r->in_use)
        return false;
    if (!r->foreign)
        return quarantined(k, at) || (r->move == MOVE_DOUBT && quarantined(k, r->move_core));
    const struct kern *home = at < sim.cores && runs(&sim.cpu[at]) ? sim.cpu[at].kern : NULL;
    const struct region *there = home ? &home->regions[r->far.index] : NULL;
    return r->move == MOVE_DOUBT && there != NULL && !there->foreign && there->gen == r->far.gen &&
           kept_away(home, there);
}

/* Of a core that is lost, others may still hold what it could touch: then only nothing more. */
static bool compare(sk_core c, bool lost)
{
    const struct kern *k = sim.cpu[c].kern;
    const struct sk_stats *was = &stage.before[c];
    struct sk_stats now = in_use(k);
    uint32_t held = 0;
    for (uint32_t i = 0; i < k->chan_count && lost; i++)
        held += k->chans[i].in_use &&
                (k->chans[i].doubt != 0 || !k->chans[i].released[0] || !k->chans[i].released[1]);
    now.chans -= lost && held < now.chans ? held : now.chans * lost;
    for (uint32_t i = 0; i < k->region_count; i++)
        if (kept_away(k, &k->regions[i])) {
            now.regions--;
            held += k->regions[i].foreign ? 0 : k->regions[i].pages;
        }
    SAME(tasks);
    SAME(handles);
    SAME(ends);
    SAME(chans);
    SAME(ports);
    SAME(regions);
    if (now.pages_free + held >= was->pages_free && (lost || now.pages_free == was->pages_free))
        return true;
    snprintf(sim.why, sizeof(sim.why), "core %u has %u pages free, and had %u", c, now.pages_free,
             was->pages_free);
    return false;
}

static void judge(void)
{
    bool lost = changed(), same = true;
    sim_audit();
    for (sk_core c = 0; c < sim.cores; c++)
        if (runs(&sim.cpu[c]) && sim.cpu[c].epoch == stage.epoch[c] && stage.epoch[c] != 0)
            same = same && compare(c, lost);
    if (!same && sim.now < stage.since_ns + settle_ns() + LIES_NS)
        return; /* a request whose asker is gone is held until its own time is over */
    sim_finish(same ? SIM_SCRIPT_END : SIM_FAILED);
}

static void check_stuck(void)
{
    if (sim.now < sim.resumed_ns + STUCK_NS)
        return;
    struct port_cpu *cpu;
    const struct task *t = player(stage.phase == PHASE_CLEAR, &cpu);
    sim_fail("%s on core %u is not told that it waits for ever", t ? t->name : "somebody",
             t ? cpu->core : 0);
}

/* With core 0 its console is lost, and nobody can type: the others have some time to go on. */
static void check_console(void)
{
    if (sim_core_works(&sim.cpu[0]) || !sim.cpu[0].lost)
        return;
    if (stage.since_ns == 0)
        stage.since_ns = sim.now;
    if (sim.now < stage.since_ns + STUCK_NS / 4u)
        return;
    sim_audit();
    sim_finish(SIM_SCRIPT_END);
}

void stage_idle(void)
{
    struct port_cpu *cpu;
    struct task *t;
    if (sim.opt.scenario == NULL) {
        check_console();
        return;
    }
    switch (stage.phase) {
    case PHASE_WARM:
        if (witness.ready && sim.now >= witness.ready_ns + WARM_NS)
            play();
        return;
    case PHASE_PLAY:
        if (player(false, &cpu) != NULL && !(faults_lies() && sim.now > stage.since_ns + LIES_NS)) {
            check_stuck();
            return;
        }
        stage.phase = PHASE_CLEAR;
        sim.window = false;
        history_note("all roles have ended");
        return;
    default: /* one may still begin: who asked for it is gone, the request was not */
        t = player(true, &cpu);
        if (t != NULL && t->state != SK_TASK_DYING && cpu->kill_due == NULL)
            sim_kill_task(cpu, t);
        if (t != NULL)
            stage.phase = PHASE_CLEAR;
        if (t == NULL && (stage.phase == PHASE_CLEAR || stage.frozen)) {
            stage.phase = PHASE_SETTLE;
            stage.since_ns = sim.now;
            stage.frozen = frozen(); /* looked at again once it is over */
        } else if (t == NULL && sim.now >= stage.since_ns + settle_ns()) {
            judge();
        }
        return;
    }
}

sk_ns stage_next_ns(void)
{
    if (sim.opt.scenario == NULL)
        return stage.since_ns != 0 ? stage.since_ns + STUCK_NS / 4u : SK_FOREVER;
    if (stage.phase == PHASE_CLEAR)
        return sim.now + SK_MS(1);
    if (stage.phase == PHASE_PLAY)
        return faults_lies() ? stage.since_ns + LIES_NS + 1u : SK_FOREVER;
    if (stage.phase != PHASE_SETTLE)
        return SK_FOREVER;
    sk_ns end = stage.since_ns + settle_ns();
    return sim.now < end ? end : sim.now + SK_MS(100);
}

const char *stage_waits_for(void)
{
    struct port_cpu *cpu = NULL;
    if (sim.opt.scenario == NULL) {
        snprintf(stage.waits, sizeof(stage.waits), "the script waits for: %s", script_waits_for());
        return stage.waits;
    }
    const struct task *t = player(true, &cpu);
    snprintf(stage.waits, sizeof(stage.waits), "%s has not ended",
             stage.phase == PHASE_WARM ? "the boot"
             : t                       ? t->name
                                       : "nobody");
    return stage.waits;
}
