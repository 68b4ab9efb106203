/* services/init/manifest.c: what a system table says, and tables that are none.
 * SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "services/init/manifest.h"

struct table {
    struct sk_sys_header header;
    struct sk_sys_core core[4];
    struct sk_sys_prog prog[3];
    struct sk_sys_perm perm[3];
};

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

static void tables_that_are_none(void **state)
{
    (void)state;
    struct manifest m;
    struct table t = good();
    assert_int_equal(manifest_open(&m, NULL), SK_ERR_IMAGE);
    assert_int_equal(manifest_open(&m, &t), SK_OK);
    t.header.version++;
    assert_int_equal(manifest_open(&m, &t), SK_ERR_IMAGE);
    t = good();
    t.header.magic ^= 1u;
    assert_int_equal(manifest_open(&m, &t), SK_ERR_IMAGE);
}

static void programs_and_permissions(void **state)
{
    (void)state;
    struct manifest m;
    struct table t = good();
    assert_int_equal(manifest_open(&m, &t), SK_OK);
    const struct sk_sys_prog *echo = manifest_find(&m, "echo"), *far = manifest_find(&m, "far");
    assert_string_equal(echo->name, "echo");
    assert_null(manifest_find(&m, "ech"));
    assert_null(manifest_find(&m, "echo2"));
    assert_null(manifest_prog(&m, 3));
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
    struct table t = good();
    assert_int_equal(manifest_open(&m, &t), SK_OK);
    const struct sk_sys_prog *echo = manifest_find(&m, "echo"), *far = manifest_find(&m, "far");
    assert_ptr_equal(manifest_core(&m, 3), &t.core[3]);
    assert_null(manifest_core(&m, 4));
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
