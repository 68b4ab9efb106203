/* Translation tables: three levels of 512 entries, 4 KiB pages, 2 MiB blocks at level 2. Works on
 * any tables through the address where they can be reached: physical address + offset (0 with the
 * MMU off). Does not allocate: a missing table is reported, the caller puts one there.
 * Facts: Arm ARM DDI 0487, part D8: translation table descriptor formats.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARM64_TABLE_H
#define ARM64_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PTE_VALID      ((uint64_t)1)
#define PTE_TABLE      ((uint64_t)3) /* levels 1 and 2 */
#define PTE_PAGE       ((uint64_t)3) /* level 3 */
#define PTE_BLOCK      ((uint64_t)1)
#define PTE_NORMAL     ((uint64_t)1 << 2) /* MAIR index 1; index 0 is device memory */
#define PTE_USER       ((uint64_t)1 << 6)
#define PTE_READ_ONLY  ((uint64_t)1 << 7)
#define PTE_INNER      ((uint64_t)3 << 8)
#define PTE_ACCESSED   ((uint64_t)1 << 10)
#define PTE_NOT_GLOBAL ((uint64_t)1 << 11)
#define PTE_PXN        ((uint64_t)1 << 53)
#define PTE_UXN        ((uint64_t)1 << 54)
#define PTE_COW        ((uint64_t)1 << 55) /* software: copy at the first write */
#define PTE_OWNED      ((uint64_t)1 << 56) /* software: this port took the page (kern_page_take) */
#define PTE_ADDR       ((uint64_t)0xfffffffff000)

#define PTE_KERNEL_MEM  (PTE_NORMAL | PTE_INNER | PTE_ACCESSED | PTE_UXN)
#define PTE_KERNEL_TEXT (PTE_KERNEL_MEM | PTE_READ_ONLY)
#define PTE_KERNEL_RO   (PTE_KERNEL_MEM | PTE_READ_ONLY | PTE_PXN)
#define PTE_KERNEL_RW   (PTE_KERNEL_MEM | PTE_PXN)
#define PTE_KERNEL_DEV  (PTE_ACCESSED | PTE_UXN | PTE_PXN)
#define PTE_USER_MEM    (PTE_NORMAL | PTE_INNER | PTE_ACCESSED | PTE_USER | PTE_NOT_GLOBAL | PTE_PXN)

#define TABLE_ENTRIES 512u
#define BLOCK_BYTES   ((uint64_t)0x200000)
#define GIB           ((uint64_t)0x40000000)

static inline uint32_t table_index(uint64_t va, unsigned level)
{
    return (uint32_t)(va >> (39u - 9u * level)) & (TABLE_ENTRIES - 1u);
}

/* The entry for va at `level` (2 or 3) under the level-1 table `root`, or NULL: then *missing is
 * the empty entry of a higher level that needs a table (store page | PTE_TABLE, visible to walks,
 * and ask again), or NULL if a block is in the way. */
uint64_t *table_entry(uint64_t root, uint64_t va, unsigned level, uint64_t offset,
                      uint64_t **missing);

/* Change a valid entry of this core's kernel tables: break before make. */
void table_replace_kernel(uint64_t *entry, uint64_t va, uint64_t value);

static inline uint64_t pte_read(const uint64_t *entry)
{
    return *(const volatile uint64_t *)entry;
}
static inline void pte_write(uint64_t *entry, uint64_t value)
{
    *(volatile uint64_t *)entry = value;
}

#endif
