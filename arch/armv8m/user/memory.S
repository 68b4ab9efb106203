/* memcpy, memmove and memset of programs: the C library's go byte by byte. Single loads and stores
 * may be unaligned (programs have Normal memory only, devices aside, and CCR.UNALIGN_TRP is off);
 * those of several registers may not.
 * SPDX-License-Identifier: BSD-2-Clause */
    .syntax unified
    .thumb

    .macro  function name
    .section .text.\name, "ax"
    .balign 4
    .globl  \name
    .type   \name, %function
\name:
    .endm

/* r0 = to, r1 = from, r2 = bytes; returns r0. Forwards. */
    function memcpy
    mov     r12, r0
    orr     r3, r0, r1
    tst     r3, #3
    bne     2f
    subs    r2, r2, #16
    blo     1f
    push    {r4-r6}
0:  ldmia   r1!, {r3-r6}
    stmia   r12!, {r3-r6}
    subs    r2, r2, #16
    bhs     0b
    pop     {r4-r6}
1:  adds    r2, r2, #16
2:  subs    r2, r2, #4
    blo     4f
3:  ldr     r3, [r1], #4
    str     r3, [r12], #4
    subs    r2, r2, #4
    bhs     3b
4:  adds    r2, r2, #4
    beq     6f
5:  ldrb    r3, [r1], #1
    strb    r3, [r12], #1
    subs    r2, r2, #1
    bne     5b
6:  bx      lr
    .size   memcpy, . - memcpy

/* Backwards if `to` lies inside what is copied. */
    function memmove
    subs    r3, r0, r1
    cmp     r3, r2
    bhs     memcpy
    add     r12, r0, r2
    add     r1, r1, r2
    subs    r2, r2, #4
    blo     2f
1:  ldr     r3, [r1, #-4]!
    str     r3, [r12, #-4]!
    subs    r2, r2, #4
    bhs     1b
2:  adds    r2, r2, #4
    beq     4f
3:  ldrb    r3, [r1, #-1]!
    strb    r3, [r12, #-1]!
    subs    r2, r2, #1
    bne     3b
4:  bx      lr
    .size   memmove, . - memmove

/* r0 = to, r1 = value, r2 = bytes; returns r0. */
    function memset
    mov     r12, r0
    uxtb    r1, r1
    orr     r1, r1, r1, lsl #8
    orr     r1, r1, r1, lsl #16
    tst     r0, #3
    bne     2f
    subs    r2, r2, #16
    blo     1f
    push    {r4-r5}
    mov     r3, r1
    mov     r4, r1
    mov     r5, r1
0:  stmia   r12!, {r1, r3-r5}
    subs    r2, r2, #16
    bhs     0b
    pop     {r4-r5}
1:  adds    r2, r2, #16
2:  subs    r2, r2, #4
    blo     4f
3:  str     r1, [r12], #4
    subs    r2, r2, #4
    bhs     3b
4:  adds    r2, r2, #4
    beq     6f
5:  strb    r1, [r12], #1
    subs    r2, r2, #1
    bne     5b
6:  bx      lr
    .size   memset, . - memset
