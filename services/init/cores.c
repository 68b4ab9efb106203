/* The cores. The init of core 0 starts them, and starts one that was lost again, by the manifest:
 * once it is seen off, after a pause that grows with each loss soon after a start, and after
 * restart_limit of those no more. One that was asked to stop stays off. Nothing is waited for here:
 * what came of a core is looked up at the event that the kernel sends. While an order by hand is
 * carried out (core_orders.c) that looks, and the policy when it is over.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "init.h"
#include "lib/start.h"

uint32_t core_state(const struct init *in, sk_core core)
{
    struct sk_core_info info;
    return sys_core_info(in->start->control, core, &info) == SK_OK ? info.state : SK_CORE_ABSENT;
}

bool core_state_is_off(uint32_t state)
{
    return state == SK_CORE_FENCED || state == SK_CORE_OFF;
}

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
    sk_log("core %u does not start: %s\n", (unsigned)core, sk_err_text(err));
    in->watch[core].started = sk_now(); /* it has not run */
    if (core_state(in, core) == SK_CORE_STARTING)
        (void)sys_core_ask(in->start->control, core, SK_ASK_STOP, 0);
    core_look(in, core);
}

static void start(struct init *in, sk_core core)
{
    struct watch *w = &in->watch[core];
    w->fate = PROC_FATE_RUN;
    w->started = sk_now();
    sk_timer_set(&in->loop, &w->timer, sk_in_ms(CORE_START_MS));
    sk_err err = sys_core_start(in->start->control, core, 0);
    if (err != SK_OK && err != SK_ERR_TIMED_OUT)
        start_failed(in, core, err);
}

static void on_timer(struct sk_loop *loop, struct sk_timer *timer)
{
    struct init *in = loop->user;
    struct watch *w = timer->user;
    sk_core core = (sk_core)(w - in->watch);
    if (w->fate == PROC_FATE_PAUSE) {
        sk_log("core %u is started again\n", (unsigned)core);
        start(in, core);
    } else {
        start_failed(in, core, SK_ERR_TIMED_OUT);
    }
}

void core_expect(struct init *in, sk_core core)
{
    struct watch *w = &in->watch[core];
    w->timer.fn = on_timer;
    w->timer.user = w;
    sk_timer_cancel(&in->loop, &w->timer);
    w->fate = PROC_FATE_RUN;
    w->started = sk_now();
    w->in_row = 0;
}

void core_look(struct init *in, sk_core core)
{
    struct watch *w = &in->watch[core];
    if (w->fate != PROC_FATE_RUN || w->order.op != NULL)
        return;
    uint32_t state = core_state(in, core);
    if (state == SK_CORE_RUNNING)
        sk_timer_cancel(&in->loop, &w->timer);
    else if (core_state_is_off(state))
        lost(in, core);
}

void cores_changed(struct sk_loop *loop, void *user)
{
    struct init *in = loop->user;
    (void)user;
    for (sk_core c = 1; in->watch && c < in->start->cores; c++) {
        core_look(in, c);
        core_orders_go_on(in, c);
    }
}

void cores_boot(struct init *in)
{
    for (sk_core c = 1; c < in->start->cores; c++) {
        const struct watch *w = &in->watch[c];
        if (!manifest_core_starts(&in->manifest, c) || w->fate != PROC_FATE_NONE)
            continue; /* not wanted; or there has been an order about it meanwhile */
        core_expect(in, c);
        start(in, c);
        while (w->timer.set && core_state(in, c) == SK_CORE_STARTING)
            sk_loop_step(&in->loop, SK_FOREVER);
    }
}

/* --- methods: what is known of them ----------------------------------------------------------- */

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
