/* The event loop over a kernel of plain memory (fake_user.h): task 1 serves, task 0 asks, task 2
 * is served by task 1 too.
 * SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "tests/unit/fake_user.h"
#include "tests/unit/random.h"
#include "lib/loop.h"

#define CLIENTS 4

static struct sk_loop loop;
static struct sk_client clients[CLIENTS];
static struct sk_chan asker[CLIENTS];
static struct sk_ticket later[64];
static uint32_t later_count, opened, closed, texts;

enum { ADD = 1, LATER, TEXT, GIVE };

static sk_err add(struct sk_loop *l, struct sk_client *client, struct sk_in *in,
                  struct sk_answer *answer)
{
    (void)l;
    (void)client;
    answer->w64[0] = in->w64[0] + in->w64[1];
    answer->len = 8;
    return in->w64[0] == 0 ? SK_ERR_NOT_FOUND : SK_OK;
}

static sk_err put_off(struct sk_loop *l, struct sk_client *client, struct sk_in *in,
                      struct sk_answer *answer)
{
    (void)l;
    (void)answer;
    later[later_count++] = sk_ticket(client, in);
    return SK_ANSWER_LATER;
}

static sk_err text(struct sk_loop *l, struct sk_client *client, struct sk_in *in,
                   struct sk_answer *answer)
{
    (void)l;
    (void)client;
    (void)answer;
    texts += in->len;
    return SK_ERR_ARG; /* nobody hears it */
}

static sk_err give(struct sk_loop *l, struct sk_client *client, struct sk_in *in,
                   struct sk_answer *answer)
{
    (void)l;
    (void)client;
    answer->handle[answer->handles++] = in->handle[0];
    in->handle[0] = SK_HANDLE_NONE;
    return SK_OK;
}

static const struct sk_method methods[] = {
    {.label = ADD, .min_len = 16, .handle = add},
    {.label = LATER, .handle = put_off},
    {.label = TEXT, .min_len = 1, .one_way = true, .handle = text},
    {.label = 900, .handle = add},
    {.label = GIVE, .handles = 1, .handle = give},
};

static void gone(struct sk_loop *l, struct sk_client *client)
{
    (void)l;
    (void)client;
    closed++;
}

static struct sk_server service = {.methods = methods, .method_count = 5, .on_close = gone};

static void serve(void)
{
    for (unsigned i = 0; i < 200; i++)
        sk_loop_step(&loop, 0);
}

static void connect(unsigned i, unsigned task)
{
    sk_handle far;
    struct sk_client *c;
    fake.current = &fake.task[task];
    assert_int_equal(sk_chan_create(&asker[i], &far, SK_EV_CHAN), SK_OK);
    fake.current = &fake.task[1];
    assert_int_equal(sk_client_adopt(&loop, &service, far, NULL, &c), SK_OK);
    opened++;
    fake.current = &fake.task[0];
}

static int set_up(void **state)
{
    (void)state;
    fake_start();
    later_count = opened = closed = texts = 0;
    fake.current = &fake.task[1];
    memset(clients, 0, sizeof(clients));
    sk_loop_init(&loop, clients, CLIENTS, NULL);
    sk_serve_port(&loop, &service, SK_HANDLE_NONE, 0);
    fake.task[1].run = serve;
    connect(0, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CLIENTS; i++)
        if (asker[i].handle != SK_HANDLE_NONE)
            sk_chan_close(&asker[i]);
    fake.current = &fake.task[1];
    serve();
    assert_int_equal(closed, opened);
    return fake_ends_open() == 0 ? 0 : -1;
}

static sk_err call_add(unsigned i, uint64_t a, uint64_t b, uint64_t *sum)
{
    uint64_t words[2] = {a, b};
    return sk_call(&asker[i], ADD, words, 16, sum, 8, NULL, SK_FOREVER);
}

static void answers_and_errors(void **state)
{
    (void)state;
    uint64_t sum = 0;
    for (uint64_t i = 1; i < 100; i++) {
        assert_int_equal(call_add(0, i, 2 * i, &sum), SK_OK);
        assert_int_equal(sum, 3 * i);
    }
    assert_int_equal(call_add(0, 0, 1, &sum), SK_ERR_NOT_FOUND);
    assert_int_equal(sk_call(&asker[0], ADD, &sum, 8, NULL, 0, NULL, SK_FOREVER), SK_ERR_ARG);
    assert_int_equal(sk_call(&asker[0], 77, NULL, 0, NULL, 0, NULL, SK_FOREVER),
                     SK_ERR_UNSUPPORTED);
    assert_int_equal(sk_call(&asker[0], 900, NULL, 0, &sum, 8, NULL, SK_FOREVER), SK_ERR_NOT_FOUND);
    assert_int_equal(sk_call(&asker[0], GIVE, NULL, 0, NULL, 0, NULL, SK_FOREVER), SK_ERR_ARG);
}

static void one_way_has_no_answer(void **state)
{
    (void)state;
    uint64_t sum;
    static const uint8_t bytes[200];
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(sk_send_until(&asker[0],
                                       &(struct sk_out){.label = TEXT, .len = 200, .bytes = bytes},
                                       SK_FOREVER),
                         SK_OK);
    assert_int_equal(call_add(0, 1, 1, &sum), SK_OK);
    assert_int_equal(texts, 20000);
}

static void an_answer_wakes_with_the_next_sleep(void **state)
{
    (void)state;
    uint64_t sum;
    assert_int_equal(call_add(0, 1, 1, &sum), SK_OK);
    fake.task[1].run = NULL; /* by hand, to count */
    struct sk_call call;
    struct sk_in in;
    uint64_t words[2] = {1, 2};
    struct sk_out out = {.label = ADD, .len = 16, .bytes = words};
    assert_int_equal(sk_call_begin(&asker[0], &call, &out, &in, 8), SK_OK);
    assert_true(sk_chan_arm(&asker[0]));
    fake.current = &fake.task[1];
    sk_loop_step(&loop, 0); /* told of the request, answers */
    assert_ptr_equal(loop.late.chan, &clients[0].source.chan);
    unsigned before = fake.current->entries;
    sk_loop_step(&loop, 0); /* wakes and sleeps */
    assert_int_equal(fake.current->entries - before, 1);
    assert_null(loop.late.chan);
    fake.current = &fake.task[0];
    assert_true(fake.current->events & 1u << SK_EV_CHAN);
    assert_int_equal(sk_call_end(&asker[0], &call, 0), SK_OK);
}

static void deferred_answers_find_their_asker(void **state)
{
    (void)state;
    struct sk_call call[8];
    struct sk_in in[8];
    for (unsigned i = 1; i < CLIENTS; i++)
        connect(i, 0);
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(sk_call_begin(&asker[i % CLIENTS], &call[i],
                                       &(struct sk_out){.label = LATER}, &in[i], 8),
                         SK_OK);
    fake_run_others();
    assert_int_equal(later_count, 8);
    sk_chan_close(&asker[3]);
    fake.current = &fake.task[1];
    serve();
    unsigned dead = 0;
    for (uint64_t i = 8; i-- > 0;) {
        uint64_t who = later[i].client;
        sk_err err = sk_answer(&loop, later[i], SK_OK, &who, 8, NULL, 0);
        assert_true(err == SK_OK || err == SK_ERR_PEER_DEAD);
        dead += err == SK_ERR_PEER_DEAD;
    }
    assert_int_equal(dead, 2);
    serve();
    fake.current = &fake.task[0];
    for (unsigned i = 0; i < 8; i++) {
        sk_err err = sk_call_end(&asker[i % CLIENTS], &call[i], SK_FOREVER);
        assert_int_equal(err, i % CLIENTS == 3 ? SK_ERR_CANCELLED : SK_OK);
        if (err == SK_OK)
            assert_int_equal(in[i].w64[0], i % CLIENTS);
    }
}

static void handles_go_back(void **state)
{
    (void)state;
    sk_handle pair[2];
    struct sk_in in;
    assert_int_equal(sys_chan_create(16, &pair[0], &pair[1]), SK_OK);
    struct sk_out out = {.label = GIVE, .handles = 1, .handle = pair};
    assert_int_equal(sk_call_msg(&asker[0], &out, &in, 0, SK_FOREVER), SK_OK);
    assert_int_equal(in.handle[0], pair[0]);
    sk_in_drop_handles(&in);
    /* To a method that wants none: refused, and closed there. */
    out = (struct sk_out){.label = LATER, .handles = 1, .handle = &pair[1]};
    assert_int_equal(sk_call_msg(&asker[0], &out, &in, 0, SK_FOREVER), SK_ERR_ARG);
    assert_int_equal(fake_ends_open(), 2);
}

/* A client that asks and never takes its answers. */
static void a_client_without_room_is_closed(void **state)
{
    (void)state;
    uint64_t words[2] = {1, 1};
    connect(1, 0);
    for (unsigned i = 0; i < 60 && !sk_chan_peer_closed(&asker[0]); i++) {
        sk_send_try(&asker[0], &(struct sk_out){.label = ADD, .len = 16, .bytes = words});
        fake_run_others();
    }
    assert_true(sk_chan_peer_closed(&asker[0]));
    assert_int_equal(call_add(1, 1, 1, &words[0]), SK_OK);
}

static void no_more_clients_than_places(void **state)
{
    (void)state;
    sk_handle far[2];
    for (unsigned i = 1; i < CLIENTS; i++)
        connect(i, 0);
    assert_int_equal(sys_chan_create(16, &far[0], &far[1]), SK_OK);
    assert_int_equal(sk_client_adopt(&loop, &service, far[0], NULL, NULL), SK_ERR_FULL);
    sys_close(far[0]);
    sys_close(far[1]);
}

/* --- Timers and asynchronous calls ----------------------------------------------------------- */

static uint32_t order[8], fired;

static void on_timer(struct sk_loop *l, struct sk_timer *timer)
{
    (void)l;
    order[fired++] = (uint32_t)(uintptr_t)timer->user;
}

static void timers_fire_in_order(void **state)
{
    (void)state;
    struct sk_timer timer[4] = {{0}};
    static const uint32_t at[] = {300, 100, 200, 400};
    fired = 0;
    fake.current = &fake.task[1];
    sk_ns start = sk_now();
    for (uintptr_t i = 0; i < 4; i++) {
        timer[i].fn = on_timer;
        timer[i].user = (void *)i;
        sk_timer_set(&loop, &timer[i], start + at[i] * 1000);
    }
    sk_timer_cancel(&loop, &timer[3]);
    for (unsigned i = 0; i < 20; i++)
        sk_loop_step(&loop, start + 1000000);
    assert_int_equal(fired, 3);
    assert_int_equal(order[0], 1);
    assert_int_equal(order[1], 2);
    assert_int_equal(order[2], 0);
}

static sk_err last_err;
static uint64_t last_word;
static uint32_t answers, ends;

static void on_answer(struct sk_loop *l, struct sk_async *async, sk_err err, struct sk_in *in)
{
    (void)l;
    (void)async;
    last_err = err;
    last_word = err == SK_OK ? in->w64[0] : 0;
    answers++;
}

static void on_end(struct sk_loop *l, struct sk_source *source)
{
    ends++;
    sk_source_detach(l, source);
    sk_chan_close(&source->chan);
}

/* Task 2 runs a loop that asks task 1. */
static void asynchronous_calls_end_once(void **state)
{
    (void)state;
    struct sk_loop own;
    struct sk_source source = {.on_end = on_end};
    struct sk_async async = {.fn = on_answer};
    sk_handle far;
    uint64_t words[2] = {20, 22};
    struct sk_out out = {.label = ADD, .len = 16, .bytes = words};
    answers = ends = 0;
    fake.current = &fake.task[2];
    sk_loop_init(&own, NULL, 0, NULL);
    assert_int_equal(sk_chan_create(&source.chan, &far, SK_EV_CHAN), SK_OK);
    fake.current = &fake.task[1];
    struct sk_client *c;
    assert_int_equal(sk_client_adopt(&loop, &service, far, NULL, &c), SK_OK);
    opened++;
    fake.current = &fake.task[2];
    sk_source_attach(&own, &source);
    assert_int_equal(sk_call_async(&own, &source, &async, &out, 8, SK_FOREVER), SK_OK);
    for (unsigned i = 0; i < 5; i++)
        sk_loop_step(&own, 0);
    assert_int_equal(answers, 1);
    assert_int_equal(last_err, SK_OK);
    assert_int_equal(last_word, 42);
    /* One that is never answered: time, then the late answer is dropped. */
    out.label = LATER;
    assert_int_equal(sk_call_async(&own, &source, &async, &out, 8, sk_now() + 5000), SK_OK);
    for (unsigned i = 0; i < 5; i++)
        sk_loop_step(&own, SK_FOREVER);
    assert_int_equal(answers, 2);
    assert_int_equal(last_err, SK_ERR_TIMED_OUT);
    fake.current = &fake.task[1];
    assert_int_equal(sk_answer(&loop, later[0], SK_OK, words, 8, NULL, 0), SK_OK);
    serve();
    fake.current = &fake.task[2];
    for (unsigned i = 0; i < 5; i++)
        sk_loop_step(&own, 0);
    assert_int_equal(answers, 2);
    assert_int_equal(source.chan.call_busy, 0);
    /* One whose server dies. */
    assert_int_equal(sk_call_async(&own, &source, &async, &out, 8, SK_FOREVER), SK_OK);
    fake.current = &fake.task[1];
    sk_client_close(&loop, c);
    fake.current = &fake.task[2];
    for (unsigned i = 0; i < 5; i++)
        sk_loop_step(&own, 0);
    assert_int_equal(answers, 3);
    assert_int_equal(last_err, SK_ERR_PEER_DEAD);
    assert_int_equal(ends, 1);
}

#define WITH_SERVICE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVICE(answers_and_errors),
        WITH_SERVICE(one_way_has_no_answer),
        WITH_SERVICE(an_answer_wakes_with_the_next_sleep),
        WITH_SERVICE(deferred_answers_find_their_asker),
        WITH_SERVICE(handles_go_back),
        WITH_SERVICE(a_client_without_room_is_closed),
        WITH_SERVICE(no_more_clients_than_places),
        WITH_SERVICE(timers_fire_in_order),
        WITH_SERVICE(asynchronous_calls_end_once),
    };
    return cmocka_run_group_tests_name("lib_loop", tests, NULL, NULL);
}
