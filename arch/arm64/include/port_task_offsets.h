/* Offsets in struct port_task, for assembly; port_types.h asserts them.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARM64_PORT_TASK_OFFSETS_H
#define ARM64_PORT_TASK_OFFSETS_H

#define PORT_TASK_X18    144
#define PORT_TASK_X19    152
#define PORT_TASK_X29    232
#define PORT_TASK_X30    240
#define PORT_TASK_SP     248
#define PORT_TASK_PSTATE 264 /* and the thread pointer */
#define PORT_TASK_TTBR0  280
#define PORT_TASK_V      304
#define PORT_TASK_FPCR   816

#endif
