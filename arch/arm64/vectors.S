/* Exception vectors, and the way into and out of a task.
 *
 * While a task runs, SP_EL1 points to its struct port_task, so the registers go straight there.
 * Kernel C code keeps x19..x29 itself, and nothing in the kernel changes SP_EL0; ELR and SPSR are
 * put back by the only exception that the kernel survives (a write to a template page). So the
 * callee-saved half of a task stays in the processor until another one is loaded (`load`).
 * Facts: Arm ARM DDI 0487, part D1: exception vectors.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "layout.h"
#include <port_task_offsets.h>

    .macro  vector name
    .balign 0x80
\name:
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

    /* The number of a vector that nobody expects; sp may be anything. */
    .macro  fatal number
    mov     x1, #\number
    b       vector_fatal
    .endm

    .section .text.vectors, "ax"
    .balign 2048
    .globl vectors
vectors:
    vector el1t_sync
    fatal 0
    vector el1t_irq
    fatal 1
    vector el1t_fiq
    fatal 2
    vector el1t_serror
    fatal 3

    vector el1h_sync
    sub     sp, sp, #FRAME_BYTES
    /* Is the frame still on the stack? Its addresses have a bit that the guard's have not. */
    add     sp, sp, x0
    sub     x0, sp, x0
    tbz     x0, #STACK_GUARD_BIT, vector_overflow
    sub     x0, sp, x0
    sub     sp, sp, x0
    b       kernel_fault
    vector el1h_irq
    fatal 5
    vector el1h_fiq
    fatal 6
    vector el1h_serror
    fatal 7

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
    vector el0_fiq
    fatal 10
    vector el0_serror
    fatal 11

    vector el0_32_sync
    fatal 12
    vector el0_32_irq
    fatal 13
    vector el0_32_fiq
    fatal 14
    vector el0_32_serror
    fatal 15

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
    add     x1, sp, #FRAME_BYTES
    stp     x30, x1, [sp, #240]
    mrs     x2, elr_el1
    mrs     x3, spsr_el1
    stp     x2, x3, [sp, #256]
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

vector_overflow:
    mov     x1, #4
vector_fatal:                       /* x1 = vector; back to a stack that is known to be good */
    ldr     x0, =EMERGENCY_TOP
    mov     sp, x0
    mrs     x0, tpidr_el1
    mrs     x2, esr_el1
    mrs     x3, far_el1
    mrs     x4, elr_el1
    b       trap_fatal
    .ltorg
