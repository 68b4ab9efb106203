/* What the portable kernel sees of a task on arm64: saved registers and address space.
 *
 * While a task is *loaded* (cpu.h) only its caller-saved registers are here; the rest is still in
 * the processor and is stored when another task is loaded. So nobody but the port reads a running
 * task's pc or sp from here. System calls: number in x8, arguments in x0..x5, results in x0..x3;
 * all other registers are preserved.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARM64_PORT_TYPES_H
#define ARM64_PORT_TYPES_H

#include <port_task_offsets.h>
#include <stddef.h>
#include <stdint.h>

#define PORT_COPY_MODE 0

struct port_task {
    uint64_t x[31];
    uint64_t sp;
    uint64_t pc;
    uint64_t pstate;
    uint64_t thread;     /* TPIDR_EL0 */
    uint64_t ttbr0;      /* root table | ASID << 48; what TTBR0_EL1 holds while it runs */
    uint32_t tables;     /* page-table pages, the root included */
    uint32_t destroy_at; /* next second-level entry to look at: first-level index * 512 + index */
    uint64_t v[2 * 32] __attribute__((
        aligned(16))); /* floating-point registers, valid while another task owns the unit */
    uint64_t fpcr, fpsr;
    uint32_t owned;             /* pages mapped that this port took itself: init's data and stack */
} __attribute__((aligned(16))); /* entry uses it as a stack pointer */

_Static_assert(offsetof(struct port_task, x[19]) == PORT_TASK_X19, "vectors.S");
_Static_assert(offsetof(struct port_task, x[30]) == PORT_TASK_X30, "vectors.S");
_Static_assert(offsetof(struct port_task, sp) == PORT_TASK_SP, "vectors.S");
_Static_assert(offsetof(struct port_task, pstate) == PORT_TASK_PSTATE, "vectors.S");
_Static_assert(offsetof(struct port_task, thread) == PORT_TASK_PSTATE + 8, "vectors.S");
_Static_assert(offsetof(struct port_task, ttbr0) == PORT_TASK_TTBR0, "vectors.S");
_Static_assert(offsetof(struct port_task, v) == PORT_TASK_V, "fp.S");
_Static_assert(offsetof(struct port_task, fpcr) == PORT_TASK_FPCR, "fp.S");

static inline uintptr_t port_arg(const struct port_task *pt, unsigned i)
{
    return pt->x[i];
}

static inline uint64_t port_arg64(const struct port_task *pt, unsigned i)
{
    return pt->x[i];
}

static inline void port_result(struct port_task *pt, unsigned i, uintptr_t v)
{
    pt->x[i] = v;
}

static inline void port_result64(struct port_task *pt, unsigned i, uint64_t v)
{
    pt->x[i] = v;
}

static inline void port_task_entry(struct port_task *pt, uintptr_t entry, uintptr_t sp,
                                   uintptr_t arg)
{
    for (unsigned i = 0; i < 31; i++)
        pt->x[i] = 0;
    pt->x[0] = arg;
    pt->pc = entry;
    pt->sp = sp;
    pt->thread = 0;
    pt->pstate = 0; /* EL0, AArch64, nothing masked */
}

#endif
