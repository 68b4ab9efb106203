/* The system table and the template: any damage is found when the template is built.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "fake_machine.h"

static int setup(void **state)
{
    (void)state;
    fake_machine(1);
    fake_free();
    return 0;
}

static sk_err check(const void *table, uint64_t len)
{
    const char *why = NULL;
    sk_err err = system_check(table, len, &why);
    assert_true((err == SK_OK) == (why == NULL));
    return err;
}

static void test_cut_short(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof(fake_sys); len++) {
        void *copy = malloc(len + 1); /* the sanitizer sees a look beyond */
        memcpy(copy, &fake_sys, len);
        assert_int_equal(check(copy, len), SK_ERR_IMAGE);
        free(copy);
    }
    assert_int_equal(check(&fake_sys, sizeof(fake_sys)), SK_OK);
}

static void test_each_field_out_of_range(void **state)
{
    (void)state;
    struct sk_sys_header *h = &fake_sys.header;
    struct sk_sys_prog *p = &fake_sys.prog[0];
    struct sk_sys_core *c = &fake_sys.core[1];
    struct {
        void *field;
        size_t size;
        uint32_t bad;
    } const fields[] = {
        {&h->magic, 4, 0},
        {&h->version, 4, 99},
        {&h->size_bytes, 4, 1 << 20},
        {&h->size_bytes, 4, 8},
        {&h->cores, 4, 0},
        {&h->cores, 4, 9},
        {&h->core_count, 4, 3},
        {&h->core_off, 4, 0xfffffff0},
        {&h->prog_off, 4, 2},
        {&h->prog_count, 4, 0xffff},
        {&h->dev_count, 4, 17},
        {&h->perm_count, 4, 1},
        {&c->tasks, 2, 0},
        {&c->ends, 2, 1000},
        {&c->ports, 2, 0},
        {&c->regions, 2, 0},
        {&c->handles, 2, 5000},
        {&p->priority, 1, 16},
        {&p->restart, 1, 3},
        {&p->ends, 2, 257},
        {&p->handles, 2, 0},
        {&p->perm_count, 2, 1},
        {&p->dev_first, 2, 3},
        {&p->name[0], 1, 0},
        {&h->board[0], 1, 0},
        {&fake_sys.dev[0].size_bytes, 4, 100},
        {&p->handles, 2, 33},
        {&fake_sys.image[0].prog, 2, 1},
        {&fake_sys.image[2].core, 1, FAKE_CORES},
    };
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        uint8_t saved[4];
        memcpy(saved, fields[i].field, fields[i].size);
        memcpy(fields[i].field, &fields[i].bad, fields[i].size);
        assert_int_equal(check(&fake_sys, sizeof(fake_sys)), SK_ERR_IMAGE);
        memcpy(fields[i].field, saved, fields[i].size);
    }
    memset(h->name, 'x', sizeof(h->name));
    assert_int_equal(check(&fake_sys, sizeof(fake_sys)), SK_ERR_IMAGE);
}

/* Random bytes anywhere: accepted or refused, never read outside. */
static void test_any_bytes(void **state)
{
    (void)state;
    uint32_t seed = 99;
    for (int round = 0; round < 20000; round++) {
        uint8_t *copy = malloc(sizeof(fake_sys));
        memcpy(copy, &fake_sys, sizeof(fake_sys));
        for (int i = 0; i < 3; i++) {
            seed = seed * 1664525u + 1013904223u;
            copy[(seed >> 8) % sizeof(fake_sys)] = (uint8_t)(seed >> 24);
        }
        (void)check(copy, sizeof(fake_sys));
        free(copy);
    }
}

static void put_entry(char **at, const char *name, const void *data, size_t len)
{
    size_t name_len = strlen(name) + 1;
    int n = sprintf(*at, "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x", 1, 0, 0, 0,
                    1, 0, len, 0, 0, 0, 0, name_len, 0);
    memcpy(*at + n, name, name_len);
    *at += (110 + name_len + 3) / 4 * 4;
    memcpy(*at, data, len);
    *at += (len + 3) / 4 * 4;
}

static void test_template_from_an_archive(void **state)
{
    (void)state;
    char *archive = aligned_alloc(4096, 8192);
    memset(archive, 0, 8192);
    char *at = archive;
    put_entry(&at, "bin/init", "x", 1);
    put_entry(&at, SK_SYS_FILE, &fake_sys, sizeof(fake_sys));
    put_entry(&at, "TRAILER!!!", "", 0);
    uint64_t len = (uint64_t)(at - archive);
    struct template tpl = {0};
    const char *why;
    assert_int_equal(template_build(&tpl, archive, len, 8, &why), SK_OK);
    assert_int_equal(tpl.cores, FAKE_CORES);
    assert_int_equal(template_build(&tpl, archive, len, 2, &why), SK_OK);
    assert_int_equal(tpl.cores, 2);
    assert_int_equal(template_build(&tpl, archive, len, 0, &why), SK_ERR_IMAGE);
    for (uint64_t cut = 0; cut + 4 < len; cut++) {
        char *copy = aligned_alloc(16, (cut + 16) / 16 * 16);
        memcpy(copy, archive, cut);
        assert_int_equal(template_build(&tpl, copy, cut, 8, &why), SK_ERR_IMAGE);
        assert_non_null(why);
        free(copy);
    }
    free(archive);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_cut_short, setup),
        cmocka_unit_test_setup(test_each_field_out_of_range, setup),
        cmocka_unit_test_setup(test_any_bytes, setup),
        cmocka_unit_test_setup(test_template_from_an_archive, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
