/* Waiting for the end of tasks of other cores, for which their inits are asked.
 *
 * A wait may last for ever, a channel has few tokens: so it is asked in slices, and at most
 * FAR_WAITS_PEER are outstanding at one init; the others are parked and take turns, in shorter
 * slices. What else is asked of that init always finds room, and an asker that goes leaves nothing
 * behind for longer than a slice.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "init.h"

#define SLICE_MS 1000u
#define TURN_MS  50u   /* the slice while others are parked */
#define GRACE_MS 2000u /* for the answer, after the slice */
#define PAUSE_MS 20u

static void take_turns(struct sk_loop *loop, struct sk_timer *timer);

/* Look after those that are parked, soon: the loop may be inside the channel now. */
static void later(struct init *in, uint32_t core, uint32_t ms)
{
    struct peer *p = &in->peer[core];
    p->turn.fn = take_turns;
    p->turn.user = p;
    sk_timer_set(&in->loop, &p->turn, sk_in_ms(ms));
}

static void parked_too_long(struct sk_loop *loop, struct sk_timer *timer)
{
    op_answer(loop->user, timer->user, SK_ERR_TIMED_OUT, NULL);
}

static void park(struct init *in, struct op *op)
{
    op->parked = true;
    op->order = in->parked_count++;
    op->timer.fn = parked_too_long;
    if (op->wait.deadline != SK_FOREVER)
        sk_timer_set(&in->loop, &op->timer, op->wait.deadline);
}

static void answered(struct sk_loop *loop, struct sk_async *async, sk_err err, struct sk_in *reply)
{
    struct init *in = loop->user;
    struct op *op = async->user;
    uint32_t core = op->core;
    bool again = err == SK_ERR_TIMED_OUT || err == SK_ERR_FULL;
    in->peer[core].waits--;
    if (op_is_orphan(in, op))
        op_free(in, op);
    else if (again && sk_now() < op->wait.deadline)
        park(in, op);
    else
        op_answer(in, op, again ? SK_ERR_TIMED_OUT : err, err == SK_OK ? reply : NULL);
    later(in, core, err == SK_ERR_FULL ? PAUSE_MS : 0);
}

static sk_err ask(struct init *in, struct op *op, bool others)
{
    struct sk_source *source;
    sk_err err = peer_ready(in, op->core, &source);
    if (err)
        return err;
    struct proc_one q = op->wait;
    sk_ns slice = sk_in_ms(others ? TURN_MS : SLICE_MS);
    if (q.deadline > slice)
        q.deadline = slice;
    struct sk_out out = {.label = PROC_WAIT, .len = sizeof q, .bytes = &q};
    op->async.fn = answered;
    err = sk_call_async(&in->loop, source, &op->async, &out, sizeof(struct proc_exit),
                        slice + SK_MS(GRACE_MS));
    if (err)
        return err;
    sk_timer_cancel(&in->loop, &op->timer);
    op->parked = false;
    in->peer[op->core].waits++;
    return SK_OK;
}

/* Of those that are parked for core, the one that has been so longest, or NULL. */
static struct op *next_parked(struct init *in, uint32_t core, bool *others)
{
    struct op *first = NULL;
    *others = false;
    for (uint32_t i = 0; i < in->room.ops; i++) {
        struct op *op = &in->op[i];
        if (!op->used || !op->parked || op->core != core)
            continue;
        *others = first != NULL;
        if (first == NULL || op->order < first->order)
            first = op;
    }
    return first;
}

static void take_turns(struct sk_loop *loop, struct sk_timer *timer)
{
    struct init *in = loop->user;
    struct peer *p = timer->user;
    uint32_t core = (uint32_t)(p - in->peer);
    struct op *op;
    bool others;
    while (p->waits < FAR_WAITS_PEER && (op = next_parked(in, core, &others)) != NULL) {
        sk_err err = ask(in, op, others || p->waits + 1u == FAR_WAITS_PEER);
        if (err == SK_ERR_FULL) {
            later(in, core, PAUSE_MS);
            return;
        }
        if (err)
            op_answer(in, op, err, NULL);
    }
}

sk_err far_wait(struct init *in, struct sk_client *c, const struct sk_in *req,
                const struct proc_one *wait)
{
    uint32_t core = SK_TID_CORE(wait->tid);
    if (core >= in->start->cores)
        return SK_ERR_ARG;
    struct op *op = op_take(in, c, true);
    if (op == NULL)
        return SK_ERR_FULL;
    op->ticketed = true;
    op->ticket = sk_ticket(c, req);
    op->core = core;
    op->wait = *wait;
    park(in, op);
    in->peer[core].turn.user = &in->peer[core];
    take_turns(&in->loop, &in->peer[core].turn);
    return SK_ANSWER_LATER;
}

void far_wait_client_gone(struct init *in)
{
    for (uint32_t i = 0; i < in->room.ops; i++) { /* one that is outstanding goes with its slice */
        struct op *op = &in->op[i];
        if (op->used && op->parked && op_is_orphan(in, op))
            op_free(in, op);
    }
}
