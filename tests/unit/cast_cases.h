/* Broadcast over a kernel of plain memory (fake_user.h), for both ways that messages move: task 0
 * sends, the receivers belong to task 1.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_CAST_CASES_H
#define TESTS_UNIT_CAST_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "tests/unit/fake_user.h"
#include "tests/unit/random.h"
#include "lib/cast.h"

#define RING  SK_CHAN_SLOTS /* messages that a ring itself takes */
#define ROOM  6u
#define DEPTH 3u
#define BIT   9u

static struct sk_cast cast;
static struct sk_cast_member member[ROOM];
static struct sk_shape_msg keep[ROOM * DEPTH], got;
static struct sk_chan listener[ROOM];
static struct sk_shape_rx rx[ROOM];
static struct sk_cast_result result;
static uint64_t received[ROOM], gaps[ROOM];
static uint32_t left;
static sk_err left_why;
static uint64_t sent;

static void on_leave(struct sk_cast *c, struct sk_cast_member *m, sk_err why)
{
    assert_ptr_equal(c, &cast);
    assert_false(m->in_use);
    left++;
    left_why = why;
}

static int set_up(void **state)
{
    (void)state;
    fake_start();
    sk_cast_init(&cast, member, ROOM, keep, DEPTH, BIT);
    cast.on_leave = on_leave;
    left = 0;
    sent = 0;
    memset(received, 0, sizeof(received));
    memset(gaps, 0, sizeof(gaps));
    memset(listener, 0, sizeof(listener));
    return 0;
}

static void as_receiver(bool yes)
{
    fake.current = &fake.task[yes ? 1 : 0];
}

static int tear_down(void **state)
{
    (void)state;
    as_receiver(true);
    for (uint32_t i = 0; i < ROOM; i++)
        if (listener[i].handle != SK_HANDLE_NONE)
            sk_chan_close(&listener[i]);
    as_receiver(false);
    sk_cast_end(&cast);
    return fake_ends_open() == 0 ? 0 : -1;
}

/* Receiver i makes a channel and subscribes. */
static sk_err subscribe(uint32_t i, enum sk_cast_policy policy)
{
    sk_handle far;
    as_receiver(true);
    assert_int_equal(sk_chan_create(&listener[i], &far, SK_EV_CHAN), SK_OK);
    sk_shape_rx_init(&rx[i], &listener[i]);
    received[i] = gaps[i] = 0;
    as_receiver(false);
    sk_err err = sk_cast_add(&cast, far, policy, NULL);
    if (err != SK_OK) {
        sys_close(far);
        as_receiver(true);
        sk_chan_close(&listener[i]);
        as_receiver(false);
    }
    return err;
}

static void tell(sk_ns deadline)
{
    sent++;
    assert_int_equal(sk_cast_send(&cast, 3, &sent, sizeof(sent), deadline, &result), SK_OK);
}

static sk_err take(uint32_t i)
{
    uint64_t missed = 0;
    as_receiver(true);
    sk_err err = sk_shape_recv_try(&rx[i], &got, &missed);
    as_receiver(false);
    if (err == SK_OK) {
        received[i]++;
        gaps[i] += missed;
        assert_int_equal(got.number, received[i] + gaps[i]);
    }
    return err;
}

static void take_all(uint32_t i)
{
    while (take(i) == SK_OK)
        ;
}

static void everybody_gets_everything(void **state)
{
    (void)state;
    tell(0); /* to nobody */
    assert_int_equal(result.sent, 0);
    for (uint32_t i = 0; i < ROOM; i++)
        assert_int_equal(subscribe(i, i % SK_CAST_POLICIES), SK_OK);
    for (uint32_t n = 0; n < 1000; n++) {
        tell(0);
        assert_int_equal(result.sent, ROOM);
        for (uint32_t i = 0; i < ROOM; i++) {
            assert_int_equal(take(i), SK_OK);
            assert_int_equal(got.w64[0], sent);
            assert_int_equal(got.label, 3);
        }
    }
    assert_int_equal(left, 0);
    for (uint32_t i = 0; i < ROOM; i++)
        assert_int_equal(gaps[i], 0);
}

/* Three that take nothing: each fares as it has said, and the fourth does not notice. */
static void the_slow_fare_as_they_have_said(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(subscribe(i, i == 3 ? SK_CAST_DISCONNECT : i), SK_OK);
    for (uint32_t n = 1; n <= 50; n++) {
        tell(0);
        bool over = n > RING + DEPTH;
        assert_int_equal(result.missed, over ? 1 : 0);
        assert_int_equal(result.left, n == RING + DEPTH + 1 ? 1 : 0);
        assert_int_equal(result.sent, over ? 2 : 4);
        assert_int_equal(take(3), SK_OK);
        assert_int_equal(got.w64[0], n);
    }
    assert_int_equal(left, 1);
    assert_int_equal(left_why, SK_ERR_FULL);
    /* OVERWRITE: the first, a gap, the newest. */
    take_all(0);
    assert_int_equal(received[0], RING);
    assert_int_equal(sk_cast_pump(&cast), SK_ERR_FULL); /* of receiver 1 something is kept */
    take_all(0);
    assert_int_equal(received[0], RING + DEPTH);
    assert_int_equal(gaps[0], 50 - RING - DEPTH);
    assert_int_equal(got.w64[0], 50);
    /* WAIT, without time: what was kept stays, the rest is told as missed with the next. */
    take_all(1);
    assert_int_equal(sk_cast_pump(&cast), SK_OK);
    take_all(1);
    assert_int_equal(received[1], RING + DEPTH);
    assert_int_equal(got.w64[0], RING + DEPTH);
    assert_int_equal(gaps[1], 0);
    tell(0);
    assert_int_equal(take(1), SK_OK);
    assert_int_equal(gaps[1], 50 - RING - DEPTH);
    /* DISCONNECT: what it was sent, then the end. */
    take_all(2);
    assert_int_equal(received[2], RING);
    assert_int_equal(take(2), SK_ERR_PEER_DEAD);
}

static uint32_t turns;

/* Takes one message at a time of receiver 0, all of the others. */
static void slow_turn(void)
{
    uint32_t events;
    uint64_t missed;
    turns++;
    (void)sk_wait_events(1u << SK_EV_CHAN, 0, &events);
    for (uint32_t i = 1; i < ROOM; i++)
        while (listener[i].handle != SK_HANDLE_NONE &&
               sk_shape_recv_try(&rx[i], &got, &missed) == SK_OK)
            received[i]++;
    for (uint32_t n = 0; n < 6; n++)
        if (sk_shape_recv_try(&rx[0], &got, &missed) == SK_OK) {
            received[0]++;
            gaps[0] += missed;
        }
    fake.current->events |= 1u << SK_EV_CHAN; /* it is never at rest */
}

/* With time, a slow receiver that goes on misses nothing, and those that are quick neither. */
static void who_waits_for_room_gets_it(void **state)
{
    (void)state;
    assert_int_equal(subscribe(0, SK_CAST_WAIT), SK_OK);
    assert_int_equal(subscribe(1, SK_CAST_OVERWRITE), SK_OK);
    fake.task[1].run = slow_turn;
    for (uint32_t n = 0; n < 500; n++) {
        tell(SK_FOREVER);
        assert_int_equal(result.sent, 2);
        assert_int_equal(result.missed, 0);
    }
    assert_int_equal(sk_cast_flush_until(&cast, SK_FOREVER), SK_OK);
    fake.task[1].run = NULL;
    take_all(0);
    assert_int_equal(received[0], 500);
    assert_int_equal(gaps[0], 0);
    assert_true(turns > 20);
}

/* One that never takes anything costs the sender its deadline, and nobody else a message. */
static void the_deadline_bounds_the_wait(void **state)
{
    (void)state;
    assert_int_equal(subscribe(0, SK_CAST_WAIT), SK_OK);
    assert_int_equal(subscribe(1, SK_CAST_WAIT), SK_OK);
    for (uint32_t n = 0; n < RING + DEPTH; n++) {
        tell(0);
        assert_int_equal(take(1), SK_OK);
    }
    for (uint32_t n = 0; n < 10; n++) {
        sk_ns deadline = fake.now + SK_MS(5);
        tell(deadline);
        assert_int_equal(result.missed, 1);
        assert_int_equal(result.sent, 1);
        assert_true(fake.now >= deadline && fake.now < deadline + SK_MS(1));
        assert_int_equal(take(1), SK_OK);
    }
    assert_int_equal(gaps[1], 0);
    assert_int_equal(sk_cast_flush_until(&cast, fake.now + 1000), SK_ERR_TIMED_OUT);
}

static void an_event_cancels_the_wait(void **state)
{
    (void)state;
    assert_int_equal(subscribe(0, SK_CAST_WAIT), SK_OK);
    for (uint32_t n = 0; n < RING + DEPTH; n++)
        tell(0);
    sk_cancel_on(1u << 20);
    fake.current->events |= 1u << 20;
    sk_ns before = fake.now;
    tell(SK_FOREVER);
    assert_int_equal(result.missed, 1);
    assert_int_equal(sk_cast_flush_until(&cast, SK_FOREVER), SK_ERR_CANCELLED);
    assert_in_range(fake.now - before, 0, SK_MS(1));
    sk_cancel_on(0);
    assert_int_equal(sk_cast_flush_until(&cast, fake.now + 1000), SK_ERR_TIMED_OUT);
}

static void the_dead_leave(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < ROOM; i++)
        assert_int_equal(subscribe(i, SK_CAST_WAIT), SK_OK);
    as_receiver(true);
    sk_chan_close(&listener[1]);
    sk_chan_close(&listener[4]);
    as_receiver(false);
    uint32_t events;
    assert_int_equal(sk_wait_events(1u << BIT, 0, &events), SK_OK); /* it is told */
    assert_int_equal(sk_cast_pump(&cast), SK_OK);
    assert_int_equal(left, 2);
    assert_int_equal(left_why, SK_ERR_PEER_DEAD);
    as_receiver(true);
    sk_chan_close(&listener[2]);
    as_receiver(false);
    tell(SK_FOREVER);
    assert_int_equal(result.left, 1);
    assert_int_equal(result.sent, ROOM - 3);
    for (uint32_t i = 0; i < ROOM; i++)
        assert_int_equal(take(i), i == 1 || i == 2 || i == 4 ? SK_ERR_HANDLE : SK_OK);
}

static void dies(void)
{
    sk_chan_close(&listener[0]);
    fake.task[1].run = NULL;
}

/* It dies while the sender waits for its room. */
static void death_ends_the_wait(void **state)
{
    (void)state;
    assert_int_equal(subscribe(0, SK_CAST_WAIT), SK_OK);
    for (uint32_t n = 0; n < RING + DEPTH; n++)
        tell(0);
    fake.task[1].run = dies;
    tell(SK_FOREVER);
    assert_int_equal(result.sent + result.missed, 0);
    assert_int_equal(left, 1);
    assert_int_equal(sk_cast_flush_until(&cast, SK_FOREVER), SK_OK);
}

static void places_are_bounded_and_come_back(void **state)
{
    (void)state;
    sk_handle far;
    struct sk_cast_member *m;
    for (uint32_t i = 0; i < ROOM; i++)
        assert_int_equal(subscribe(i, SK_CAST_OVERWRITE), SK_OK);
    assert_int_equal(sk_cast_add(&cast, 0, SK_CAST_OVERWRITE, NULL), SK_ERR_FULL);
    assert_int_equal(sk_cast_add(&cast, 0, SK_CAST_POLICIES, NULL), SK_ERR_ARG);
    sk_cast_remove(&cast, &member[3]);
    assert_int_equal(left, 0); /* the sender knows */
    assert_int_equal(take(3), SK_ERR_PEER_DEAD);
    assert_int_equal(sk_cast_add(&cast, 0, SK_CAST_OVERWRITE, &m), SK_ERR_HANDLE);
    tell(0);
    as_receiver(true);
    sk_chan_close(&listener[3]);
    assert_int_equal(sk_chan_create(&listener[3], &far, SK_EV_CHAN), SK_OK);
    sk_shape_rx_init(&rx[3], &listener[3]);
    as_receiver(false);
    assert_int_equal(sk_cast_add(&cast, far, SK_CAST_WAIT, &m), SK_OK);
    assert_ptr_equal(m, &member[3]);
    assert_null(m->user);
    tell(0);
    assert_int_equal(take(3), SK_OK);
    assert_int_equal(got.number, 1); /* numbered from its own beginning: it has missed nothing */
    as_receiver(true);
    sk_chan_close(&listener[5]);
    as_receiver(false);
    assert_int_equal(subscribe(5, SK_CAST_WAIT), SK_OK); /* in the place of the dead */
    assert_int_equal(left, 1);
    assert_int_equal(sk_cast_send(&cast, 1, keep, SK_SHAPE_BYTES + 1, 0, NULL), SK_ERR_TOO_BIG);
}

/* Any pace, any policy, receivers that come and go: each one's account adds up. */
static void accounts_add_up(void **state)
{
    (void)state;
    uint32_t seed = 1905;
    printf("seed %u\n", seed);
    uint64_t since[ROOM] = {0};
    bool on[ROOM] = {false};
    for (unsigned turn = 0; turn < 60000; turn++) {
        uint32_t i = random_next(&seed) % ROOM;
        uint32_t what = random_next(&seed) % 64;
        if (!on[i] && what < 8) {
            on[i] = subscribe(i, random_next(&seed) % 2) == SK_OK;
            since[i] = sent;
        } else if (on[i] && what == 8) {
            as_receiver(true);
            sk_chan_close(&listener[i]);
            as_receiver(false);
            on[i] = false;
        } else if (what < 30) {
            tell(0);
        } else if (what == 31) {
            (void)sk_cast_pump(&cast);
        } else if (on[i] && take(i) == SK_OK) {
            assert_int_equal(got.w64[0], since[i] + received[i] + gaps[i]);
        }
    }
    for (unsigned n = 0; n < 3; n++) {
        tell(0);
        for (uint32_t i = 0; i < ROOM; i++)
            if (on[i])
                take_all(i);
        (void)sk_cast_pump(&cast);
    }
    for (uint32_t i = 0; i < ROOM; i++)
        if (on[i])
            assert_int_equal(since[i] + received[i] + gaps[i], sent);
    assert_true(left > 100);
}

#define WITH_CAST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

static int run_cast_cases(const char *name)
{
    const struct CMUnitTest tests[] = {
        WITH_CAST(everybody_gets_everything),
        WITH_CAST(the_slow_fare_as_they_have_said),
        WITH_CAST(who_waits_for_room_gets_it),
        WITH_CAST(the_deadline_bounds_the_wait),
        WITH_CAST(an_event_cancels_the_wait),
        WITH_CAST(the_dead_leave),
        WITH_CAST(death_ends_the_wait),
        WITH_CAST(places_are_bounded_and_come_back),
        WITH_CAST(accounts_add_up),
    };
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}

#endif
