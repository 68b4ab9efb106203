/* The boot kernel: from reset on core 0 to the frozen template. It finds out what the machine has,
 * checks the archive, lays out init, divides the RAM, and builds the tables that all kernels share
 * because nobody writes what they map. Then core 0 too is forked (boot_leave).
 *
 * What it leaves: the template (kernel_template, machine: section .template) and the pool behind
 * the image (init's pages, shared tables, link pages). Its own tables and stack are never used
 * again. boot_map runs with the MMU off: no address of a variable may be taken but through here().
 * SPDX-License-Identifier: BSD-2-Clause */
#include "machine.h"
#include "arm64.h"
#include "kernel/template.h"
#include "table.h"

#define POOL_BYTES (2 * BLOCK_BYTES)
#define LINK_PAGES (SK_CORES_MAX * SK_CORES_MAX)

IN_TEMPLATE struct machine machine;
IN_TEMPLATE struct template kernel_template;

struct table {
    uint64_t entry[TABLE_ENTRIES];
} __attribute__((aligned(4096)));
extern struct table low_l1; /* start.S */
IN_TEMPLATE struct table low_l1;
IN_TEMPLATE static struct table low_l2, low_l3;
BOOT_ONLY static struct table boot_l1, boot_l2;
BOOT_ONLY static uint64_t pool_next, pool_end; /* physical */

uint64_t boot_map(void);
_Noreturn void boot_main(void);

/* With the MMU off: where something is now. The compiler must not know that it is a symbol. */
static uint64_t here(const void *symbol)
{
    __asm__("" : "+r"(symbol));
    return (uint64_t)symbol;
}

static uint64_t physical(const void *image_addr)
{
    return (uint64_t)image_addr - IMAGE_OFFSET;
}

static void *image_at(uint64_t paddr)
{
    return (void *)(paddr + IMAGE_OFFSET);
}

static uint64_t round_up(uint64_t value, uint64_t unit)
{
    return (value + unit - 1u) / unit * unit;
}

/* MMU off. The tables of the boot kernel: devices in the first GiB, the image by its parts, the
 * pool; and the tables that map start.S's page at its own address. Returns the root. */
uint64_t boot_map(void)
{
    uint64_t *l1 = (uint64_t *)here(&boot_l1);
    uint64_t *l2 = (uint64_t *)here(&boot_l2);
    uint64_t text = here(text_start), writable = here(template_start);
    uint64_t end = round_up(here(image_end), BLOCK_BYTES) + POOL_BYTES;
    uint64_t gib = text & ~(GIB - 1u);
    pte_write(&l1[0], PTE_KERNEL_DEV | PTE_BLOCK);
    pte_write(&l1[table_index(text, 1)], here(l2) | PTE_TABLE);
    for (uint64_t p = gib; p < end; p += BLOCK_BYTES) {
        uint64_t kind = p + BLOCK_BYTES <= text ? PTE_KERNEL_RO
                        : p < writable          ? PTE_KERNEL_TEXT
                                                : PTE_KERNEL_RW;
        pte_write(&l2[table_index(p, 2)], p | kind | PTE_BLOCK);
    }
    uint64_t page = here(start_page);
    uint64_t *low1 = (uint64_t *)here(&low_l1);
    uint64_t *low2 = (uint64_t *)here(&low_l2);
    uint64_t *low3 = (uint64_t *)here(&low_l3);
    pte_write(&low1[table_index(page, 1)], here(low2) | PTE_TABLE);
    pte_write(&low2[table_index(page, 2)], here(low3) | PTE_TABLE);
    pte_write(&low3[table_index(page, 3)], page | PTE_KERNEL_TEXT | PTE_PAGE);
    dsb_sy();
    /* What a cache may still hold of the memory that was just written around it. */
    dcache_invalidate(writable, here(image_end) - writable);
    dsb_sy();
    return here(l1);
}

_Noreturn void boot_fail(const char *why)
{
    static const char head[] = "\nskerry: cannot boot: ";
    uintptr_t uart = (uintptr_t)image_at(machine.uart);
    for (const char *c = head; *c; c++)
        board_console_put(uart, *c);
    for (; *why; why++)
        board_console_put(uart, *why);
    board_console_put(uart, '\n');
    psci_system_off();
}

uint64_t boot_pages(uint32_t count)
{
    uint64_t first = pool_next;
    uint64_t bytes = (uint64_t)count * SK_PAGE_BYTES;
    if (bytes > pool_end - first)
        boot_fail("the program init is too big for the template");
    pool_next += bytes;
    __builtin_memset(image_at(first), 0, bytes);
    return first;
}

static uint64_t table_at(uint64_t *entry)
{
    if (*entry == 0)
        *entry = boot_pages(1) | PTE_TABLE;
    return *entry & PTE_ADDR;
}

/* Shared mapping of [from, to), physical, with flags, in the level 2 table `l2`. */
static void map_shared(uint64_t l2, uint64_t from, uint64_t to, uint64_t flags)
{
    uint64_t *entry = image_at(l2);
    for (uint64_t p = from; p < to; p += SK_PAGE_BYTES) {
        uint64_t *l3 = image_at(table_at(&entry[table_index(p, 2)]));
        l3[table_index(p, 3)] = p | flags | PTE_PAGE;
    }
    machine.template_pages += (uint32_t)((to - from) / SK_PAGE_BYTES);
}

/* The tables that every kernel starts from. */
static void map_template(void)
{
    machine.image_l2 = boot_pages(1);
    map_shared(machine.image_l2, physical(text_start), physical(text_end), PTE_KERNEL_TEXT);
    map_shared(machine.image_l2, physical(text_end), physical(rodata_end), PTE_KERNEL_RO);
    map_shared(machine.image_l2, machine.init_pages, machine.init_pages_end, PTE_KERNEL_RO);
    map_shared(machine.image_l2, physical(template_start), physical(template_end),
               PTE_KERNEL_RO | PTE_COW);
    uint64_t *l2 = image_at(machine.image_l2);
    machine.template_l3 = l2[table_index(physical(template_start), 2)] & PTE_ADDR;
    machine.low_root = physical(&low_l1);
    machine.empty_root = boot_pages(1);
}

/* Each core's RAM: what the manifest gives it, in whole blocks, one after another. */
static void divide_ram(void)
{
    uint64_t next = round_up(pool_end, BLOCK_BYTES);
    uint64_t end = machine.ram + machine.ram_bytes;
    for (sk_core c = 0; c < kernel_template.cores; c++) {
        uint64_t bytes = system_core(kernel_template.sys, c)->ram_bytes;
        uint64_t least = round_up(kern_size(&kernel_template, c), SK_PAGE_BYTES) + BLOCK_BYTES / 4;
        if (bytes < least)
            boot_fail("a core's ram in the manifest is too small for its tables");
        machine.slice[c] = next;
        machine.slice_bytes[c] = round_up(bytes, BLOCK_BYTES);
        next += machine.slice_bytes[c];
    }
    if (next > end)
        boot_fail("the machine has less RAM than the manifest gives to its cores");
}

static void find_redistributors(void)
{
    for (uint32_t c = 0; c < machine.cores; c++) {
        machine.gicr[c] =
            gic_find_redistributor((uintptr_t)image_at(machine.gicr_base), machine.gicr_bytes,
                                   machine.mpidr[c], IMAGE_OFFSET);
        if (machine.gicr[c] == 0)
            boot_fail("a core has no GIC redistributor");
    }
    gic_init_distributor((uintptr_t)image_at(machine.gicd));
}

static void build_template(void)
{
    const char *why = board_discover(&machine, SYS_READ(mpidr_el1) & 0xff00ffffff);
    if (why)
        boot_fail(why);
    uint64_t archive_bytes = (uint64_t)(boot_archive_end - boot_archive_start);
    if (template_build(&kernel_template, boot_archive_start, archive_bytes, machine.cores, &why))
        boot_fail(why);
    for (sk_core c = 0; c < kernel_template.cores; c++)
        kernel_template.core[c].hw_id = machine.mpidr[c];
    find_redistributors();
    machine.init_pages = pool_next;
    if (init_lay_out(&kernel_template, &machine.init, &why) != SK_OK)
        boot_fail(why);
    machine.init_pages_end = pool_next;
    map_template();
    machine.links = boot_pages(LINK_PAGES);
    divide_ram();
    kernel_template.frozen = 1;
}

_Noreturn void boot_main(void)
{
    SYS_WRITE(vbar_el1, (uint64_t)vectors);
    SYS_WRITE(tpidr_el1, 0);
    SYS_WRITE(cpacr_el1, 3u << 20); /* libfdt is compiled for it; kernels turn it off */
    isb();
    pool_next = round_up(physical(image_end), BLOCK_BYTES);
    pool_end = pool_next + POOL_BYTES;
    build_template();
    /* Forked kernels read it with the MMU off, and init's text as instructions. */
    dcache_clean_coherence((uintptr_t)template_start, (uint64_t)(template_end - template_start));
    dcache_clean_coherence((uintptr_t)image_at(machine.init_pages), pool_next - machine.init_pages);
    dsb_sy();
    boot_leave(CONTEXT_MAKE(1, 0, 0));
}
