/* Early console: PL011, polled. The firmware or QEMU has set it up; the console service does so
 * again. Facts: Arm DDI 0183, chapter 3.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "arch/arm64/machine.h"
#include <mmio.h>

#define UART_DR   0x00u
#define UART_FR   0x18u
#define FR_TXFULL (1u << 5)
#define SPINS     1000000u

void board_console_put(uintptr_t uart, char c)
{
    for (uint32_t n = 0; n < SPINS && (mmio_read32(uart + UART_FR) & FR_TXFULL); n++)
        __asm__ volatile("yield");
    mmio_write32(uart + UART_DR, (uint8_t)c);
}
