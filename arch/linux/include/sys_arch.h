/* The library's instructions on Linux (see lib/sys.h): a system call of Skerry is a function.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LINUX_SYS_ARCH_H
#define LINUX_SYS_ARCH_H

#include <skerry/errors.h>
#include <skerry/types.h>
#include <time.h>

sk_err linux_call(uint32_t nr, uintptr_t a0, uintptr_t a1, uintptr_t a2, uintptr_t a3, uintptr_t a4,
                  uintptr_t a5, struct sys_result *res);

static inline sk_err sys_call(uint32_t nr, uintptr_t a0, uintptr_t a1, uintptr_t a2, uintptr_t a3,
                              uintptr_t a4, uintptr_t a5, struct sys_result *res)
{
    return linux_call(nr, a0, a1, a2, a3, a4, a5, res);
}

/* CLOCK_MONOTONIC, without a kernel entry on most machines. */
static inline sk_ns sys_now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (sk_ns)ts.tv_sec * 1000000000u + (sk_ns)ts.tv_nsec;
}

static inline void sys_relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield" : : : "memory");
#else
    __asm__ volatile("" : : : "memory");
#endif
}

/* The running task's budget: sk_linux_spin. */
typedef uint32_t sys_looks;
extern _Thread_local sys_looks linux_looks;
static inline sys_looks sys_spin(void)
{
    return linux_looks;
}
static inline sys_looks sys_spin_room(void)
{
    return linux_looks;
}
static inline sys_looks sys_spin_loop(void)
{
    return linux_looks;
}

#endif
