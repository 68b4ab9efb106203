/* sim_swap(void **save_sp, void *load_sp): keep the callee-saved registers on the stack, its pointer
 * in *save_sp, and go on from load_sp. sim_first: where a new coroutine starts.
 * SPDX-License-Identifier: BSD-2-Clause */
    .text
    .globl sim_swap, sim_first
#if defined(__x86_64__)
    .type sim_swap, @function
sim_swap:
    push %rbp
    push %rbx
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, (%rdi)
    mov %rsi, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbx
    pop %rbp
    ret
    .type sim_first, @function
sim_first: /* r12 = function, r13 = its argument */
    mov %r13, %rdi
    xor %ebp, %ebp
    call *%r12
    ud2
#elif defined(__aarch64__)
    .type sim_swap, %function
sim_swap:
    sub sp, sp, #160
    stp x19, x20, [sp, #0]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x9, sp
    str x9, [x0]
    mov sp, x1
    ldp x19, x20, [sp, #0]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    add sp, sp, #160
    ret
    .type sim_first, %function
sim_first: /* x19 = function, x20 = its argument */
    mov x0, x20
    mov x29, xzr
    blr x19
    brk #0
#else
#error "the simulation needs a coroutine switch for this host"
#endif
    .section .note.GNU-stack, "", %progbits
