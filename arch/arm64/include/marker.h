/* Markers for counting instructions in an emulator: no-ops that bench/count/count.c looks for. On a
 * real machine they do nothing. Never in code that is not measured.
 * HINT #64..#127 is unallocated space of the architecture and executes as NOP at every level.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARM64_MARKER_H
#define ARM64_MARKER_H

/* Region r, 0..30, a constant: what this core executes between the two is one sample. The compiler
 * moves no access to memory across. */
#define MARKER_BEGIN(r) __asm__ volatile("hint %0" ::"i"(64 + 2 * (r)) : "memory")
#define MARKER_END(r)   __asm__ volatile("hint %0" ::"i"(65 + 2 * (r)) : "memory")

/* All is measured: the counter writes its results and ends the emulator. */
#define MARKER_DONE() __asm__ volatile("hint 127" ::: "memory")

#endif
