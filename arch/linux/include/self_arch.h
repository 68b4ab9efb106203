/* The library's state of the running task (see lib/self.h): memory of its thread.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LINUX_SELF_ARCH_H
#define LINUX_SELF_ARCH_H

/* The first member of a task's private state (arch/linux/inside.h). NULL: this thread is no task,
 * and must not use the library. */
struct linux_task;
extern _Thread_local struct linux_task *linux_me;

static inline struct sk_self *sk_self(void)
{
    return (struct sk_self *)linux_me;
}

#endif
