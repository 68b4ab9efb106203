/* See loop.h: which source's turn it is, and when to sleep. Sources that may have something are in
 * a ring and are polled by turns, a few messages each; one that is dry is armed and leaves the
 * ring. Between rounds the kernel is asked for other events now and then, and always before
 * sleeping.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/build.h"
#include "lib/loop_inside.h"
#include "lib/xport.h"

#define ASK_ROUNDS 32u /* rounds between looks at other events while sources are busy */

void sk_loop_init(struct sk_loop *loop, struct sk_client *clients, uint32_t count, void *user)
{
    *loop = (struct sk_loop){.clients = clients, .client_count = count, .user = user};
    for (uint32_t i = 0; i < count; i++) {
        clients[i].index = (uint16_t)i;
        clients[i].in_use = false;
    }
}

void sk_loop_stop(struct sk_loop *loop)
{
    loop->stop = true;
}

void sk_loop_on_event(struct sk_loop *loop, struct sk_loop_event *event)
{
    event->next = loop->events;
    loop->events = event;
    loop->event_mask |= 1u << (event->bit & 31u);
}

/* --- Sources --------------------------------------------------------------------------------- */

void loop_activate(struct sk_loop *loop, struct sk_source *source)
{
    source->idle = 0;
    if (source->active)
        return;
    source->active = true;
    if (loop->active == NULL) {
        source->next_active = source;
    } else {
        source->next_active = loop->active->next_active;
        loop->active->next_active = source;
    }
    loop->active = source; /* the last in turn */
}

/* Take the one whose turn it is out of the ring. */
static struct sk_source *next_turn(struct sk_loop *loop)
{
    struct sk_source *first = loop->active->next_active;
    if (first == loop->active)
        loop->active = NULL;
    else
        loop->active->next_active = first->next_active;
    first->active = false;
    return first;
}

static void deactivate(struct sk_loop *loop, struct sk_source *source)
{
    struct sk_source *before = loop->active;
    if (!source->active)
        return;
    while (before->next_active != source)
        before = before->next_active;
    before->next_active = source->next_active;
    if (loop->active == source)
        loop->active = before == source ? NULL : before;
    source->active = false;
}

static struct sk_source **list_of(struct sk_loop *loop, uint32_t bit)
{
    return &loop->by_bit[bit % SK_LOOP_LISTS];
}

void sk_source_attach(struct sk_loop *loop, struct sk_source *source)
{
    struct sk_source **list = list_of(loop, source->chan.ready_bit);
    source->attached = true;
    source->active = false;
    source->next_bit = *list;
    *list = source;
    loop->event_mask |= source->chan.event_mask;
    loop_activate(loop, source);
}

void sk_source_detach(struct sk_loop *loop, struct sk_source *source)
{
    struct sk_source **at = list_of(loop, source->chan.ready_bit);
    if (!source->attached)
        return;
    while (*at != source)
        at = &(*at)->next_bit;
    *at = source->next_bit;
    source->attached = false;
    deactivate(loop, source);
}

static void take_ready(struct sk_loop *loop)
{
    struct sk_self *self = sk_self();
    uint64_t ready = self->ready;
    self->ready = 0;
    while (ready != 0) {
        uint32_t bit = (uint32_t)__builtin_ctzll(ready);
        ready &= ready - 1u;
        for (struct sk_source *s = *list_of(loop, bit); s != NULL; s = s->next_bit)
            if (s->chan.ready_bit == bit)
                loop_activate(loop, s);
    }
}

/* Nobody had anything: until somebody may have, it is somebody's time to be armed, or the kernel is
 * to be asked. */
static void look_around(struct sk_loop *loop)
{
    struct sk_source *s = loop->active;
    for (; s != NULL && loop->rounds < ASK_ROUNDS; loop->rounds++) {
        do {
            s = s->next_active;
            if (xport_end_look(&s->chan.end) || s->idle >= sys_spin_loop())
                return;
            s->idle++;
        } while (s != loop->active);
        sk_relax();
    }
}

/* Everybody's turn, once. */
static void run_round(struct sk_loop *loop)
{
    bool any = false;
    struct sk_source *last = loop->active;
    struct sk_source *s;
    do {
        s = next_turn(loop);
        any |= loop_poll(loop, s);
    } while (s != last && loop->active != NULL);
    if (!any && loop->active != NULL) {
        loop_flush_late(loop);
        sk_relax();
        look_around(loop);
    }
}

void sk_loop_drain(struct sk_loop *loop)
{
    struct sk_in in;
    for (uint32_t i = 0; i < loop->client_count; i++) {
        struct sk_client *client = &loop->clients[i];
        uint32_t gen = client->gen;
        for (uint32_t n = 0; n < SK_CHAN_SLOTS_MAX; n++) {
            if (!client->in_use || client->gen != gen ||
                sk_recv_try(&client->source.chan, &in) != SK_OK)
                break;
            loop_client_message(loop, client, &in);
        }
        if (client->in_use)
            loop_activate(loop, &client->source); /* armed no more, perhaps */
    }
}

/* --- Waiting --------------------------------------------------------------------------------- */

static void dispatch(struct sk_loop *loop, uint32_t events)
{
    loop_accept(loop, events);
    for (struct sk_loop_event *e = loop->events; e != NULL; e = e->next)
        if (events >> (e->bit & 31u) & 1u)
            e->fn(loop, e->user);
}

/* What is ready. Mostly it is one source, and nobody else's turn. */
static void handle_ready(struct sk_loop *loop, uint64_t ready)
{
    struct sk_self *self = sk_self();
    if (loop->active == NULL && self->ready == 0 && ready != 0 && (ready & (ready - 1u)) == 0) {
        uint32_t bit = (uint32_t)__builtin_ctzll(ready);
        struct sk_source *s = *list_of(loop, bit);
        if (s != NULL && s->next_bit == NULL && s->chan.ready_bit == bit) {
            s->idle = 0;
            loop_poll(loop, s);
            return;
        }
    }
    self->ready |= ready;
    take_ready(loop);
}

/* Ask the kernel for events, waiting until deadline. */
static void wait_events(struct sk_loop *loop, sk_ns deadline)
{
    struct sk_chan *late = loop->late.chan;
    uint32_t events;
    uint64_t ready;
    loop->rounds = 0;
    if (xport_late_wait(&loop->late, loop->event_mask, deadline, &events, &ready) == SK_ERR_FULL)
        sk_client_close(loop, (struct sk_client *)late);
    handle_ready(loop, ready);
    if ((events & ~(1u << SK_EV_CHAN)) != 0 || loop->accept_again) {
        loop_flush_late(loop);
        dispatch(loop, events);
    }
}

void sk_loop_step(struct sk_loop *loop, sk_ns deadline)
{
    if (sk_self()->ready != 0)
        take_ready(loop); /* from waits inside handlers */
    if (loop->active == NULL || loop->rounds++ >= ASK_ROUNDS) {
        sk_ns until = loop->active != NULL ? 0 : deadline;
        if (loop->timers != NULL && loop->timers->when < until)
            until = loop->timers->when;
        wait_events(loop, until);
    }
    if (loop->timers != NULL)
        loop_timers(loop);
    if (loop->active != NULL)
        run_round(loop);
}

void sk_loop_run(struct sk_loop *loop)
{
    loop->stop = false;
    while (!loop->stop)
        sk_loop_step(loop, SK_FOREVER);
    loop_flush_late(loop);
}
