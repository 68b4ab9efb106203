/* Early output of this port: text and hexadecimal numbers to the board's console, polled.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARMV8M_PRINT_H
#define ARMV8M_PRINT_H

#include "cpu.h"

void print_text(const char *text);
void print_hex(uint32_t value);

#endif
