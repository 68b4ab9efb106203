/* Exception vectors, and the way into and out of a task.
 *
 * The processor stores r0-r3, r12, lr, pc and xpsr on the stack of whoever is interrupted and fills
 * lr with EXC_RETURN. The entries of a task add r4-r11, PSP and that lr to its struct port_task, in
 * one go, and load them from there whoever runs next: the kernel works on port_task alone.
 * Handlers run on MSP, which is empty while a task runs; under the idle loop (thread mode,
 * privileged, MSP) it holds one frame, which is thrown away: that loop has no state.
 * Everything at PRIO_KERNEL is entered from thread mode only.
 * Facts: Armv8-M Architecture Reference Manual DDI 0553, B3 (exception entry and return), D1.2.8
 * (CONTROL); MPU_RNR and its aliases.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "layout.h"
#include <board.h>
    .syntax unified
    .thumb
    .fpu    fpv5-sp-d16

#define PORT_TASK_LR     36
#define PORT_TASK_REGION 40

    .section .vectors, "a"
    .globl  vectors
    .type   vectors, %object
vectors:
    .word   kernel_stack_top
    .word   reset
    .word   fault_entry             /* 2 NMI: nobody uses it */
    .word   fault_entry             /* 3 HardFault */
    .word   fault_entry             /* 4 MemManage */
    .word   fault_entry             /* 5 BusFault */
    .word   fault_entry             /* 6 UsageFault */
    .word   fault_entry             /* 7 SecureFault */
    .word   fault_entry, fault_entry, fault_entry
    .word   svc_entry               /* 11 */
    .word   fault_entry             /* 12 DebugMonitor */
    .word   fault_entry
    .word   work_entry              /* 14 PendSV */
    .word   timer_entry             /* 15 SysTick */
irq = 0
    .rept   BOARD_IRQS
    .if irq == BOARD_IRQ_MHU0
    .word   bell_entry
    .elseif irq == BOARD_IRQ_MHU1
    .word   force_entry
    .else
    .word   irq_entry
    .endif
irq = irq + 1
    .endr
    .size   vectors, . - vectors

    .macro  function name
    .globl  \name
    .type   \name, %function
\name:
    .endm

    /* What the interrupted code had in the processor (struct context), then the stack from its top:
     * what was on it is of no use any more. The frame counts if it lies in RAM. lr: EXC_RETURN. */
    .macro  save_context
    ldr     r0, =kernel_stack
    add     r1, r0, #16
    stmia   r1, {r4-r11}
    mov     r4, r0
    mov     r0, sp
    tst     lr, #EXC_ON_PSP
    it      ne
    mrsne   r0, psp
    ldr     r1, =BOARD_RAM
    subs    r1, r0, r1
    ldr     r2, =BOARD_RAM_BYTES - FRAME_BYTES
    cmp     r1, r2
    itt     ls
    ldmials r0!, {r1-r3, r5-r9}
    stmials r4, {r1-r3, r5}
    itt     hi
    movhi   r6, #0
    movhi   r7, #0
    itt     hi
    movhi   r8, #0
    movhi   r9, #0
    add     r4, r4, #48             /* r12, lr, pc, xpsr, sp */
    stmia   r4, {r6-r9}
    str     r0, [r4, #16]
    ldr     sp, =kernel_stack_top
    .endm

    .section .text.vectors, "ax"

/* --- Into the kernel ------------------------------------------------------------------------- */

    function svc_entry
    ldr     r1, =port_cpu
    mrs     r2, psp
    ldr     r3, [r1, #CPU_LOADED]
    stmia   r3, {r2, r4-r11, lr}
    ldr     r0, [r1, #CPU_KERN]
    ldr     r1, [r2, #16]           /* r12, from the frame: a handler before may have spoiled it */
    bl      kern_syscall

/* r0 = the task to run, or NULL. */
resume:
    ldr     r1, =port_cpu
    ldr     r2, [r1, #CPU_RUNNING]
    cmp     r0, r2
    bne     switch
    ldmia   r0, {r2, r4-r11, lr}
    bx      lr

switch:
    cbz     r0, to_idle
    ldr     r3, [r1, #CPU_LOADED]
    str     r0, [r1, #CPU_RUNNING]
    cmp     r0, r3
    bne     load
    movs    r2, #1                  /* from the idle loop back to whom it interrupted */
    msr     control, r2
    ldmia   r0, {r2, r4-r11, lr}
    msr     psp, r2
    bx      lr

load:                               /* r0 next, r1 cpu, r3 loaded now or NULL */
    str     r0, [r1, #CPU_LOADED]
    cbz     r3, 1f
    ldr     r2, [r3, #PORT_TASK_LR]
    tst     r2, #EXC_NO_FP
    beq     fp_leave
1:  adds    r1, r0, #PORT_TASK_REGION
    ldr     r2, =MPU_RNR
    movs    r3, #0
    str     r3, [r2]
    ldmia   r1!, {r4-r11}
    add     r12, r2, #4
    stmia   r12, {r4-r11}           /* regions 0 to 3: RBAR, RLAR and their aliases */
    movs    r3, #4
    str     r3, [r2]
    ldmia   r1, {r4-r11}
    stmia   r12, {r4-r11}           /* 4 to 7 */
    dsb                             /* in force at the exception return */
    movs    r2, #1
    msr     control, r2             /* thread mode has no privilege */
    ldmia   r0, {r2, r4-r11, lr}
    msr     psp, r2
    tst     lr, #EXC_NO_FP
    beq     fp_enter
    bx      lr

to_idle:
    ldr     r0, [r1, #CPU_KERN]
    movs    r2, #RUNNING_IDLE
    str     r2, [r1, #CPU_RUNNING]
    bl      kern_has_work
    ldr     r1, =kernel_stack_top - FRAME_BYTES
    mov     sp, r1
    str     r0, [r1, #0]            /* the loop's r0 */
    ldr     r2, =idle_loop
    str     r2, [r1, #24]
    ldr     r2, =XPSR_THUMB
    str     r2, [r1, #28]
    movs    r2, #0
    msr     control, r2
    ldr     lr, =EXC_RETURN_THREAD
    bx      lr
    .size   svc_entry, . - svc_entry

    function work_entry
    ldr     r3, =trap_work
    b       enter
    function timer_entry
    ldr     r3, =clock_fired
    b       enter
    function bell_entry
    ldr     r3, =trap_bell
    b       enter
    function irq_entry
    ldr     r3, =trap_irq
enter:
    ldr     r1, =port_cpu
    tst     lr, #EXC_ON_PSP
    beq     1f
    mrs     r2, psp
    ldr     r0, [r1, #CPU_LOADED]
    stmia   r0, {r2, r4-r11, lr}
2:  mov     r0, r1
    blx     r3
    b       resume
1:  ldr     sp, =kernel_stack_top   /* the idle loop's frame */
    b       2b

/* A fault. Of a task: told to the kernel. Of the kernel: the end of it. */
    function fault_entry
    ldr     r3, =trap_fault
    tst     lr, #EXC_ON_PSP
    bne     enter
    save_context
    mrs     r0, ipsr
    bl      trap_kernel

/* --- The idle loop and the ways to it -------------------------------------------------------- */

/* Thread mode, privileged. r0: there is work, which is done once nothing else is pending. Every
 * interrupt that is taken here comes back to its beginning. */
    function idle_loop
    cbz     r0, 1f
    ldr     r1, =SCB_ICSR
    ldr     r2, =ICSR_PENDSV_SET
    str     r2, [r1]
1:  dsb
    wfi
    b       1b

/* From thread mode, everything masked: begin with the kernel's first task. */
    function idle
    ldr     sp, =kernel_stack_top
    ldr     r1, =port_cpu
    movs    r2, #RUNNING_IDLE
    str     r2, [r1, #CPU_RUNNING]
    movs    r0, #1
    movs    r2, #0
    msr     control, r2             /* the floating-point registers were cleared: nobody's */
    msr     basepri, r2
    b       idle_loop

/* --- From reset, and by force ---------------------------------------------------------------- */

    function reset
    movs    r4, #1
begin:                              /* r4: by reset */
    movs    r0, #PRIO_KERNEL
    msr     basepri, r0
    ldr     r0, =kernel_stack
    msr     msplim, r0
    mov     r0, r4
    bl      core_main

/* Another core orders this one to park, or to begin anew, whatever it does now. */
    function force_entry
    cpsid   i
    movs    r0, #0
    msr     msplim, r0
    save_context
    bl      trap_order
    function begin_again            /* r0: 0 */
    mov     r4, r0
    b       begin

/* unwind(fn, arg): return from one active exception after the other, each time to here. */
    function unwind
    cpsid   i
    movs    r2, #PRIO_KERNEL
    msr     basepri, r2
    movs    r2, #0
    msr     control, r2
    ldr     r2, =kernel_stack
    msr     msplim, r2
    mov     r4, r0
    mov     r5, r1
unwind_next:
    ldr     sp, =kernel_stack_top
    mrs     r0, ipsr
    cbz     r0, unwound
    bl      processor_below         /* r0 = an exception that is active too; 0: none */
    ldr     r1, =kernel_stack_top - FRAME_BYTES
    mov     sp, r1
    ldr     r2, =unwind_next
    str     r2, [r1, #24]
    orr     r2, r0, #XPSR_THUMB
    str     r2, [r1, #28]
    ldr     r2, =EXC_RETURN_HANDLER
    ldr     r3, =EXC_RETURN_THREAD
    cmp     r0, #0
    it      eq
    moveq   r2, r3
    bx      r2
unwound:
    mov     r0, r5
    cpsie   i
    bx      r4

/* --- Floating point -------------------------------------------------------------------------- */

/* The frame of a task that has used the unit has s0-s15; these keep s16-s31 below it, in its own
 * stack, and leave zeroes behind. fp_area says where, or 0. */
    function fp_leave                /* from load: r0 next, r3 loaded until now */
    push    {r0, r1}
    mov     r0, r3
    bl      fp_area
    cbz     r0, 1f
    vstmia  r0, {s16-s31}
1:  bl      fp_forget
    pop     {r0, r1}
    movs    r3, #0
    b       load

    function fp_enter                /* from load: all registers of the task are loaded */
    push    {r0, lr}
    bl      fp_area
    cbz     r0, 1f
    vldmia  r0, {s16-s31}
1:  pop     {r0, lr}
    bx      lr

    function fp_forget
    adr     r0, fp_zeroes
    vldmia  r0, {s0-s15}
    vldmia  r0, {s16-s31}
    movs    r0, #0
    vmsr    fpscr, r0
    bx      lr
    .balign 4
fp_zeroes:
    .space  64
    .ltorg
