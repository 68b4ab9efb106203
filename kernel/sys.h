/* System call handlers, one for each number in skerry/syscall.h, where their contracts are. A
 * handler takes its arguments from the task's registers, checks them, and returns r0, or
 * CALL_BLOCKED. Further results go through port_result. h is what the first argument names, and has
 * been checked, if sys_table says what that must be; else NULL.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_SYS_H
#define KERNEL_SYS_H

#include "kernel/kern.h"

typedef sk_err sys_fn(struct kern *k, struct task *t, struct handle *h);

#define X(upper, lower) sys_fn sys_##lower;
SK_SYSCALLS(X)
#undef X

struct sys_call {
    sys_fn *fn;
    uint8_t kind;   /* of handle that the first argument must be; NONE: the handler looks itself */
    uint8_t rights; /* that it must have */
};
extern const struct sys_call sys_table[SK_CALL_COUNT];

/* Result 1 is value, unless err. Returns err. */
sk_err sys_value(struct task *t, sk_err err, uintptr_t value);

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
