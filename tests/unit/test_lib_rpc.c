/* Channels and calls of the library over a kernel of plain memory (fake_user.h), the server being
 * driven by hand: tokens, reply room, late replies, handles, peers that die or break the rules.
 * SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "tests/unit/fake_user.h"
#include "tests/unit/random.h"
#include "lib/rpc.h"

static struct sk_chan client, server; /* of task 0 and task 1 */

static int set_up(void **state)
{
    (void)state;
    sk_handle far;
    fake_start();
    if (sk_chan_create(&client, &far, SK_EV_CHAN) != SK_OK)
        return -1;
    fake.current = &fake.task[1];
    int err = sk_chan_open(&server, far, SK_EV_CHAN);
    fake.current = &fake.task[0];
    return err;
}

static int tear_down(void **state)
{
    (void)state;
    fake.current = &fake.task[1];
    sk_chan_close(&server);
    fake.current = &fake.task[0];
    sk_chan_close(&client);
    return fake_ends_open() == 0 ? 0 : -1;
}

/* Answers every request with its bytes reversed in value; label 7 with an error. */
static void echo_turn(void)
{
    struct sk_in in;
    while (sk_recv_try(&server, &in) == SK_OK) {
        for (uint32_t i = 0; i < in.len; i++)
            in.bytes[i] = (uint8_t)~in.bytes[i];
        sk_err err = in.label == 7 ? SK_ERR_NOT_FOUND : SK_OK;
        assert_int_equal(
            sk_reply(&server, in.token, err, in.bytes, in.len, in.handle, in.handles, NULL), SK_OK);
    }
    uint32_t events;
    if (sk_chan_arm(&server))
        (void)sk_wait_events(1u << SK_EV_CHAN, 0, &events); /* asleep until it is woken */
}

static void calls_of_every_length(void **state)
{
    (void)state;
    fake.task[1].run = echo_turn;
    for (uint32_t turn = 0; turn < 3; turn++)
        for (uint32_t len = 0; len <= SK_PAYLOAD_MAX; len++) {
            uint8_t out[SK_PAYLOAD_MAX], in[SK_PAYLOAD_MAX];
            uint32_t got;
            for (uint32_t i = 0; i < len; i++)
                out[i] = (uint8_t)(i * 7 + len);
            assert_int_equal(sk_call(&client, 1, out, len, in, len, &got, SK_FOREVER), SK_OK);
            assert_int_equal(got, len);
            for (uint32_t i = 0; i < len; i++)
                assert_int_equal(in[i], (uint8_t)~out[i]);
        }
    assert_int_equal(sk_call(&client, 7, NULL, 0, NULL, 0, NULL, SK_FOREVER), SK_ERR_NOT_FOUND);
    assert_int_equal(sk_call(&client, 1, NULL, SK_PAYLOAD_MAX + 1, NULL, 0, NULL, SK_FOREVER),
                     SK_ERR_TOO_BIG);
    assert_int_equal(client.call_busy, 0);
}

static void a_call_on_one_core_enters_the_kernel_once(void **state)
{
    (void)state;
    fake.task[1].run = echo_turn;
    uint64_t word = 5;
    for (unsigned i = 0; i < 3; i++) {
        unsigned before = fake.task[0].entries;
        assert_int_equal(sk_call(&client, 1, &word, 8, &word, 8, NULL, SK_FOREVER), SK_OK);
        if (i > 0) /* the first finds the server not yet armed */
            assert_int_equal(fake.task[0].entries - before, 1);
    }
}

static void a_peer_elsewhere_is_polled_for_a_while(void **state)
{
    (void)state;
    fake.end[SK_HANDLE_INDEX(client.handle)].status.same_core = 0;
    fake.task[1].run = echo_turn;
    uint64_t word = 5;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(sk_call(&client, 1, &word, 8, &word, 8, NULL, SK_FOREVER), SK_OK);
}

/* Many at once; answers in any order, some given up, their late answers dropped. */
static void test_D20_tokens_survive_any_order(void **state)
{
    (void)state;
    uint32_t seed = 77001;
    printf("seed %u\n", seed);
    struct sk_call call[16];
    struct sk_in answer[16];
    uint16_t token[32];
    uint32_t label[32], waiting = 0;
    bool live[16] = {false};
    struct sk_in in;
    for (unsigned turn = 0; turn < 50000; turn++) {
        uint32_t i = random_next(&seed) % 16;
        uint32_t what = random_next(&seed) % 4;
        if (what < 2 && !live[i]) {
            struct sk_out out = {.label = (uint16_t)(i + 1)};
            sk_err err = sk_call_begin(&client, &call[i], &out, &answer[i], 8);
            assert_true(err == SK_OK || err == SK_ERR_FULL);
            live[i] = err == SK_OK;
        } else if (what == 2) {
            while (waiting < 32 && sk_recv_try(&server, &in) == SK_OK) {
                for (uint32_t n = 0; n < waiting; n++)
                    assert_int_not_equal(token[n], in.token); /* none is used twice */
                token[waiting] = in.token;
                label[waiting++] = in.label;
            }
            if (waiting != 0) {
                uint32_t n = random_next(&seed) % waiting;
                uint64_t word = label[n];
                assert_int_equal(sk_reply(&server, token[n], SK_OK, &word, 8, NULL, 0, NULL),
                                 SK_OK);
                token[n] = token[--waiting];
                label[n] = label[waiting];
            }
        } else if (live[i] && random_next(&seed) % 8 == 0) {
            sk_call_cancel(&client, &call[i]);
            live[i] = false;
        } else if (live[i]) {
            sk_err err = sk_call_end(&client, &call[i], 0);
            assert_true(err == SK_OK || err == SK_ERR_TIMED_OUT);
            if (err == SK_OK) {
                assert_int_equal(answer[i].w64[0], i + 1);
                live[i] = false;
            }
        }
    }
    for (unsigned i = 0; i < 16; i++)
        if (live[i])
            sk_call_cancel(&client, &call[i]); /* their memory ends here */
}

static void late_replies_give_room_back(void **state)
{
    (void)state;
    struct sk_in in;
    uint32_t room = client.reply_room;
    for (uint32_t i = 0; i < room; i++)
        assert_int_equal(sk_call(&client, 1, NULL, 0, NULL, 0, NULL, fake.now + 1000),
                         SK_ERR_TIMED_OUT);
    assert_int_equal(client.reply_room, 0);
    assert_int_equal(sk_call(&client, 1, NULL, 0, NULL, 0, NULL, fake.now + 1000), SK_ERR_FULL);
    while (sk_recv_try(&server, &in) == SK_OK)
        assert_int_equal(sk_reply(&server, in.token, SK_OK, NULL, 0, NULL, 0, NULL), SK_OK);
    fake.task[1].run = echo_turn;
    assert_int_equal(sk_call(&client, 1, NULL, 0, NULL, 0, NULL, SK_FOREVER), SK_OK);
    while (client.call_busy != 0)
        assert_int_equal(sk_call(&client, 1, NULL, 0, NULL, 0, NULL, SK_FOREVER), SK_OK);
    assert_int_equal(client.reply_room, room);
}

static void test_D2_answered_then_dead(void **state)
{
    (void)state;
    struct sk_call call[2];
    struct sk_in answer[2], in;
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(
            sk_call_begin(&client, &call[i], &(struct sk_out){.label = 1}, &answer[i], 8), SK_OK);
    assert_int_equal(sk_recv_try(&server, &in), SK_OK);
    assert_int_equal(sk_reply(&server, in.token, SK_OK, NULL, 0, NULL, 0, NULL), SK_OK);
    sk_chan_close(&server);
    assert_int_equal(sk_call_end(&client, &call[1], SK_FOREVER), SK_ERR_PEER_DEAD);
    assert_int_equal(sk_call_end(&client, &call[0], SK_FOREVER), SK_OK);
    assert_int_equal(sk_call(&client, 1, NULL, 0, NULL, 0, NULL, SK_FOREVER), SK_ERR_PEER_DEAD);
    assert_int_equal(client.call_busy, 0);
}

static void replies_to_nothing_end_the_channel(void **state)
{
    (void)state;
    struct sk_call call;
    struct sk_in in;
    assert_int_equal(sk_call_begin(&client, &call, &(struct sk_out){.label = 1}, &in, 8), SK_OK);
    assert_int_equal(sk_reply(&server, 0x1234, SK_OK, NULL, 0, NULL, 0, NULL), SK_OK);
    assert_int_equal(sk_call_end(&client, &call, SK_FOREVER), SK_ERR_PROTOCOL);
    assert_int_equal(sk_recv_try(&client, &in), SK_ERR_PROTOCOL);
    assert_int_equal(sk_send_try(&client, &(struct sk_out){.label = 1}), SK_ERR_PROTOCOL);
    assert_true(sk_chan_peer_closed(&server));
}

/* The place of a call is right, its number another call's. */
static void an_answer_to_another_call_ends_the_channel(void **state)
{
    (void)state;
    struct sk_call call;
    struct sk_in in;
    assert_int_equal(sk_call_begin(&client, &call, &(struct sk_out){.label = 1}, &in, 8), SK_OK);
    uint16_t other = (uint16_t)(call.token ^ 1u << 15);
    assert_int_equal(sk_reply(&server, other, SK_OK, NULL, 0, NULL, 0, NULL), SK_OK);
    assert_int_equal(sk_call_end(&client, &call, SK_FOREVER), SK_ERR_PROTOCOL);
}

static void a_reply_longer_than_its_room_ends_the_channel(void **state)
{
    (void)state;
    fake.task[1].run = echo_turn;
    uint8_t bytes[100] = {0};
    assert_int_equal(sk_call(&client, 1, bytes, 100, bytes, 56, NULL, SK_FOREVER), SK_ERR_PROTOCOL);
}

/* Any 64 bytes in the reply ring: an answer, nothing, or the end of the channel; never more. */
static void garbage_is_only_garbage(void **state)
{
    uint32_t seed = 42;
    printf("seed %u\n", seed);
    for (unsigned turn = 0; turn < 20000; turn++) {
        struct sk_in in;
        struct sk_chan_mem *mem = fake.end[SK_HANDLE_INDEX(client.handle)].mem;
        uint32_t *word = (uint32_t *)&mem->slot[SK_CHAN_SLOTS + turn % SK_CHAN_SLOTS];
        for (unsigned i = 0; i < 16; i++)
            word[i] = random_next(&seed) << 16 ^ random_next(&seed);
        if (turn % 2) /* sometimes nearly right */
            word[0] = (word[0] & ~SK_CTL_TAG & ~SK_CTL_RESERVED & ~SK_CTL_TAKEN) | SK_CTL_VALID |
                      ((client.end.rx.next + client.end.rx.epoch_tag) & SK_CTL_TAG);
        sk_err err = sk_call(&client, 1, NULL, 0, NULL, 0, NULL, 0);
        assert_true(err <= SK_OK && err >= SK_ERR_LAST);
        if (client.dead != SK_OK || err == SK_ERR_FULL) {
            assert_int_equal(tear_down(state), 0);
            assert_int_equal(set_up(state), 0);
        }
        (void)in;
    }
}

static void handles_travel_both_ways(void **state)
{
    (void)state;
    fake.task[1].run = echo_turn;
    sk_handle pair[2], many[3];
    struct sk_in in;
    for (unsigned turn = 0; turn < 10; turn++) {
        assert_int_equal(sys_chan_create(16, &pair[0], &pair[1]), SK_OK);
        struct sk_out out = {.label = 1, .handles = 2, .handle = pair};
        assert_int_equal(sk_call_msg(&client, &out, &in, 0, SK_FOREVER), SK_OK);
        assert_int_equal(in.handles, 2);
        assert_int_equal(in.handle[0], pair[0]);
        assert_int_equal(in.handle[1], pair[1]);
        sk_in_drop_handles(&in);
        assert_int_equal(fake_ends_open(), 2);
    }
    /* The second is no good: the first is closed at the peer, nothing is left over. */
    assert_int_equal(sys_chan_create(16, &many[0], &many[2]), SK_OK);
    many[1] = 0;
    struct sk_out bad = {.label = 1, .handles = 2, .handle = many};
    assert_int_equal(sk_call_msg(&client, &bad, &in, 0, SK_FOREVER), SK_ERR_HANDLE);
    assert_int_equal(sk_call(&client, 1, NULL, 0, NULL, 0, NULL, SK_FOREVER), SK_OK);
    assert_int_equal(sys_close(many[2]), SK_OK);
    assert_int_equal(fake_ends_open(), 2);
}

static void handles_without_room_are_lost_not_mixed_up(void **state)
{
    (void)state;
    struct sk_in in;
    sk_handle a[2], b[2];
    assert_int_equal(sys_chan_create(16, &a[0], &a[1]), SK_OK);
    assert_int_equal(sys_chan_create(16, &b[0], &b[1]), SK_OK);
    struct sk_out out = {.label = 1, .handles = 1, .handle = a};
    assert_int_equal(sk_send_try(&client, &out), SK_OK);
    fake.current = &fake.task[1];
    fake.current->handles_left = 0;
    assert_int_equal(sk_recv_try(&server, &in), SK_OK);
    assert_int_equal(in.handles, 1);
    assert_int_equal(in.handle[0], SK_HANDLE_NONE);
    fake.current->handles_left = 10;
    fake.current = &fake.task[0];
    out.handle = b;
    assert_int_equal(sk_send_try(&client, &out), SK_OK);
    fake.current = &fake.task[1];
    assert_int_equal(sk_recv_try(&server, &in), SK_OK);
    assert_int_equal(in.handle[0], b[0]);
    sk_in_drop_handles(&in);
    fake.current = &fake.task[0];
    sys_close(a[1]);
    sys_close(b[1]);
}

/* A peer that claims handles which are not there. */
static void claimed_handles_end_the_channel(void **state)
{
    (void)state;
    struct sk_msg m = {.ctl = sk_ctl_make(0, 0, 2, false)};
    struct sk_in in;
    bool wake;
    assert_int_equal(ring_send(&client.end.tx, &m, 1, &wake), SK_OK);
    fake.current = &fake.task[1];
    assert_int_equal(sk_recv_try(&server, &in), SK_ERR_PROTOCOL);
    assert_int_equal(server.handle, SK_HANDLE_NONE);
    fake.current = &fake.task[0];
}

#define WITH_PAIR(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PAIR(calls_of_every_length),
        WITH_PAIR(a_call_on_one_core_enters_the_kernel_once),
        WITH_PAIR(a_peer_elsewhere_is_polled_for_a_while),
        WITH_PAIR(test_D20_tokens_survive_any_order),
        WITH_PAIR(late_replies_give_room_back),
        WITH_PAIR(test_D2_answered_then_dead),
        WITH_PAIR(replies_to_nothing_end_the_channel),
        WITH_PAIR(an_answer_to_another_call_ends_the_channel),
        WITH_PAIR(a_reply_longer_than_its_room_ends_the_channel),
        WITH_PAIR(garbage_is_only_garbage),
        WITH_PAIR(handles_travel_both_ways),
        WITH_PAIR(handles_without_room_are_lost_not_mixed_up),
        WITH_PAIR(claimed_handles_end_the_channel),
    };
    return cmocka_run_group_tests_name("lib_rpc", tests, NULL, NULL);
}
