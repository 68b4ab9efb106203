/* base/fmt.h against what the C library's snprintf makes of the same.
 * SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"

#define SAME(...)                                                                                  \
    do {                                                                                           \
        char want[128];                                                                            \
        char got[128];                                                                             \
        int len = snprintf(want, sizeof(want), __VA_ARGS__);                                       \
        assert_int_equal(fmt_print(got, sizeof(got), __VA_ARGS__), len);                           \
        assert_string_equal(got, want);                                                            \
    } while (0)

static void agrees_with_the_c_library(void **state)
{
    (void)state;
    SAME("plain");
    SAME("%d %d %d", 0, -1, INT_MAX);
    SAME("%d %ld %lld", INT_MIN, LONG_MIN, LLONG_MIN);
    SAME("%u %x %lx %llx", UINT_MAX, 0xabcdefu, ULONG_MAX, ULLONG_MAX);
    SAME("%zu", SIZE_MAX);
    SAME("[%5d] [%-5d] [%05d] [%2d]", 42, 42, -42, 12345);
    SAME("[%8x] [%08x] [%-8x]", 0xbeefu, 0xbeefu, 0xbeefu);
    SAME("[%s] [%10s] [%-10s] [%2s]", "", "right", "left", "long");
    SAME("%c%c%%", 'a', 'b');
}

static void cuts_what_does_not_fit(void **state)
{
    (void)state;
    for (size_t size = 0; size < 24; size++) {
        char *buf = malloc(size != 0 ? size : 1); /* the sanitizer watches its end */
        size_t len = fmt_print(buf, size, "%s and %d", "something", 123456);
        assert_int_equal(len, size == 0 ? 0 : size - 1 < 20 ? size - 1 : 20);
        if (size != 0)
            assert_memory_equal(buf, "something and 123456", len);
        if (size != 0)
            assert_int_equal(buf[len], '\0');
        free(buf);
    }
}

static void survives_null_and_unknown(void **state)
{
    (void)state;
    char buf[32];
    const char *unknown = "%q%";
    const char *none = NULL;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-overflow"
    fmt_print(buf, sizeof(buf), "%s", none);
    assert_string_equal(buf, "(null)");
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
    fmt_print(buf, sizeof(buf), unknown);
#pragma GCC diagnostic pop
    assert_string_equal(buf, "%q%");
}

struct collected {
    char text[256];
    size_t len;
};

static void collect(void *to, const char *text, size_t len)
{
    struct collected *c = to;
    assert_true(len > 0 && c->len + len < sizeof(c->text));
    memcpy(&c->text[c->len], text, len);
    c->len += len;
}

static size_t write_all(struct collected *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    size_t len = fmt_vwrite(collect, c, format, args);
    va_end(args);
    return len;
}

/* Shorter than one piece, as long, and several. */
static void writes_without_end(void **state)
{
    (void)state;
    for (int width = 0; width < 200; width++) {
        struct collected c = {.len = 0};
        char format[16], want[256];
        snprintf(format, sizeof(format), "<%%%ds>%%u", width);
        int len = snprintf(want, sizeof(want), "<%*s>%u", width, "x", 4711u);
        assert_int_equal(write_all(&c, format, "x", 4711u), len);
        assert_int_equal(c.len, len);
        assert_memory_equal(c.text, want, c.len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_c_library),
        cmocka_unit_test(cuts_what_does_not_fit),
        cmocka_unit_test(survives_null_and_unknown),
        cmocka_unit_test(writes_without_end),
    };
    return cmocka_run_group_tests_name("fmt", tests, NULL, NULL);
}
