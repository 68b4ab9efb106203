/* Sizes that differ between kinds of machine but are the same for everything that runs on one: its
 * kernels, programs and links. These are those of machines with an MMU and megabytes, and of the
 * simulation; a port whose machine is smaller has its own <skerry/machine.h> in
 * arch/<isa>/include, which is found first.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef SKERRY_MACHINE_H
#define SKERRY_MACHINE_H

/* Most cores of a system. */
#define SK_CORES_MAX 8u

/* The unit in which a kernel hands out memory: what a channel takes, what regions are made of, in
 * which budgets count. With an MMU its page. */
#define SK_PAGE_BYTES 4096u

/* What devices begin and end at multiples of: what can be mapped apart. */
#define SK_DEVICE_BYTES SK_PAGE_BYTES

/* Alignment of a message, and bytes of one end's control words: a cache line. */
#define SK_LINE_BYTES 64u

/* Most slots of one direction of a channel (8 is the least, powers of two). */
#define SK_CHAN_SLOTS_MAX 16u

/* Most channel ends of one task. */
#define SK_TASK_ENDS_MAX 256u

/* Most pages of a region. */
#define SK_REGION_PAGES_MAX 64u

/* Links between kernels: slots of the ring, requests in flight each way (as many slots stay for
 * answers), words of level bits (32 channel ends a word). */
#define SK_LINK_SLOTS  16u
#define SK_LINK_CREDIT 6u
#define SK_LINK_WORDS  16u

/* Most bytes of the ranges of one loan together. Across cores they lie in memory of the lender's
 * kernel meanwhile, behind 32 bytes that say what they are (skerry/link.h). */
#define SK_LOAN_BYTES 16384u

/* Characters of a program's standard output that are sent together, a line at most; and the longest
 * line that it reads from standard input. */
#define SK_TEXT_LINE 224u

/* The start block: bytes, and most arguments of a program, its name included. */
#define SK_START_BYTES 1024u
#define SK_START_ARGS  16u

/* The crash record (skerry/crash.h): bytes of the whole, of the reason, of the registers' names;
 * how many registers. What is left is for the log. */
#define SK_CRASH_BYTES  4096u
#define SK_CRASH_REASON 96u
#define SK_CRASH_NAMES  208u
#define SK_CRASH_REGS   40u

#endif
