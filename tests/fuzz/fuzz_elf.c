/* Executables for programs: whatever elf_parse accepts is inside the file and apart in memory.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "input.h"
#include "base/elf.h"

#include <skerry/syscall.h>
#include <stdlib.h>

static uint64_t page_of(uint64_t addr)
{
    return addr / SK_PAGE_BYTES;
}

/* The promises of elf.h, of an image that was accepted. */
static void check(const struct elf_image *image, uint64_t len)
{
    bool entry = false;
    FUZZ_CHECK(image->segments >= 1 && image->segments <= ELF_SEGMENTS_MAX);
    for (uint32_t i = 0; i < image->segments; i++) {
        const struct elf_segment *s = &image->segment[i];
        FUZZ_CHECK(s->mem_bytes != 0 && s->file_bytes <= s->mem_bytes);
        FUZZ_CHECK(s->file_off <= len && s->file_bytes <= len - s->file_off);
        FUZZ_CHECK(s->addr >= SK_PAGE_BYTES && s->addr + (s->mem_bytes - 1u) >= s->addr);
        FUZZ_CHECK(s->addr % SK_PAGE_BYTES == s->file_off % SK_PAGE_BYTES);
        FUZZ_CHECK(s->prot != 0 && (s->prot & ~(SK_PROT_R | SK_PROT_W | SK_PROT_X)) == 0);
        FUZZ_CHECK((s->prot & (SK_PROT_W | SK_PROT_X)) != (SK_PROT_W | SK_PROT_X));
        if (i != 0)
            FUZZ_CHECK(page_of(s->addr) > page_of(s[-1].addr + s[-1].mem_bytes - 1u));
        entry |= (s->prot & SK_PROT_X) && image->entry >= s->addr &&
                 image->entry - s->addr < s->file_bytes;
    }
    FUZZ_CHECK(entry);
}

static void put(uint8_t *file, size_t size, size_t at, unsigned bytes, uint64_t v)
{
    for (unsigned i = 0; i < bytes; i++)
        if (at + i < size)
            file[at + i] = (uint8_t)(v >> 8 * i);
}

/* What every executable has, so that random bytes get as far as the segments. */
static void mend(uint8_t *f, size_t size, unsigned machine)
{
    static const uint8_t magic[] = {0x7f, 'E', 'L', 'F'};
    bool wide = size > 4 && f[4] % 2u == 0;
    for (size_t i = 0; i < size && i < sizeof(magic); i++)
        f[i] = magic[i];
    put(f, size, 4, 1, wide ? 2 : 1);
    put(f, size, 5, 1, 1);
    put(f, size, 16, 2, 2);
    put(f, size, 18, 2, machine);
    put(f, size, wide ? 54 : 42, 2, wide ? 56 : 32);
    put(f, size, wide ? 56 : 44, 2, size > 56 ? f[wide ? 56 : 44] % 10u : 1);
    put(f, size, wide ? 32 : 28, wide ? 8 : 4, wide ? 64 : 52);
    for (size_t at = wide ? 64 : 52; at + 4 < size && at < 400; at += wide ? 56 : 32)
        if (f[at] % 4u != 0)
            put(f, size, at, 4, 1);
}

/* The first byte: 0 leaves the bytes as they are. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned machines[] = {ELF_MACHINE_ARM, ELF_MACHINE_AARCH64, ELF_MACHINE_RISCV};
    struct elf_image image;
    const char *why = "?";
    if (size == 0)
        return 0;
    size_t len = size - 1;
    uint8_t *file = malloc(len == 0 ? 1 : len); /* of its own: an access outside is found */
    memcpy(file, data + 1, len);
    unsigned machine = machines[data[0] / 2u % 3u];
    if (data[0] & 1u)
        mend(file, len, machine);
    sk_err err = elf_parse(file, len, machine, &image, &why);
    FUZZ_CHECK(err == SK_OK || err == SK_ERR_IMAGE);
    FUZZ_CHECK((err == SK_OK) == (why == NULL));
    if (err == SK_OK)
        check(&image, len);
    free(file);
    return 0;
}
