/* System registers, barriers and maintenance operations, one inline function each. What each is
 * needed for stands in docs/arm64-checklist.md.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARM64_ARM64_H
#define ARM64_ARM64_H

#include <stdint.h>

#define SYS_READ(reg)                                                                              \
    ({                                                                                             \
        uint64_t value_;                                                                           \
        __asm__ volatile("mrs %0, " #reg : "=r"(value_));                                          \
        value_;                                                                                    \
    })
#define SYS_WRITE(reg, v) __asm__ volatile("msr " #reg ", %0" ::"r"((uint64_t)(v)) : "memory")

#define ICC_SRE_EL1         S3_0_C12_C12_5
#define ICC_PMR_EL1         S3_0_C4_C6_0
#define ICC_CTLR_EL1        S3_0_C12_C12_4
#define ICC_IGRPEN1_EL1     S3_0_C12_C12_7
#define ICC_IAR1_EL1        S3_0_C12_C12_0
#define ICC_EOIR1_EL1       S3_0_C12_C12_1
#define ICC_SGI1R_EL1       S3_0_C12_C11_5
#define ICC_SGI0R_EL1       S3_0_C12_C11_7
#define ICC_BPR0_EL1        S3_0_C12_C8_3
#define ICC_IGRPEN0_EL1     S3_0_C12_C12_6
#define SYS_READ_X(reg)     SYS_READ(reg) /* expands reg first */
#define SYS_WRITE_X(reg, v) SYS_WRITE(reg, v)

#define ESR_CLASS_SHIFT 26
#define ESR_CLASS_SVC   0x15

static inline void isb(void)
{
    __asm__ volatile("isb" ::: "memory");
}
static inline void dsb_sy(void)
{
    __asm__ volatile("dsb sy" ::: "memory");
}
/* All stores before it are visible in the inner shareable domain (other cores, table walks). */
static inline void dsb_ishst(void)
{
    __asm__ volatile("dsb ishst" ::: "memory");
}
/* All accesses and cache maintenance before it, for that domain. */
static inline void dsb_ish(void)
{
    __asm__ volatile("dsb ish" ::: "memory");
}
/* This core's TLB and cache maintenance before it has finished. */
static inline void dsb_nsh(void)
{
    __asm__ volatile("dsb nsh" ::: "memory");
}
static inline void fiq_unmask(void)
{
    __asm__ volatile("msr daifclr, #1" ::: "memory");
}
static inline void wfi(void)
{
    __asm__ volatile("dsb sy\n\twfi" ::: "memory");
}

/* This core's TLB entries for one page: any ASID (kernel), or one ASID (last level only). */
static inline void tlbi_kernel_page(uint64_t va)
{
    __asm__ volatile("tlbi vaale1, %0" ::"r"((va >> 12) & 0xfffffffffff) : "memory");
}
static inline void tlbi_user_page(uint64_t ttbr0, uint64_t va)
{
    uint64_t asid = ttbr0 & 0xffff000000000000u;
    __asm__ volatile("tlbi vale1, %0" ::"r"(asid | ((va >> 12) & 0xfffffffffff)) : "memory");
}
static inline void tlbi_asid(uint64_t ttbr0)
{
    __asm__ volatile("tlbi aside1, %0" ::"r"(ttbr0 & 0xffff000000000000u) : "memory");
}
static inline void tlbi_all(void)
{
    __asm__ volatile("tlbi vmalle1" ::: "memory");
}

static inline uint64_t dcache_line_bytes(void)
{
    return (uint64_t)4 << ((SYS_READ(ctr_el0) >> 16) & 15u);
}
/* Data lines of [from, from + bytes) written back as far as instruction fetch sees, every core's
 * (dc cvau), or as far as observers without caches see (dc cvac); then a dsb is due. */
static inline void dcache_clean_unify(uintptr_t from, uint64_t bytes)
{
    uint64_t line = dcache_line_bytes();
    for (uintptr_t p = from & ~(line - 1); p < from + bytes; p += line)
        __asm__ volatile("dc cvau, %0" ::"r"(p) : "memory");
}
static inline void dcache_clean_coherence(uintptr_t from, uint64_t bytes)
{
    uint64_t line = dcache_line_bytes();
    for (uintptr_t p = from & ~(line - 1); p < from + bytes; p += line)
        __asm__ volatile("dc cvac, %0" ::"r"(p) : "memory");
}
/* Forget cached copies of [from, from + bytes), which was written with caches off. */
static inline void dcache_invalidate(uintptr_t from, uint64_t bytes)
{
    uint64_t line = dcache_line_bytes();
    for (uintptr_t p = from & ~(line - 1); p < from + bytes; p += line)
        __asm__ volatile("dc ivac, %0" ::"r"(p) : "memory");
}
/* Whole pages of normal memory to zero, by cache blocks where the processor can. */
static inline void zero_pages(void *page, uint64_t bytes)
{
    uint64_t id = SYS_READ(dczid_el0);
    uint64_t block = (uint64_t)4 << (id & 15u);
    if (id & 16u) {
        __builtin_memset(page, 0, bytes);
        return;
    }
    for (uintptr_t p = (uintptr_t)page; p < (uintptr_t)page + bytes; p += block)
        __asm__ volatile("dc zva, %0" ::"r"(p) : "memory");
}
/* This core's instruction cache, all of it (a VIPT cache may hold a page under another index). */
static inline void icache_invalidate_local(void)
{
    __asm__ volatile("ic iallu" ::: "memory");
}

#endif
