/* Tasks: slots with generations, their budgets, their end.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_TASK_H
#define KERNEL_TASK_H

#include "kernel/kern.h"

void task_table_init(struct kern *k);

/* A task in state SK_TASK_NEW with an empty address space. NULL with *err: SK_ERR_NO_MEMORY (no
 * slot, no page), SK_ERR_BUDGET. */
struct task *task_create(struct kern *k, const struct sk_task_params *params, struct task *creator,
                         sk_err *err);

sk_tid task_tid(const struct kern *k, const struct task *t);
void task_info(const struct kern *k, const struct task *t, struct sk_task_info *info);

/* End t, whatever it does: its teardown begins. No effect on one that has ended. */
void task_end(struct kern *k, struct task *t, uint32_t cause, int32_t status);

/* The same, cause KILLED, by `killer`: the teardown takes turns at the higher priority of the two.
 */
void task_kill(struct kern *k, struct task *t, struct task *killer);

/* One bounded piece of a dying task's teardown; when all is back the task is DEAD and out of the
 * ready queue, and its creator's event is set. */
void task_teardown_step(struct kern *k, struct task *t);

/* The creator closes its handle: forget it, now if it is dead, else when it is. */
void task_forget(struct kern *k, struct task *t);

/* Is an event there that ends what would block? */
static inline bool task_cancelled(const struct task *t)
{
    return (t->events & t->cancel) != 0;
}

/* The deadline of a blocked task has come, or it is cancelled. */
void task_timed_out(struct kern *k, struct task *t);

/* Bounded access to a task's memory: SK_ERR_FAULT, with nothing copied, unless t may read (in) or
 * write (out) all of it. Cost: one look-up a page. */
/* Can t write all of [to, to + len)? SK_ERR_FAULT. */
sk_err user_check(struct kern *k, struct task *t, sk_uaddr to, size_t len);
/* The same for [addr, addr + len), by prot: SK_PROT_R or SK_PROT_W. */
sk_err user_may(struct kern *k, struct task *t, sk_uaddr addr, size_t len, uint32_t prot);
sk_err user_in(struct kern *k, struct task *t, void *to, sk_uaddr from, size_t len);
sk_err user_out(struct kern *k, struct task *t, sk_uaddr to, const void *from, size_t len);

#endif
