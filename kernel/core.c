/* See core.h. Periods are counted by who looks: a machine that was stopped as a whole suspects
 * nobody. A link's `silent` counts periods without a sign of life, over the loss of the link too:
 * at BEATS_MISSED a child is ordered off, at twice that it is quarantined.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/core.h"
#include "kernel/chan.h"
#include "kernel/crash.h"
#include "kernel/give.h"
#include "kernel/link.h"
#include "kernel/log.h"
#include "kernel/ring.h"
#include "kernel/sched.h"
#include "kernel/task.h"

#define BEATS_MISSED 8u
#define POLLS        20u        /* looks in quick succession (link_soon) */
#define SLOW_NS      SK_MS(250) /* then, without a heartbeat */

static sk_ns period(const struct kern *k)
{
    return SK_MS(k->tpl->sys->heartbeat_ms);
}

static void tick_at(struct kern *k)
{
    k->tick_ns = k->retry_ns < k->beat_ns ? k->retry_ns : k->beat_ns;
}

void core_init(struct kern *k)
{
    if (k->cores > 1 && period(k) != 0)
        k->beat_ns = port_now(k->cpu) + period(k);
    tick_at(k);
}

/* init looks what has become of the cores. */
static void tell_init(struct kern *k)
{
    struct task *init = &k->tasks[0];
    if (init->state != 0)
        sched_event(k, init, 1u << SK_EVENT_CORES, false);
}

/* All operations of that kind that wait for core end. */
static void ops_end(struct kern *k, sk_core core, unsigned state, sk_err err)
{
    for (uint32_t i = 0; i < k->task_count; i++) {
        struct task *t = &k->tasks[i];
        if (t->state != 0 && t->op.state == state && t->op.link == core)
            give_op_done(k, t, err);
    }
}

/* --- Orders ---------------------------------------------------------------------------------- */

static sk_err begin(struct kern *k, struct link *l)
{
    uint32_t now = link_epoch_there(l);
    /* Greater than any that was there, or that was ordered and has not shown itself yet. */
    uint32_t epoch = l->least + l->starting;
    if (epoch <= now)
        epoch = now + 1u;
    sk_err err = epoch <= SK_EPOCH_MOST ? port_core_start(k->cpu, l->core, epoch) : SK_ERR_STATE;
    l->again = false;
    if (err != SK_OK) {
        ops_end(k, l->core, OP_CORE_START, err);
        return err;
    }
    l->least = epoch;
    l->starting = l->child = true;
    l->ordered = false;
    l->silent = 0;
    return SK_OK;
}

static void quarantine(struct kern *k, struct link *l)
{
    klog(k, "core %u does not come off: what it holds is not used again", l->core);
    l->fate = SK_CORE_QUARANTINED;
    l->again = false;
    ops_end(k, l->core, OP_CORE_START, SK_ERR_STATE);
    ops_end(k, l->core, OP_CORE_STOP, SK_ERR_STATE);
    tell_init(k);
}

/* What is there, was last, or has been started and has not shown itself, is over. */
static void give_up(struct link *l)
{
    uint32_t epoch = link_epoch_there(l);
    if (epoch < l->peer_epoch)
        epoch = l->peer_epoch;
    if (l->starting && epoch < l->least)
        epoch = l->least;
    if (epoch >= l->least)
        l->least = epoch + 1u;
    seam_store_release(&l->out->over, epoch);
}

static sk_err order_off(struct kern *k, struct link *l)
{
    sk_err err = port_core_force_off(k->cpu, l->core);
    l->silent = BEATS_MISSED;
    if (err != SK_OK)
        return err;
    give_up(l);
    klog(k, "core %u is ordered off", l->core);
    l->ordered = true;
    l->polls = 0;
    link_soon(k);
    return SK_OK;
}

/* --- The loss of a core ---------------------------------------------------------------------- */

void core_lost(struct kern *k, struct link *l)
{
    bool said = l->fate == SK_CORE_DEAD;
    l->polls = 0;
    if (!l->starting)
        ops_end(k, l->core, OP_CORE_START, SK_ERR_PEER_DEAD);
    if (!said && l->state == LINK_DOWN && l->child && !l->ordered && l->silent >= BEATS_MISSED &&
        order_off(k, l) != SK_OK)
        quarantine(k, l);
    if (k->beat_ns == SK_FOREVER)
        k->beat_ns = k->since_ns + SLOW_NS;
    link_soon(k);
    tell_init(k);
}

static void fenced(struct kern *k, struct link *l)
{
    klog(k, "core %u is off", l->core);
    l->fate = SK_CORE_FENCED;
    chan_core_fenced(k, l->core);
    ops_end(k, l->core, OP_CORE_STOP, SK_OK);
    if (l->again)
        (void)begin(k, l);
    tell_init(k);
}

static bool unfenced(const struct link *l)
{
    return l->state == LINK_DOWN && l->fate != SK_CORE_FENCED && !l->starting;
}

/* Is a core that is down off? Returns whether to look again soon. */
static bool poll(struct kern *k, struct link *l)
{
    if (!unfenced(l))
        return false;
    if (port_core_off(k->cpu, l->core))
        fenced(k, l);
    else if (l->polls < POLLS)
        l->polls++;
    return unfenced(l) && l->polls < POLLS;
}

bool core_gone(const struct kern *k, const struct place *p)
{
    return link_outlived(k, p) || (p->core < k->cores && k->link[p->core].state == LINK_DOWN &&
                                   k->link[p->core].fate == SK_CORE_FENCED);
}

uint32_t core_state(struct kern *k, sk_core core)
{
    struct link *l = &k->link[core];
    if (core == k->core)
        return SK_CORE_RUNNING;
    link_look(k, l);
    if (l->starting || l->again)
        return SK_CORE_STARTING;
    if (l->state == LINK_DOWN)
        return l->fate;
    return link_epoch_there(l) != 0 ? SK_CORE_RUNNING : SK_CORE_OFF;
}

/* --- Start ----------------------------------------------------------------------------------- */

sk_err core_start(struct kern *k, struct task *t, sk_core core, bool again, sk_ns deadline_ns)
{
    struct link *l = &k->link[core];
    if (core >= k->cores)
        return SK_ERR_NOT_FOUND;
    if (t->op.state != OP_IDLE)
        return SK_ERR_BUSY;
    if (core == k->core || core == 0) /* which boots the machine, and runs if any does */
        return again ? SK_ERR_ARG : SK_ERR_STATE;
    uint32_t state = core_state(k, core);
    if (!again && state != SK_CORE_OFF && state != SK_CORE_FENCED && state != SK_CORE_DEAD)
        return SK_ERR_STATE;
    sk_err err = SK_OK;
    if (port_core_off(k->cpu, core)) {
        l->again = false;
        if (link_epoch_there(l) != 0 || l->starting)
            link_down(k, l, "restarted");
        if (unfenced(l)) /* nobody has looked since it went off */
            fenced(k, l);
        err = begin(k, l);
    } else {
        err = order_off(k, l);
        if (err != SK_OK && state == SK_CORE_DEAD)
            err = SK_OK; /* it is on its way by itself */
        if (err == SK_OK) {
            link_down(k, l, "restarted");
            l->again = true;
        }
    }
    if (err != SK_OK)
        return err;
    t->op.state = OP_CORE_START;
    t->op.link = (uint8_t)core;
    t->op.waiting = true;
    sched_block(k, t, deadline_ns);
    return CALL_BLOCKED;
}

void core_check_started(struct kern *k, struct link *l)
{
    /* Seq load after the acknowledgement of its bell (level_read): if this misses its answer, its
     * next ring (link_doorbell) saw that acknowledgement and was not swallowed. */
    bool answered = l->bell != 0 && seam_load_seq(&l->in->bell_ack) != 0;
    l->starting = !answered;
    if (!answered)
        return;
    ops_end(k, l->core, OP_CORE_START, SK_OK);
    tell_init(k);
}

/* --- The heartbeat --------------------------------------------------------------------------- */

static void listen(struct kern *k, struct link *l)
{
    uint32_t beat = seam_load_relaxed(&l->in->beat);
    if (beat != l->beat_seen) {
        l->beat_seen = beat;
        l->silent = 0;
    } else if (++l->silent == BEATS_MISSED) {
        link_down(k, l, "it is silent");
    }
}

/* A child that is lost and not off: it is not waited for without end. */
static void press(struct kern *k, struct link *l)
{
    if (!unfenced(l) || !l->child || l->fate == SK_CORE_QUARANTINED)
        return;
    l->silent++;
    if ((l->silent == BEATS_MISSED && order_off(k, l) != SK_OK) || l->silent >= 2u * BEATS_MISSED)
        quarantine(k, l);
}

/* An epoch that was given up here gives nobody up. */
static bool gives_up(const struct kern *k, const struct link *l)
{
    uint32_t epoch = l->in ? link_epoch_there(l) : 0;
    return epoch != 0 && (l->state != LINK_DOWN || epoch >= l->least) &&
           seam_load_acquire(&l->in->over) == k->epoch;
}

/* By its own clock this kernel has been silent so long that others may have given it up. */
static bool overslept(const struct kern *k)
{
    return period(k) != 0 && port_now(k->cpu) >= k->beat_ns + (BEATS_MISSED - 2u) * period(k);
}

/* All that live of those that it has a link with have given it up: who has no parent halts then. It
 * must have overslept as well, so that nobody can end core 0 by what is written into a page. */
static bool outcast(const struct kern *k)
{
    bool by_any = false;
    if (!overslept(k))
        return false;
    for (sk_core c = 0; c < k->cores && k->parent == k->core; c++) {
        const struct link *l = &k->link[c];
        uint32_t epoch = l->state >= LINK_HELLO ? link_epoch_there(l) : 0;
        if (epoch == 0 || epoch != l->peer_epoch || seam_load_relaxed(&l->in->dead) == epoch)
            continue;
        if (!gives_up(k, l))
            return false;
        by_any = true;
    }
    return by_any;
}

void core_look_at_over(struct kern *k, struct link *l)
{
    if (gives_up(k, &k->link[k->parent]))
        crash_end(k, SK_CRASH_GIVEN_UP, "its parent has given it up", &crash_no_registers);
    if (outcast(k))
        crash_end(k, SK_CRASH_GIVEN_UP, "all have given it up", &crash_no_registers);
    if (l->state >= LINK_HELLO && gives_up(k, l))
        link_down(k, l, "it has given this one up");
}

static void beat(struct kern *k, sk_ns now)
{
    bool down = false;
    k->beats++;
    for (sk_core c = 0; c < k->cores; c++) {
        struct link *l = &k->link[c];
        if (c == k->core)
            continue;
        link_look(k, l);
        if (l->state >= LINK_HELLO && period(k) != 0) {
            seam_store_release(&l->out->beat, k->beats);
            listen(k, l);
        }
        (void)poll(k, l);
        press(k, l);
        down |= unfenced(l);
    }
    if (k->held)
        link_doorbell(k); /* who held its memory may be off */
    k->beat_ns = period(k) != 0 ? now + period(k) : down ? now + SLOW_NS : SK_FOREVER;
}

void core_tick(struct kern *k)
{
    sk_ns now = port_now(k->cpu);
    if (k->retry_ns <= now) {
        bool soon = false;
        link_retry(k);
        for (sk_core c = 0; c < k->cores; c++)
            soon |= poll(k, &k->link[c]);
        if (soon && k->retry_ns == SK_FOREVER)
            k->retry_ns = now + LINK_RETRY_NS;
    }
    if (k->beat_ns <= now)
        beat(k, now);
    tick_at(k);
}

/* --- What one kernel asks of another --------------------------------------------------------- */

/* Started from here, or ordered off before. */
static bool mine(const struct link *l)
{
    return l->child || l->ordered || l->starting || l->again;
}

sk_err core_ask(struct kern *k, struct task *t, sk_core core, uint32_t what, sk_ns deadline_ns)
{
    struct link *l = &k->link[core];
    if (core >= k->cores)
        return SK_ERR_NOT_FOUND;
    if (t->op.state != OP_IDLE)
        return SK_ERR_BUSY;
    if (what < SK_ASK_STOP || what > SK_ASK_HANG || (core == 0 && what == SK_ASK_STOP))
        return SK_ERR_ARG;
    if (core == k->core && what == SK_ASK_CRASH)
        kern_panic(k, "asked to panic");
    if (core == k->core)
        return SK_ERR_ARG;
    uint32_t state = core_state(k, core);
    sk_err err = SK_ERR_CORE_DOWN;
    if (state == SK_CORE_RUNNING) {
        err = link_use(k, core);
        t->op.state = OP_QUEUED;
    } else if (what == SK_ASK_STOP && state != SK_CORE_OFF && state != SK_CORE_FENCED) {
        err = state == SK_CORE_DEAD ? SK_OK : mine(l) ? order_off(k, l) : SK_ERR_RIGHTS;
        if (err == SK_OK && l->starting)
            link_down(k, l, "stopped");
        l->again = false;
        t->op.state = OP_CORE_STOP;
    }
    if (err != SK_OK) {
        t->op.state = OP_IDLE;
        return err;
    }
    t->op.link = (uint8_t)core;
    t->op.label = SK_LINK_ASK;
    t->op.ask = what;
    t->op.forces = what == SK_ASK_STOP && !task_cancelled(t) && deadline_ns > port_now(k->cpu);
    t->op.waiting = true;
    sched_block(k, t, deadline_ns);
    if (t->op.state == OP_QUEUED)
        give_pump(k, l);
    return CALL_BLOCKED;
}

void core_ask_answered(struct kern *k, struct task *t, sk_err err)
{
    struct link *l = &k->link[t->op.link];
    bool dead = l->state == LINK_DOWN && l->fate == SK_CORE_DEAD;
    if (err == SK_OK && t->op.ask != SK_ASK_HANG && t->op.waiting)
        return; /* that was to an earlier one, which nobody waits for: this one's is its end */
    if (err == SK_ERR_PEER_DEAD && t->op.ask == SK_ASK_STOP && t->op.waiting)
        t->op.state = OP_CORE_STOP; /* until it is off */
    else
        give_op_done(k, t, dead && t->op.ask == SK_ASK_CRASH ? SK_OK : err);
}

/* Does anybody wait for its start? */
static bool awaited(const struct kern *k, sk_core core)
{
    for (uint32_t i = 0; i < k->task_count; i++) {
        const struct task *t = &k->tasks[i];
        if (t->state != 0 && t->op.state == OP_CORE_START && t->op.link == core)
            return true;
    }
    return false;
}

void core_ask_over(struct kern *k, struct task *t)
{
    struct link *l = &k->link[t->op.link];
    bool start = t->op.state == OP_CORE_START;
    if (t->op.state >= OP_CORE_START)
        t->op.state = OP_IDLE; /* nothing of the task's is in the air */
    if (start)
        l->again &= awaited(k, l->core);
}

void core_ask_overdue(struct kern *k, struct task *t)
{
    struct link *l = &k->link[t->op.link];
    bool asked = t->op.label == SK_LINK_ASK && (t->op.state == OP_QUEUED || t->op.state == OP_SENT);
    core_ask_over(k, t);
    if (!asked)
        return;
    t->op.state = OP_IDLE; /* a late answer is nothing to anybody (give_reply) */
    if (t->op.forces && mine(l) && order_off(k, l) == SK_OK)
        link_down(k, l, "it does not stop");
}

/* Only its parent may, which can order it off anyway. */
sk_err core_asked(struct kern *k, struct link *l, const struct sk_link_ask *ask, uint16_t token)
{
    static const struct sk_link_given hanging = {.err = SK_OK};
    if (ask->epoch != k->epoch || ask->what < SK_ASK_STOP || ask->what > SK_ASK_HANG)
        return SK_ERR_PROTOCOL;
    if (l->core != k->parent)
        return SK_ERR_RIGHTS;
    if (ask->what == SK_ASK_STOP)
        crash_end(k, SK_CRASH_STOPPED, "stopped", &crash_no_registers);
    if (ask->what == SK_ASK_CRASH)
        kern_panic(k, "asked to panic");
    klog(k, "asked to hang");
    link_reply(k, l, SK_LINK_ASK, token, &hanging);
    port_hang(k->cpu);
}
