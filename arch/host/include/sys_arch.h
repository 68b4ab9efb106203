/* The library's instructions on the host (see lib/sys.h).
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef HOST_SYS_ARCH_H
#define HOST_SYS_ARCH_H

#include <host_user.h>

static inline sk_err sys_call(uint32_t nr, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3,
                              uint64_t a4, uint64_t a5, struct sys_result *res)
{
    const uint64_t args[6] = {a0, a1, a2, a3, a4, a5};
    uint64_t r[4];
    host_syscall(nr, args, r);
    *res = (struct sys_result){.r1 = r[1], .r2 = r[2], .r3 = r[3]};
    return (sk_err)r[0];
}

static inline sk_ns sys_now(void)
{
    return host_now();
}

static inline void sys_relax(void)
{
    host_relax();
}

/* How long programs look before they sleep (see lib/sys.h). */
typedef uint8_t sys_looks;
static inline sys_looks sys_spin(void)
{
    return 128;
}
static inline sys_looks sys_spin_room(void)
{
    return 0;
}
static inline sys_looks sys_spin_loop(void)
{
    return 64;
}

#endif
