/* See loader.h: ELF files into tasks with address spaces. A piece of the task's memory is a region
 * that this task fills and then gives away, mapped as the task will see it. Pieces are as large as
 * the kernel finds contiguous pages for.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "base/cpio.h"
#include "base/elf.h"
#include "base/fmt.h"
#include "lib/loader.h"

#define PAGE ((uint64_t)SK_PAGE_BYTES)

static uint64_t page_up(uint64_t n)
{
    return (n + PAGE - 1u) / PAGE * PAGE;
}

/* What belongs at [addr, addr + bytes) of the task: src_bytes of src from src_addr on, else 0. */
struct piece {
    uint64_t addr, bytes;
    const uint8_t *src;
    uint64_t src_addr, src_bytes;
    uint32_t prot;
};

/* Copy the part of the source that falls into the piece, which is mapped here at `to`. */
static void fill(uint8_t *to, const struct piece *p)
{
    uint64_t from = p->src_addr > p->addr ? p->src_addr : p->addr;
    uint64_t src_end = p->src_addr + p->src_bytes;
    uint64_t end = src_end < p->addr + p->bytes ? src_end : p->addr + p->bytes;
    if (from < end)
        __builtin_memcpy(to + (from - p->addr), p->src + (from - p->src_addr), end - from);
}

static sk_err place(sk_handle task, const struct piece *p)
{
    sk_handle region;
    uint64_t at;
    sk_err err = sys_region_create((uint32_t)(p->bytes / PAGE), &region);
    if (err != SK_OK)
        return err;
    err = sys_region_map(region, 0, SK_PROT_R | SK_PROT_W, &at);
    if (err == SK_OK) {
        fill((uint8_t *)(uintptr_t)at, p);
        err = sys_region_unmap(region);
    }
    if (err == SK_OK)
        err = sys_task_map(task, region, p->addr, p->prot);
    if (err != SK_OK)
        sys_close(region);
    return err;
}

/* Whole pages from p->addr on, in as few regions as can be had. */
static sk_err place_all(sk_handle task, struct piece p)
{
    uint64_t left = p.bytes;
    uint64_t most = SK_REGION_PAGES_MAX * PAGE;
    while (left > 0) {
        p.bytes = left < most ? left : most;
        sk_err err = place(task, &p);
        if (err == SK_ERR_NO_MEMORY && p.bytes > PAGE) {
            most = page_up(p.bytes / 2u);
            continue;
        }
        if (err != SK_OK)
            return err;
        p.addr += p.bytes;
        left -= p.bytes;
    }
    return SK_OK;
}

static sk_err place_segment(sk_handle task, const struct elf_segment *s, const void *file)
{
    uint64_t first = s->addr / PAGE * PAGE;
    return place_all(task, (struct piece){.addr = first,
                                          .bytes = page_up(s->addr + s->mem_bytes) - first,
                                          .src = (const uint8_t *)file + s->file_off,
                                          .src_addr = s->addr,
                                          .src_bytes = s->file_bytes,
                                          .prot = s->prot});
}

/* Its executable in the archive: untrusted. */
static sk_err find(const struct sk_load *load, struct cpio_entry *file)
{
    char path[SK_NAME_BYTES + sizeof("bin/")];
    fmt_print(path, sizeof(path), "bin/%s", load->prog->name);
    return cpio_find((const void *)(uintptr_t)load->own->archive_addr, load->own->archive_bytes,
                     path, file);
}

sk_err loader_start(const struct sk_load *load, const char **why)
{
    struct cpio_entry file;
    struct elf_image image;
    struct sk_start start;
    *why = "damaged archive";
    sk_err err = find(load, &file);
    if (err == SK_OK)
        err = elf_parse(file.data, file.len_bytes, loader_machine(), &image, why);
    if (err == SK_OK)
        err = loader_fill_start(&start, load);
    for (uint32_t i = 0; err == SK_OK && i < image.segments; i++)
        err = place_segment(load->task, &image.segment[i], file.data);
    if (err != SK_OK)
        return err;
    const struct elf_segment *last = &image.segment[image.segments - 1u];
    uint64_t stack = page_up(last->addr + last->mem_bytes) + PAGE; /* a guard page below */
    uint64_t stack_bytes = load->prog->stack_bytes == 0 ? PAGE : page_up(load->prog->stack_bytes);
    uint64_t block = stack + stack_bytes - SK_START_BYTES;
    start.heap_addr = stack + stack_bytes + PAGE; /* and one above */
    err = place_all(load->task, (struct piece){.addr = stack,
                                               .bytes = stack_bytes,
                                               .src = (const uint8_t *)&start,
                                               .src_addr = block,
                                               .src_bytes = sizeof(start),
                                               .prot = SK_PROT_R | SK_PROT_W});
    if (err != SK_OK)
        return err;
    return sys_task_start(load->task, image.entry, block, block);
}
