/* Paths through a kernel: from the first instruction of an entry to the last before a task or the
 * idle loop goes on, counted on the core that took them, each kind with its longest.
 *
 * What a path is called is its entry, the first of the named functions that it came through (of a
 * system call: which), and which of the named places it passed. Nested entries: the inner one ends
 * the outer's path and begins its own.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef BENCH_PATH_H
#define BENCH_PATH_H

#include "qemu_plugin.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Arguments, addresses in hexadecimal: entry=ADDRESS:NAME, call=ADDRESS:NAME,
 * through=ADDRESS:NAME, leave=ADDRESS (the idle loop), path=CORE:N: the N-th path of that core,
 * from 0, is the one that path_wanted is about. *good: it is right. Returns false if it is none of
 * these. */
bool path_argument(const char *arg, bool *good);

/* Which core runs, and instructions of it so far: by the counter. */
unsigned path_core(void);
uint64_t path_count(void);
/* The wanted path begins; it has ended: by the counter. */
void path_wanted_begin(void);
void path_wanted_end(void);

/* While translating: the instruction at vaddr; first_outside: it is no kernel's, and what may have
 * run before it was. */
void path_instruction(struct qemu_plugin_insn *insn, uint64_t vaddr, bool first_outside);
bool path_is_on(void);

/* Lines "path CORE ENTRY CALL THROUGH TIMES MOST N", with - for none: N is the number of the
 * longest among the paths of that core. */
void path_results(FILE *f);

#endif
