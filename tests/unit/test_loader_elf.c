/* lib/loader_elf.c over a kernel that only keeps what it is asked: what a task finds in its memory,
 * with regions of any size that the kernel has; each system call failing in turn; bad files. Every
 * region is the task's in the end, or closed.
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

#include "lib/loader_elf.c" /* not linked on the host, where programs are in a table */

#define BASE     0x400000u
#define TASK     7u
#define REGIONS  256u
#define ARCHIVE  0x6000u
#define DATA_OFF 0x2000u /* of the third segment: in the file, which has half a page of it */
#define BSS      0x9123u /* bytes of it in memory */

enum region_state { FREE, OWN, MAPPED, GIVEN };

static struct {
    struct {
        enum region_state state;
        uint8_t *memory;
        uint64_t pages, addr;
        uint32_t prot;
    } region[REGIONS];
    uint64_t most; /* pages of a region that can be had at once */
    unsigned calls, fails_at;
    sk_err fails_with;
    bool started;
    uint64_t entry, sp, arg;
} kernel;

uint32_t loader_machine(void)
{
    return EM_AARCH64;
}

static uint64_t create(uint64_t pages, uint64_t *handle)
{
    assert_in_range(pages, 1, SK_REGION_PAGES_MAX);
    if (pages > kernel.most)
        return (uint64_t)SK_ERR_NO_MEMORY;
    for (uint32_t i = 0; i < REGIONS; i++)
        if (kernel.region[i].state == FREE && kernel.region[i].memory == NULL) {
            kernel.region[i].state = OWN;
            kernel.region[i].pages = pages;
            kernel.region[i].memory = calloc(pages, SK_PAGE_BYTES);
            *handle = i + 1u;
            return SK_OK;
        }
    return (uint64_t)SK_ERR_BUDGET;
}

static uint64_t answer(uint32_t nr, const uint64_t a[6], uint64_t *result)
{
    uint64_t i = (nr == SK_CALL_TASK_MAP ? a[1] : a[0]) - 1u;
    if (nr == SK_CALL_REGION_CREATE)
        return create(a[0], result);
    if (nr == SK_CALL_TASK_START) {
        assert_int_equal(a[0], TASK);
        kernel.started = true;
        kernel.entry = a[1];
        kernel.sp = a[2];
        kernel.arg = a[3];
        return SK_OK;
    }
    assert_in_range(i, 0, REGIONS - 1);
    enum region_state *state = &kernel.region[i].state;
    switch (nr) {
    case SK_CALL_REGION_MAP:
        assert_int_equal(*state, OWN);
        *state = MAPPED;
        *result = (uintptr_t)kernel.region[i].memory;
        return SK_OK;
    case SK_CALL_REGION_UNMAP:
        assert_int_equal(*state, MAPPED);
        *state = OWN;
        return SK_OK;
    case SK_CALL_TASK_MAP:
        assert_int_equal(a[0], TASK);
        assert_int_equal(*state, OWN);
        *state = GIVEN;
        kernel.region[i].addr = a[2];
        kernel.region[i].prot = (uint32_t)a[3];
        return SK_OK;
    case SK_CALL_CLOSE:
        assert_true(*state == OWN || *state == MAPPED);
        *state = FREE;
        return SK_OK;
    default:
        fail_msg("system call %u", nr);
        return 0;
    }
}

void host_syscall(uint32_t nr, const uint64_t a[6], uint64_t r[4])
{
    memset(r, 0, 4 * sizeof(r[0]));
    bool fails = nr != SK_CALL_CLOSE && ++kernel.calls == kernel.fails_at;
    r[0] = fails ? (uint64_t)kernel.fails_with : answer(nr, a, &r[1]);
}

static void reset(uint64_t most)
{
    for (uint32_t i = 0; i < REGIONS; i++)
        free(kernel.region[i].memory);
    memset(&kernel, 0, sizeof(kernel));
    kernel.most = most;
}

/* The byte that the task finds at addr, and how it may be used; prot 0: nothing is there. */
static uint8_t peek(uint64_t addr, uint32_t *prot)
{
    uint8_t found = 0;
    *prot = 0;
    for (uint32_t i = 0; i < REGIONS; i++) {
        uint64_t off = addr - kernel.region[i].addr;
        if (kernel.region[i].state != GIVEN || off >= kernel.region[i].pages * SK_PAGE_BYTES)
            continue;
        assert_int_equal(*prot, 0); /* no two are in the same place */
        *prot = kernel.region[i].prot;
        found = kernel.region[i].memory[off];
    }
    return found;
}

/* --- The archive ----------------------------------------------------------------------------- */

static uint8_t elf[DATA_OFF + 0x800u];

static uint8_t pattern(uint64_t off)
{
    return (uint8_t)(off * 37u + (off >> 8) + 11u);
}

static void make_elf(void)
{
    for (uint32_t i = 0; i < sizeof(elf); i++)
        elf[i] = pattern(i);
    Elf64_Ehdr header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1},
                         .e_type = ET_EXEC,
                         .e_machine = EM_AARCH64,
                         .e_entry = BASE + 0x500,
                         .e_phoff = sizeof(header),
                         .e_phentsize = sizeof(Elf64_Phdr),
                         .e_phnum = 3};
    Elf64_Phdr segment[3] = {{.p_type = PT_LOAD,
                              .p_flags = PF_R | PF_X,
                              .p_offset = 0,
                              .p_vaddr = BASE,
                              .p_filesz = 0x1000,
                              .p_memsz = 0x1000},
                             {.p_type = PT_LOAD,
                              .p_flags = PF_R,
                              .p_offset = 0x1000,
                              .p_vaddr = BASE + 0x1000,
                              .p_filesz = 0x345,
                              .p_memsz = 0x345},
                             {.p_type = PT_LOAD,
                              .p_flags = PF_R | PF_W,
                              .p_offset = DATA_OFF,
                              .p_vaddr = BASE + 0x2000,
                              .p_filesz = 0x800,
                              .p_memsz = BSS}};
    memcpy(elf, &header, sizeof(header));
    memcpy(elf + sizeof(header), segment, sizeof(segment));
}

static char archive[ARCHIVE];
static size_t archive_len;

static void add(const char *name, const void *data, size_t len)
{
    archive_len += (size_t)snprintf(
        archive + archive_len, 111, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", 1,
        0100644, 0, 0, 1, 0, (unsigned)len, 0, 0, 0, 0, (unsigned)strlen(name) + 1, 0);
    memcpy(archive + archive_len, name, strlen(name) + 1);
    archive_len = (archive_len + strlen(name) + 1 + 3) & ~(size_t)3;
    if (len != 0)
        memcpy(archive + archive_len, data, len);
    archive_len = (archive_len + len + 3) & ~(size_t)3;
}

static void make_archive(void)
{
    memset(archive, 0, sizeof(archive));
    archive_len = 0;
    add("system.bin", "table", 5);
    add("bin/prog", elf, sizeof(elf));
    add("TRAILER!!!", NULL, 0);
}

static sk_err start(const char *name, uint32_t argc, const char **why)
{
    static const char *const argv[SK_START_ARGS + 1] = {"prog", "one", "", "three"};
    static struct sk_sys_prog prog;
    static struct sk_start own;
    prog = (struct sk_sys_prog){.mem_bytes = 1u << 20, .stack_bytes = 0x1800, .handles = 12};
    snprintf(prog.name, sizeof(prog.name), "%s", name);
    own = (struct sk_start){.core = 3,
                            .cores = 4,
                            .epoch = 9,
                            .archive_addr = (uintptr_t)archive,
                            .archive_bytes = archive_len};
    struct sk_load load = {.task = TASK,
                           .tid = 0x1234,
                           .prog = &prog,
                           .argc = argc,
                           .argv = argv,
                           .parent = 0x55,
                           .own = &own};
    *why = "";
    return loader_start(&load, why);
}

/* --- Tests ----------------------------------------------------------------------------------- */

static void expect_image(void)
{
    uint32_t prot;
    for (uint64_t i = 0; i < 0x1000; i++) {
        assert_int_equal(peek(BASE + i, &prot), elf[i]);
        assert_int_equal(prot, SK_PROT_R | SK_PROT_X);
    }
    for (uint64_t i = 0; i < 0x1000; i++) {
        assert_int_equal(peek(BASE + 0x1000 + i, &prot), i < 0x345 ? elf[0x1000 + i] : 0);
        assert_int_equal(prot, SK_PROT_R);
    }
    for (uint64_t i = 0; i < 0xa000; i++) { /* BSS, to the end of its page */
        assert_int_equal(peek(BASE + 0x2000 + i, &prot), i < 0x800 ? elf[DATA_OFF + i] : 0);
        assert_int_equal(prot, SK_PROT_R | SK_PROT_W);
    }
}

/* Guard page | stack of two pages, start block on top | guard page. */
static void expect_stack(void)
{
    uint32_t prot;
    struct sk_start block;
    uint64_t stack = BASE + 0x2000 + 0xa000 + 0x1000;
    for (uint64_t i = 0; i < 0x1000; i += 64) {
        peek(stack - 0x1000 + i, &prot);
        assert_int_equal(prot, 0);
        peek(stack + 0x2000 + i, &prot);
        assert_int_equal(prot, 0);
    }
    assert_int_equal(kernel.entry, BASE + 0x500);
    assert_int_equal(kernel.arg, stack + 0x2000 - SK_START_BYTES);
    assert_int_equal(kernel.sp, kernel.arg);
    for (uint64_t i = 0; i < sizeof(block); i++) {
        ((uint8_t *)&block)[i] = peek(kernel.arg + i, &prot);
        assert_int_equal(prot, SK_PROT_R | SK_PROT_W);
    }
    assert_int_equal(block.magic, SK_START_MAGIC);
    assert_int_equal(block.tid, 0x1234);
    assert_int_equal(block.parent, 0x55);
    assert_int_equal(block.core, 3);
    assert_int_equal(block.epoch, 9);
    assert_int_equal(block.heap_addr, stack + 0x3000);
    assert_int_equal(block.heap_bytes, 1u << 20);
    assert_int_equal(block.argc, 4);
    assert_string_equal(block.name, "prog");
    assert_string_equal(block.text + block.argv_off[0], "prog");
    assert_string_equal(block.text + block.argv_off[2], "");
    assert_string_equal(block.text + block.argv_off[3], "three");
}

static void the_task_finds_its_image(void **state)
{
    (void)state;
    const char *why;
    for (uint64_t most = 1; most <= 64; most = most * 2u + (most == 4)) {
        reset(most);
        assert_int_equal(start("prog", 4, &why), SK_OK);
        assert_true(kernel.started);
        expect_image();
        expect_stack();
    }
}

static void expect_nothing_kept(void)
{
    assert_false(kernel.started);
    for (uint32_t i = 0; i < REGIONS; i++)
        assert_true(kernel.region[i].state == FREE || kernel.region[i].state == GIVEN);
}

/* Each system call in turn. Where there is no memory, smaller pieces are tried. */
static void each_call_may_fail(void **state)
{
    (void)state;
    const char *why;
    reset(64);
    assert_int_equal(start("prog", 4, &why), SK_OK);
    unsigned calls = kernel.calls;
    assert_true(calls >= 17);
    for (unsigned at = 1; at <= calls; at++) {
        reset(64);
        kernel.fails_at = at;
        kernel.fails_with = SK_ERR_BUDGET;
        assert_int_equal(start("prog", 4, &why), SK_ERR_BUDGET);
        expect_nothing_kept();
    }
    reset(0);
    assert_int_equal(start("prog", 4, &why), SK_ERR_NO_MEMORY);
    expect_nothing_kept();
}

static void what_cannot_be_loaded(void **state)
{
    (void)state;
    const char *why;
    reset(64);
    assert_int_equal(start("absent", 0, &why), SK_ERR_NOT_FOUND);
    assert_int_equal(start("prog", SK_START_ARGS + 1, &why), SK_ERR_TOO_BIG);
    size_t len = archive_len;
    archive_len = 300;
    assert_int_equal(start("prog", 0, &why), SK_ERR_IMAGE);
    assert_string_equal(why, "damaged archive");
    archive_len = len;
    uint16_t other = EM_X86_64;
    memcpy(elf + offsetof(Elf64_Ehdr, e_machine), &other, sizeof(other));
    make_archive();
    assert_int_equal(start("prog", 0, &why), SK_ERR_IMAGE);
    assert_string_not_equal(why, "damaged archive");
    make_elf();
    make_archive();
    assert_int_equal(kernel.calls, 0);
    expect_nothing_kept();
}

int main(void)
{
    make_elf();
    make_archive();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_task_finds_its_image),
        cmocka_unit_test(each_call_may_fail),
        cmocka_unit_test(what_cannot_be_loaded),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    reset(0);
    return failed;
}
