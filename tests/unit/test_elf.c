/* base/elf.h: a good image in both classes, each rule broken by itself, cuts at every byte, every
 * byte of the headers changed. Run under the address sanitizer: each try is in a block of its size.
 * SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/elf.h"
#include "tests/unit/random.h"
#include <skerry/syscall.h>

#define FILE_BYTES 0x3000u

struct image {
    Elf64_Ehdr *header;
    Elf64_Phdr *segment; /* three */
    uint8_t bytes[FILE_BYTES];
};

/* Text, constants, data with bss. */
static void make(struct image *im)
{
    memset(im->bytes, 0, FILE_BYTES);
    im->header = (Elf64_Ehdr *)im->bytes;
    im->segment = (Elf64_Phdr *)(im->bytes + sizeof(Elf64_Ehdr));
    *im->header = (Elf64_Ehdr){.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1},
                               .e_type = ET_EXEC,
                               .e_machine = EM_AARCH64,
                               .e_entry = 0x400010,
                               .e_phoff = sizeof(Elf64_Ehdr),
                               .e_phentsize = sizeof(Elf64_Phdr),
                               .e_phnum = 3};
    static const uint32_t flags[] = {PF_R | PF_X, PF_R, PF_R | PF_W};
    for (uint64_t i = 0; i < 3; i++)
        im->segment[i] = (Elf64_Phdr){.p_type = PT_LOAD,
                                      .p_flags = flags[i],
                                      .p_offset = i * 0x1000,
                                      .p_vaddr = 0x400000 + i * 0x1000,
                                      .p_filesz = 0x800,
                                      .p_memsz = i == 2 ? 0x2800 : 0x800};
}

static struct elf_image result;

static sk_err parse_len(const struct image *im, size_t len)
{
    const char *why = NULL;
    uint8_t *copy = malloc(len != 0 ? len : 1);
    memcpy(copy, im->bytes, len);
    sk_err err = elf_parse(copy, len, ELF_MACHINE_AARCH64, &result, &why);
    free(copy);
    assert_true(err == SK_OK || err == SK_ERR_IMAGE);
    if (err != SK_OK)
        assert_non_null(why);
    return err;
}

static sk_err parse(const struct image *im)
{
    return parse_len(im, FILE_BYTES);
}

static void describes_a_good_image(void **state)
{
    (void)state;
    struct image im;
    make(&im);
    assert_int_equal(parse(&im), SK_OK);
    assert_int_equal(result.segments, 3);
    assert_int_equal(result.entry, 0x400010);
    assert_int_equal(result.segment[0].prot, SK_PROT_R | SK_PROT_X);
    assert_int_equal(result.segment[2].prot, SK_PROT_R | SK_PROT_W);
    assert_int_equal(result.segment[2].mem_bytes, 0x2800);
    assert_int_equal(result.segment[2].file_bytes, 0x800);
}

/* One change to a good image makes it a bad one. */
#define REFUSES(change)                                                                            \
    do {                                                                                           \
        struct image im;                                                                           \
        make(&im);                                                                                 \
        change;                                                                                    \
        assert_int_equal(parse(&im), SK_ERR_IMAGE);                                                \
    } while (0)

static void refuses_each_broken_rule(void **state)
{
    (void)state;
    REFUSES(im.bytes[0] = 0);
    REFUSES(im.bytes[EI_CLASS] = 3);
    REFUSES(im.bytes[EI_DATA] = ELFDATA2MSB);
    REFUSES(im.header->e_type = ET_DYN);
    REFUSES(im.header->e_machine = EM_RISCV);
    REFUSES(im.header->e_phentsize = 32);
    REFUSES(im.header->e_phnum = 0);
    REFUSES(im.header->e_phnum = 0xffff);
    REFUSES(im.header->e_phoff = FILE_BYTES - 10);
    REFUSES(im.header->e_phoff = UINT64_MAX - 10);
    REFUSES(im.header->e_entry = 0x401000);
    REFUSES(im.header->e_entry = 0x400800);
    REFUSES(im.segment[0].p_flags = PF_R | PF_W | PF_X);
    REFUSES(im.segment[0].p_flags = 0);
    REFUSES(im.segment[0].p_vaddr = 0);
    REFUSES(im.segment[0].p_filesz = 0x900);
    REFUSES(im.segment[0].p_memsz = 0x1001);
    REFUSES(im.segment[1].p_vaddr = 0x401001);
    REFUSES(im.segment[1].p_vaddr = 0x300000);
    REFUSES(im.segment[1].p_vaddr = 0x400000);
    REFUSES(im.segment[2].p_offset = FILE_BYTES);
    REFUSES(im.segment[2].p_offset = UINT64_MAX - 0xfff);
    REFUSES(im.segment[2].p_memsz = UINT64_MAX - 0x402000);
    REFUSES(im.segment[2].p_memsz = UINT64_MAX);
    REFUSES(im.segment[2].p_vaddr = UINT64_MAX - 0xfff);
}

static void refuses_too_many_segments(void **state)
{
    (void)state;
    struct image im;
    make(&im);
    im.header->e_phnum = ELF_SEGMENTS_MAX + 1;
    for (uint64_t i = 0; i <= ELF_SEGMENTS_MAX; i++)
        im.segment[i] = (Elf64_Phdr){.p_type = PT_LOAD,
                                     .p_flags = PF_R | PF_X,
                                     .p_vaddr = 0x400000 + i * 0x1000,
                                     .p_filesz = 0x20,
                                     .p_memsz = 0x20};
    assert_int_equal(parse(&im), SK_ERR_IMAGE);
    im.header->e_phnum = ELF_SEGMENTS_MAX;
    assert_int_equal(parse(&im), SK_OK);
}

static void survives_every_cut(void **state)
{
    (void)state;
    struct image im;
    make(&im);
    for (size_t len = 0; len < 0x2800; len++)
        assert_int_equal(parse_len(&im, len), SK_ERR_IMAGE);
    assert_int_equal(parse_len(&im, 0x2800), SK_OK);
}

/* What was accepted keeps its promises, whatever the bytes were. */
static void check_promises(size_t len)
{
    uint64_t end = SK_PAGE_BYTES;
    for (uint32_t i = 0; i < result.segments; i++) {
        const struct elf_segment *s = &result.segment[i];
        assert_true(s->addr / SK_PAGE_BYTES * SK_PAGE_BYTES >= end);
        assert_true(s->addr + s->mem_bytes > s->addr);
        assert_true(s->file_bytes <= s->mem_bytes);
        assert_true(s->file_off <= len && s->file_bytes <= len - s->file_off);
        assert_true((s->prot & (SK_PROT_W | SK_PROT_X)) != (SK_PROT_W | SK_PROT_X));
        end = s->addr + s->mem_bytes;
    }
}

static void survives_random_headers(void **state)
{
    (void)state;
    uint32_t seed = 20240607;
    printf("seed %u\n", seed);
    size_t header_bytes = sizeof(Elf64_Ehdr) + 3 * sizeof(Elf64_Phdr);
    for (unsigned turn = 0; turn < 100000; turn++) {
        struct image im;
        make(&im);
        for (unsigned n = 0; n < 1 + turn % 4; n++)
            im.bytes[random_next(&seed) % header_bytes] = (uint8_t)random_next(&seed);
        if (parse(&im) == SK_OK)
            check_promises(FILE_BYTES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(describes_a_good_image),    cmocka_unit_test(refuses_each_broken_rule),
        cmocka_unit_test(refuses_too_many_segments), cmocka_unit_test(survives_every_cut),
        cmocka_unit_test(survives_random_headers),
    };
    return cmocka_run_group_tests_name("elf", tests, NULL, NULL);
}
