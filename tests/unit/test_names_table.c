/* services/names/table.c against a plain unsorted list: random additions and removals, the table
 * full and empty.
 * SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/names/table.h"

#define NAMES_MAX 96u
#define NAMES     (NAMES_MAX + 30u)

static void entry_of(uint32_t i, struct name_entry *e)
{
    *e = (struct name_entry){.owner = i, .port = i + 1u};
    snprintf(e->name, sizeof e->name, "%s%u", i % 2u ? "odd/" : "even/", (unsigned)i);
}

static void check(const struct name_table *t, const bool has[NAMES])
{
    uint32_t count = 0, odd = 0;
    struct name_entry e;
    for (uint32_t i = 0; i < NAMES; i++) {
        entry_of(i, &e);
        int32_t at = name_table_find(t, e.name);
        assert_int_equal(at >= 0, has[i]);
        count += has[i] ? 1u : 0u;
        odd += has[i] && i % 2u ? 1u : 0u;
        if (has[i])
            assert_int_equal(t->entry[at].port, i + 1u);
    }
    assert_int_equal(t->count, count);
    for (uint32_t i = 1; i < t->count; i++)
        assert_true(strcmp(t->entry[i - 1u].name, t->entry[i].name) < 0);
    int32_t at = name_table_next(t, "odd/", 0);
    for (; at >= 0; at = name_table_next(t, "odd/", (uint32_t)at + 1u))
        odd--;
    assert_int_equal(odd, 0);
}

static void random_changes_keep_it_sorted(void **state)
{
    (void)state;
    /* The sanitizer sees a step beyond. */
    struct name_table table = {.max = NAMES_MAX, .entry = calloc(NAMES_MAX, sizeof *table.entry)};
    struct name_table *t = &table;
    bool has[NAMES] = {false};
    uint32_t x = 1;
    for (uint32_t n = 0; n < 3000; n++) {
        x = x * 1664525u + 1013904223u;
        uint32_t i = (x >> 8) % NAMES;
        struct name_entry e;
        entry_of(i, &e);
        int32_t at = name_table_find(t, e.name);
        if (at >= 0 && (x >> 28) < 6u) {
            assert_int_equal(name_table_remove(t, (uint32_t)at), i + 1u);
            has[i] = false;
        } else {
            sk_err want = at >= 0 ? SK_ERR_EXISTS : t->count == NAMES_MAX ? SK_ERR_FULL : SK_OK;
            assert_int_equal(name_table_add(t, &e), want);
            has[i] |= want == SK_OK;
        }
        if (n % 50u == 0)
            check(t, has);
    }
    assert_true(t->count > NAMES_MAX / 2u);
    while (t->count > 0)
        (void)name_table_remove(t, t->count - 1u);
    assert_int_equal(name_table_next(t, "", 0), -1);
    free(table.entry);
}

static void next_of_nothing(void **state)
{
    struct name_entry entries[2];
    (void)state;
    struct name_table t = {.max = 2, .entry = entries};
    struct name_entry e = {.name = "echo"};
    assert_int_equal(name_table_find(&t, "echo"), -1);
    assert_int_equal(name_table_add(&t, &e), SK_OK);
    assert_int_equal(name_table_next(&t, "echo2", 0), -1);
    assert_int_equal(name_table_next(&t, "ec", 0), 0);
    assert_int_equal(name_table_next(&t, "ec", 1), -1);
    assert_int_equal(name_table_next(&t, "", 99), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_changes_keep_it_sorted),
                                       cmocka_unit_test(next_of_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
