/* Device registers: one access each, of the width that the name says, in program order with other
 * device accesses (the memory is mapped as a device). No order with ordinary memory.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARMV8M_MMIO_H
#define ARMV8M_MMIO_H

#include <stdint.h>

static inline uint32_t mmio_read32(uintptr_t addr)
{
    return *(const volatile uint32_t *)addr;
}
static inline void mmio_write32(uintptr_t addr, uint32_t v)
{
    *(volatile uint32_t *)addr = v;
}

#endif
