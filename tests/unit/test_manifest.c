/* services/init/manifest.c: what a system table in an archive says, and archives without one.
 * SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "services/init/manifest.h"

struct table {
    struct sk_sys_header header;
    struct sk_sys_core core[4];
    struct sk_sys_prog prog[3];
    struct sk_sys_perm perm[3];
};

struct archive {
    _Alignas(8) char bytes[4096];
    size_t len;
};

static void pad(struct archive *a)
{
    while (a->len % 4 != 0)
        a->bytes[a->len++] = '\0';
}

static void add(struct archive *a, const char *name, const void *data, size_t len)
{
    char header[111];
    snprintf(header, sizeof header, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", 1,
             0100644, 0, 0, 1, 0, (unsigned)len, 0, 0, 0, 0, (unsigned)strlen(name) + 1, 0);
    memcpy(a->bytes + a->len, header, 110);
    a->len += 110;
    memcpy(a->bytes + a->len, name, strlen(name) + 1);
    a->len += strlen(name) + 1;
    pad(a);
    memcpy(a->bytes + a->len, data, len);
    a->len += len;
    pad(a);
}

static struct table good(void)
{
    struct table t = {
        .header = {.magic = SK_SYS_MAGIC,
                   .version = SK_SYS_VERSION,
                   .size_bytes = sizeof t,
                   .cores = 4,
                   .core_off = offsetof(struct table, core),
                   .core_count = 4,
                   .prog_off = offsetof(struct table, prog),
                   .prog_count = 3,
                   .perm_off = offsetof(struct table, perm),
                   .perm_count = 3},
        .core = {{.flags = SK_SYS_CORE_START},
                 {.flags = SK_SYS_CORE_START},
                 {.flags = 0},
                 {.flags = SK_SYS_CORE_START}},
        .prog = {{.name = "init", .place = SK_PLACE_ANY},
                 {.name = "echo", .place = 2, .perm_first = 0, .perm_count = 2},
                 {.name = "far", .place = 200, .perm_first = 2, .perm_count = 1}},
        .perm = {{.kind = SK_PERM_REGISTER, .pattern = "echo"},
                 {.kind = SK_PERM_RESOLVE, .pattern = "test/*"},
                 {.kind = SK_PERM_REGISTER, .pattern = "*"}},
    };
    return t;
}

static sk_err open_table(struct manifest *m, struct archive *a, const struct table *t, size_t len)
{
    *a = (struct archive){.len = 0};
    add(a, "system.bin", t, len);
    add(a, "bin/echo", "image", 5);
    add(a, "TRAILER!!!", "", 0);
    return manifest_open(m, a->bytes, a->len);
}

static void tables_that_are_none(void **state)
{
    (void)state;
    struct manifest m;
    struct archive a = {.len = 0};
    struct table t = good();
    add(&a, "TRAILER!!!", "", 0);
    assert_int_equal(manifest_open(&m, a.bytes, a.len), SK_ERR_IMAGE);
    assert_int_equal(manifest_open(&m, a.bytes, 0), SK_ERR_IMAGE);
    assert_int_equal(open_table(&m, &a, &t, sizeof t), SK_OK);
    assert_int_equal(open_table(&m, &a, &t, sizeof t - 4u), SK_ERR_IMAGE);
    assert_int_equal(open_table(&m, &a, &t, 8), SK_ERR_IMAGE);
    t.header.version++;
    assert_int_equal(open_table(&m, &a, &t, sizeof t), SK_ERR_IMAGE);
    t = good();
    t.header.magic ^= 1u;
    assert_int_equal(open_table(&m, &a, &t, sizeof t), SK_ERR_IMAGE);
}

static void programs_and_permissions(void **state)
{
    (void)state;
    struct manifest m;
    struct archive a;
    struct table t = good();
    const void *image;
    uint64_t len;
    assert_int_equal(open_table(&m, &a, &t, sizeof t), SK_OK);
    const struct sk_sys_prog *echo = manifest_find(&m, "echo"), *far = manifest_find(&m, "far");
    assert_string_equal(echo->name, "echo");
    assert_null(manifest_find(&m, "ech"));
    assert_null(manifest_find(&m, "echo2"));
    assert_null(manifest_prog(&m, 3));
    assert_int_equal(manifest_image(&m, echo, &image, &len), SK_OK);
    assert_int_equal(len, 5);
    assert_memory_equal(image, "image", 5);
    assert_int_equal(manifest_image(&m, far, &image, &len), SK_ERR_NOT_FOUND);
    assert_true(manifest_permits(&m, echo, SK_PERM_REGISTER, "echo"));
    assert_false(manifest_permits(&m, echo, SK_PERM_REGISTER, "echo2"));
    assert_false(manifest_permits(&m, echo, SK_PERM_REGISTER, "test/a")); /* the other kind */
    assert_true(manifest_permits(&m, echo, SK_PERM_RESOLVE, "test/a"));
    assert_false(manifest_permits(&m, echo, SK_PERM_RESOLVE, "any")); /* the next program's */
    assert_true(manifest_permits(&m, far, SK_PERM_REGISTER, "any"));
    assert_false(manifest_permits(&m, manifest_find(&m, "init"), SK_PERM_REGISTER, "echo"));
}

static void places(void **state)
{
    (void)state;
    struct manifest m;
    struct archive a;
    struct table t = good();
    assert_int_equal(open_table(&m, &a, &t, sizeof t), SK_OK);
    const struct sk_sys_prog *echo = manifest_find(&m, "echo"), *far = manifest_find(&m, "far");
    assert_true(manifest_core_starts(&m, 1));
    assert_false(manifest_core_starts(&m, 2));
    assert_false(manifest_core_starts(&m, 4));
    assert_int_equal(manifest_place(&m, manifest_find(&m, "init"), 4), 0);
    assert_int_equal(manifest_place(&m, far, 4), 3);
    assert_int_equal(manifest_place(&m, far, 3), 1); /* core 2 does not start at boot */
    assert_int_equal(manifest_place(&m, far, 1), 0);
    assert_int_equal(manifest_place(&m, echo, 2), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tables_that_are_none),
                                       cmocka_unit_test(programs_and_permissions),
                                       cmocka_unit_test(places)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
