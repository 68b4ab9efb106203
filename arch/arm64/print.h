/* Early output of this port: text and hexadecimal numbers to the board's console, polled. cpu NULL:
 * the boot kernel's.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARM64_PRINT_H
#define ARM64_PRINT_H

#include "cpu.h"

void print_text(struct port_cpu *cpu, const char *text);
void print_hex(struct port_cpu *cpu, uint64_t value);

#endif
