/* Orders about cores, by hand: start, restart, stop, crash, hang. They are given to the init of
 * core 0, which does not wait for what comes of them: it tries (the kernel's calls with a deadline
 * in the past), remembers who asked, and goes on at the kernel's event or when it is time.
 *
 * One order of a core is carried out at a time; the next ones wait for their turn in struct op, at
 * most OPS_CLIENT of one asker. Begun, an order is carried out whatever becomes of its asker; one
 * that waits is dropped with it, or timed out, and nothing was done.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "init.h"
#include "lib/start.h"

#define CORE_ASK_MS    2000u
#define CORE_FORCE_MS  1000u
#define CORE_HANG_MS   3000u /* its loss, if its answer came too late, is told of after 8 beats */
#define ASK_AGAIN_MS   500u  /* the link may have been full */
#define FORCE_AGAIN_MS 50u
#define BUSY_AGAIN_MS  20u  /* a connection that init has given up may still be under way */
#define FORCE_NOW_MS   2u   /* a kernel forces one only that it has given some time */
#define HANG_MS        200u /* the kernel that was asked tells that it does: that is waited for */

static sk_ns at_most(sk_ns deadline, uint32_t ms)
{
    sk_ns most = sk_in_ms(ms);
    return deadline < most ? deadline : most;
}

/* The order of core is over: its asker is told, policy goes on. */
static void end_with(struct init *in, sk_core core, sk_err err, const void *bytes, uint32_t len)
{
    struct watch *w = &in->watch[core];
    struct op *op = w->order.op;
    w->order.op = NULL;
    core_look(in, core);
    (void)sk_answer(&in->loop, op->ticket, err, bytes, len, NULL, 0);
    op_free(in, op);
}

static void end(struct init *in, sk_core core, sk_err err)
{
    end_with(in, core, err, NULL, 0);
}

static void look_at(struct init *in, const struct order *o, sk_ns when)
{
    sk_timer_set(&in->loop, &o->op->timer, when);
}

/* --- start, restart --------------------------------------------------------------------------- */

static void runs(struct init *in, sk_core core)
{
    struct proc_core now = {.fate = PROC_FATE_RUN};
    sk_err err = sys_core_info(in->start->control, core, &now.info);
    end_with(in, core, err, &now, err == SK_OK ? sizeof now : 0);
}

static void start_try(struct init *in, sk_core core);

static void start_changed(struct init *in, sk_core core)
{
    struct order *o = &in->watch[core].order;
    uint32_t state = core_state(in, core);
    if (o->again)
        return; /* it has not been ordered off yet */
    if (state == SK_CORE_RUNNING)
        runs(in, core);
    else if (state == SK_CORE_STARTING)
        o->begun = true;
    else if (o->begun)
        end(in, core, SK_ERR_PEER_DEAD);
    else if (core_state_is_off(state))
        start_try(in, core);
    else if (state == SK_CORE_QUARANTINED && o->was != SK_CORE_QUARANTINED)
        end(in, core, SK_ERR_STATE);
}

/* One that is off begins now; one that is not is ordered off, or is on its way: then once more. */
static void start_try(struct init *in, sk_core core)
{
    struct order *o = &in->watch[core].order;
    bool off = core_state_is_off(core_state(in, core));
    sk_err err = o->again ? sys_core_restart(in->start->control, core, 0)
                          : sys_core_start(in->start->control, core, 0);
    if (err == SK_ERR_BUSY) {
        look_at(in, o, at_most(o->until, BUSY_AGAIN_MS));
        return;
    }
    if (err != SK_OK && err != SK_ERR_TIMED_OUT) {
        end(in, core, err);
        return;
    }
    o->begun = off;
    o->again = false;
    core_expect(in, core);
    look_at(in, o, o->until);
    start_changed(in, core);
}

static void start_begin(struct init *in, sk_core core)
{
    struct order *o = &in->watch[core].order;
    o->until = at_most(o->op->until, CORE_START_MS);
    o->again = o->op->label == PROC_CORE_RESTART;
    start_try(in, core);
}

static void start_late(struct init *in, sk_core core)
{
    const struct order *o = &in->watch[core].order;
    if (sk_now() < o->until)
        start_try(in, core);
    else if (!o->again && core_state(in, core) == SK_CORE_RUNNING) /* the event is still to come */
        runs(in, core);
    else
        end(in, core, SK_ERR_TIMED_OUT);
}

/* --- stop ------------------------------------------------------------------------------------- */

static void stop_end(struct init *in, sk_core core, sk_err err)
{
    struct watch *w = &in->watch[core];
    bool off = core_state_is_off(core_state(in, core));
    if (err == SK_ERR_CORE_DOWN && !w->order.paused && core_state_is_off(w->order.was)) {
        end(in, core, err); /* it is as it was */
        return;
    }
    w->fate = PROC_FATE_STOP;
    end(in, core, off ? SK_OK : err);
}

static void stop_changed(struct init *in, sk_core core)
{
    uint32_t state = core_state(in, core);
    if (core_state_is_off(state))
        stop_end(in, core, SK_OK);
    else if (state == SK_CORE_QUARANTINED && in->watch[core].order.was != SK_CORE_QUARANTINED)
        stop_end(in, core, SK_ERR_STATE);
}

static void stop_try(struct init *in, sk_core core)
{
    struct order *o = &in->watch[core].order;
    sk_err err =
        sys_core_ask(in->start->control, core, SK_ASK_STOP, o->forced ? sk_in_ms(FORCE_NOW_MS) : 0);
    if (err != SK_OK && err != SK_ERR_TIMED_OUT && err != SK_ERR_BUSY) {
        stop_end(in, core, err);
        return;
    }
    uint32_t again = o->forced ? FORCE_AGAIN_MS : ASK_AGAIN_MS;
    look_at(in, o, at_most(o->until, err == SK_ERR_BUSY ? BUSY_AGAIN_MS : again));
    stop_changed(in, core);
}

static void stop_begin(struct init *in, sk_core core)
{
    struct watch *w = &in->watch[core];
    w->order.paused = w->fate == PROC_FATE_PAUSE;
    w->order.until = at_most(w->order.op->until, CORE_ASK_MS);
    sk_timer_cancel(&in->loop, &w->timer);
    stop_try(in, core);
}

/* It had its time: it is ordered off. That may take some, too. */
static void stop_late(struct init *in, sk_core core)
{
    struct order *o = &in->watch[core].order;
    bool over = sk_now() >= o->until;
    if (over && o->forced) {
        stop_end(in, core, SK_ERR_TIMED_OUT);
    } else if (over) {
        o->forced = true;
        o->until = sk_in_ms(CORE_FORCE_MS);
        stop_try(in, core);
    } else if (core_state(in, core) == SK_CORE_RUNNING) {
        stop_try(in, core);
    } else {
        look_at(in, o, o->until);
    }
}

/* --- crash, hang ------------------------------------------------------------------------------ */

/* How that epoch ended, as it says itself: SK_CRASH_*, 0: it has not. */
static uint32_t last_word(const struct init *in, sk_core core, uint32_t epoch)
{
    struct {
        uint32_t epoch, check;
        uint16_t cause, regs;
    } r;
    _Static_assert(offsetof(struct sk_crash, cause) == 8 && sizeof r == 12, "how a record begins");
    size_t got;
    sk_err err = sys_core_record(in->start->control, core, &r, sizeof r, 0, &got);
    return err == SK_OK && got == sizeof r && r.epoch == epoch ? r.cause : 0;
}

/* It runs no more. Who has hung has said nothing since, unless it was ordered off. */
static bool has_done(const struct init *in, sk_core core, const struct order *o)
{
    uint32_t state = core_state(in, core), word = last_word(in, core, o->epoch);
    if (o->op->ask == SK_ASK_CRASH)
        return state == SK_CORE_DEAD || word == SK_CRASH_PANIC;
    return state != SK_CORE_DEAD && (word == 0 || word == SK_CRASH_FORCED);
}

static void ask_changed(struct init *in, sk_core core)
{
    const struct order *o = &in->watch[core].order;
    if (core_state(in, core) == SK_CORE_RUNNING)
        return;
    if (!o->begun)
        end(in, core, SK_ERR_CORE_DOWN); /* without having been asked */
    else
        end(in, core, has_done(in, core, o) ? SK_OK : SK_ERR_PEER_DEAD);
}

static void ask_try(struct init *in, sk_core core)
{
    struct order *o = &in->watch[core].order;
    bool wait = o->op->ask == SK_ASK_HANG && !o->begun;
    sk_err err =
        sys_core_ask(in->start->control, core, o->op->ask, wait ? at_most(o->until, HANG_MS) : 0);
    if (err == SK_ERR_BUSY && sk_now() < o->until) {
        look_at(in, o, at_most(o->until, BUSY_AGAIN_MS));
        return;
    }
    bool lost = err == SK_ERR_CORE_DOWN && o->begun; /* since it was asked */
    if (err != SK_ERR_TIMED_OUT && !lost) {
        end(in, core, err);
        return;
    }
    o->begun = true;
    look_at(in, o, at_most(o->until, ASK_AGAIN_MS));
    ask_changed(in, core);
}

static void ask_begin(struct init *in, sk_core core)
{
    struct order *o = &in->watch[core].order;
    o->until = at_most(o->op->until, o->op->ask == SK_ASK_HANG ? CORE_HANG_MS : CORE_ASK_MS);
    ask_try(in, core);
}

static void ask_late(struct init *in, sk_core core)
{
    if (core_state(in, core) != SK_CORE_RUNNING)
        ask_changed(in, core);
    else if (sk_now() < in->watch[core].order.until)
        ask_try(in, core);
    else
        end(in, core, SK_ERR_TIMED_OUT);
}

/* --- One after the other ---------------------------------------------------------------------- */

/* Each may end the order. */
struct kind {
    void (*begin)(struct init *in, sk_core core);
    void (*changed)(struct init *in, sk_core core); /* something has become of it */
    void (*late)(struct init *in, sk_core core);    /* the timer */
};

static const struct kind *kind_of(const struct op *op)
{
    static const struct kind start = {start_begin, start_changed, start_late};
    static const struct kind stop = {stop_begin, stop_changed, stop_late};
    static const struct kind ask = {ask_begin, ask_changed, ask_late};
    return op->label != PROC_CORE_ASK ? &start : op->ask == SK_ASK_STOP ? &stop : &ask;
}

static void on_timer(struct sk_loop *loop, struct sk_timer *timer)
{
    struct init *in = loop->user;
    const struct op *op = timer->user;
    sk_core core = op->core;
    kind_of(op)->late(in, core);
    core_orders_go_on(in, core);
}

static void begin(struct init *in, struct op *op)
{
    struct sk_core_info info = {.state = SK_CORE_ABSENT};
    core_look(in, op->core); /* it may just have been lost, and be about to be started again */
    (void)sys_core_info(in->start->control, op->core, &info);
    in->watch[op->core].order = (struct order){.op = op, .was = info.state, .epoch = info.epoch};
    op->waits = false;
    op->timer.fn = on_timer;
    sk_timer_cancel(&in->loop, &op->timer);
    kind_of(op)->begin(in, op->core);
}

/* Whose turn it is, or NULL. */
static struct op *next_waiting(struct init *in, sk_core core)
{
    struct op *first = NULL;
    for (uint32_t i = 0; i < in->room.ops; i++) {
        struct op *op = &in->op[i];
        if (op->used && op->waits && op->core == core &&
            (first == NULL || op->order < first->order))
            first = op;
    }
    return first;
}

void core_orders_go_on(struct init *in, sk_core core)
{
    const struct order *o = &in->watch[core].order;
    struct op *op;
    if (o->op != NULL)
        kind_of(o->op)->changed(in, core);
    while (o->op == NULL && (op = next_waiting(in, core)) != NULL)
        begin(in, op);
}

void core_orders_client_gone(struct init *in)
{
    for (uint32_t i = 0; i < in->room.ops; i++) {
        struct op *op = &in->op[i];
        if (op->used && op->waits && op_is_orphan(in, op))
            op_free(in, op);
    }
}

static void waited_too_long(struct sk_loop *loop, struct sk_timer *timer)
{
    op_answer(loop->user, timer->user, SK_ERR_TIMED_OUT, NULL);
}

static sk_err give_order(struct init *in, struct sk_client *c, const struct sk_in *req)
{
    const struct proc_at *r = (const void *)req->bytes;
    struct op *op = op_take(in, c, in->watch[r->core].order.op != NULL);
    if (op == NULL)
        return SK_ERR_FULL;
    op->ticketed = op->waits = true;
    op->ticket = sk_ticket(c, req);
    op->label = req->label;
    op->core = r->core;
    op->ask = r->index;
    op->until = r->deadline;
    op->order = in->parked_count++;
    op->timer.fn = waited_too_long;
    if (op->until != SK_FOREVER)
        sk_timer_set(&in->loop, &op->timer, op->until);
    core_orders_go_on(in, op->core);
    return SK_ANSWER_LATER;
}

/* --- methods ---------------------------------------------------------------------------------- */

/* CORE_START and CORE_RESTART. Core 0 starts all others. */
sk_err proc_on_core_start(struct sk_loop *loop, struct sk_client *c, struct sk_in *req,
                          struct sk_answer *answer)
{
    struct init *in = loop->user;
    const struct proc_at *r = (const void *)req->bytes;
    sk_ns deadline = at_most(r->deadline, CORE_START_MS);
    sk_err err;
    (void)answer;
    if (!client_may(in, c, SK_SYS_PROG_CORE))
        return SK_ERR_RIGHTS;
    if (r->core == 0) /* we would not be here if it did not run */
        return req->label == PROC_CORE_RESTART ? SK_ERR_ARG : SK_ERR_STATE;
    if (r->core >= in->start->cores)
        return SK_ERR_NOT_FOUND;
    if (proc_elsewhere(in, c, req, 0, sizeof(struct proc_core), deadline, &err))
        return err;
    return give_order(in, c, req);
}

sk_err proc_on_core_ask(struct sk_loop *loop, struct sk_client *c, struct sk_in *req,
                        struct sk_answer *answer)
{
    struct init *in = loop->user;
    const struct proc_at *r = (const void *)req->bytes;
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
    return give_order(in, c, req);
}
