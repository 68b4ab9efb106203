/* memcpy, memmove and memset of programs: the C library's go byte by byte. General registers only,
 * so that a task which copies does not make the kernel save floating-point registers. Addresses
 * need not be aligned: memory of programs is Normal memory and alignment checks are off.
 * SPDX-License-Identifier: BSD-2-Clause */

    .macro  function name
    .section .text.\name, "ax"
    .balign 16
    .globl  \name
    .type   \name, %function
\name:
    .endm

/* x0 = to, x1 = from, x2 = bytes; returns x0. Forwards. */
    function memcpy
    mov     x3, x0
    subs    x2, x2, #32
    b.lo    2f
1:  ldp     x4, x5, [x1], #16
    ldp     x6, x7, [x1], #16
    stp     x4, x5, [x3], #16
    stp     x6, x7, [x3], #16
    subs    x2, x2, #32
    b.hs    1b
2:  tbz     x2, #4, 3f              /* what is left: x2 mod 32 */
    ldp     x4, x5, [x1], #16
    stp     x4, x5, [x3], #16
3:  tbz     x2, #3, 4f
    ldr     x4, [x1], #8
    str     x4, [x3], #8
4:  tbz     x2, #2, 5f
    ldr     w4, [x1], #4
    str     w4, [x3], #4
5:  tbz     x2, #1, 6f
    ldrh    w4, [x1], #2
    strh    w4, [x3], #2
6:  tbz     x2, #0, 7f
    ldrb    w4, [x1]
    strb    w4, [x3]
7:  ret
    .size   memcpy, . - memcpy

/* Backwards if `to` lies inside what is copied. */
    function memmove
    sub     x3, x0, x1
    cmp     x3, x2
    b.hs    memcpy
    add     x3, x0, x2
    add     x1, x1, x2
    subs    x2, x2, #16
    b.lo    2f
1:  ldp     x4, x5, [x1, #-16]!
    stp     x4, x5, [x3, #-16]!
    subs    x2, x2, #16
    b.hs    1b
2:  tbz     x2, #3, 3f
    ldr     x4, [x1, #-8]!
    str     x4, [x3, #-8]!
3:  tbz     x2, #2, 4f
    ldr     w4, [x1, #-4]!
    str     w4, [x3, #-4]!
4:  tbz     x2, #1, 5f
    ldrh    w4, [x1, #-2]!
    strh    w4, [x3, #-2]!
5:  tbz     x2, #0, 6f
    ldrb    w4, [x1, #-1]
    strb    w4, [x3, #-1]
6:  ret
    .size   memmove, . - memmove

/* x0 = to, w1 = value, x2 = bytes; returns x0. */
    function memset
    mov     x3, x0
    and     x1, x1, #0xff
    orr     x1, x1, x1, lsl #8
    orr     x1, x1, x1, lsl #16
    orr     x1, x1, x1, lsl #32
    subs    x2, x2, #64
    b.lo    2f
1:  stp     x1, x1, [x3], #16
    stp     x1, x1, [x3], #16
    stp     x1, x1, [x3], #16
    stp     x1, x1, [x3], #16
    subs    x2, x2, #64
    b.hs    1b
2:  tbz     x2, #5, 3f              /* what is left: x2 mod 64 */
    stp     x1, x1, [x3], #16
    stp     x1, x1, [x3], #16
3:  tbz     x2, #4, 4f
    stp     x1, x1, [x3], #16
4:  tbz     x2, #3, 5f
    str     x1, [x3], #8
5:  tbz     x2, #2, 6f
    str     w1, [x3], #4
6:  tbz     x2, #1, 7f
    strh    w1, [x3], #2
7:  tbz     x2, #0, 8f
    strb    w1, [x3]
8:  ret
    .size   memset, . - memset

    .section .note.GNU-stack, "", %progbits
