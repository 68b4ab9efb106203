/* What C and assembly of this port both know: offsets (asserted in cpu.h and port_types.h),
 * priorities, values of EXC_RETURN, registers.
 * Facts: Armv8-M Architecture Reference Manual DDI 0553, part B (exceptions; EXC_RETURN) and D1.2
 * (registers).
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARMV8M_LAYOUT_H
#define ARMV8M_LAYOUT_H

/* struct port_cpu */
#define CPU_KERN    0
#define CPU_RUNNING 4
#define CPU_LOADED  8

#define RUNNING_IDLE 1 /* in CPU_RUNNING: no task; never a pointer */

/* Priorities. Only three, in the two highest bits: every processor has those. What enters the
 * kernel is all at one, so the kernel is never entered twice. Faults are above it, so that a fault
 * of the kernel, or one while the registers of a task are stored, is taken at once. The forced
 * re-entry is above everything that can be masked here. */
#define PRIO_FORCE  0x00
#define PRIO_FAULT  0x40
#define PRIO_KERNEL 0x80

#define EXC_RETURN_HANDLER 0xfffffff1 /* to a handler, frame on MSP */
#define EXC_RETURN_THREAD  0xfffffff9 /* to thread mode, frame on MSP */
#define EXC_RETURN_TASK    0xfffffffd /* to thread mode, frame on PSP */
#define EXC_ON_PSP         0x04       /* else on MSP: a handler or the idle loop was interrupted */
#define EXC_NO_FP          0x10       /* the frame has no floating-point registers */
#define EXC_SECURE         0x40       /* the frame is on a Secure stack */
#define XPSR_THUMB         0x01000000
#define XPSR_PADDED        0x00000200 /* four bytes were skipped to align the frame */

#define FRAME_BYTES    32
#define FRAME_FP_BYTES 104
#define FP_KEPT_BYTES  64 /* s16 to s31 */

#define SCB_ICSR 0xe000ed04
#define MPU_RNR  0xe000ed98

#define ICSR_PENDSV_SET 0x10000000

#endif
