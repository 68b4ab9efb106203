/* init, the first task of every kernel: laid out once by the boot kernel in pages of the template
 * (init_lay_out), mapped by each kernel (port_init_map): text and constants as they are, data
 * copy-on-write, the rest of its memory fresh. It also gets the boot archive to read.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "cpu.h"
#include "base/cpio.h"
#include "base/elf.h"
#include "table.h"
#include <skerry/start.h>
#include <skerry/syscall.h>

/* In a task; the stack shares its table with the channels (space.c). Below it nothing is mapped. */
#define INIT_STACK_TOP    ((uint64_t)0x20200000)
#define INIT_ARCHIVE      ((uint64_t)0x28000000)
#define STACK_PAGES_LEAST 4u
#define STACK_PAGES_MOST  64u

static void *image_at(uint64_t paddr)
{
    return (void *)(paddr + IMAGE_OFFSET);
}

static uint64_t stack_pages(const struct template *tpl)
{
    for (uint32_t i = 0; i < tpl->sys->prog_count; i++) {
        const struct sk_sys_prog *p = system_prog(tpl->sys, i);
        uint32_t pages = p->stack_bytes / SK_PAGE_BYTES;
        if (__builtin_strcmp(p->name, "init") == 0 && pages >= STACK_PAGES_LEAST)
            return pages < STACK_PAGES_MOST ? pages : STACK_PAGES_MOST;
    }
    return STACK_PAGES_LEAST;
}

static void lay_out_segment(const struct elf_segment *from, const void *file,
                            struct init_segment *to)
{
    uint64_t first = from->addr / SK_PAGE_BYTES * SK_PAGE_BYTES;
    uint64_t in_page = from->addr - first;
    to->addr = first;
    to->pages = (uint32_t)((in_page + from->mem_bytes + SK_PAGE_BYTES - 1u) / SK_PAGE_BYTES);
    to->template_pages =
        (uint32_t)((in_page + from->file_bytes + SK_PAGE_BYTES - 1u) / SK_PAGE_BYTES);
    if (from->file_bytes == 0)
        to->template_pages = 0;
    to->prot = from->prot;
    to->page = boot_pages(to->template_pages);
    __builtin_memcpy((uint8_t *)image_at(to->page) + in_page,
                     (const uint8_t *)file + from->file_off, from->file_bytes);
}

sk_err init_lay_out(const struct template *tpl, struct init_image *init, const char **why)
{
    struct cpio_entry file;
    struct elf_image elf;
    *why = "the archive has no bin/init";
    sk_err err = cpio_find(tpl->archive, tpl->archive_bytes, "bin/init", &file);
    if (err == SK_OK)
        err = elf_parse(file.data, file.len_bytes, ELF_MACHINE_AARCH64, &elf, why);
    if (err != SK_OK)
        return err;
    init->entry = elf.entry;
    init->stack_pages = stack_pages(tpl);
    init->segments = elf.segments;
    for (uint32_t i = 0; i < elf.segments; i++)
        lay_out_segment(&elf.segment[i], file.data, &init->segment[i]);
    return SK_OK;
}

/* --- Mapping ---------------------------------------------------------------------------------- */

static sk_err map_fresh(struct kern *k, struct task *t, uint64_t addr, uint64_t pages)
{
    for (; pages > 0; pages--, addr += SK_PAGE_BYTES) {
        sk_err err;
        sk_paddr page = kern_page_take(k, t, &err);
        if (page == SK_PADDR_NONE)
            return err;
        err = space_map(k, t, addr, page | PTE_USER_MEM | PTE_UXN | PTE_OWNED);
        if (err != SK_OK) {
            kern_page_give(k, t, page);
            return err;
        }
    }
    return SK_OK;
}

static sk_err map_shared(struct kern *k, struct task *t, uint64_t addr, uint64_t page,
                         uint64_t pages, uint64_t flags)
{
    sk_err err = SK_OK;
    for (uint64_t at = 0; at < pages * SK_PAGE_BYTES && err == SK_OK; at += SK_PAGE_BYTES)
        err = space_map(k, t, addr + at, (page + at) | PTE_USER_MEM | PTE_READ_ONLY | flags);
    return err;
}

static sk_err map_segment(struct kern *k, struct task *t, const struct init_segment *s)
{
    uint64_t flags = (s->prot & SK_PROT_X) ? 0 : PTE_UXN;
    if (s->prot & SK_PROT_W)
        flags |= PTE_COW;
    sk_err err = map_shared(k, t, s->addr, s->page, s->template_pages, flags);
    if (err != SK_OK)
        return err;
    return map_fresh(k, t, s->addr + (uint64_t)s->template_pages * SK_PAGE_BYTES,
                     s->pages - s->template_pages);
}

sk_err port_init_map(struct kern *k, struct task *t, struct sk_start *start, sk_uaddr *start_addr)
{
    const struct init_image *init = &machine.init;
    sk_err err = SK_OK;
    for (uint32_t i = 0; i < init->segments && err == SK_OK; i++)
        err = map_segment(k, t, &init->segment[i]);
    uint64_t stack = init->stack_pages * SK_PAGE_BYTES;
    if (err == SK_OK)
        err = map_fresh(k, t, INIT_STACK_TOP - stack, init->stack_pages);
    const struct template *tpl = &kernel_template;
    uint64_t archive = (uint64_t)tpl->archive - IMAGE_OFFSET;
    uint64_t pages = (tpl->archive_bytes + SK_PAGE_BYTES - 1u) / SK_PAGE_BYTES;
    if (err == SK_OK)
        err = map_shared(k, t, INIT_ARCHIVE, archive, pages, PTE_UXN);
    start->archive_addr = INIT_ARCHIVE;
    start->archive_bytes = tpl->archive_bytes;
    start->system_addr = INIT_ARCHIVE + ((uint64_t)tpl->sys - (uint64_t)tpl->archive);
    *start_addr = INIT_STACK_TOP - SK_START_BYTES;
    port_task_entry(kern_port_task(t), init->entry, *start_addr, *start_addr);
    return err;
}
