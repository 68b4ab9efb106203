/* The pool of requests on their way, and the inits of other cores.
 *
 * An op is one request of somebody (or of init itself) that another service must answer. It is in
 * the pool, queued, or outstanding (async.pending), and is answered at most once.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "init.h"

#include <string.h>

#define CONNECT_MS 2000u

struct op *op_take(struct init *in, const struct sk_client *c, bool patient)
{
    struct op *free = NULL;
    uint32_t patients = 0, of_client = 0;
    for (uint32_t i = 0; i < in->room.ops; i++) {
        struct op *op = &in->op[i];
        if (!op->used) {
            free = op;
            continue;
        }
        patients += op->patient ? 1u : 0u;
        if (c && op->ticketed && op->ticket.client == c->index && op->ticket.gen == c->gen)
            of_client++;
    }
    if (free == NULL || of_client >= OPS_CLIENT || (patient && patients >= in->room.patient))
        return NULL;
    memset(free, 0, sizeof *free);
    free->used = true;
    free->patient = patient;
    free->async.user = free;
    free->timer.user = free;
    return free;
}

void op_free(struct init *in, struct op *op)
{
    sk_timer_cancel(&in->loop, &op->timer);
    if (op->end != SK_HANDLE_NONE)
        (void)sys_close(op->end);
    op->end = SK_HANDLE_NONE;
    op->used = false;
}

void op_answer(struct init *in, struct op *op, sk_err err, const struct sk_in *reply)
{
    if (op->ticketed)
        (void)sk_answer(&in->loop, op->ticket, err, reply ? reply->bytes : NULL,
                        reply ? reply->len : 0, NULL, 0);
    op_free(in, op);
}

bool op_is_orphan(struct init *in, const struct op *op)
{
    return op->ticketed && sk_ticket_client(&in->loop, op->ticket) == NULL;
}

/* --- other inits ----------------------------------------------------------------------------- */

static void peer_forget(struct init *in, struct peer *p)
{
    sk_source_detach(&in->loop, &p->source);
    sk_chan_close(&p->source.chan);
    p->up = false;
}

static void on_end(struct sk_loop *loop, struct sk_source *source)
{
    peer_forget(loop->user, (struct peer *)source);
}

sk_err peer_ready(struct init *in, sk_core core, struct sk_source **source)
{
    if (core >= in->start->cores || core == in->start->core)
        return SK_ERR_ARG;
    struct peer *p = &in->peer[core];
    if (p->up && (p->source.chan.dead != SK_OK || sk_chan_peer_closed(&p->source.chan)))
        peer_forget(in, p);
    if (!p->up) {
        sk_handle theirs;
        memset(&p->source, 0, sizeof p->source);
        sk_err err = sk_chan_create(&p->source.chan, &theirs, SK_EV_CHAN);
        if (err)
            return err;
        err = sys_core_connect(in->start->control, core, theirs, sk_in_ms(CONNECT_MS));
        if (err) {
            sk_chan_close(&p->source.chan);
            (void)sys_close(theirs); /* in doubt: if it comes back */
            return err;
        }
        p->source.on_end = on_end;
        sk_source_attach(&in->loop, &p->source);
        p->up = true;
    }
    *source = &p->source;
    return SK_OK;
}

static void on_answer(struct sk_loop *loop, struct sk_async *async, sk_err err, struct sk_in *reply)
{
    op_answer(loop->user, async->user, err, err == SK_OK ? reply : NULL);
}

sk_err peer_forward(struct init *in, sk_core core, struct sk_client *c, const struct sk_in *req,
                    uint32_t reply_max, sk_ns deadline)
{
    struct sk_source *source;
    sk_err err = peer_ready(in, core, &source);
    if (err)
        return err;
    struct op *op = op_take(in, c, false);
    if (op == NULL)
        return SK_ERR_FULL;
    op->ticketed = true;
    op->ticket = sk_ticket(c, req);
    op->async.fn = on_answer;
    struct sk_out out = {.label = req->label, .len = req->len, .bytes = req->bytes};
    err = sk_call_async(&in->loop, source, &op->async, &out, reply_max, deadline);
    if (err) {
        op_free(in, op);
        return err;
    }
    return SK_ANSWER_LATER;
}
