/* What tasks ask of `names`, one after the other. A wait is asked anew from time to time, so that
 * many of them never fill the channel for the others; a connection that finds its service gone or
 * its queue full is tried again until the asker's deadline.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "init.h"

#define PAUSE_MS     5u
#define SLICE_MS     1000u
#define HAND_OVER_MS 1000u

void names_unqueue(struct init *in, struct op *op)
{
    struct names_link *n = &in->names;
    struct op **at = &n->first;
    n->last = NULL;
    while (*at) {
        if (*at == op)
            *at = op->next;
        else {
            n->last = *at;
            at = &(*at)->next;
        }
    }
}

static void queue_timed_out(struct sk_loop *loop, struct sk_timer *timer)
{
    struct init *in = loop->user;
    struct op *op = timer->user;
    names_unqueue(in, op);
    op_answer(in, op, SK_ERR_TIMED_OUT, NULL);
}

void names_queue(struct init *in, struct op *op)
{
    op->next = NULL;
    if (in->names.last)
        in->names.last->next = op;
    else
        in->names.first = op;
    in->names.last = op;
    op->timer.fn = queue_timed_out;
    if (op->until != SK_FOREVER)
        sk_timer_set(&in->loop, &op->timer, op->until);
    names_pump(in);
}

static void try_again(struct sk_loop *loop, struct sk_timer *timer)
{
    struct init *in = loop->user;
    struct op *op = timer->user;
    struct reg *r = reg_find(in, op->request.name);
    if (op_is_orphan(in, op))
        op_free(in, op);
    else if (r)
        names_hand_over(in, op, r->port);
    else
        names_queue(in, op);
}

void names_hand_over(struct init *in, struct op *op, sk_handle port)
{
    sk_err err = sys_port_connect(port, op->end, sk_in_ms(HAND_OVER_MS));
    if (err == SK_OK || err == SK_ERR_TIMED_OUT) {
        if (err == SK_OK)
            op->end = SK_HANDLE_NONE;
        op_answer(in, op, err, NULL); /* in doubt: it is closed if it comes back */
        return;
    }
    if (err == SK_ERR_CORE_DOWN) /* names has not heard yet */
        err = SK_ERR_PEER_DEAD;
    bool passing = err == SK_ERR_FULL || err == SK_ERR_PEER_DEAD || err == SK_ERR_BUSY;
    if (passing && !op->once && sk_now() < op->until) {
        op->timer.fn = try_again; /* a full queue, or a service that is about to come back */
        sk_timer_set(&in->loop, &op->timer, sk_in_ms(PAUSE_MS));
        return;
    }
    op_answer(in, op, err == SK_ERR_PEER_DEAD ? SK_ERR_NOT_FOUND : err, NULL);
}

static void asked(struct sk_loop *loop, struct sk_async *async, sk_err err, struct sk_in *reply)
{
    struct init *in = loop->user;
    struct op *op = async->user;
    if (op->connect && in->names.resolving > 0)
        in->names.resolving--;
    if (op_is_orphan(in, op)) {
        op_free(in, op);
    } else if (err == SK_ERR_PEER_DEAD || err == SK_ERR_PROTOCOL || err == SK_ERR_CANCELLED) {
        names_link_lost(in);
        names_queue(in, op);
    } else if (err == SK_OK && op->connect) {
        sk_handle port = reply->handle[0];
        reply->handle[0] = SK_HANDLE_NONE;
        names_hand_over(in, op, port);
        (void)sys_close(port);
    } else if (op->once || err == SK_OK || (err != SK_ERR_NOT_FOUND && err != SK_ERR_TIMED_OUT)) {
        op_answer(in, op, err, err == SK_OK ? reply : NULL);
    } else if (sk_now() >= op->until) {
        op_answer(in, op, SK_ERR_TIMED_OUT, NULL);
    } else {
        names_queue(in, op);
    }
    names_pump(in);
}

sk_err names_ask(struct init *in, struct op *op)
{
    struct names_request r = op->request;
    if (!op->once && r.deadline > sk_in_ms(SLICE_MS))
        r.deadline = sk_in_ms(SLICE_MS);
    struct sk_out out = {.label = op->label, .len = sizeof r, .bytes = &r};
    op->async.fn = asked;
    return sk_call_async(&in->loop, &in->names.source, &op->async, &out, SK_PAYLOAD_BYTES,
                         sk_in_ms(SLICE_MS + NAMES_ANSWER_MS));
}
