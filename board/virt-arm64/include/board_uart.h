/* The UARTs of this machine, for programs: PL011.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef VIRT_ARM64_BOARD_UART_H
#define VIRT_ARM64_BOARD_UART_H

#include "drivers/uart_pl011.h"

#endif
