/* The first instructions of a program: r0 = start block, sp = its stack; and the thread pointer,
 * which is a constant here (program.ld).
 * Facts: Arm IHI 0043 (run-time ABI), thread-local storage: __aeabi_read_tp spoils r0 only.
 * SPDX-License-Identifier: BSD-2-Clause */
    .syntax unified
    .thumb

    .section .text.start, "ax"
    .globl  _start
    .type   _start, %function
_start:
    ldr     r1, =main
    bl      sk_start_main
    bl      exit
    udf     #0
    .ltorg
    .size   _start, . - _start

    .section .text.__aeabi_read_tp, "ax"
    .globl  __aeabi_read_tp
    .type   __aeabi_read_tp, %function
__aeabi_read_tp:
    ldr     r0, =thread_pointer
    bx      lr
    .ltorg
    .size   __aeabi_read_tp, . - __aeabi_read_tp
