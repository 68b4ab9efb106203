/* Markers for counting instructions in an emulator: no-ops that bench/count/count.c looks for. On a
 * real machine they do nothing. Never in code that is not measured.
 * The upper half of the hint space (DBG #0 to #15 begins at 0xf3af80f0) is left alone: these are
 * 0xf3af8040 + k, reserved hints, which execute as NOP (DDI 0553, C2.3, hints).
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARMV8M_MARKER_H
#define ARMV8M_MARKER_H

/* Region r, 0..30, a constant: what this core executes between the two is one sample. The compiler
 * moves no access to memory across. */
#define MARKER_BEGIN(r) __asm__ volatile(".inst.w %c0" ::"i"(0xf3af8040u + 2u * (r)) : "memory")
#define MARKER_END(r)   __asm__ volatile(".inst.w %c0" ::"i"(0xf3af8041u + 2u * (r)) : "memory")

/* All is measured: the counter writes its results and ends the emulator. */
#define MARKER_DONE() __asm__ volatile(".inst.w 0xf3af807f" ::: "memory")

#endif
