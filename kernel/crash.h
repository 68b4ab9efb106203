/* The end of this kernel, and the record that it leaves (skerry/crash.h).
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_CRASH_H
#define KERNEL_CRASH_H

#include "kernel/kern.h"

/* Record the end of this kernel, tell the peers, halt: cause is SK_CRASH_*. A second end while the
 * first is under way only halts. kern_panic and kern_forced (kernel/entry.h) come here. */
_Noreturn void crash_end(struct kern *k, uint32_t cause, const char *why,
                         const struct kern_registers *regs);

/* The record of core, if there is a whole one: bytes of it from `from` on, at most len, are copied
 * to `to`; how many. 0: behind its end. SK_ERR_NOT_FOUND: there is none; SK_ERR_STATE: that core
 * runs on and has not ended since the record was written anew, or it is being written. */
sk_err crash_read(struct kern *k, sk_core core, uint32_t from, void *to, size_t len, size_t *got);

#endif
