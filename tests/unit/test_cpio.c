/* base/cpio.h: a good archive, the same cut at every byte, and with every byte changed. Run under
 * the address sanitizer: each try is in a block of exactly its size.
 * SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpio.h"

struct archive {
    char bytes[2048];
    size_t len;
};

static void pad(struct archive *a)
{
    while (a->len % 4 != 0)
        a->bytes[a->len++] = '\0';
}

static void add(struct archive *a, const char *name, const char *data, size_t len)
{
    char header[111];
    snprintf(header, sizeof(header), "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
             1, 0100644, 0, 0, 1, 0, (unsigned)len, 0, 0, 0, 0, (unsigned)strlen(name) + 1, 0);
    memcpy(a->bytes + a->len, header, 110);
    a->len += 110;
    memcpy(a->bytes + a->len, name, strlen(name) + 1);
    a->len += strlen(name) + 1;
    pad(a);
    memcpy(a->bytes + a->len, data, len);
    a->len += len;
    pad(a);
}

static struct archive make(void)
{
    struct archive a = {.len = 0};
    add(&a, "system.bin", "table", 5);
    add(&a, "bin/init", "", 0);
    add(&a, "bin/hello", "0123456789", 10);
    add(&a, "TRAILER!!!", "", 0);
    return a;
}

static void finds_every_entry(void **state)
{
    (void)state;
    struct archive a = make();
    struct cpio_entry e;
    uint64_t pos = 0;
    assert_int_equal(cpio_next(a.bytes, a.len, &pos, &e), SK_OK);
    assert_string_equal(e.name, "system.bin");
    assert_int_equal(e.len_bytes, 5);
    assert_memory_equal(e.data, "table", 5);
    assert_int_equal(cpio_find(a.bytes, a.len, "bin/hello", &e), SK_OK);
    assert_memory_equal(e.data, "0123456789", 10);
    assert_int_equal(cpio_find(a.bytes, a.len, "bin/init", &e), SK_OK);
    assert_int_equal(e.len_bytes, 0);
    assert_int_equal(cpio_find(a.bytes, a.len, "bin/ini", &e), SK_ERR_NOT_FOUND);
    assert_int_equal(cpio_find(a.bytes, a.len, "bin/initx", &e), SK_ERR_NOT_FOUND);
}

static void walk(const struct archive *a, size_t len)
{
    char *copy = malloc(len != 0 ? len : 1);
    struct cpio_entry e;
    uint64_t pos = 0;
    unsigned n = 0;
    sk_err err;
    memcpy(copy, a->bytes, len);
    while ((err = cpio_next(copy, len, &pos, &e)) == SK_OK) {
        assert_true((const char *)e.data + e.len_bytes <= copy + len);
        for (uint64_t i = 0; i < e.len_bytes; i++)
            assert_true(((const char *)e.data)[i] != 1);
        assert_true(strlen(e.name) < len);
        assert_true(++n < 100);
    }
    assert_true(err == SK_ERR_IMAGE || err == SK_ERR_NOT_FOUND);
    free(copy);
}

static void survives_every_cut(void **state)
{
    (void)state;
    struct archive a = make();
    for (size_t len = 0; len <= a.len; len++)
        walk(&a, len);
    struct cpio_entry e;
    size_t trailer = a.len - 124;
    for (size_t len = 0; len < trailer + 110; len++)
        assert_int_equal(cpio_find(a.bytes, len, "none", &e), SK_ERR_IMAGE);
}

static void survives_every_byte(void **state)
{
    (void)state;
    static const char values[] = {'\0', '0', '7', '8', 'F', 'f', 'g', (char)0xff, '\n'};
    struct archive good = make();
    for (size_t at = 0; at < good.len; at++)
        for (size_t v = 0; v < sizeof(values); v++) {
            struct archive a = good;
            a.bytes[at] = values[v];
            walk(&a, a.len);
        }
}

static void refuses_a_position_beyond_the_end(void **state)
{
    (void)state;
    struct archive a = make();
    struct cpio_entry e;
    uint64_t pos = a.len + 1;
    assert_int_equal(cpio_next(a.bytes, a.len, &pos, &e), SK_ERR_IMAGE);
    pos = UINT64_MAX;
    assert_int_equal(cpio_next(a.bytes, a.len, &pos, &e), SK_ERR_IMAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_every_entry),
        cmocka_unit_test(survives_every_cut),
        cmocka_unit_test(survives_every_byte),
        cmocka_unit_test(refuses_a_position_beyond_the_end),
    };
    return cmocka_run_group_tests_name("cpio", tests, NULL, NULL);
}
