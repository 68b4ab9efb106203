/* Scheduling and time: fixed priorities, round robin inside one, tickless; event words.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_SCHED_H
#define KERNEL_SCHED_H

#include "kernel/kern.h"

void sched_init(struct kern *k);

/* Make t ready, behind (or, front, before) those of its priority. t is in no queue. */
void sched_ready(struct kern *k, struct task *t, bool front);

/* Take t out of the ready queue. */
void sched_remove(struct kern *k, struct task *t);

/* Put the current task behind those of its priority. */
void sched_rotate(struct kern *k);

/* Choose who runs: the end of every kernel entry. Does one piece of teardown if a dying task is
 * first in line. NULL: idle. */
struct port_task *sched_next(struct kern *k);

/* Block t (ready) until one of mask is set or deadline_ns has come. If a bit is set already or the
 * deadline is past, the results are returned at once: an sk_err, else CALL_BLOCKED. */
sk_err sched_wait(struct kern *k, struct task *t, uint32_t mask, sk_ns deadline_ns);

/* Block t without a mask until sched_wake; its results are the waker's business. */
void sched_block(struct kern *k, struct task *t, sk_ns deadline_ns);
void sched_wake(struct kern *k, struct task *t, sk_err result);

/* Set bits of t's event word; wakes it if it waits for one. front: before others of its priority.
 */
void sched_event(struct kern *k, struct task *t, uint32_t bits, bool front);

/* The common end of a call on one core: t, which runs, sleeps until one of mask without a deadline,
 * and u, which sleeps too and waits for one of bits, runs on. False, nothing done: it is not so
 * simple (t has a bit already, u has a deadline, others are ready at u's priority or above). */
bool sched_hand_over(struct kern *k, struct task *t, uint32_t mask, struct task *u, uint32_t bits);

void sched_timer_set(struct kern *k, struct timer *timer, sk_ns when_ns);
void sched_timer_cancel(struct kern *k, struct timer *timer);

/* The port's timer went off: fire what is due. */
void sched_timer_fire(struct kern *k);

#endif
