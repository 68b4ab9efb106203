/* See sched.h. The ready queue of a priority is a list with the running task at its head; the mask
 * says which are not empty. Timers are one sorted list: at most two for each task. The port's
 * timer may be set too early (a wait that ended before its deadline): firing then does nothing.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/sched_fast.h"
#include "kernel/memory.h"
#include "kernel/sys.h"
#include "kernel/task.h"

_Static_assert(KERN_SLICE_NS <= UINT32_MAX, "queue.turn_ns");

void sched_init(struct kern *k)
{
    k->timers.next = k->timers.prev = &k->timers;
    k->timer_set_ns = SK_FOREVER;
    k->slice_end_ns = SK_FOREVER;
    k->tick_ns = k->retry_ns = k->beat_ns = SK_FOREVER;
}

void sched_ready(struct kern *k, struct task *t, bool front)
{
    fast_push(k, t, front);
}

void sched_remove(struct kern *k, struct task *t)
{
    fast_take_out(k, t);
}

void sched_rotate(struct kern *k)
{
    struct task *t = k->current;
    if (t == NULL || t->next == NULL)
        return;
    k->ready[t->priority].turn_over = true;
    sched_remove(k, t);
    sched_ready(k, t, false);
}

/* --- Timers ---------------------------------------------------------------------------------- */

void sched_timer_set(struct kern *k, struct timer *timer, sk_ns when_ns)
{
    sched_timer_cancel(k, timer);
    if (when_ns == SK_FOREVER)
        return;
    timer->when_ns = when_ns;
    struct timer *after = k->timers.prev;
    while (after != &k->timers && after->when_ns > when_ns)
        after = after->prev;
    timer->prev = after;
    timer->next = after->next;
    after->next->prev = timer;
    after->next = timer;
}

void sched_timer_cancel(struct kern *k, struct timer *timer)
{
    (void)k;
    fast_cancel(timer);
}

void sched_timer_fire(struct kern *k)
{
    sk_ns now = port_now(k->cpu);
    k->timer_set_ns = SK_FOREVER; /* it is spent: sched_next sets it anew */
    while (k->timers.next != &k->timers && k->timers.next->when_ns <= now) {
        struct timer *timer = k->timers.next;
        struct task *t = timer->task;
        sched_timer_cancel(k, timer);
        if (timer->event)
            sched_event(k, t, 1u << t->timer_bit, false);
        else
            task_timed_out(k, t);
    }
    if (now >= k->slice_end_ns) {
        k->slice_end_ns = SK_FOREVER;
        /* Only the head's own turn ends: a task of higher priority may have come just now. */
        if (k->current && k->ready[k->current->priority].head == k->current)
            sched_rotate(k);
    }
}

/* --- Waiting --------------------------------------------------------------------------------- */

void sched_block(struct kern *k, struct task *t, sk_ns deadline_ns)
{
    fast_block(k, t, task_cancelled(t) ? 0 : deadline_ns);
}

sk_err sched_wait(struct kern *k, struct task *t, uint32_t mask, sk_ns deadline_ns)
{
    return fast_wait(k, t, mask, deadline_ns);
}

/* Here because every task sleeps in it. */
sk_err sys_wait(struct kern *k, struct task *t, struct handle *h)
{
    (void)h;
    return fast_wait(k, t, sys_u32(t, 0), sys_u64(t, 1));
}

void sched_event(struct kern *k, struct task *t, uint32_t bits, bool front)
{
    fast_event(k, t, bits, front);
}

void sched_wake(struct kern *k, struct task *t, sk_err result)
{
    sched_timer_cancel(k, &t->wait_timer);
    t->mask = 0;
    t->state = SK_TASK_READY;
    port_result(&t->port, 0, (uintptr_t)(intptr_t)result);
    sched_ready(k, t, false);
}

/* --- Choosing -------------------------------------------------------------------------------- */

static void account(struct kern *k, struct task *t)
{
    sk_ns now = port_now(k->cpu);
    struct task *was = k->current;
    if (was) {
        struct queue *q = &k->ready[was->priority];
        sk_ns ran = now - k->since_ns;
        was->run_ns += ran;
        if (q->turn_over)
            q->turn_ns = 0;
        else
            q->turn_ns = ran < KERN_SLICE_NS - q->turn_ns ? q->turn_ns + (uint32_t)ran
                                                          : (uint32_t)KERN_SLICE_NS;
        q->turn_over = false;
    }
    k->since_ns = now;
    k->current = t;
    k->slice_end_ns = SK_FOREVER;
    k->stats.switches++;
}

bool sched_hand_over(struct kern *k, struct task *t, uint32_t mask, struct task *u, uint32_t bits)
{
    uint32_t others = k->ready_mask & ~(1u << t->priority);
    struct queue *from = &k->ready[t->priority], *to = &k->ready[u->priority];
    if (u->state != SK_TASK_WAITING || (u->mask & bits) == 0 || u->wait_timer.next != NULL ||
        (t->events & (mask | t->cancel)) != 0 || t->next != NULL || others >> u->priority != 0)
        return false;
    from->head = from->tail = NULL;
    from->turn_over = true;
    t->state = SK_TASK_WAITING;
    t->mask = mask;
    u->events |= bits;
    fast_results(u, u->events & u->mask);
    port_result(&u->port, 0, SK_OK);
    u->mask = 0;
    u->state = SK_TASK_READY;
    u->next = u->prev = NULL;
    to->head = to->tail = u;
    k->ready_mask = others | 1u << u->priority;
    account(k, u);
    return true;
}

/* When the turn of t, which shares its priority, is over. */
static sk_ns turn_end(const struct kern *k, const struct task *t)
{
    sk_ns used = k->ready[t->priority].turn_ns;
    return k->since_ns + (used < KERN_SLICE_NS ? KERN_SLICE_NS - used : 0);
}

/* The port's timer must not be later than the first deadline and the end of the turn. */
static void set_timer(struct kern *k, struct task *t)
{
    if (t == NULL || t->next == NULL)
        k->slice_end_ns = SK_FOREVER;
    else if (k->slice_end_ns == SK_FOREVER)
        k->slice_end_ns = turn_end(k, t);
    sk_ns first = k->timers.next == &k->timers ? SK_FOREVER : k->timers.next->when_ns;
    if (k->slice_end_ns < first)
        first = k->slice_end_ns;
    if (k->tick_ns < first)
        first = k->tick_ns;
    if (first < k->timer_set_ns) {
        k->timer_set_ns = first;
        port_timer_set(k->cpu, first);
    }
}

struct port_task *sched_next(struct kern *k)
{
    struct task *t = NULL;
    if (k->ready_mask != 0)
        t = k->ready[31 - __builtin_clz(k->ready_mask)].head;
    k->work = false;
    bool runs = t == NULL || t->state == SK_TASK_READY;
    if (!runs && t->state == TASK_WORKING)
        runs = region_clean_step(k, t);
    if (!runs) {
        /* Its turn goes into what the kernel does for it, one piece; then interrupts. Charged to
         * the dying: its teardown. */
        if (k->current != NULL)
            account(k, NULL);
        if (t->state == SK_TASK_DYING)
            task_teardown_step(k, t);
        k->work = k->ready_mask != 0;
        set_timer(k, NULL);
        return NULL;
    }
    if (t != k->current)
        account(k, t);
    set_timer(k, t);
    return t ? &t->port : NULL;
}
