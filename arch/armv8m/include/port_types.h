/* What the portable kernel sees of a task on armv8m: saved registers and MPU regions.
 *
 * The processor stores r0-r3, r12, lr, pc and xpsr on the task's own stack; the kernel works on
 * that frame, where `frame` points. It is memory of the task as long as it is mapped: whoever
 * unmaps it points `frame` to r (space.c), and the task dies when it would run on. System calls:
 * number in r12, arguments in r0-r5, results in r0-r3; all other registers are preserved. A value
 * of 64 bits takes two registers, low first.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARMV8M_PORT_TYPES_H
#define ARMV8M_PORT_TYPES_H

#include <stddef.h>
#include <stdint.h>

#define PORT_COPY_MODE 1

#define PORT_REGIONS 8u /* what a task may use, on processors that have more too */

struct port_task {
    uint32_t *frame; /* PSP while the task does not run; the first ten words are stored as one */
    uint32_t r[8];   /* r4 to r11 */
    uint32_t lr;     /* EXC_RETURN: what the frame is like */
    struct port_region {
        uint32_t rbar, rlar; /* as the MPU has them; rlar 0: free */
    } region[PORT_REGIONS];
};
#define PORT_TASK_LR     36 /* for assembly */
#define PORT_TASK_REGION 40

_Static_assert(offsetof(struct port_task, lr) == PORT_TASK_LR, "vectors.S");
_Static_assert(offsetof(struct port_task, region) == PORT_TASK_REGION, "vectors.S");

static inline uint32_t port_arg(const struct port_task *pt, unsigned i)
{
    return i < 4u ? pt->frame[i] : pt->r[i - 4u];
}

static inline uint64_t port_arg64(const struct port_task *pt, unsigned i)
{
    return (uint64_t)port_arg(pt, i + 1u) << 32 | port_arg(pt, i);
}

static inline void port_result(struct port_task *pt, unsigned i, uint32_t v)
{
    pt->frame[i] = v;
}

static inline void port_result64(struct port_task *pt, unsigned i, uint64_t v)
{
    pt->frame[i] = (uint32_t)v;
    pt->frame[i + 1u] = (uint32_t)(v >> 32);
}

/* Its first frame lies below sp, which may be anything. */
void port_task_entry(struct port_task *pt, uintptr_t entry, uintptr_t sp, uintptr_t arg);

#endif
