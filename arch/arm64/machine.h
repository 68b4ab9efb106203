/* What a board provides to this port: board/<name>.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARM64_MACHINE_H
#define ARM64_MACHINE_H

#include "cpu.h"

/* Fill m from the hardware description: ram, cores, mpidr (core 0: the one that asks), psci, gic,
 * timer, uart. Called once by the boot kernel with the MMU on, floating point allowed. NULL, or
 * what is wrong (static text). */
const char *board_discover(struct machine *m, uint64_t boot_mpidr);

/* The console's early output: polled write of one character to the UART mapped at `uart`. */
void board_console_put(uintptr_t uart, char c);

#endif
