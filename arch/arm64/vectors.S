/* Exception vectors, and the way into and out of a task.
 *
 * While a task runs, SP_EL1 points to its struct port_task, so the registers go straight there.
 * Kernel C code keeps x19..x29 itself, and nothing in the kernel changes SP_EL0; ELR and SPSR are
 * put back by the only exception that the kernel survives (a write to a template page). So the
 * callee-saved half of a task stays in the processor until another one is loaded (`load`).
 * FIQ is masked by the processor at an exception and unmasked by the first instruction after it: it
 * is the order to go off, which comes through everywhere and never returns (`ending`).
 * Facts: Arm ARM DDI 0487, part D1: exception vectors.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "layout.h"
#include <port_task_offsets.h>

    .macro  vector name
    .balign 0x80
\name:
    msr     daifclr, #1             /* FIQ */
    .endm

    .macro  vector_order name, number
    .balign 0x80
\name:
    ending  \number, acknowledge
    .endm

    .macro  save_caller_saved
    stp     x0, x1, [sp, #0]
    stp     x2, x3, [sp, #16]
    stp     x4, x5, [sp, #32]
    stp     x6, x7, [sp, #48]
    stp     x8, x9, [sp, #64]
    stp     x10, x11, [sp, #80]
    stp     x12, x13, [sp, #96]
    stp     x14, x15, [sp, #112]
    stp     x16, x17, [sp, #128]
    str     x18, [sp, #PORT_TASK_X18]
    str     x30, [sp, #PORT_TASK_X30]
    .endm

    .macro  load_caller_saved
    ldp     x2, x3, [sp, #16]
    ldp     x4, x5, [sp, #32]
    ldp     x6, x7, [sp, #48]
    ldp     x8, x9, [sp, #64]
    ldp     x10, x11, [sp, #80]
    ldp     x12, x13, [sp, #96]
    ldp     x14, x15, [sp, #112]
    ldp     x16, x17, [sp, #128]
    ldr     x18, [sp, #PORT_TASK_X18]
    ldr     x30, [sp, #PORT_TASK_X30]
    ldp     x0, x1, [sp, #0]
    .endm

    /* x0..x30 to the frame at sp, but for those that are saved already. */
    .macro  save_frame_from_x2
    stp     x2, x3, [sp, #16]
    stp     x4, x5, [sp, #32]
    stp     x6, x7, [sp, #48]
    stp     x8, x9, [sp, #64]
    stp     x10, x11, [sp, #80]
    stp     x12, x13, [sp, #96]
    stp     x14, x15, [sp, #112]
    stp     x16, x17, [sp, #128]
    stp     x18, x19, [sp, #144]
    stp     x20, x21, [sp, #160]
    stp     x22, x23, [sp, #176]
    stp     x24, x25, [sp, #192]
    stp     x26, x27, [sp, #208]
    stp     x28, x29, [sp, #224]
    str     x30, [sp, #240]
    mrs     x2, elr_el1
    mrs     x3, spsr_el1
    stp     x2, x3, [sp, #256]
    .endm

    /* This core comes back from here no more, and sp may be anything: the emergency stack. Whoever is
     * on it already had its chance. The thread registers keep x0 and x1: no task runs again. */
    .macro  ending number, acknowledge
    msr     tpidr_el0, x0
    msr     tpidrro_el0, x1
    .ifnb   \acknowledge
    mrs     x0, s3_0_c12_c8_0       /* ICC_IAR0_EL1: a second order can come from here on */
    msr     s3_0_c12_c8_1, x0       /* ICC_EOIR0_EL1 */
    .endif
    mov     x0, sp
    ldr     x1, =EMERGENCY_TOP
    sub     x1, x1, x0
    cmp     x1, #4096
    b.lo    off_now
    ldr     x1, =EMERGENCY_TOP - FRAME_BYTES
    mov     sp, x1
    str     x0, [sp, #FRAME_SP]
    mov     x1, #\number
    b       ended
    .endm

    .section .text.vectors, "ax"
    .balign 2048
    .globl vectors
vectors:
    vector el1t_sync
    ending  0
    vector el1t_irq
    ending  1
    vector_order el1t_fiq, 2
    vector el1t_serror
    ending  3

    vector el1h_sync
    sub     sp, sp, #FRAME_BYTES
    /* Is the frame still on the stack? Its addresses have a bit that the guard's have not; and the
     * kernel's have 63 and not 36, unlike those around zero. */
    add     sp, sp, x0
    sub     x0, sp, x0
    tbz     x0, #STACK_GUARD_BIT, vector_overflow
    tbz     x0, #63, vector_overflow
    tbnz    x0, #36, vector_overflow
    sub     x0, sp, x0
    sub     sp, sp, x0
    b       kernel_fault
    vector el1h_irq
    ending  5
    vector_order el1h_fiq, 6
    vector el1h_serror
    ending  7

    vector el0_sync
    save_caller_saved
    mrs     x1, esr_el1
    mrs     x10, tpidr_el1
    mov     sp, x10                 /* CPU_ADDR: the kernel stack ends where it starts */
    lsr     x2, x1, #26
    cmp     x2, #0x15               /* SVC */
    b.ne    task_fault
    ldr     x0, [x10, #CPU_KERN]
    mov     w1, w8
    bl      kern_syscall
    b       resume

    vector el0_irq
    save_caller_saved
    mrs     x0, tpidr_el1
    mov     sp, x0
    bl      trap_irq
    b       resume
    vector_order el0_fiq, 10
    vector el0_serror
    ending  11

    vector el0_32_sync
    ending  12
    vector el0_32_irq
    ending  13
    vector_order el0_32_fiq, 14
    vector el0_32_serror
    ending  15

    .balign 0x80
task_fault:                         /* x1 = ESR, x10 = cpu */
    mov     x0, x10
    bl      trap_task
    b       resume

/* x0 = the task to run, or NULL. */
resume:
    mrs     x10, tpidr_el1
    ldr     x9, [x10, #CPU_LOADED]
    cmp     x0, x9
    b.ne    load
    cbz     x0, idle
to_task:
    mov     sp, x0
    load_caller_saved
    eret

load:                               /* x9 = loaded now or NULL, x0 = next or NULL */
    cbz     x9, 1f
    add     x11, x9, #PORT_TASK_X19
    stp     x19, x20, [x11, #0]
    stp     x21, x22, [x11, #16]
    stp     x23, x24, [x11, #32]
    stp     x25, x26, [x11, #48]
    stp     x27, x28, [x11, #64]
    str     x29, [x11, #80]
    mrs     x12, sp_el0
    mrs     x13, elr_el1
    mrs     x14, spsr_el1
    stp     x12, x13, [x9, #PORT_TASK_SP]
    mrs     x15, tpidr_el0
    stp     x14, x15, [x9, #PORT_TASK_PSTATE] /* and the thread pointer */
1:  str     x0, [x10, #CPU_LOADED]
    cbz     x0, idle
    add     x11, x0, #PORT_TASK_X19
    ldp     x19, x20, [x11, #0]
    ldp     x21, x22, [x11, #16]
    ldp     x23, x24, [x11, #32]
    ldp     x25, x26, [x11, #48]
    ldp     x27, x28, [x11, #64]
    ldr     x29, [x11, #80]
    ldp     x12, x13, [x0, #PORT_TASK_SP]
    ldp     x14, x15, [x0, #PORT_TASK_PSTATE]
    ldr     x16, [x0, #PORT_TASK_TTBR0]
    msr     sp_el0, x12
    msr     elr_el1, x13
    msr     spsr_el1, x14
    msr     tpidr_el0, x15
    msr     ttbr0_el1, x16          /* in force at the exception return */
    ldp     x12, x13, [x10, #CPU_FP_OWNER] /* and fp_on */
    cmp     x12, x0
    cset    x14, eq
    cmp     x13, x14
    b.eq    to_task
    str     x14, [x10, #CPU_FP_ON]  /* the unit is on for its owner only */
    neg     x14, x14
    and     x14, x14, #(3 << 20)
    msr     cpacr_el1, x14
    b       to_task

idle:
    mov     x0, x10
    mov     sp, x10
    bl      trap_idle
    b       resume

/* The first task of a kernel: nothing is loaded. */
    .globl resume_first
resume_first:
    mrs     x10, tpidr_el1
    mov     sp, x10
    mov     x9, #0
    cbnz    x0, load
    b       idle

/* A fault of the kernel itself. struct trap_frame: x0..x30, sp, elr, spsr. */
kernel_fault:
    stp     x0, x1, [sp, #0]
    save_frame_from_x2
    add     x1, sp, #FRAME_BYTES
    str     x1, [sp, #FRAME_SP]
    mov     x0, sp
    mrs     x1, esr_el1
    mrs     x2, far_el1
    bl      trap_kernel             /* returns if a template page was copied */
    ldp     x2, x3, [sp, #256]
    msr     elr_el1, x2
    msr     spsr_el1, x3
    ldr     x30, [sp, #240]
    ldr     x18, [sp, #144]
    ldp     x16, x17, [sp, #128]
    ldp     x14, x15, [sp, #112]
    ldp     x12, x13, [sp, #96]
    ldp     x10, x11, [sp, #80]
    ldp     x8, x9, [sp, #64]
    ldp     x6, x7, [sp, #48]
    ldp     x4, x5, [sp, #32]
    ldp     x2, x3, [sp, #16]
    ldp     x0, x1, [sp, #0]
    add     sp, sp, #FRAME_BYTES
    eret

vector_overflow:                    /* as kernel_fault got it, the frame taken back */
    sub     x0, sp, x0
    sub     sp, sp, x0
    add     sp, sp, #FRAME_BYTES
    ending  VECTOR_OVERFLOW
ended:                              /* x1 = vector; all else is in the processor or saved */
    save_frame_from_x2
    mrs     x2, tpidr_el0
    mrs     x3, tpidrro_el0
    stp     x2, x3, [sp, #0]
    mov     x0, sp
    mrs     x2, esr_el1
    mrs     x3, far_el1
    msr     daifclr, #1
    bl      trap_ending

/* Off, without a stack, from whatever state: the last instructions of a core. */
    .globl  off_now
off_now:
    msr     daifset, #15
    msr     s3_0_c12_c12_7, xzr     /* ICC_IGRPEN1_EL1: nothing is signalled here any more, */
    msr     s3_0_c12_c12_6, xzr     /* ICC_IGRPEN0_EL1: which could wake what is to be off */
    isb
    dsb     sy
    ldr     x0, =PSCI_CPU_OFF
    adrp    x1, machine
    add     x1, x1, :lo12:machine
    ldr     w1, [x1, #MACHINE_PSCI_SMC]
    cbnz    w1, 1f
    hvc     #0
    b       2f
1:  smc     #0
2:  wfi                             /* it was refused: at least nothing is executed */
    b       2b
    .ltorg
