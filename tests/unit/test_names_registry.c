/* The registry of names over the event loop and a kernel of plain memory (fake_user.h): task 1
 * serves, tasks 0 and 2 ask as inits do.
 * SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "services/names/registry.h"
#include "tests/unit/fake_user.h"

/* Services are compiled to call it at each branch (arch/host/program.c). */
void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void)
{
}

#define CLIENTS 4
#define NAMES   2

static struct sk_loop loop;
static struct sk_client clients[CLIENTS];
static struct name_entry entries[NAMES];
static struct name_table table;
static struct sk_chan init[2]; /* of tasks 0 and 2 */

static sk_err on_register(struct sk_loop *l, struct sk_client *c, struct sk_in *in,
                          struct sk_answer *a)
{
    (void)a;
    return registry_register(l, &table, c, in, registry_request(in)->owner);
}

static sk_err on_unregister(struct sk_loop *l, struct sk_client *c, struct sk_in *in,
                            struct sk_answer *a)
{
    (void)l, (void)c, (void)a;
    return registry_unregister(&table, in, registry_request(in)->owner);
}

static sk_err on_list(struct sk_loop *l, struct sk_client *c, struct sk_in *in, struct sk_answer *a)
{
    (void)l, (void)c;
    return registry_list(&table, in, a);
}

static void on_close(struct sk_loop *l, struct sk_client *c)
{
    (void)l;
    registry_forget(&table, c);
}

#define LEN sizeof(struct names_request)
static const struct sk_method methods[] = {
    {.label = NAMES_REGISTER, .min_len = LEN, .handles = 1, .handle = on_register},
    {.label = NAMES_UNREGISTER, .min_len = LEN, .handle = on_unregister},
    {.label = NAMES_LIST, .min_len = LEN, .handle = on_list},
};

static struct sk_server service = {.methods = methods, .method_count = 3, .on_close = on_close};

static void serve(void)
{
    for (unsigned i = 0; i < 100; i++)
        sk_loop_step(&loop, 0);
}

static void connect(unsigned i)
{
    sk_handle far;
    fake.current = &fake.task[2 * i];
    assert_int_equal(sk_chan_create(&init[i], &far, SK_EV_CHAN), SK_OK);
    fake.current = &fake.task[1];
    assert_int_equal(sk_client_adopt(&loop, &service, far, NULL, NULL), SK_OK);
    fake.current = &fake.task[0];
}

static int set_up(void **state)
{
    (void)state;
    fake_start();
    memset(clients, 0, sizeof clients);
    table = (struct name_table){.max = NAMES, .entry = entries};
    fake.current = &fake.task[1];
    sk_loop_init(&loop, clients, CLIENTS, NULL);
    sk_serve_port(&loop, &service, SK_HANDLE_NONE, 0);
    fake.task[1].run = serve;
    connect(0);
    connect(1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        fake.current = &fake.task[2 * i];
        if (init[i].handle != SK_HANDLE_NONE)
            sk_chan_close(&init[i]);
    }
    fake.current = &fake.task[1];
    serve();
    return table.count == 0 && fake_ends_open() == 0 ? 0 : -1;
}

static struct names_request request(const char *name, sk_tid owner)
{
    struct names_request r = {.owner = owner};
    strcpy(r.name, name);
    return r;
}

/* A handle that stands for a port: an end whose other end is closed. */
static sk_handle some_port(void)
{
    sk_handle pair[2];
    assert_int_equal(sys_chan_create(16, &pair[0], &pair[1]), SK_OK);
    sys_close(pair[1]);
    return pair[0];
}

static sk_err ask(unsigned i, uint32_t label, const struct names_request *r, sk_handle port)
{
    struct sk_in in;
    struct sk_out out = {.label = label, .len = LEN, .bytes = r};
    out.handles = port != SK_HANDLE_NONE;
    out.handle = &port;
    fake.current = &fake.task[2 * i];
    sk_err err = sk_call_msg(&init[i], &out, &in, sizeof(struct names_entry), SK_FOREVER);
    fake.current = &fake.task[0];
    return err;
}

static sk_err tell(unsigned i, const char *name, sk_tid owner)
{
    struct names_request r = request(name, owner);
    return ask(i, NAMES_REGISTER, &r, some_port());
}

static sk_err take_back(unsigned i, const char *name, sk_tid owner)
{
    struct names_request r = request(name, owner);
    return ask(i, NAMES_UNREGISTER, &r, SK_HANDLE_NONE);
}

static void told_listed_and_taken_back(void **state)
{
    (void)state;
    struct names_request r = request("", 0);
    assert_int_equal(ask(0, NAMES_LIST, &r, SK_HANDLE_NONE), SK_ERR_NOT_FOUND);
    assert_int_equal(tell(0, "echo", 7), SK_OK);
    assert_int_equal(ask(1, NAMES_LIST, &r, SK_HANDLE_NONE), SK_OK);
    assert_int_equal(tell(1, "echo", 8), SK_ERR_EXISTS);
    assert_int_equal(take_back(1, "echo", 8), SK_ERR_RIGHTS);
    assert_int_equal(take_back(1, "ech", 7), SK_ERR_NOT_FOUND);
    assert_int_equal(tell(1, "time", 8), SK_OK);
    assert_int_equal(tell(1, "more", 8), SK_ERR_FULL);
    assert_int_equal(take_back(0, "echo", 7), SK_OK);
    assert_int_equal(table.count, 1);
    assert_string_equal(entries[0].name, "time");
}

static void told_again_the_newer_port_counts(void **state)
{
    (void)state;
    assert_int_equal(tell(0, "echo", 7), SK_OK);
    sk_handle first = entries[0].port;
    unsigned open = fake_ends_open();
    assert_int_equal(tell(0, "echo", 7), SK_OK);
    assert_int_equal(table.count, 1);
    assert_int_not_equal(entries[0].port, first);
    assert_int_equal(fake_ends_open(), open);
}

static void what_is_no_request_changes_nothing(void **state)
{
    (void)state;
    struct names_request r = request("a b", 7);
    unsigned open = fake_ends_open();
    assert_int_equal(ask(0, NAMES_REGISTER, &r, some_port()), SK_ERR_ARG);
    assert_int_equal(tell(0, "echo", SK_TID_NONE), SK_ERR_ARG);
    assert_int_equal(ask(0, NAMES_UNREGISTER, &r, SK_HANDLE_NONE), SK_ERR_ARG);
    memset(r.name, 'x', sizeof r.name);
    assert_int_equal(ask(0, NAMES_LIST, &r, SK_HANDLE_NONE), SK_ERR_ARG);
    assert_int_equal(fake_ends_open(), open);
    fake.task[1].handles_left = 0; /* the port does not come, and goes with the connection */
    assert_int_equal(tell(0, "echo", 7), SK_ERR_BUDGET);
    assert_int_equal(table.count, 0);
}

static void names_go_with_who_told_them(void **state)
{
    (void)state;
    assert_int_equal(tell(0, "echo", 7), SK_OK);
    assert_int_equal(tell(1, "time", 8), SK_OK);
    fake.current = &fake.task[0];
    sk_chan_close(&init[0]);
    /* Before the service has looked: the name of the dead is free at once. */
    fake.current = &fake.task[2];
    assert_int_equal(tell(1, "echo", 9), SK_OK);
    assert_int_equal(table.count, 2);
    assert_int_equal(entries[0].owner, 9);
}

/* What an init sent before it died is read after it has died: its name for another owner must not
 * outlive it. */
static void the_last_words_of_a_client_are_forgotten_too(void **state)
{
    (void)state;
    struct names_request r = request("echo", 9);
    sk_handle port;
    assert_int_equal(tell(0, "echo", 7), SK_OK);
    fake.current = &fake.task[0];
    port = some_port();
    struct sk_out out = {
        .label = NAMES_REGISTER, .len = LEN, .bytes = &r, .handles = 1, .handle = &port};
    assert_int_equal(sk_send_try(&init[0], &out), SK_OK);
    sk_chan_close(&init[0]);
    fake.current = &fake.task[1];
    serve();
    assert_int_equal(table.count, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(told_listed_and_taken_back),
        TEST(told_again_the_newer_port_counts),
        TEST(what_is_no_request_changes_nothing),
        TEST(names_go_with_who_told_them),
        TEST(the_last_words_of_a_client_are_forgotten_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
