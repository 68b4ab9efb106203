/* mps2-an521: what the port and the image builder must know of the board.
 *
 * Facts: Arm DAI 0521 (Application Note AN521: memory map, interrupts), Arm 101104 (SSE-200 TRM:
 * system control, message handling units, security controller, timers), Arm DDI 0479 (CMSDK TRM:
 * APB timer, APB UART). All is used through its Secure alias.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef BOARD_H
#define BOARD_H

#define BOARD_CORES       2u
#define BOARD_LINK_BYTES  768u                    /* room for a struct sk_link */
#define BOARD_LINKS_BYTES (2u * BOARD_LINK_BYTES) /* behind LINK_BASE */

#define BOARD_FLASH     0x10000000u /* SSRAM 1, which stands for flash; core 0 is reset to it */
#define BOARD_RAM       0x30000000u /* internal SRAM */
#define BOARD_RAM_BYTES 0x20000u

#define BOARD_CLOCK_HZ 20000000u
#define BOARD_TICK_NS  50u /* exact */

#define BOARD_TIMER  0x50000000u /* CMSDK APB timer 0: the global clock */
#define BOARD_MHU0   0x50003000u /* doorbells */
#define BOARD_MHU1   0x50004000u /* forced re-entry */
#define BOARD_CPUID  0x5001f000u /* CPU_IDENTITY: which core reads it */
#define BOARD_SYSCTL 0x50021000u
#define BOARD_SPCTRL 0x50080000u /* secure privilege control */
#define BOARD_UART0  0x50200000u

#define BOARD_IRQ_MHU0 6u
#define BOARD_IRQ_MHU1 7u
#define BOARD_IRQS     48u /* vectors: timers and UARTs are below */

#endif
