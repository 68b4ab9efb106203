/* In place of the board's: where the fuzzed devicetree lies.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

extern uint8_t *fuzz_fdt;
extern uint32_t fuzz_fdt_bytes;

#define BOARD_FDT       ((uintptr_t)fuzz_fdt - IMAGE_OFFSET)
#define BOARD_FDT_BYTES fuzz_fdt_bytes
#define BOARD_UART      0x09000000u

#endif
