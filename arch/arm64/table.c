/* See table.h.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "table.h"
#include "arm64.h"

uint64_t *table_entry(uint64_t root, uint64_t va, unsigned level, uint64_t offset,
                      uint64_t **missing)
{
    uint64_t *entry = (uint64_t *)(root + offset) + table_index(va, 1);
    *missing = NULL;
    for (unsigned at = 1; at < level; at++) {
        uint64_t value = pte_read(entry);
        if (value == 0) {
            *missing = entry;
            return NULL;
        }
        if ((value & PTE_TABLE) != PTE_TABLE)
            return NULL;
        entry = (uint64_t *)((value & PTE_ADDR) + offset) + table_index(va, at + 1);
    }
    return entry;
}

void table_replace_kernel(uint64_t *entry, uint64_t va, uint64_t value)
{
    pte_write(entry, 0);
    dsb_ishst();
    tlbi_kernel_page(va);
    dsb_nsh();
    pte_write(entry, value);
    dsb_ishst();
    isb();
}
