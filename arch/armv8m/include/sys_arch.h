/* The library's instructions on armv8m (see lib/sys.h): number in r12, arguments in r0 to r5,
 * results in r0 to r3, everything else is preserved. The clock is behind a system call: its device
 * would cost each program a region of the MPU.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARMV8M_SYS_ARCH_H
#define ARMV8M_SYS_ARCH_H

#include <skerry/syscall.h>

/* Do the arguments of this call take more than four words? */
static inline bool sys_call_is_long(uint32_t nr)
{
    return nr == SK_CALL_CHAN_CALL || nr == SK_CALL_CHAN_SEND_WAIT || nr == SK_CALL_DEV_CALL ||
           nr == SK_CALL_LOG_READ || nr == SK_CALL_CORE_CONNECT || nr == SK_CALL_LEND ||
           nr == SK_CALL_LOAN_READ || nr == SK_CALL_LOAN_WRITE || nr == SK_CALL_CORE_ASK ||
           nr == SK_CALL_CORE_RECORD;
}

static inline sk_err sys_call(uint32_t nr, uintptr_t a0, uintptr_t a1, uintptr_t a2, uintptr_t a3,
                              uintptr_t a4, uintptr_t a5, struct sys_result *res)
{
    register uintptr_t r0 __asm__("r0") = a0;
    register uintptr_t r1 __asm__("r1") = a1;
    register uintptr_t r2 __asm__("r2") = a2;
    register uintptr_t r3 __asm__("r3") = a3;
    register uint32_t r12 __asm__("r12") = nr;
    if (!sys_call_is_long(nr)) { /* the other registers stay as they are */
        __asm__ volatile("svc #0" : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3) : "r"(r12) : "memory");
    } else {
        register uintptr_t r4 __asm__("r4") = a4;
        register uintptr_t r5 __asm__("r5") = a5;
        __asm__ volatile("svc #0"
                         : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3)
                         : "r"(r4), "r"(r5), "r"(r12)
                         : "memory");
    }
    *res = (struct sys_result){r1, r2, r3};
    return (sk_err)r0;
}

static inline sk_ns sys_now(void)
{
    struct sys_result res;
    (void)sys_call(SK_CALL_NOW, 0, 0, 0, 0, 0, 0, &res);
    return SYS_WIDE_RESULT(res);
}

static inline void sys_relax(void)
{
    __asm__ volatile("yield" : : : "memory");
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
