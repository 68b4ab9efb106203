/* A kernel forked from the template: its translation tables and private memory, then the kernel.
 *
 * fork_build runs with the MMU off in the new core's slice, which no other core touches, and
 * returns its tables; start.S turns the MMU on and goes to fork_main. Text, constants and init's
 * pages are mapped by the template's own tables; the template's inheritable pages by a private
 * copy of one table, so that each can be replaced by a copy at its first write (fork_copy_page).
 * SPDX-License-Identifier: BSD-2-Clause */
#include "cpu.h"
#include "arm64.h"
#include "table.h"

#define ROUND_PAGE(bytes)                                                                          \
    (((uint64_t)(bytes) + SK_PAGE_BYTES - 1u) & ~(uint64_t)(SK_PAGE_BYTES - 1u))

uint64_t fork_build(uint64_t context);
_Noreturn void fork_main(uint64_t context);

/* No memset: with the MMU off memory takes plain aligned stores only. First what an earlier kernel
 * of this core, or a reader of its pages, left in a cache: it must not come down on them. */
static void zero_page(uint64_t page)
{
    dcache_invalidate(page, SK_PAGE_BYTES);
    dsb_sy();
    for (unsigned i = 0; i < SK_PAGE_BYTES / 8u; i++)
        pte_write((uint64_t *)page + i, 0);
}

/* MMU off. A zeroed page of the slice. */
static uint64_t take(struct port_cpu *cpu)
{
    uint64_t page = cpu->ram_next;
    zero_page(page);
    cpu->ram_next += SK_PAGE_BYTES;
    cpu->pages_fresh++;
    return page;
}

static void map(struct port_cpu *cpu, uint64_t va, unsigned level, uint64_t value)
{
    uint64_t *entry, *missing;
    while ((entry = table_entry(cpu->root, va, level, 0, &missing)) == NULL)
        pte_write(missing, take(cpu) | PTE_TABLE);
    pte_write(entry, value);
}

static void map_pages(struct port_cpu *cpu, uint64_t va, uint64_t page, uint64_t bytes,
                      uint64_t flags)
{
    for (uint64_t at = 0; at < bytes; at += SK_PAGE_BYTES)
        map(cpu, va + at, 3, (page + at) | flags | PTE_PAGE);
}

static void copy_table(uint64_t to, uint64_t from)
{
    for (unsigned i = 0; i < TABLE_ENTRIES; i++)
        pte_write((uint64_t *)to + i, pte_read((const uint64_t *)from + i));
}

/* MMU off. The image: shared tables, but for the one that maps the inheritable pages. */
static void map_image(struct port_cpu *cpu, const struct machine *m, uint64_t template_page)
{
    uint64_t l2 = take(cpu);
    uint64_t l3 = take(cpu);
    copy_table(l2, m->image_l2);
    copy_table(l3, m->template_l3);
    pte_write((uint64_t *)l2 + table_index(template_page, 2), l3 | PTE_TABLE);
    pte_write((uint64_t *)cpu->root + table_index(template_page, 1), l2 | PTE_TABLE);
}

/* MMU off; m and cpu are physical. The stack is the slice's first pages. */
static void map_private(struct port_cpu *cpu, const struct machine *m, sk_core core)
{
    uint64_t emergency = take(cpu);
    map_pages(cpu, STACK_BASE, cpu->ram, STACK_BYTES, PTE_KERNEL_RW);
    map_pages(cpu, CPU_ADDR, (uint64_t)cpu, SK_PAGE_BYTES, PTE_KERNEL_RW);
    map_pages(cpu, EMERGENCY_BASE, emergency, SK_PAGE_BYTES, PTE_KERNEL_RW);
    map_pages(cpu, GICD_ADDR, m->gicd, GICD_BYTES, PTE_KERNEL_DEV);
    map_pages(cpu, GICR_ADDR, m->gicr[core], GICR_BYTES, PTE_KERNEL_DEV);
    map_pages(cpu, UART_ADDR, m->uart, SK_PAGE_BYTES, PTE_KERNEL_DEV);
    for (uint64_t at = 0; at < cpu->ram_bytes; at += BLOCK_BYTES)
        map(cpu, WINDOW_OFFSET + cpu->ram + at, 2, (cpu->ram + at) | PTE_KERNEL_RW | PTE_BLOCK);
}

uint64_t fork_build(uint64_t context)
{
    const struct machine *m = &machine; /* pc-relative: its physical address here */
    sk_core core = CONTEXT_CORE(context);
    struct port_cpu *cpu = (struct port_cpu *)(m->slice[core] + STACK_BYTES);
    zero_page((uint64_t)cpu);
    cpu->ram = m->slice[core];
    cpu->ram_bytes = m->slice_bytes[core];
    cpu->ram_next = (uint64_t)cpu + SK_PAGE_BYTES;
    cpu->pages_fresh = 1 + STACK_BYTES / SK_PAGE_BYTES;
    cpu->core = core;
    cpu->parent = CONTEXT_PARENT(context);
    cpu->epoch = CONTEXT_EPOCH(context);
    cpu->root = take(cpu);
    const char *template_page = template_start;
    __asm__("" : "+r"(template_page)); /* physical here */
    map_image(cpu, m, (uint64_t)template_page);
    map_private(cpu, m, core);
    dsb_sy();
    dcache_invalidate(cpu->ram, cpu->ram_next - cpu->ram);
    dsb_sy();
    return cpu->root;
}

/* --- With the MMU on ------------------------------------------------------------------------- */

void private_map(struct port_cpu *cpu, uint64_t va, uint64_t page, uint64_t flags)
{
    uint64_t *missing;
    uint64_t *entry = table_entry(cpu->root, va, 3, WINDOW_OFFSET, &missing);
    if (pte_read(entry) != 0)
        return;
    pte_write(entry, page | flags | PTE_PAGE);
    dsb_ishst();
    isb();
}

void private_replace(struct port_cpu *cpu, uint64_t va, uint64_t value)
{
    uint64_t *missing;
    uint64_t *entry = table_entry(cpu->root, va, 3, WINDOW_OFFSET, &missing);
    if (pte_read(entry) != value)
        table_replace_kernel(entry, va, value);
}

bool fork_copy_page(struct port_cpu *cpu, uint64_t addr)
{
    uint64_t *missing;
    addr &= ~(uint64_t)(SK_PAGE_BYTES - 1u);
    if (addr < (uint64_t)template_start || addr >= (uint64_t)template_end)
        return false;
    uint64_t *entry = table_entry(cpu->root, addr, 3, WINDOW_OFFSET, &missing);
    if (entry == NULL || !(pte_read(entry) & PTE_COW) || cpu->cow_next == cpu->cow_end)
        return false;
    uint64_t page = cpu->cow_next;
    cpu->cow_next += SK_PAGE_BYTES;
    __builtin_memcpy(window(page), (const void *)addr, SK_PAGE_BYTES);
    table_replace_kernel(entry, addr, page | PTE_KERNEL_RW | PTE_PAGE);
    cpu->pages_copied++;
    return true;
}

void port_fork_stats(struct port_cpu *cpu, uint32_t *shared, uint32_t *copied, uint32_t *fresh)
{
    *copied = cpu->pages_copied;
    *shared = machine.template_pages - *copied;
    *fresh = cpu->pages_fresh;
}

static void init_processor(struct port_cpu *cpu)
{
    SYS_WRITE(ttbr0_el1, machine.empty_root);
    isb();
    tlbi_all();
    icache_invalidate_local();
    dsb_nsh();
    isb();
    SYS_WRITE(tpidr_el1, (uint64_t)cpu);
    SYS_WRITE(vbar_el1, (uint64_t)vectors);
    SYS_WRITE(cpacr_el1, 0);
    SYS_WRITE(mdscr_el1, 0);
    SYS_WRITE(pmuserenr_el0, 0);
    SYS_WRITE(tpidr_el0, 0);
    SYS_WRITE(tpidrro_el0, 0);
    isb();
    bool wide = ((SYS_READ(id_aa64mmfr0_el1) >> 4) & 15u) == 2u;
    cpu->asid_count = wide ? ASID_COUNT : 256u;
    cpu->asid_used[0] = 1;
}

/* Contiguous pages of the slice, not zeroed. */
static uint64_t reserve(struct port_cpu *cpu, uint64_t bytes)
{
    uint64_t first = cpu->ram_next;
    cpu->ram_next += ROUND_PAGE(bytes);
    return first;
}

_Noreturn void fork_main(uint64_t context)
{
    struct port_cpu *cpu = this_cpu();
    (void)context;
    init_processor(cpu);
    timer_init(cpu);
    gic_init_core(cpu);
    (void)port_crash_record(cpu, cpu->core); /* mapped before it is needed */
    cpu->cow_next = reserve(cpu, (uint64_t)(template_end - template_start));
    cpu->cow_end = cpu->ram_next;
    uint64_t kern_bytes = ROUND_PAGE(kern_size(&kernel_template, cpu->core));
    void *memory = window(reserve(cpu, kern_bytes));
    zero_pages(memory, kern_bytes);
    cpu->pages_fresh += (uint32_t)(kern_bytes / SK_PAGE_BYTES);
    uint64_t budget = system_core(kernel_template.sys, cpu->core)->ram_bytes;
    bool fpu = ((SYS_READ(id_aa64pfr0_el1) >> 16) & 15u) != 15u;
    struct kern_boot boot = {
        .tpl = &kernel_template,
        .cpu = cpu,
        .memory = memory,
        .core = cpu->core,
        .parent = cpu->parent,
        .epoch = cpu->epoch,
        .ram_base = cpu->ram_next,
        .ram_pages = (uint32_t)((cpu->ram + budget - cpu->ram_next) / SK_PAGE_BYTES),
        .record = {.hw_id = machine.mpidr[cpu->core], .features = fpu ? CORE_HAS_FPU : 0u},
    };
    cpu->k = kern_create(&boot);
    resume_first(kern_first(cpu->k));
}
