/* Registers and instructions of the processor, as far as this port uses them.
 * Facts: Armv8-M Architecture Reference Manual DDI 0553, D1.2 (register descriptions); Cortex-M33
 * Technical Reference Manual 100230.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARMV8M_ARMV8M_H
#define ARMV8M_ARMV8M_H

#include "layout.h"
#include <mmio.h>

#define SYST_CSR  0xe000e010u
#define SYST_RVR  0xe000e014u
#define SYST_CVR  0xe000e018u
#define NVIC_ISER 0xe000e100u
#define NVIC_ICER 0xe000e180u
#define NVIC_ICPR 0xe000e280u
#define NVIC_IABR 0xe000e300u
#define NVIC_IPR  0xe000e400u
#define SCB_VTOR  0xe000ed08u
#define SCB_SHPR1 0xe000ed18u /* exceptions 4 to 7, one byte each */
#define SCB_SHPR2 0xe000ed1cu /* 8 to 11 */
#define SCB_SHPR3 0xe000ed20u /* 12 to 15 */
#define SCB_SHCSR 0xe000ed24u
#define SCB_CFSR  0xe000ed28u
#define SCB_HFSR  0xe000ed2cu
#define SCB_MMFAR 0xe000ed34u
#define SCB_BFAR  0xe000ed38u
#define SCB_CPACR 0xe000ed88u
#define MPU_TYPE  0xe000ed90u
#define MPU_CTRL  0xe000ed94u
#define MPU_RBAR  0xe000ed9cu
#define MPU_RLAR  0xe000eda0u
#define MPU_MAIR0 0xe000edc0u
#define SAU_SFSR  0xe000ede4u
#define FPU_FPCCR 0xe000ef34u
#define FPU_MVFR0 0xe000ef40u

#define SYST_ENABLE      0x7u /* counts processor cycles, with interrupt */
#define SYST_MOST        0x00ffffffu
#define ICSR_SYSTICK_SET (1u << 26)
#define ICSR_SYSTICK_CLR (1u << 25)
#define ICSR_PENDSV_CLR  (1u << 27)
#define ICSR_BASE        (1u << 11) /* RETTOBASE: no other exception is active */
#define ICSR_ACTIVE      0x1ffu

/* SHCSR: what is active, what is pending, what is on. */
#define SHCSR_ACTIVE 0x00000dbfu
#define SHCSR_PENDED                                                                               \
    0x0030f000u                  /* MemManage, BusFault, UsageFault, SecureFault, SVC; HardFault   \
                                  */
#define SHCSR_ENABLE 0x000f0000u /* MemManage, BusFault, UsageFault, SecureFault */

#define CFSR_IACCVIOL  (1u << 0)
#define CFSR_DACCVIOL  (1u << 1)
#define CFSR_MUNSTKERR (1u << 3)
#define CFSR_MSTKERR   (1u << 4)
#define CFSR_MMARVALID (1u << 7)
#define CFSR_IBUSERR   (1u << 8)
#define CFSR_PRECISERR (1u << 9)
#define CFSR_UNSTKERR  (1u << 11)
#define CFSR_STKERR    (1u << 12)
#define CFSR_BFARVALID (1u << 15)
#define CFSR_UNDEF     (1u << 16)
#define CFSR_INVSTATE  (1u << 17)
#define CFSR_NOCP      (1u << 19)
#define CFSR_STKOF     (1u << 20)
#define CFSR_UNALIGNED (1u << 24)
/* The frame of the interrupted code was not written, or not read back. */
#define CFSR_NO_FRAME (CFSR_MUNSTKERR | CFSR_MSTKERR | CFSR_UNSTKERR | CFSR_STKERR | CFSR_STKOF)

#define CPACR_FP        (0xfu << 20)
#define FPCCR_AUTOMATIC (1u << 31) /* a frame has the registers if the code had used them */
#define MVFR0_SINGLE    0xf0u

/* A region: first and last granule of 32 bytes with its attributes. */
#define MPU_GRANULE     32u
#define RBAR_NO_EXECUTE 1u
#define RBAR_TASKS      (1u << 1) /* not for privileged code alone */
#define RBAR_READ_ONLY  (1u << 2)
#define RLAR_ENABLE     1u
#define RLAR_DEVICE     (1u << 1) /* MAIR index 1 */
#define MAIR_VALUE      0x04ffu   /* 0: normal, write-back; 1: Device-nGnRE */
#define MPU_ON          5u        /* and privileged code has the default map behind it */

#define dsb() __asm__ volatile("dsb 0xf" ::: "memory")
#define isb() __asm__ volatile("isb 0xf" ::: "memory")

#define reg_write(name, value)                                                                     \
    __asm__ volatile("msr " #name ", %0" ::"r"((uint32_t)(value)) : "memory")

static inline uint32_t ipsr(void)
{
    uint32_t v;
    __asm__ volatile("mrs %0, ipsr" : "=r"(v));
    return v & ICSR_ACTIVE;
}

#endif
