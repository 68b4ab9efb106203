/* See loop.h: timers, and calls whose answer a function waits for.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/loop_inside.h"

/* --- Timers: a list, the next one first ------------------------------------------------------ */

void sk_timer_cancel(struct sk_loop *loop, struct sk_timer *timer)
{
    struct sk_timer **at = &loop->timers;
    if (!timer->set)
        return;
    while (*at != timer)
        at = &(*at)->next;
    *at = timer->next;
    timer->set = false;
}

void sk_timer_set(struct sk_loop *loop, struct sk_timer *timer, sk_ns when)
{
    struct sk_timer **at = &loop->timers;
    sk_timer_cancel(loop, timer);
    while (*at != NULL && (*at)->when <= when)
        at = &(*at)->next;
    timer->when = when;
    timer->next = *at;
    timer->set = true;
    *at = timer;
}

void loop_timers(struct sk_loop *loop)
{
    sk_ns now = sk_now();
    struct sk_timer *t;
    if (loop->timers->when > now)
        return;
    loop_flush_late(loop);
    while ((t = loop->timers) != NULL && t->when <= now) {
        sk_timer_cancel(loop, t);
        t->fn(loop, t);
    }
}

/* --- Asynchronous calls ---------------------------------------------------------------------- */

static void async_finish(struct sk_async *async, sk_err err, struct sk_in *in)
{
    async->pending = false;
    sk_timer_cancel(async->loop, &async->timer);
    loop_flush_late(async->loop);
    async->fn(async->loop, async, err, in);
    if (in != NULL)
        sk_in_drop_handles(in);
}

static void async_done(struct sk_call *call, struct sk_in *in)
{
    async_finish((struct sk_async *)call, call->err, in);
}

static void async_late(struct sk_loop *loop, struct sk_timer *timer)
{
    struct sk_async *async = timer->user;
    (void)loop;
    sk_call_cancel(&async->source->chan, &async->call);
    async_finish(async, SK_ERR_TIMED_OUT, NULL);
}

sk_err sk_call_async(struct sk_loop *loop, struct sk_source *source, struct sk_async *async,
                     struct sk_out *out, uint32_t reply_max, sk_ns deadline)
{
    async->loop = loop;
    async->source = source;
    sk_err err = sk_call_begin(&source->chan, &async->call, out, NULL, reply_max);
    if (err != SK_OK)
        return err;
    async->call.done = async_done;
    async->pending = true;
    async->timer.fn = async_late;
    async->timer.user = async;
    if (deadline != SK_FOREVER)
        sk_timer_set(loop, &async->timer, deadline);
    return SK_OK;
}
