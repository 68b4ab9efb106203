/* The parts of services that are plain functions: the table of names, the manifest as init reads
 * it, the console's screen, the shell's words.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "services/console/console.h"
#include "services/init/manifest.h"
#include "services/names/table.h"
#include "services/shell/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* --- names ------------------------------------------------------------------------------------ */

#define NAMES_MAX 96u
static struct name_entry entries[NAMES_MAX];

static struct name_entry entry(const char *name, sk_tid owner, sk_handle port)
{
    struct name_entry e = {.owner = owner, .port = port};
    strcpy(e.name, name);
    return e;
}

static sk_err add(struct name_table *t, const char *name, sk_handle port)
{
    struct name_entry e = entry(name, 1, port);
    return name_table_add(t, &e);
}

static void test_A9_names_are_sorted_found_and_removed(void **state)
{
    struct name_table t = {.max = NAMES_MAX, .entry = entries};
    (void)state;
    assert_int_equal(add(&t, "dev/uart1", 3), SK_OK);
    assert_int_equal(add(&t, "console", 1), SK_OK);
    assert_int_equal(add(&t, "dev/uart0", 2), SK_OK);
    assert_int_equal(add(&t, "echo", 4), SK_OK);
    assert_int_equal(add(&t, "echo", 5), SK_ERR_EXISTS);
    assert_int_equal(name_table_find(&t, "console"), 0);
    assert_int_equal(name_table_find(&t, "echo"), 3);
    assert_int_equal(name_table_find(&t, "ech"), -1);
    assert_int_equal(name_table_next(&t, "dev/", 0), 1);
    assert_int_equal(name_table_next(&t, "dev/", 2), 2);
    assert_int_equal(name_table_next(&t, "dev/", 3), -1);
    assert_int_equal(name_table_next(&t, "", 0), 0);
    assert_int_equal(name_table_next(&t, "", 4), -1);
    assert_int_equal(name_table_next(&t, "", 0xffffffffu), -1);
    assert_int_equal(name_table_remove(&t, 1), 2);
    assert_int_equal(name_table_find(&t, "dev/uart0"), -1);
    assert_int_equal(name_table_find(&t, "echo"), 2);
}

static void test_names_table_is_bounded(void **state)
{
    struct name_table t = {.max = NAMES_MAX, .entry = entries};
    char name[SK_NAME_BYTES];
    (void)state;
    for (uint32_t i = 0; i < NAMES_MAX; i++) {
        snprintf(name, sizeof name, "n%u", (unsigned)(i * 7919u % NAMES_MAX));
        assert_int_equal(add(&t, name, 1), SK_OK);
    }
    assert_int_equal(add(&t, "one-more", 1), SK_ERR_FULL);
    for (uint32_t i = 1; i < t.count; i++)
        assert_true(strcmp(t.entry[i - 1].name, t.entry[i].name) < 0);
}

/* --- manifest --------------------------------------------------------------------------------- */

struct table {
    struct sk_sys_header h;
    struct sk_sys_core core[4];
    struct sk_sys_prog prog[3];
    struct sk_sys_perm perm[3];
};

/* Cores 0, 1 and 3 start at boot; "late" belongs to 2, "last" beyond all. */
static void make(struct table *t, struct manifest *m)
{
    memset(t, 0, sizeof *t);
    t->h = (struct sk_sys_header){.cores = 4,
                                  .core_off = offsetof(struct table, core),
                                  .core_count = 4,
                                  .prog_off = offsetof(struct table, prog),
                                  .prog_count = 3,
                                  .perm_off = offsetof(struct table, perm),
                                  .perm_count = 3};
    for (int i = 0; i < 4; i++)
        t->core[i].flags = i == 2 ? 0 : SK_SYS_CORE_START;
    t->prog[0] = (struct sk_sys_prog){.name = "late", .place = 2, .perm_count = 2};
    t->prog[1] =
        (struct sk_sys_prog){.name = "last", .place = 0xfe, .perm_first = 2, .perm_count = 1};
    t->prog[2] = (struct sk_sys_prog){.name = "any", .place = SK_PLACE_ANY};
    t->perm[0] = (struct sk_sys_perm){.pattern = "late", .kind = SK_PERM_REGISTER};
    t->perm[1] = (struct sk_sys_perm){.pattern = "dev/*", .kind = SK_PERM_RESOLVE};
    t->perm[2] = (struct sk_sys_perm){.pattern = "*", .kind = SK_PERM_RESOLVE};
    *m = (struct manifest){.sys = &t->h};
}

static void test_place_is_the_same_for_each_init(void **state)
{
    struct table t;
    struct manifest m;
    (void)state;
    make(&t, &m);
    assert_int_equal(manifest_place(&m, &t.prog[0], 4), 2);
    assert_int_equal(manifest_place(&m, &t.prog[1], 4), 3);
    assert_int_equal(manifest_place(&m, &t.prog[2], 4), 0);
    assert_int_equal(manifest_place(&m, &t.prog[0], 2), 1);
    assert_int_equal(manifest_place(&m, &t.prog[1], 1), 0);
    assert_ptr_equal(manifest_find(&m, "last"), &t.prog[1]);
    assert_null(manifest_find(&m, "lost"));
    assert_null(manifest_prog(&m, 3));
}

static void test_D14_permissions(void **state)
{
    struct table t;
    struct manifest m;
    (void)state;
    make(&t, &m);
    assert_true(manifest_permits(&m, &t.prog[0], SK_PERM_REGISTER, "late"));
    assert_false(manifest_permits(&m, &t.prog[0], SK_PERM_REGISTER, "later"));
    assert_false(manifest_permits(&m, &t.prog[0], SK_PERM_RESOLVE, "late"));
    assert_true(manifest_permits(&m, &t.prog[0], SK_PERM_RESOLVE, "dev/uart0"));
    assert_false(manifest_permits(&m, &t.prog[0], SK_PERM_RESOLVE, "dev"));
    assert_true(manifest_permits(&m, &t.prog[1], SK_PERM_RESOLVE, "dev"));
    assert_false(manifest_permits(&m, &t.prog[2], SK_PERM_RESOLVE, "dev"));
}

/* --- screen ----------------------------------------------------------------------------------- */

static char shown[4096];
static size_t shown_len;

void uart_put(struct console *c, char ch) /* instead of the device's */
{
    (void)c;
    assert_true(shown_len + 1 < sizeof shown);
    shown[shown_len++] = ch;
    shown[shown_len] = 0;
}

#define WRITERS  4u
#define LINE_MAX 120u

static struct console *new_screen(void)
{
    struct console *c = calloc(1, sizeof *c);
    c->owner = NOBODY;
    c->clients = WRITERS;
    c->line_max = LINE_MAX;
    c->writer = calloc(WRITERS, sizeof *c->writer);
    c->line = calloc(WRITERS, LINE_MAX); /* the sanitizer sees a step beyond */
    shown_len = 0;
    shown[0] = 0;
    return c;
}

static void end_screen(struct console *c)
{
    free(c->writer);
    free(c->line);
    free(c);
}

static void say(struct console *c, uint32_t client, const char *text)
{
    screen_write(c, client, (const uint8_t *)text, (uint32_t)strlen(text), false);
}

static void test_lines_of_many_writers_stay_whole(void **state)
{
    struct console *c = new_screen();
    (void)state;
    say(c, 1, "one ");
    say(c, 2, "two\n");
    say(c, 1, "line\n");
    assert_string_equal(shown, "one \r\ntwo\r\none line\r\n");
    end_screen(c);
}

static void test_a_prompt_comes_back_with_what_was_typed(void **state)
{
    struct console *c = new_screen();
    (void)state;
    say(c, 0, "skerry> pss\b \b");
    say(c, 3, "half");
    say(c, 3, " a line\n");
    assert_string_equal(shown, "skerry> pss\b \b\r\nhalf a line\r\nskerry> ps");
    end_screen(c);
}

static void test_half_a_line_is_shown_when_its_writer_goes(void **state)
{
    struct console *c = new_screen();
    (void)state;
    say(c, 0, "skerry> ");
    say(c, 1, "no end");
    screen_leave(c, 1, 0);
    assert_string_equal(shown, "skerry> \r\nno end\r\nskerry> ");
    shown_len = 0;
    say(c, 0, "\n");
    say(c, 2, "kept");
    screen_leave(c, 2, NOBODY);
    assert_string_equal(shown, "\r\nkept\r\n");
    assert_int_equal(c->owner, NOBODY);
    end_screen(c);
}

static void test_lines_longer_than_what_is_kept(void **state)
{
    struct console *c = new_screen();
    char text[3 * LINE_MAX];
    (void)state;
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    say(c, 0, "prompt");
    say(c, 1, text);
    say(c, 1, "\n");
    size_t x = 0;
    for (size_t i = 0; i < shown_len; i++)
        x += shown[i] == 'x';
    assert_int_equal(x, sizeof text - 1);
    say(c, 0, text); /* the owner's own may be as long as it likes */
    say(c, 1, "y\n");
    assert_non_null(strstr(shown, "x\r\ny\r\n"));
    end_screen(c);
}

/* --- shell ------------------------------------------------------------------------------------ */

static void test_words_numbers_and_tids(void **state)
{
    char line[] = "  run -c\t1 hello  ";
    char *word[3];
    char text[TEXT_TID_BYTES];
    uint32_t v;
    sk_tid tid;
    (void)state;
    assert_int_equal(text_split(line, word, 3), 4);
    assert_string_equal(word[0], "run");
    assert_string_equal(word[2], "1");
    assert_true(text_number("255", 255, &v) && v == 255);
    assert_false(text_number("256", 255, &v));
    assert_false(text_number("", 255, &v));
    assert_false(text_number("1x", 255, &v));
    assert_false(text_number("-1", 255, &v));
    assert_false(text_number("99999999999999999999999", 0xffffffffu, &v));
    tid = SK_TID_MAKE(255, 0xffffff, 0xffffffff);
    text_from_tid(text, tid);
    assert_string_equal(text, "255.16777215.4294967295");
    assert_true(text_to_tid("2.5.1", &tid) && tid == SK_TID_MAKE(2, 5, 1));
    assert_false(text_to_tid("2.5", &tid));
    assert_false(text_to_tid("2.5.1.", &tid));
    assert_false(text_to_tid("256.5.1", &tid));
    assert_false(text_to_tid("", &tid));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_A9_names_are_sorted_found_and_removed),
        cmocka_unit_test(test_names_table_is_bounded),
        cmocka_unit_test(test_place_is_the_same_for_each_init),
        cmocka_unit_test(test_D14_permissions),
        cmocka_unit_test(test_lines_of_many_writers_stay_whole),
        cmocka_unit_test(test_a_prompt_comes_back_with_what_was_typed),
        cmocka_unit_test(test_half_a_line_is_shown_when_its_writer_goes),
        cmocka_unit_test(test_lines_longer_than_what_is_kept),
        cmocka_unit_test(test_words_numbers_and_tids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
