/* See elf.h. The two classes differ in where fields are; a table each says where.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "base/elf.h"
#include <skerry/syscall.h>

#define TYPE_EXEC    2u
#define SEGMENT_LOAD 1u
#define FLAG_X       1u
#define FLAG_W       2u
#define FLAG_R       4u
#define HEADERS_MAX  32u /* program headers of all kinds */

/* Offsets of the fields that matter, and how wide an address is. */
struct class_layout {
    uint8_t entry, phoff, phentsize, phnum, header_bytes;
    uint8_t ph_bytes, p_flags, p_offset, p_vaddr, p_filesz, p_memsz;
    uint8_t word;
};
static const struct class_layout class32 = {24, 28, 42, 44, 52, 32, 24, 4, 8, 16, 20, 4};
static const struct class_layout class64 = {24, 32, 54, 56, 64, 56, 4, 8, 16, 32, 40, 8};

static uint64_t field(const uint8_t *p, unsigned bytes)
{
    uint64_t v = 0;
    for (unsigned i = bytes; i-- > 0;)
        v = v << 8 | p[i];
    return v;
}

static const char *check_ident(const uint8_t *f, uint64_t len, const struct class_layout **layout)
{
    if (len < 52u)
        return "elf: too short";
    if (f[0] != 0x7f || f[1] != 'E' || f[2] != 'L' || f[3] != 'F')
        return "elf: bad magic";
    if (f[4] != 1 && f[4] != 2)
        return "elf: bad class";
    if (f[5] != 1)
        return "elf: not little-endian";
    *layout = f[4] == 1 ? &class32 : &class64;
    return len < (*layout)->header_bytes ? "elf: too short" : NULL;
}

static uint64_t page_down(uint64_t a)
{
    return a & ~(uint64_t)(SK_PAGE_BYTES - 1u);
}

static const char *check_segment(const struct elf_segment *s, const struct elf_image *image,
                                 uint64_t len)
{
    if (s->file_bytes > s->mem_bytes)
        return "elf: segment larger in the file than in memory";
    if (s->file_off > len || s->file_bytes > len - s->file_off)
        return "elf: segment outside the file";
    if (s->addr < SK_PAGE_BYTES)
        return "elf: segment in the first page";
    if (s->addr + s->mem_bytes < s->addr || s->addr + s->mem_bytes > UINT64_MAX - SK_PAGE_BYTES)
        return "elf: segment wraps";
    if (s->addr % SK_PAGE_BYTES != s->file_off % SK_PAGE_BYTES)
        return "elf: segment not aligned";
    if ((s->prot & SK_PROT_W) && (s->prot & SK_PROT_X))
        return "elf: segment writable and executable";
    if (s->prot == 0)
        return "elf: segment without permission";
    if (image->segments != 0) {
        const struct elf_segment *before = &image->segment[image->segments - 1u];
        uint64_t end = before->addr + before->mem_bytes;
        if (s->addr < end || page_down(s->addr) <= page_down(end - 1u))
            return "elf: segments overlap or are out of order";
    }
    return NULL;
}

static const char *parse_segment(const uint8_t *ph, const struct class_layout *l, uint64_t len,
                                 struct elf_image *image)
{
    struct elf_segment s = {.addr = field(ph + l->p_vaddr, l->word),
                            .mem_bytes = field(ph + l->p_memsz, l->word),
                            .file_off = field(ph + l->p_offset, l->word),
                            .file_bytes = field(ph + l->p_filesz, l->word)};
    uint64_t flags = field(ph + l->p_flags, 4);
    s.prot = (flags & FLAG_R ? SK_PROT_R : 0) | (flags & FLAG_W ? SK_PROT_W : 0) |
             (flags & FLAG_X ? SK_PROT_X : 0);
    if (field(ph, 4) != SEGMENT_LOAD || s.mem_bytes == 0)
        return NULL;
    if (image->segments == ELF_SEGMENTS_MAX)
        return "elf: too many segments";
    const char *why = check_segment(&s, image, len);
    if (why == NULL)
        image->segment[image->segments++] = s;
    return why;
}

static const char *check_entry(const struct elf_image *image)
{
    for (uint32_t i = 0; i < image->segments; i++) {
        const struct elf_segment *s = &image->segment[i];
        if ((s->prot & SK_PROT_X) && image->entry >= s->addr &&
            image->entry - s->addr < s->file_bytes)
            return NULL;
    }
    return "elf: entry not in an executable segment";
}

sk_err elf_parse(const void *file, uint64_t len_bytes, uint32_t machine, struct elf_image *image,
                 const char **why)
{
    const uint8_t *f = file;
    const struct class_layout *l;
    *image = (struct elf_image){0};
    *why = check_ident(f, len_bytes, &l);
    if (*why)
        return SK_ERR_IMAGE;
    uint64_t phoff = field(f + l->phoff, l->word);
    uint64_t count = field(f + l->phnum, 2);
    if (field(f + 16, 2) != TYPE_EXEC)
        *why = "elf: not a static executable";
    else if (field(f + 18, 2) != machine)
        *why = "elf: for another machine";
    else if (field(f + l->phentsize, 2) != l->ph_bytes || count == 0 || count > HEADERS_MAX)
        *why = "elf: bad program headers";
    else if (phoff > len_bytes || count * l->ph_bytes > len_bytes - phoff)
        *why = "elf: program headers outside the file";
    image->entry = field(f + l->entry, l->word);
    for (uint64_t i = 0; *why == NULL && i < count; i++)
        *why = parse_segment(f + phoff + i * l->ph_bytes, l, len_bytes, image);
    if (*why == NULL)
        *why = check_entry(image);
    return *why == NULL ? SK_OK : SK_ERR_IMAGE;
}
