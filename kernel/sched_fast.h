/* The steps of waiting and waking, inline for the two places that need them as one piece: sched.c,
 * where they get their names for everybody else, and the system calls on the path of each message
 * (xfer_*.c).
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_SCHED_FAST_H
#define KERNEL_SCHED_FAST_H

#include "kernel/loan.h"
#include "kernel/sched.h"
#include "kernel/task.h"

static inline void fast_push(struct kern *k, struct task *t, bool front)
{
    struct queue *q = &k->ready[t->priority];
    if (q->head == NULL) {
        t->next = t->prev = NULL;
        q->head = q->tail = t;
        k->ready_mask |= 1u << t->priority;
    } else if (front) {
        t->prev = NULL;
        t->next = q->head;
        q->head->prev = t;
        q->head = t;
    } else {
        t->next = NULL;
        t->prev = q->tail;
        q->tail->next = t;
        q->tail = t;
    }
}

static inline void fast_take_out(struct kern *k, struct task *t)
{
    struct queue *q = &k->ready[t->priority];
    if (t->prev)
        t->prev->next = t->next;
    else
        q->head = t->next;
    if (t->next)
        t->next->prev = t->prev;
    else
        q->tail = t->prev;
    if (q->head == NULL)
        k->ready_mask &= ~(1u << t->priority);
}

static inline void fast_cancel(struct timer *timer)
{
    if (timer->next == NULL)
        return;
    timer->next->prev = timer->prev;
    timer->prev->next = timer->next;
    timer->next = timer->prev = NULL;
}

static inline void fast_results(struct task *t, uint32_t hits)
{
    t->events &= ~hits;
    port_result(&t->port, 1, hits);
    port_result64(&t->port, 2, t->ready);
    t->ready = 0;
}

/* End number slot of t was rung: by words, which is what small machines have. */
static inline void fast_ready(struct task *t, uint32_t slot)
{
    uint32_t bit = 1u << (slot % 32u);
    t->ready |= slot % 64u < 32u ? (uint64_t)bit : (uint64_t)bit << 32;
}

static inline void fast_block(struct kern *k, struct task *t, sk_ns deadline_ns)
{
    struct queue *q = &k->ready[t->priority];
    if (q->head == t)
        q->turn_over = true; /* else it has handed its turn over to the one it woke */
    fast_take_out(k, t);
    t->state = SK_TASK_WAITING;
    if (deadline_ns != SK_FOREVER)
        sched_timer_set(k, &t->wait_timer, deadline_ns);
}

static inline sk_err fast_wait(struct kern *k, struct task *t, uint32_t mask, sk_ns deadline_ns)
{
    uint32_t hits = t->events & mask;
    if (hits != 0) {
        fast_results(t, hits);
        return SK_OK;
    }
    bool cancelled = task_cancelled(t);
    if (cancelled || (deadline_ns != SK_FOREVER && deadline_ns <= port_now(k->cpu)))
        return cancelled ? SK_ERR_CANCELLED : SK_ERR_TIMED_OUT;
    t->mask = mask;
    fast_block(k, t, deadline_ns);
    return CALL_BLOCKED;
}

static inline void fast_event(struct kern *k, struct task *t, uint32_t bits, bool front)
{
    t->events |= bits;
    uint32_t hits = t->events & t->mask;
    if (t->state != SK_TASK_WAITING || hits == 0) {
        if (t->state == TASK_LENDING)
            loan_event(k, t);
        else if (t->state == SK_TASK_WAITING && task_cancelled(t))
            task_timed_out(k, t);
        return;
    }
    fast_cancel(&t->wait_timer);
    t->mask = 0;
    t->state = SK_TASK_READY;
    port_result(&t->port, 0, SK_OK);
    fast_results(t, hits);
    fast_push(k, t, front);
}

#endif
