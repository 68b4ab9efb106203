/* What the portable kernel sees of a task on the host: the registers of its system calls, and a
 * pointer to the simulation's own record of it (coroutine, stack, mappings: arch/host/sim.h).
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef HOST_PORT_TYPES_H
#define HOST_PORT_TYPES_H

#include <stdint.h>

/* Both ways of moving a message are simulated; the build decides (see mk/host.mk). */
#ifndef HOST_COPY_MODE
#define HOST_COPY_MODE 0
#endif
#define PORT_COPY_MODE HOST_COPY_MODE

struct host_space;

struct port_task {
    uint64_t reg[6]; /* arguments 0..5; results 0..3; at the start: reg[0] = argument */
    uint64_t entry;  /* a struct host_program of the table */
    uint64_t sp;
    struct host_space *space; /* made by port_space_create */
};

static inline uintptr_t port_arg(const struct port_task *pt, unsigned i)
{
    return pt->reg[i];
}

static inline uint64_t port_arg64(const struct port_task *pt, unsigned i)
{
    return pt->reg[i];
}

static inline void port_result(struct port_task *pt, unsigned i, uintptr_t v)
{
    pt->reg[i] = v;
}

static inline void port_result64(struct port_task *pt, unsigned i, uint64_t v)
{
    pt->reg[i] = v;
}

static inline void port_task_entry(struct port_task *pt, uintptr_t entry, uintptr_t sp,
                                   uintptr_t arg)
{
    for (unsigned i = 0; i < 6; i++)
        pt->reg[i] = 0;
    pt->reg[0] = arg;
    pt->entry = entry;
    pt->sp = sp;
}

#endif
