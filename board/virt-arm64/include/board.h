/* QEMU `virt`, arm64: what must be known before the devicetree is read.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef BOARD_H
#define BOARD_H

#define BOARD_FDT       0x40000000u /* where QEMU puts the devicetree for an ELF image */
#define BOARD_FDT_BYTES 0x200000u   /* at most: then the image begins (kernel.ld) */
#define BOARD_UART      0x09000000u /* PL011 */

#endif
