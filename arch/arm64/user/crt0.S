/* The first instructions of a program: x0 = start block, sp = its stack.
 * The thread pointer lies 16 bytes (or the alignment of the thread-local data) before that data:
 * ELF for the Arm 64-bit architecture, thread-local storage.
 * SPDX-License-Identifier: BSD-2-Clause */
    .section .text.start, "ax"
    .globl _start
_start:
    mov     x29, #0
    mov     x30, #0
    ldr     x1, =thread_pointer
    msr     tpidr_el0, x1
    ldr     x1, =main
    bl      sk_start_main
    bl      exit
    brk     #0
    .ltorg
    .section .note.GNU-stack, "", %progbits
