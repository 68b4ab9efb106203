/* The shapes of a channel over a kernel of plain memory (fake_user.h), for both ways that messages
 * move: task 0 sends, task 1 receives, each driven by hand.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_SHAPE_CASES_H
#define TESTS_UNIT_SHAPE_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "tests/unit/fake_user.h"
#include "tests/unit/random.h"
#include "lib/shape.h"

#define RING SK_CHAN_SLOTS /* messages that the ring itself takes */
#define KEEP 4u

static struct sk_chan sender, receiver;
static struct sk_shape_msg keep[KEEP], got;
static struct sk_shape_tx tx;
static struct sk_shape_rx rx;

static int set_up(void **state)
{
    (void)state;
    sk_handle far;
    fake_start();
    if (sk_chan_create(&sender, &far, SK_EV_FREE) != SK_OK)
        return -1;
    fake.current = &fake.task[1];
    int err = sk_chan_open(&receiver, far, SK_EV_CHAN);
    fake.current = &fake.task[0];
    sk_shape_tx_init(&tx, &sender, keep, KEEP);
    sk_shape_rx_init(&rx, &receiver);
    return err;
}

static int tear_down(void **state)
{
    (void)state;
    fake.current = &fake.task[1];
    sk_chan_close(&receiver);
    fake.current = &fake.task[0];
    sk_chan_close(&sender);
    return fake_ends_open() == 0 ? 0 : -1;
}

/* As the receiver's task. */
static sk_err next(uint64_t *missed)
{
    fake.current = &fake.task[1];
    sk_err err = sk_shape_recv_try(&rx, &got, missed);
    fake.current = &fake.task[0];
    return err;
}

static void send_numbers(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint64_t n = tx.number + 1;
        assert_int_equal(sk_shape_send(&tx, (uint16_t)n, &n, sizeof(n)), SK_OK);
    }
}

static void receive_number(uint64_t number, uint64_t gap)
{
    uint64_t missed = 99;
    assert_int_equal(next(&missed), SK_OK);
    assert_int_equal(got.number, number);
    assert_int_equal(got.w64[0], number);
    assert_int_equal(got.label, (uint16_t)number);
    assert_int_equal(got.len, 8);
    assert_int_equal(missed, gap);
}

/* What is in the ring stays, then comes the gap, then the newest. */
static void overwriting_keeps_the_newest_and_tells_the_gap(void **state)
{
    (void)state;
    send_numbers(100);
    assert_int_equal(tx.dropped, 100 - RING - KEEP);
    for (uint64_t n = 1; n <= RING; n++)
        receive_number(n, 0);
    assert_int_equal(next(NULL), SK_ERR_EMPTY);
    assert_int_equal(sk_shape_pump(&tx), SK_OK);
    receive_number(100 - KEEP + 1, 100 - RING - KEEP);
    for (uint64_t n = 100 - KEEP + 2; n <= 100; n++)
        receive_number(n, 0);
    assert_int_equal(next(NULL), SK_ERR_EMPTY);
}

static void every_length_arrives_whole(void **state)
{
    (void)state;
    uint8_t bytes[SK_SHAPE_BYTES + 1];
    for (uint32_t len = 0; len <= SK_SHAPE_BYTES; len++) {
        for (uint32_t i = 0; i < len; i++)
            bytes[i] = (uint8_t)(len + i + 1);
        assert_int_equal(sk_shape_send(&tx, 5, bytes, len), SK_OK);
        assert_int_equal(next(NULL), SK_OK);
        assert_int_equal(got.len, len);
        assert_memory_equal(got.bytes, bytes, len);
        for (uint32_t i = len; i < SK_SHAPE_BYTES; i++)
            assert_int_equal(got.bytes[i], 0);
    }
    uint64_t before = tx.number;
    assert_int_equal(sk_shape_send(&tx, 5, bytes, SK_SHAPE_BYTES + 1), SK_ERR_TOO_BIG);
    assert_int_equal(tx.number, before);
}

/* Any pace on both sides: nothing doubled, nothing out of order, every gap told, the newest KEEP
 * always come. */
static void gaps_add_up_at_any_pace(void **state)
{
    (void)state;
    uint32_t seed = 31337;
    printf("seed %u\n", seed);
    uint64_t received = 0, gaps = 0;
    for (unsigned turn = 0; turn < 40000; turn++) {
        uint64_t missed;
        uint32_t what = random_next(&seed) % 8;
        if (what < (turn / 1000 % 2 ? 6 : 3)) {
            send_numbers(1 + random_next(&seed) % 3);
        } else if (what == 7) {
            sk_err err = sk_shape_pump(&tx);
            assert_true(err == SK_OK || err == SK_ERR_FULL);
        } else if (next(&missed) == SK_OK) {
            gaps += missed;
            received++;
            assert_int_equal(got.number, received + gaps);
            assert_int_equal(got.w64[0], got.number);
        }
        assert_true(tx.count <= KEEP);
    }
    while (tx.count != 0 || received + gaps != tx.number) {
        uint64_t missed, left = tx.number - received - gaps;
        sk_shape_pump(&tx);
        assert_int_equal(next(&missed), SK_OK);
        assert_true(left > KEEP || missed == 0);
        gaps += missed;
        received++;
    }
    assert_int_equal(gaps, tx.dropped);
    assert_true(gaps > 1000 && received > 1000);
}

/* The sender that waits for room is woken for it, and only then. */
static void room_is_told(void **state)
{
    (void)state;
    uint32_t events;
    send_numbers(RING + 1);
    assert_int_equal(sk_shape_pump(&tx), SK_ERR_FULL);
    (void)sk_wait_events(1u << SK_EV_FREE, 0, &events); /* of its beginning */
    assert_int_equal(sk_wait_events(1u << SK_EV_FREE, 0, &events), SK_ERR_TIMED_OUT);
    for (uint64_t n = 1; n <= RING; n++)
        receive_number(n, 0);
    assert_int_equal(sk_wait_events(1u << SK_EV_FREE, 0, &events), SK_OK);
    assert_int_equal(sk_shape_flush_until(&tx, 0), SK_OK);
    receive_number(RING + 1, 0);
}

static void receive_turn(void)
{
    uint32_t events;
    while (sk_shape_recv_try(&rx, &got, NULL) == SK_OK)
        ;
    if (sk_chan_arm(&receiver))
        (void)sk_wait_events(1u << SK_EV_CHAN, 0, &events);
}

static void flush_waits_for_the_receiver_or_the_deadline(void **state)
{
    (void)state;
    send_numbers(RING + KEEP);
    assert_int_equal(sk_shape_flush_until(&tx, 0), SK_ERR_TIMED_OUT);
    assert_int_equal(sk_shape_flush_until(&tx, fake.now + 1000), SK_ERR_TIMED_OUT);
    assert_int_equal(tx.count, KEEP);
    fake.task[1].run = receive_turn;
    assert_int_equal(sk_shape_flush_until(&tx, SK_FOREVER), SK_OK);
    assert_int_equal(tx.count, 0);
    receive_turn();
    assert_int_equal(got.number, RING + KEEP);
}

/* The receiver sleeps until something is sent, or the deadline. */
static void send_turn(void)
{
    uint32_t events;
    send_numbers(1);
    (void)sk_wait_events(1u << SK_EV_FREE, 0, &events);
}

static void reception_waits_until_the_deadline(void **state)
{
    (void)state;
    fake.current = &fake.task[1];
    assert_int_equal(sk_shape_recv_until(&rx, &got, NULL, 0), SK_ERR_TIMED_OUT);
    assert_int_equal(sk_latest_recv_until(&rx, &got, fake.now + 500), SK_ERR_TIMED_OUT);
    fake.task[0].run = send_turn;
    fake.task[0].events = 1;
    assert_int_equal(sk_shape_recv_until(&rx, &got, NULL, SK_FOREVER), SK_OK);
    assert_int_equal(got.number, 1);
    fake.current = &fake.task[0];
}

/* Never an older one after a newer one; and when the sender rests, the last word. */
static void latest_is_never_older(void **state)
{
    (void)state;
    uint32_t seed = 4711, took = 0;
    printf("seed %u\n", seed);
    sk_shape_tx_init(&tx, &sender, keep, 1);
    for (unsigned turn = 0; turn < 20000; turn++) {
        if (random_next(&seed) % 4 != 0) {
            send_numbers(1 + random_next(&seed) % 30);
            continue;
        }
        uint64_t before = rx.number;
        fake.current = &fake.task[1];
        sk_err err = sk_latest_recv_try(&rx, &got);
        fake.current = &fake.task[0];
        assert_true(err == SK_OK || err == SK_ERR_EMPTY);
        if (err != SK_OK)
            continue;
        took++;
        assert_true(got.number > before);
        assert_int_equal(got.w64[0], got.number);
        assert_int_equal(next(NULL), SK_ERR_EMPTY); /* it was the newest that had come */
        assert_int_equal(sk_shape_pump(&tx), SK_OK);
    }
    assert_true(took > 1000);
    sk_latest_recv_try(&rx, &got);
    assert_int_equal(sk_shape_pump(&tx), SK_OK);
    sk_latest_recv_try(&rx, &got);
    assert_int_equal(rx.number, tx.number);
    assert_int_equal(next(NULL), SK_ERR_EMPTY);
}

static void counts_add_up_whatever_the_pace(void **state)
{
    (void)state;
    uint32_t seed = 90210;
    printf("seed %u\n", seed);
    sk_shape_tx_init(&tx, &sender, keep, 1);
    uint64_t sum = 0, told = 0, events;
    assert_int_equal(sk_count_recv_try(&rx, &events), SK_ERR_EMPTY);
    assert_int_equal(sk_count_add(&tx, 0), SK_OK);
    assert_int_equal(sk_count_recv_try(&rx, &events), SK_ERR_EMPTY);
    for (unsigned turn = 0; turn < 20000; turn++) {
        if (random_next(&seed) % 64 != 0) {
            uint32_t n = random_next(&seed) % 1000;
            assert_int_equal(sk_count_add(&tx, n), SK_OK);
            sum += n;
        } else if (sk_count_recv_try(&rx, &events) == SK_OK) {
            assert_true(events > 0);
            told += events;
        }
    }
    assert_int_equal(tx.number, sum);
    for (unsigned i = 0; i < 3; i++) {
        if (sk_count_recv_try(&rx, &events) == SK_OK)
            told += events;
        (void)sk_shape_pump(&tx);
    }
    assert_int_equal(told, sum);
    assert_true(tx.dropped > 1000); /* so it was not the ring that kept them all */
}

static void what_was_in_the_ring_outlives_the_sender(void **state)
{
    (void)state;
    send_numbers(RING + 2);
    sk_chan_close(&sender);
    assert_int_equal(sk_shape_send(&tx, 1, NULL, 0), SK_ERR_HANDLE);
    for (uint64_t n = 1; n <= RING; n++)
        receive_number(n, 0);
    assert_int_equal(next(NULL), SK_ERR_PEER_DEAD);
    assert_int_equal(sk_latest_recv_try(&rx, &got), SK_ERR_PEER_DEAD);
}

static void a_dead_receiver_is_told(void **state)
{
    (void)state;
    send_numbers(RING + 1);
    fake.current = &fake.task[1];
    sk_chan_close(&receiver);
    fake.current = &fake.task[0];
    uint32_t events;
    assert_int_equal(sk_wait_events(1u << SK_EV_FREE, 0, &events), SK_OK);
    assert_int_equal(sk_shape_pump(&tx), SK_ERR_PEER_DEAD);
    assert_int_equal(sk_shape_send(&tx, 1, NULL, 0), SK_ERR_PEER_DEAD);
    assert_int_equal(sk_shape_flush_until(&tx, SK_FOREVER), SK_ERR_PEER_DEAD);
    uint64_t before = tx.number;
    assert_int_equal(sk_count_add(&tx, 5), SK_ERR_PEER_DEAD);
    assert_int_equal(tx.number, before + 5);
}

/* A number that goes back, no number, too much, a reply: the end of the channel, not of the
 * receiver. */
static void nonsense_ends_the_channel(void **state)
{
    for (unsigned i = 0; i < 4; i++) {
        uint64_t words[SK_PAYLOAD_MAX / 8u] = {i == 0 ? 2 : 3};
        struct sk_out good = {.len = 8, .bytes = &(uint64_t){2}};
        struct sk_out bad = {.len = 16, .bytes = words};
        bad.len = i == 1 ? 7 : i == 2 ? 200 : 16;
        bad.reply = i == 3;
        assert_int_equal(sk_send_try(&sender, &good), SK_OK);
        assert_int_equal(sk_send_try(&sender, &bad), SK_OK);
        assert_int_equal(next(NULL), SK_OK);
        assert_int_equal(next(NULL), SK_ERR_PROTOCOL);
        assert_int_equal(next(NULL), SK_ERR_PROTOCOL);
        assert_true(sk_chan_peer_closed(&sender));
        assert_int_equal(tear_down(state), 0);
        assert_int_equal(set_up(state), 0);
    }
}

#define WITH_PAIR(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

static int run_shape_cases(const char *name)
{
    const struct CMUnitTest tests[] = {
        WITH_PAIR(overwriting_keeps_the_newest_and_tells_the_gap),
        WITH_PAIR(every_length_arrives_whole),
        WITH_PAIR(gaps_add_up_at_any_pace),
        WITH_PAIR(room_is_told),
        WITH_PAIR(flush_waits_for_the_receiver_or_the_deadline),
        WITH_PAIR(reception_waits_until_the_deadline),
        WITH_PAIR(latest_is_never_older),
        WITH_PAIR(counts_add_up_whatever_the_pace),
        WITH_PAIR(what_was_in_the_ring_outlives_the_sender),
        WITH_PAIR(a_dead_receiver_is_told),
        WITH_PAIR(nonsense_ends_the_channel),
    };
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}

#endif
