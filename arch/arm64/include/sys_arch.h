/* The library's instructions on arm64 (see lib/sys.h): number in x8, arguments in x0..x5, results
 * in x0..x3, everything else is preserved. Programs may read the virtual counter, the global clock.
 * Facts: Arm ARM DDI 0487, D12 (CNTVCT_EL0, CNTFRQ_EL0).
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARM64_SYS_ARCH_H
#define ARM64_SYS_ARCH_H

#include <skerry/errors.h>
#include <skerry/types.h>

static inline sk_err sys_call(uint32_t nr, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3,
                              uint64_t a4, uint64_t a5, struct sys_result *res)
{
    register uint64_t x0 __asm__("x0") = a0;
    register uint64_t x1 __asm__("x1") = a1;
    register uint64_t x2 __asm__("x2") = a2;
    register uint64_t x8 __asm__("x8") = nr;
    if (__builtin_constant_p(a3 | a4 | a5) && (a3 | a4 | a5) == 0) {
        /* Most calls have three arguments at most: the other registers stay as they are. */
        register uint64_t x3 __asm__("x3");
        __asm__ volatile("svc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "=r"(x3) : "r"(x8) : "memory");
        *res = (struct sys_result){x1, x2, x3};
        return (sk_err)(int64_t)x0;
    }
    register uint64_t x3 __asm__("x3") = a3;
    register uint64_t x4 __asm__("x4") = a4;
    register uint64_t x5 __asm__("x5") = a5;
    __asm__ volatile("svc #0"
                     : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
                     : "r"(x4), "r"(x5), "r"(x8)
                     : "memory");
    *res = (struct sys_result){x1, x2, x3};
    return (sk_err)(int64_t)x0;
}

/* The kernel scales the same counter by the same factor (arch/arm64/clock.c). */
static inline sk_ns sys_now(void)
{
    uint64_t ticks, hz, high;
    __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks) : : "memory");
    __asm__("mrs %0, cntfrq_el0" : "=r"(hz));
    uint64_t factor = ((uint64_t)1000000000 << 32) / hz;
    __asm__("umulh %0, %1, %2" : "=r"(high) : "r"(ticks), "r"(factor));
    return high << 32 | (ticks * factor) >> 32;
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
