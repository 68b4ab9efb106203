/* Our channel to the service `names`: made when it is needed, made anew when it has ended.
 *
 * On it travel, in turn: that names of ours are gone, that they are there, what our tasks ask.
 * Without it all that waits. A new channel begins with every name of our tasks, so a restarted
 * `names` knows again what it knew.
 *
 * The init of the core where `names` runs hands it our end; there, that init is ourselves.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "init.h"

#include <string.h>

#define PAUSE_MIN_MS 5u
#define PAUSE_MAX_MS 320u
#define HAND_OVER_MS 2000u

/* Try (again) after a while that grows. */
static void retry(struct init *in)
{
    struct names_link *n = &in->names;
    sk_timer_set(&in->loop, &n->timer, sk_in_ms(n->pause_ms));
    n->pause_ms = n->pause_ms < PAUSE_MAX_MS ? n->pause_ms * 2u : PAUSE_MAX_MS;
}

static bool has_something_to_say(const struct init *in)
{
    for (uint32_t i = 0; i < in->room.regs; i++) {
        if (in->reg[i].state != REG_FREE)
            return true;
    }
    return in->names.first != NULL;
}

/* Forget the channel; what was told over it must be told again. */
static void take_down(struct init *in)
{
    struct names_link *n = &in->names;
    sk_source_detach(&in->loop, &n->source);
    sk_chan_close(&n->source.chan);
    n->state = LINK_DOWN;
    n->stale = false;
    n->resolving = 0;
    for (uint32_t i = 0; i < in->room.regs; i++) {
        struct reg *r = &in->reg[i];
        if (r->state == REG_SENDING || r->state == REG_KNOWN)
            r->state = REG_NEW;
        else if (r->state == REG_GONE || r->state == REG_GOING)
            reg_release(r);
    }
}

void names_link_lost(struct init *in)
{
    struct names_link *n = &in->names;
    if (n->state != LINK_UP || n->stale)
        return;
    n->stale = true; /* not now: the loop may be inside the channel */
    n->pause_ms = PAUSE_MIN_MS;
    sk_timer_set(&in->loop, &n->timer, sk_now());
}

static void on_end(struct sk_loop *loop, struct sk_source *source)
{
    (void)source;
    names_link_lost(loop->user);
}

/* The channel exists and its far end is with `names`, or will be. */
static void begin(struct init *in)
{
    struct names_link *n = &in->names;
    n->state = LINK_UP;
    n->pause_ms = PAUSE_MIN_MS;
    sk_timer_cancel(&in->loop, &n->timer);
    n->source.on_end = on_end;
    sk_source_attach(&in->loop, &n->source);
    names_pump(in);
}

static void handed_on(struct sk_loop *loop, struct sk_async *async, sk_err err, struct sk_in *reply)
{
    struct init *in = loop->user;
    (void)reply;
    op_free(in, async->user);
    if (err == SK_OK) {
        begin(in);
        return;
    }
    sk_chan_close(&in->names.source.chan);
    in->names.state = LINK_DOWN;
    retry(in);
}

/* Ask the init of core, where `names` runs, to hand our end to it. */
static sk_err ask_peer(struct init *in, sk_core core, sk_handle theirs)
{
    struct sk_source *source;
    sk_err err = peer_ready(in, core, &source);
    struct op *op = err == SK_OK ? op_take(in, NULL, false) : NULL;
    if (op == NULL)
        return err ? err : SK_ERR_FULL;
    op->async.fn = handed_on;
    strcpy(op->request.name, "names");
    struct sk_out out = {.label = NAMES_CONNECT,
                         .len = sizeof op->request,
                         .bytes = &op->request,
                         .handles = 1,
                         .handle = &theirs};
    err = sk_call_async(&in->loop, source, &op->async, &out, 0, sk_in_ms(HAND_OVER_MS));
    if (err)
        op_free(in, op);
    else
        in->names.state = LINK_ASKING;
    return err;
}

static sk_err connect(struct init *in)
{
    struct names_link *n = &in->names;
    const struct sk_sys_prog *prog = manifest_find(&in->manifest, "names");
    if (prog == NULL)
        return SK_ERR_NOT_FOUND;
    sk_core core = manifest_place(&in->manifest, prog, in->start->cores);
    struct reg *r = reg_find(in, "names");
    if (core == in->start->core && r == NULL)
        return SK_ERR_NOT_FOUND;
    sk_handle theirs;
    memset(&n->source, 0, sizeof n->source);
    sk_err err = sk_chan_create(&n->source.chan, &theirs, SK_EV_CHAN);
    if (err)
        return err;
    if (core == in->start->core)
        err = sys_port_connect(r->port, theirs, sk_in_ms(HAND_OVER_MS));
    else
        err = ask_peer(in, core, theirs);
    if (err) {
        sk_chan_close(&n->source.chan);
        (void)sys_close(theirs); /* in doubt: if it comes back */
    } else if (core == in->start->core) {
        begin(in);
    }
    return err;
}

static void on_timer(struct sk_loop *loop, struct sk_timer *timer)
{
    (void)timer;
    if (((struct init *)loop->user)->names.stale)
        take_down(loop->user);
    names_pump(loop->user);
}

void names_pump(struct init *in)
{
    struct names_link *n = &in->names;
    sk_err err = SK_OK;
    if (n->stale || n->state == LINK_ASKING)
        return;
    if (n->state == LINK_DOWN) {
        n->timer.fn = on_timer;
        if (n->pause_ms == 0)
            n->pause_ms = PAUSE_MIN_MS;
        if (!n->timer.set && has_something_to_say(in) && connect(in) != SK_OK)
            retry(in);
        return; /* connected: begin has been here */
    }
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < in->room.regs && err == SK_OK; i++) {
            if (in->reg[i].state == (round == 0 ? REG_GONE : REG_NEW))
                err = reg_tell(in, &in->reg[i]);
        }
    }
    while (n->first && err == SK_OK) {
        struct op *op = n->first;
        if (op->connect && n->resolving == SK_ESCROW_MAX)
            return; /* each answer brings a handle: there is place for so many */
        err = names_ask(in, op);
        if (err == SK_OK) {
            n->first = op->next;
            n->last = n->first ? n->last : NULL;
            n->resolving += op->connect ? 1u : 0u;
            sk_timer_cancel(&in->loop, &op->timer);
        }
    }
    if (err == SK_ERR_PEER_DEAD || err == SK_ERR_PROTOCOL)
        names_link_lost(in);
    else if (err)
        sk_timer_set(&in->loop, &n->timer, sk_in_ms(PAUSE_MIN_MS)); /* full: soon again */
}
