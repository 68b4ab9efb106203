/* The crash record of a core: what its kernel, or the port for it, wrote when it ended. It lies in
 * memory that other kernels can read while that core is off or after it has begun anew, and stays
 * until the core's next end. One writer: the core itself. Sizes: skerry/machine.h.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef SKERRY_CRASH_H
#define SKERRY_CRASH_H

#include <skerry/types.h>

enum {
    SK_CRASH_PANIC = 1, /* its kernel was broken, or asked to panic */
    SK_CRASH_STOPPED,   /* it was asked to stop, and did */
    SK_CRASH_GIVEN_UP,  /* it woke up late: its parent had given it up */
    SK_CRASH_FORCED,    /* it was ordered off, whatever it did: reg says where */
};

#define SK_CRASH_FIXED                                                                             \
    (16u + SK_CRASH_REASON + SK_CRASH_NAMES + SK_CRASH_REGS * (uint32_t)sizeof(uintptr_t))

struct sk_crash {
    uint32_t epoch; /* that ended; 0: none has since the machine started */
    uint32_t check; /* ~epoch: all else is whole. Written last, cleared first */
    uint16_t cause; /* SK_CRASH_* */
    uint16_t regs;  /* that reg_name and reg tell, <= SK_CRASH_REGS */
    uint32_t log_bytes;
    char reason[SK_CRASH_REASON]; /* text, terminated */
    char
        reg_name[SK_CRASH_NAMES]; /* of the registers in their order, a space between; terminated */
    uintptr_t reg[SK_CRASH_REGS];
    char log[SK_CRASH_BYTES -
             SK_CRASH_FIXED]; /* the end of the kernel's log, from the beginning of a line */
};
_Static_assert(sizeof(struct sk_crash) == SK_CRASH_BYTES, "as skerry/machine.h says");

#endif
