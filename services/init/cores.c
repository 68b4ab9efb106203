/* The cores. The init of core 0 starts them, and starts one that was lost again, by the manifest:
 * once it is seen off, after a pause that grows with each loss soon after a start, and after
 * restart_limit of those no more. One that was asked to stop stays off. What came of a core is
 * looked up at the event that the kernel sends; a start is not waited for there.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "init.h"
#include "lib/start.h"

#define CORE_START_MS 10000u /* the host may emulate many cores on few */
#define CORE_ASK_MS   2000u
#define CORE_FORCE_MS 1000u

static void look(struct init *in, sk_core core);

/* It is off, and was to run. */
static void lost(struct init *in, sk_core core)
{
    const struct sk_sys_core *policy = manifest_core(&in->manifest, core);
    struct watch *w = &in->watch[core];
    sk_timer_cancel(&in->loop, &w->timer);
    w->in_row = sk_now() - w->started < SK_MS(STEADY_MS) ? w->in_row + 1u : 1u;
    if (policy->restart == SK_RESTART_NEVER) {
        w->fate = PROC_FATE_NONE;
    } else if (policy->restart_limit != 0 && w->in_row > policy->restart_limit) {
        w->fate = PROC_FATE_GIVEN_UP;
        sk_log("core %u was lost too often: given up\n", (unsigned)core);
    } else {
        w->fate = PROC_FATE_PAUSE;
        sk_timer_set(&in->loop, &w->timer, sk_now() + boot_pause(policy->backoff_ms, w->in_row));
    }
}

/* One that does not come is ordered off: then it is lost, or quarantined. */
static void start_failed(struct init *in, sk_core core, sk_err err)
{
    struct sk_core_info info;
    sk_log("core %u does not start: %s\n", (unsigned)core, sk_err_text(err));
    in->watch[core].started = sk_now(); /* it has not run */
    if (sys_core_info(in->start->control, core, &info) == SK_OK && info.state == SK_CORE_STARTING)
        (void)sys_core_ask(in->start->control, core, SK_ASK_STOP, sk_in_ms(CORE_FORCE_MS));
    look(in, core);
}

static void on_timer(struct sk_loop *loop, struct sk_timer *timer)
{
    struct init *in = loop->user;
    struct watch *w = timer->user;
    sk_core core = (sk_core)(w - in->watch);
    sk_err err = SK_ERR_TIMED_OUT;
    if (w->fate == PROC_FATE_PAUSE) {
        w->fate = PROC_FATE_RUN;
        w->started = sk_now();
        sk_timer_set(&in->loop, &w->timer, sk_in_ms(CORE_START_MS));
        sk_log("core %u is started again\n", (unsigned)core);
        err = sys_core_start(in->start->control, core, sk_now());
        if (err == SK_OK || err == SK_ERR_TIMED_OUT)
            return;
    }
    start_failed(in, core, err);
}

/* It is about to be started, by order: what was before does not count. */
static void expect(struct init *in, sk_core core)
{
    struct watch *w = &in->watch[core];
    w->timer.fn = on_timer;
    w->timer.user = w;
    sk_timer_cancel(&in->loop, &w->timer);
    w->fate = PROC_FATE_RUN;
    w->started = sk_now();
    w->in_row = 0;
}

static void look(struct init *in, sk_core core)
{
    struct watch *w = &in->watch[core];
    struct sk_core_info info;
    if (w->fate != PROC_FATE_RUN || sys_core_info(in->start->control, core, &info) != SK_OK)
        return;
    if (info.state == SK_CORE_RUNNING)
        sk_timer_cancel(&in->loop, &w->timer);
    else if (info.state == SK_CORE_FENCED || info.state == SK_CORE_OFF)
        lost(in, core);
}

void cores_changed(struct sk_loop *loop, void *user)
{
    struct init *in = loop->user;
    (void)user;
    for (sk_core c = 1; in->watch && c < in->start->cores; c++)
        look(in, c);
}

void cores_boot(struct init *in)
{
    for (sk_core c = 1; c < in->start->cores; c++) {
        if (!manifest_core_starts(&in->manifest, c))
            continue;
        expect(in, c);
        sk_err err = sys_core_start(in->start->control, c, sk_in_ms(CORE_START_MS));
        if (err)
            start_failed(in, c, err);
    }
}

/* --- methods --------------------------------------------------------------------------------- */

static sk_ns at_most(sk_ns deadline, uint32_t ms)
{
    sk_ns most = sk_in_ms(ms);
    return deadline < most ? deadline : most;
}

/* CORE_START and CORE_RESTART. Core 0 starts all others. */
sk_err proc_on_core_start(struct sk_loop *loop, struct sk_client *c, struct sk_in *req,
                          struct sk_answer *answer)
{
    struct init *in = loop->user;
    const struct proc_at *r = (const void *)req->bytes;
    sk_ns deadline = at_most(r->deadline, CORE_START_MS);
    sk_err err;
    if (!client_may(in, c, SK_SYS_PROG_CORE))
        return SK_ERR_RIGHTS;
    bool again = req->label == PROC_CORE_RESTART;
    if (r->core == 0) /* we would not be here if it did not run */
        return again ? SK_ERR_ARG : SK_ERR_STATE;
    if (r->core >= in->start->cores)
        return SK_ERR_NOT_FOUND;
    if (proc_elsewhere(in, c, req, 0, sizeof(struct proc_core), deadline, &err))
        return err;
    struct proc_core core = {.fate = PROC_FATE_RUN};
    expect(in, r->core);
    err = again ? sys_core_restart(in->start->control, r->core, deadline)
                : sys_core_start(in->start->control, r->core, deadline);
    if (err == SK_OK)
        err = sys_core_info(in->start->control, r->core, &core.info);
    if (err == SK_OK)
        proc_answer(answer, &core, sizeof core);
    else
        look(in, r->core);
    return err;
}

static sk_err stop(struct init *in, sk_core core, sk_ns deadline)
{
    struct watch *w = &in->watch[core];
    look(in, core); /* it may just have been lost, and be about to be started again */
    bool paused = w->fate == PROC_FATE_PAUSE;
    sk_err err = sys_core_ask(in->start->control, core, SK_ASK_STOP, deadline);
    if (err == SK_ERR_TIMED_OUT) /* it is ordered off now */
        err = sys_core_ask(in->start->control, core, SK_ASK_STOP, sk_in_ms(CORE_FORCE_MS));
    struct sk_core_info info;
    bool off = sys_core_info(in->start->control, core, &info) == SK_OK &&
               (info.state == SK_CORE_FENCED || info.state == SK_CORE_OFF);
    if (err == SK_ERR_CORE_DOWN && !paused && off)
        return err; /* it is as it was */
    sk_timer_cancel(&in->loop, &w->timer);
    w->fate = PROC_FATE_STOP;
    return off ? SK_OK : err;
}

sk_err proc_on_core_ask(struct sk_loop *loop, struct sk_client *c, struct sk_in *req,
                        struct sk_answer *answer)
{
    struct init *in = loop->user;
    const struct proc_at *r = (const void *)req->bytes;
    sk_ns deadline = at_most(r->deadline, CORE_ASK_MS);
    sk_err err;
    (void)answer;
    if (!client_may(in, c, SK_SYS_PROG_CORE))
        return SK_ERR_RIGHTS;
    if (r->core >= in->start->cores)
        return SK_ERR_NOT_FOUND;
    if (r->core == 0) /* the machine would end with it */
        return SK_ERR_ARG;
    if (proc_elsewhere(in, c, req, 0, 0, sk_in_ms(CORE_ASK_MS + 2u * CORE_FORCE_MS), &err))
        return err;
    return r->index == SK_ASK_STOP ? stop(in, r->core, deadline)
                                   : sys_core_ask(in->start->control, r->core, r->index, deadline);
}

/* A core that runs is asked itself, of others the init of core 0 knows most. */
sk_err proc_on_core_info(struct sk_loop *loop, struct sk_client *c, struct sk_in *req,
                         struct sk_answer *answer)
{
    struct init *in = loop->user;
    const struct proc_at *r = (const void *)req->bytes;
    struct proc_core core = {.tasks = 0};
    sk_err err = sys_core_info(in->start->control, r->core, &core.info);
    if (err)
        return err;
    bool runs = core.info.state == SK_CORE_RUNNING;
    if (r->core == in->start->core) {
        core.tasks = 1; /* init */
        for (uint32_t i = 0; i < in->room.tasks; i++)
            core.tasks += in->task[i].used ? 1u : 0u;
    } else if ((runs || !client_is_peer(in, c)) &&
               proc_elsewhere(in, c, req, runs ? r->core : 0, sizeof core, sk_in_ms(SK_PROC_MS),
                              &err) &&
               (runs || err != SK_ERR_CORE_DOWN)) {
        return err;
    } else if (in->watch) {
        core.fate = in->watch[r->core].fate;
    }
    proc_answer(answer, &core, sizeof core);
    return SK_OK;
}

sk_err proc_on_core_record(struct sk_loop *loop, struct sk_client *c, struct sk_in *req,
                           struct sk_answer *answer)
{
    struct init *in = loop->user;
    const struct proc_at *r = (const void *)req->bytes;
    struct proc_record *part = (struct proc_record *)(void *)answer->bytes;
    size_t got;
    sk_err err;
    if (!client_may(in, c, SK_SYS_PROG_CORE))
        return SK_ERR_RIGHTS;
    if (r->position > SK_CRASH_BYTES)
        return SK_ERR_ARG;
    if (proc_elsewhere(in, c, req, 0, sizeof *part, sk_in_ms(SK_PROC_MS), &err))
        return err;
    err = sys_core_record(in->start->control, r->core, &part->epoch, sizeof part->epoch,
                          offsetof(struct sk_crash, epoch), &got);
    if (err == SK_OK)
        err = sys_core_record(in->start->control, r->core, part->bytes, sizeof part->bytes,
                              (uint32_t)r->position, &got);
    part->len = (uint32_t)got;
    answer->len = (uint32_t)(offsetof(struct proc_record, bytes) + got);
    return err;
}
