/* Device registers. On the host there is no device to map: an access goes to the simulated one at
 * that address, and is a fault if the running task does not own it.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef HOST_MMIO_H
#define HOST_MMIO_H

#include <stdint.h>

uint32_t sim_mmio_read32(uintptr_t addr);
void sim_mmio_write32(uintptr_t addr, uint32_t v);

static inline uint32_t mmio_read32(uintptr_t addr)
{
    return sim_mmio_read32(addr);
}
static inline void mmio_write32(uintptr_t addr, uint32_t v)
{
    sim_mmio_write32(addr, v);
}

#endif
