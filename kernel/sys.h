/* System call handlers, one for each number in skerry/syscall.h, where their contracts are. A
 * handler takes its arguments from the task's registers, checks them, and returns r0, or
 * CALL_BLOCKED. Further results go through port_result.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_SYS_H
#define KERNEL_SYS_H

#include "kernel/kern.h"

typedef sk_err sys_fn(struct kern *k, struct task *t);

#define X(upper, lower) sys_fn sys_##lower;
SK_SYSCALLS(X)
#undef X

extern sys_fn *const sys_table[SK_CALL_COUNT];

/* Arguments in the registers. */
static inline uint32_t sys_u32(const struct task *t, unsigned i)
{
    return (uint32_t)port_arg(&t->port, i);
}
static inline uintptr_t sys_word(const struct task *t, unsigned i)
{
    return port_arg(&t->port, i);
}
static inline uint64_t sys_u64(const struct task *t, unsigned i) /* the last argument */
{
    return port_arg64(&t->port, i);
}

#endif
