/* Address spaces of tasks: three levels of tables in pages of the core's RAM, charged to the task;
 * ASIDs of this core alone (CnP is 0). A freed ASID has no TLB entries, so it can be used again at
 * once. Page tables stay until the space ends: they are few (see the areas below).
 * SPDX-License-Identifier: BSD-2-Clause */
#include "cpu.h"
#include "arm64.h"
#include "table.h"
#include <skerry/syscall.h>

/* Programs are linked at 4 MiB. Channel and status pages share one table with init's stack. */
#define AREA_CHAN    ((uint64_t)0x20000000)
#define AREA_STATUS  ((uint64_t)0x20100000)
#define AREA_DEVICE  ((uint64_t)0x20200000)
#define AREA_REGION  ((uint64_t)0x30000000)
#define DEVICE_PAGES 16u

sk_uaddr port_area_addr(struct port_cpu *cpu, enum port_area area, uint32_t index, sk_paddr page)
{
    static const uint64_t base[] = {AREA_CHAN, AREA_STATUS, AREA_DEVICE, AREA_REGION};
    (void)cpu;
    (void)page;
    uint64_t pages = area == PORT_AREA_DEVICE ? (uint64_t)index * DEVICE_PAGES : index;
    return base[area] + pages * SK_PAGE_BYTES;
}

static uint64_t root_of(const struct port_task *pt)
{
    return pt->ttbr0 & PTE_ADDR;
}

/* --- ASIDs ------------------------------------------------------------------------------------ */

static uint32_t asid_take(struct port_cpu *cpu)
{
    uint32_t words = cpu->asid_count / 64u;
    for (uint32_t n = 0; n < words; n++) {
        uint32_t w = (cpu->asid_hint + n) % words;
        if (~cpu->asid_used[w] == 0)
            continue;
        uint32_t bit = (uint32_t)__builtin_ctzll(~cpu->asid_used[w]);
        cpu->asid_used[w] |= (uint64_t)1 << bit;
        cpu->asid_hint = w;
        return w * 64u + bit;
    }
    return 0;
}

static void asid_give(struct port_cpu *cpu, uint32_t asid)
{
    cpu->asid_used[asid / 64u] &= ~((uint64_t)1 << (asid % 64u));
}

/* --- Making and mapping ------------------------------------------------------------------------
 */

sk_err port_space_create(struct kern *k, struct task *t)
{
    struct port_task *pt = kern_port_task(t);
    struct port_cpu *cpu = this_cpu();
    uint32_t asid = asid_take(cpu);
    if (asid == 0)
        return SK_ERR_NO_MEMORY;
    sk_err err;
    sk_paddr root = kern_page_take(k, t, &err);
    if (root == SK_PADDR_NONE) {
        asid_give(cpu, asid);
        return err;
    }
    pt->ttbr0 = root | (uint64_t)asid << 48;
    pt->tables = 1;
    pt->destroy_at = 0;
    return SK_OK;
}

uint64_t *space_entry(const struct port_task *pt, uint64_t addr)
{
    uint64_t *missing;
    if (addr >= USER_LIMIT)
        return NULL;
    return table_entry(root_of(pt), addr, 3, WINDOW_OFFSET, &missing);
}

sk_err space_map(struct kern *k, struct task *t, uint64_t addr, uint64_t value)
{
    struct port_task *pt = kern_port_task(t);
    if (addr % SK_PAGE_BYTES != 0 || addr < SK_PAGE_BYTES || addr >= USER_LIMIT)
        return SK_ERR_ARG;
    uint64_t *entry, *missing;
    while ((entry = table_entry(root_of(pt), addr, 3, WINDOW_OFFSET, &missing)) == NULL) {
        sk_err err;
        sk_paddr table = kern_page_take(k, t, &err);
        if (table == SK_PADDR_NONE)
            return err;
        dsb_ishst(); /* a walk that finds the table finds it zero */
        pte_write(missing, table | PTE_TABLE);
        pt->tables++;
    }
    if (pte_read(entry) != 0)
        return SK_ERR_EXISTS;
    pte_write(entry, value | PTE_PAGE);
    dsb_ishst();
    if (value & PTE_OWNED)
        pt->owned++;
    return SK_OK;
}

/* The memory was written as data, and is about to be fetched as instructions. */
static void make_fetchable(struct port_cpu *cpu, sk_paddr page, size_t bytes)
{
    if (in_slice(cpu, page))
        dcache_clean_unify((uintptr_t)window(page), bytes);
    dsb_ish();
    icache_invalidate_local();
    dsb_nsh();
}

/* All pages of [page, page + bytes), or none. */
static sk_err map_run(struct kern *k, struct task *t, uint64_t addr, sk_paddr page, size_t bytes,
                      uint64_t flags)
{
    for (size_t at = 0; at < bytes; at += SK_PAGE_BYTES) {
        sk_err err = space_map(k, t, addr + at, (page + at) | flags);
        if (err == SK_OK)
            continue;
        port_unmap(k, t, addr, at);
        return err;
    }
    return SK_OK;
}

sk_err port_map(struct kern *k, struct task *t, sk_uaddr addr, sk_paddr page, size_t bytes,
                uint32_t prot)
{
    uint64_t flags = PTE_USER_MEM;
    if ((prot & SK_PROT_W) && (prot & SK_PROT_X))
        return SK_ERR_ARG;
    if (!(prot & SK_PROT_W))
        flags |= PTE_READ_ONLY;
    if (prot & SK_PROT_X)
        make_fetchable(this_cpu(), page, bytes);
    else
        flags |= PTE_UXN;
    return map_run(k, t, addr, page, bytes, flags);
}

sk_err port_map_device(struct kern *k, struct task *t, sk_uaddr addr, sk_paddr base, size_t bytes)
{
    return map_run(k, t, addr, base, bytes,
                   PTE_ACCESSED | PTE_USER | PTE_NOT_GLOBAL | PTE_PXN | PTE_UXN);
}

static void unmap_page(struct kern *k, struct task *t, uint64_t addr)
{
    struct port_task *pt = kern_port_task(t);
    uint64_t *entry = space_entry(pt, addr);
    if (entry == NULL || pte_read(entry) == 0)
        return;
    uint64_t old = pte_read(entry);
    pte_write(entry, 0);
    dsb_ishst();
    tlbi_user_page(pt->ttbr0, addr);
    dsb_nsh();
    isb();
    if (old & PTE_OWNED) {
        kern_page_give(k, t, old & PTE_ADDR);
        pt->owned--;
    }
}

void port_unmap(struct kern *k, struct task *t, sk_uaddr addr, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += SK_PAGE_BYTES)
        unmap_page(k, t, addr + at);
}

sk_err space_copy_page(struct kern *k, struct port_task *pt, uint64_t addr)
{
    struct task *t = kern_task_of(pt);
    uint64_t *entry = space_entry(pt, addr);
    if (entry == NULL || !(pte_read(entry) & PTE_COW))
        return SK_ERR_NOT_FOUND;
    uint64_t old = pte_read(entry);
    sk_err err;
    sk_paddr page = kern_page_take(k, t, &err);
    if (page == SK_PADDR_NONE)
        return err;
    __builtin_memcpy(window(page), (const void *)((old & PTE_ADDR) + IMAGE_OFFSET), SK_PAGE_BYTES);
    pte_write(entry, 0);
    dsb_ishst();
    tlbi_user_page(pt->ttbr0, addr);
    dsb_nsh();
    pte_write(entry, page | PTE_USER_MEM | PTE_UXN | PTE_OWNED | PTE_PAGE);
    dsb_ishst();
    isb();
    pt->owned++;
    this_cpu()->pages_copied++;
    return SK_OK;
}

void *port_user(struct kern *k, struct task *t, sk_uaddr addr, uint32_t prot, size_t *len)
{
    struct port_task *pt = kern_port_task(t);
    uint64_t *entry = space_entry(pt, addr);
    if (entry == NULL)
        return NULL;
    if ((prot & SK_PROT_W) && (pte_read(entry) & PTE_COW) && space_copy_page(k, pt, addr) != SK_OK)
        return NULL;
    uint64_t value = pte_read(entry);
    if ((value & (PTE_VALID | PTE_USER | PTE_NORMAL)) != (PTE_VALID | PTE_USER | PTE_NORMAL))
        return NULL;
    if ((prot & SK_PROT_W) && (value & PTE_READ_ONLY))
        return NULL;
    uint64_t page = value & PTE_ADDR;
    uint64_t in_page = addr % SK_PAGE_BYTES;
    if (*len > SK_PAGE_BYTES - in_page)
        *len = SK_PAGE_BYTES - in_page;
    if (in_slice(this_cpu(), page))
        return (uint8_t *)window(page) + in_page;
    uint64_t archive = (uint64_t)boot_archive_start - IMAGE_OFFSET;
    bool inherited = (page >= machine.init_pages && page < machine.init_pages_end) ||
                     (page >= archive && page < (uint64_t)rodata_end - IMAGE_OFFSET);
    return inherited ? (void *)(page + in_page + IMAGE_OFFSET) : NULL;
}

/* --- The end of a space ------------------------------------------------------------------------
 */

/* No TLB entry and no walk of this core uses the space any more. */
static void detach(struct port_cpu *cpu, struct port_task *pt)
{
    if (cpu->fp_owner == pt)
        cpu->fp_owner = NULL;
    if (SYS_READ(ttbr0_el1) == pt->ttbr0) {
        SYS_WRITE(ttbr0_el1, machine.empty_root);
        isb();
    }
    tlbi_asid(pt->ttbr0);
    dsb_nsh();
    isb();
}

/* Give back one last-level table, with the pages in it that this port took. */
static void give_table(struct kern *k, struct task *t, uint64_t *entry)
{
    uint64_t page = *entry & PTE_ADDR;
    const uint64_t *last = window(page);
    struct port_task *pt = kern_port_task(t);
    for (unsigned i = 0; i < TABLE_ENTRIES && pt->owned != 0; i++) {
        if (last[i] & PTE_OWNED) {
            kern_page_give(k, t, last[i] & PTE_ADDR);
            pt->owned--;
        }
    }
    *entry = 0;
    kern_page_give(k, t, page);
    pt->tables--;
}

/* One table a step; at most two tables' entries are looked at. The count of tables says when
 * there is nothing left to look for. */
bool port_space_destroy_step(struct kern *k, struct task *t)
{
    struct port_task *pt = kern_port_task(t);
    struct port_cpu *cpu = this_cpu();
    if (pt->ttbr0 == 0)
        return true;
    if (pt->destroy_at == 0)
        detach(cpu, pt);
    uint64_t *root = window(root_of(pt));
    uint32_t first = pt->destroy_at / TABLE_ENTRIES;
    while (pt->tables > 1 && root[first] == 0)
        first++;
    if (pt->tables == 1) {
        asid_give(cpu, (uint32_t)(pt->ttbr0 >> 48));
        kern_page_give(k, t, root_of(pt));
        pt->ttbr0 = 0;
        return true;
    }
    uint64_t *second = window(root[first] & PTE_ADDR);
    uint32_t i = pt->destroy_at / TABLE_ENTRIES == first ? pt->destroy_at % TABLE_ENTRIES : 0;
    while (i < TABLE_ENTRIES - 1u && second[i] == 0)
        i++;
    if (second[i] != 0) {
        give_table(k, t, &second[i]);
        pt->destroy_at = first * TABLE_ENTRIES + i;
        return false;
    }
    kern_page_give(k, t, root[first] & PTE_ADDR);
    root[first] = 0;
    pt->tables--;
    pt->destroy_at = first * TABLE_ENTRIES;
    return false;
}
