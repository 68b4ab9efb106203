/* The system call that every task sleeps in; what it does is in sched.h.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/sched_fast.h"
#include "kernel/sys.h"

sk_err sys_wait(struct kern *k, struct task *t)
{
    return fast_wait(k, t, sys_u32(t, 0), sys_u64(t, 1));
}
