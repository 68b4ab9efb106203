/* The end of this kernel, and the record that it leaves (skerry/crash.h).
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_CRASH_H
#define KERNEL_CRASH_H

#include "kernel/kern.h"

/* Record the end of this kernel, tell the peers, halt: cause is SK_CRASH_*. A second end while the
 * first is under way only halts. kern_panic and kern_forced (kernel/entry.h) come here. */
_Noreturn void crash_end(struct kern *k, uint32_t cause, const char *why,
                         const struct kern_registers *regs);

extern const struct kern_registers crash_no_registers;

/* The epoch whose record that is; 0: it is none, or is being written. */
uint32_t crash_whole(const struct sk_crash *r);

#endif
