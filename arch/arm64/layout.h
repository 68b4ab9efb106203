/* Virtual addresses of the kernel (39 bits, TTBR1), for C and for assembly. Every kernel has the
 * same layout; what lies behind IMAGE and template is common, what lies behind WINDOW and PRIVATE
 * is its own.
 *
 *   IMAGE    kernel image and template's init pages, at physical address + offset
 *   WINDOW   this kernel's RAM slice, at physical address + offset, nothing else
 *   PRIVATE  guarded stack, struct port_cpu, devices of the kernel, link pages
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARM64_LAYOUT_H
#define ARM64_LAYOUT_H

#define IMAGE_OFFSET  0xffffff8000000000
#define WINDOW_OFFSET 0xffffffc000000000
#define PRIVATE_BASE  0xffffffe000000000

/* The stack's addresses have bit 14 set, its guard's have not: the entry of a kernel fault looks at
 * that bit. struct port_cpu starts where the stack ends. */
#define STACK_GUARD_BIT 14
#define STACK_BASE      (PRIVATE_BASE + 0x4000)
#define STACK_BYTES     0x4000
#define CPU_ADDR        (PRIVATE_BASE + 0x8000)
#define EMERGENCY_BASE  (PRIVATE_BASE + 0xa000) /* one page: the stack of a core's end */
#define EMERGENCY_TOP   (PRIVATE_BASE + 0xb000)
#define GICD_ADDR       (PRIVATE_BASE + 0x10000)
#define GICR_ADDR       (PRIVATE_BASE + 0x20000)
#define UART_ADDR       (PRIVATE_BASE + 0x40000)
#define WINDOWS_ADDR    (PRIVATE_BASE + 0x60000) /* two pages: port_window */
#define LINKS_ADDR      (PRIVATE_BASE + 0x80000) /* page from * SK_CORES_MAX + to */

/* Devices that the kernel reads and writes for tasks: by number in the system table. */
#define DEVICES_ADDR (PRIVATE_BASE + 0x100000)
#define DEVICE_ROOM  0x10000

#define GICD_BYTES 0x10000
#define GICR_BYTES 0x20000

/* struct port_cpu, as vectors.S knows it (asserted in cpu.h). */
#define CPU_KERN     0
#define CPU_LOADED   8
#define CPU_FP_OWNER 16
#define CPU_FP_ON    24

#define FRAME_BYTES 272 /* struct trap_frame */
#define FRAME_SP    248

#define VECTOR_OVERFLOW                                                                            \
    4 /* a kernel fault whose stack is used up; else the number of the vector                      \
       */
#define VECTOR_IS_FIQ(n) ((n) % 4 == 2)

/* struct machine; and what PSCI calls it. */
#define MACHINE_PSCI_SMC 260
#define PSCI_CPU_OFF     0x84000002

/* SCTLR_EL1: bits that the architecture wants set; MMU and caches; stack alignment checks; every
 * writable page is execute-never (WXN); DC ZVA, WFI and WFE for programs. Not for programs: cache
 * maintenance, CTR_EL0, the interrupt mask. */
#define SCTLR_VALUE 0x30dd591d
/* TCR_EL1 without address size and ASID size, which the processor tells: 39 bits and 4 KiB pages on
 * both sides, walks write-back and inner shareable. */
#define TCR_VALUE     0xb5193519
#define TCR_IPS_SHIFT 32
#define TCR_AS_SHIFT  36
/* MAIR_EL1: 0 device nGnRE, 1 normal write-back. */
#define MAIR_VALUE 0xff04

#endif
