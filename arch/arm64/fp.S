/* Floating-point registers to and from struct port_task. The unit must be enabled.
 * SPDX-License-Identifier: BSD-2-Clause */
#include <port_task_offsets.h>

    .arch_extension fp
    .arch_extension simd
    .section .text.fp, "ax"

    .macro  pair op, n, m
    \op     q\n, q\m, [x1, #(\n * 16)]
    .endm

    .macro  all op
    pair    \op, 0, 1
    pair    \op, 2, 3
    pair    \op, 4, 5
    pair    \op, 6, 7
    pair    \op, 8, 9
    pair    \op, 10, 11
    pair    \op, 12, 13
    pair    \op, 14, 15
    pair    \op, 16, 17
    pair    \op, 18, 19
    pair    \op, 20, 21
    pair    \op, 22, 23
    pair    \op, 24, 25
    pair    \op, 26, 27
    pair    \op, 28, 29
    pair    \op, 30, 31
    .endm

    .globl fp_save
fp_save:                            /* x0 = struct port_task */
    add     x1, x0, #PORT_TASK_V
    all     stp
    mrs     x2, fpcr
    mrs     x3, fpsr
    add     x1, x0, #PORT_TASK_FPCR
    stp     x2, x3, [x1]
    ret

    .globl fp_load
fp_load:
    add     x1, x0, #PORT_TASK_V
    all     ldp
    add     x1, x0, #PORT_TASK_FPCR
    ldp     x2, x3, [x1]
    msr     fpcr, x2
    msr     fpsr, x3
    ret
