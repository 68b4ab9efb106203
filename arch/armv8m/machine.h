/* What this port asks of a board (board/NAME/board.c); numbers are in <board.h>.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARMV8M_MACHINE_H
#define ARMV8M_MACHINE_H

#include <board.h>
#include <skerry/system.h>

/* Once, by the core that the machine's reset starts: clocks, early console, and that the devices of
 * the system table can be reached by whoever their owner's MPU lets. */
void board_init(const struct sk_sys_header *sys);

/* The number of the core that asks. */
sk_core board_core(void);

/* The global clock: counts up, BOARD_CLOCK_HZ, 32 bits. The same on every core. */
uint32_t board_ticks(void);

/* Doorbells and orders: raise BOARD_IRQ_MHU0 or _MHU1 on core `to`, and take the requests of this
 * core back. Orders are bits that stay until then; board_forced: those of that core. */
enum { ORDER_BEGIN = 1, ORDER_PARK = 2 };
void board_bell_ring(sk_core to);
void board_bell_clear(void);
void board_force(sk_core to, uint32_t order);
uint32_t board_forced(sk_core core);
void board_force_clear(void);

/* Let core `to` out of reset, to the vectors. False: it is out already. */
bool board_release(sk_core to, uintptr_t vectors);

/* One character to the machine's console, polled, with a bounded wait. */
void board_console_put(char c);

/* Tell whoever runs the machine how it ended, if anyone listens. */
void board_exit(uint32_t status);

#endif
