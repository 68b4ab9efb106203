/* The library's functions that block, over a kernel of plain memory (fake_user.h), for both ways
 * that messages move: nobody answers, and the deadline passes, an event cancels, the peer goes.
 * tests/tools/test_calls.py checks that each function with a deadline stands in the table, or says
 * which other test has it.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_DEADLINE_CASES_H
#define LIB_DEADLINE_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "tests/unit/fake_user.h"
#include "lib/names.h"
#include "lib/proc.h"
#include "lib/shape.h"

#define STOP SK_EV_FREE /* the event that cancels */

static struct sk_chan client, server; /* of task 0 and task 1 */
static struct sk_shape_msg keep[4], got;
static struct sk_shape_tx tx;
static struct sk_shape_rx rx;
static struct sk_in answer;

static void begin(void)
{
    sk_handle far;
    fake_start();
    assert_int_equal(sk_chan_create(&client, &far, SK_EV_CHAN), SK_OK);
    fake.current = &fake.task[1];
    assert_int_equal(sk_chan_open(&server, far, SK_EV_CHAN), SK_OK);
    fake.current = &fake.task[0];
    sk_shape_tx_init(&tx, &client, keep, 4);
    sk_shape_rx_init(&rx, &client);
}

static void server_goes(void)
{
    fake.current = &fake.task[1];
    sk_chan_close(&server);
    fake.current = &fake.task[0];
}

static void end(void)
{
    server_goes();
    sk_chan_close(&client);
    assert_int_equal(fake_ends_open(), 0);
}

/* --- The functions --------------------------------------------------------------------------- */

static sk_err send_until(sk_ns deadline)
{
    struct sk_out out = {.label = 1};
    while (sk_send_try(&client, &out) == SK_OK)
        ;
    return sk_send_until(&client, &out, deadline);
}

static sk_err recv_until(sk_ns deadline)
{
    return sk_recv_until(&client, &answer, deadline);
}

static sk_err call(sk_ns deadline)
{
    uint64_t word = 1;
    return sk_call(&client, 1, &word, 8, &word, 8, NULL, deadline);
}

static sk_err call_msg(sk_ns deadline)
{
    struct sk_out out = {.label = 1};
    return sk_call_msg(&client, &out, &answer, 8, deadline);
}

static sk_err call_end(sk_ns deadline)
{
    struct sk_call c;
    struct sk_out out = {.label = 1};
    sk_err err = sk_call_begin(&client, &c, &out, &answer, 8);
    if (err == SK_OK)
        err = sk_call_end(&client, &c, deadline);
    if (err == SK_ERR_TIMED_OUT || err == SK_ERR_CANCELLED)
        assert_false(c.ended); /* it goes on */
    sk_call_cancel(&client, &c);
    sk_call_cancel(&client, &c); /* a second time: harmless */
    return err;
}

static sk_err shape_flush(sk_ns deadline)
{
    uint64_t n = 1;
    sk_err err = SK_OK;
    for (unsigned i = 0; i < SK_CHAN_SLOTS + 1u && err == SK_OK; i++)
        err = sk_shape_send(&tx, 1, &n, sizeof(n));
    return err == SK_OK ? sk_shape_flush_until(&tx, deadline) : err;
}

static sk_err shape_recv(sk_ns deadline)
{
    return sk_shape_recv_until(&rx, &got, NULL, deadline);
}

static sk_err latest_recv(sk_ns deadline)
{
    return sk_latest_recv_until(&rx, &got, deadline);
}

static sk_err count_recv(sk_ns deadline)
{
    uint64_t events;
    return sk_count_recv_until(&rx, &events, deadline);
}

static sk_err wait_events(sk_ns deadline)
{
    uint32_t events;
    return sk_wait_events(1u << 20, deadline, &events);
}

static sk_err sleep_until(sk_ns deadline)
{
    bool set = (fake.task[0].events & fake.task[0].cancel) != 0;
    if (!set && deadline == SK_FOREVER)
        return SK_ERR_PEER_DEAD; /* there is none, and it would sleep on */
    sk_sleep_until(deadline);
    return set ? SK_ERR_CANCELLED : SK_ERR_TIMED_OUT;
}

static sk_err wait_task(sk_ns deadline)
{
    struct proc_exit how;
    return proc_wait(&client, 1, &how, deadline);
}

static sk_err core_start(sk_ns deadline)
{
    return proc_core_start(&client, 1, deadline);
}

static sk_err core_restart(sk_ns deadline)
{
    return proc_core_restart(&client, 1, deadline);
}

static sk_err core_ask(sk_ns deadline)
{
    return proc_core_ask(&client, 1, SK_ASK_STOP, deadline);
}

/* What is asked of this core's init: that is the server, too. */
static sk_err wait_name(sk_ns deadline)
{
    fake.task[0].self.parent = client;
    sk_err err = names_wait("name", deadline);
    client = fake.task[0].self.parent;
    return err;
}

/* Nobody is there yet to ask. Who does not wait for a name is told that there is none. */
static sk_err parent_until(sk_ns deadline)
{
    struct sk_chan *parent;
    fake.unserved = true;
    fake.task[0].start.parent = SK_HANDLE_MAKE(FAKE_ENDS - 1u, 1);
    assert_null(sk_parent());
    return sk_parent_until(deadline, &parent);
}

static sk_err none_yet(sk_err err, bool past)
{
    if (past)
        assert_int_equal(err, SK_ERR_NOT_FOUND);
    return past ? SK_ERR_TIMED_OUT : err;
}

static sk_err wait_unserved(sk_ns deadline)
{
    (void)parent_until(0);
    bool past = deadline <= fake.now;
    return none_yet(names_wait("name", deadline), past);
}

static sk_err connect_unserved(sk_ns deadline)
{
    struct sk_chan c;
    (void)parent_until(0);
    bool past = deadline <= fake.now;
    return none_yet(names_connect("name", deadline, &c), past);
}

enum { NONE, ASKS, HAS_NO_PEER = 2 };

/* A function; what a deadline that passes returns; ASKS: it waits for the answer of one who keeps
 * the deadline itself, for some time longer. */
#define ROW(name, call, late, how)                                                                 \
    {                                                                                              \
#name, call, late, how                                                                     \
    }
static const struct row {
    const char *name;
    sk_err (*call)(sk_ns deadline);
    sk_err late;
    int how;
} rows[] = {
    ROW(sk_send_until, send_until, SK_ERR_FULL, NONE),
    ROW(sk_recv_until, recv_until, SK_ERR_TIMED_OUT, NONE),
    ROW(sk_call, call, SK_ERR_TIMED_OUT, NONE),
    ROW(sk_call_msg, call_msg, SK_ERR_TIMED_OUT, NONE),
    ROW(sk_call_end, call_end, SK_ERR_TIMED_OUT, NONE),
    ROW(sk_shape_flush_until, shape_flush, SK_ERR_TIMED_OUT, NONE),
    ROW(sk_shape_recv_until, shape_recv, SK_ERR_TIMED_OUT, NONE),
    ROW(sk_latest_recv_until, latest_recv, SK_ERR_TIMED_OUT, NONE),
    ROW(sk_count_recv_until, count_recv, SK_ERR_TIMED_OUT, NONE),
    ROW(sk_wait_events, wait_events, SK_ERR_TIMED_OUT, HAS_NO_PEER),
    ROW(sk_sleep_until, sleep_until, SK_ERR_TIMED_OUT, HAS_NO_PEER),
    ROW(proc_wait, wait_task, SK_ERR_TIMED_OUT, ASKS),
    ROW(proc_core_start, core_start, SK_ERR_TIMED_OUT, NONE),
    ROW(proc_core_restart, core_restart, SK_ERR_TIMED_OUT, NONE),
    ROW(proc_core_ask, core_ask, SK_ERR_TIMED_OUT, NONE),
    ROW(names_wait, wait_name, SK_ERR_TIMED_OUT, ASKS),
    ROW(sk_parent_until, parent_until, SK_ERR_TIMED_OUT, HAS_NO_PEER),
    ROW(names_wait, wait_unserved, SK_ERR_TIMED_OUT, HAS_NO_PEER),
    ROW(names_connect, connect_unserved, SK_ERR_TIMED_OUT, HAS_NO_PEER),
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void expect(const struct row *r, sk_ns deadline, sk_err err)
{
    sk_err is = r->call(deadline);
    if (is != err)
        fail_msg("%s: %s, not %s", r->name, sk_err_text(is), sk_err_text(err));
}

static void test_D17_deadlines_of_the_library(void **state)
{
    (void)state;
    for (const struct row *r = rows; r < rows + ROWS; r++)
        for (unsigned ahead = 0; ahead < 3; ahead++) {
            begin();
            sk_ns start = sk_now(), deadline = ahead == 0 ? 0 : start + SK_MS(ahead - 1);
            expect(r, deadline, r->late);
            if (r->how != ASKS && ahead < 2) /* an attempt */
                assert_in_range(fake.now - start, 0, SK_MS(1) - 1);
            if (ahead == 2)
                assert_true(fake.now >= deadline);
            /* It is no worse for it: the same once more. */
            expect(r, 0, r->late);
            end();
        }
}

static void test_D17_an_event_cancels_the_library(void **state)
{
    (void)state;
    for (const struct row *r = rows; r < rows + ROWS; r++) {
        begin();
        sk_cancel_on(1u << STOP);
        expect(r, sk_in_ms(1), r->late); /* not set: it is not cancelled */
        fake.task[0].events |= 1u << STOP;
        expect(r, SK_FOREVER, SK_ERR_CANCELLED);
        expect(r, SK_FOREVER, SK_ERR_CANCELLED);
        uint32_t events;
        assert_int_equal(sk_wait_events(1u << STOP, 0, &events), SK_OK);
        expect(r, sk_in_ms(1), r->late); /* taken */
        end();
    }
}

static void test_D17_death_ends_the_library(void **state)
{
    (void)state;
    for (const struct row *r = rows; r < rows + ROWS; r++) {
        if (r->how == HAS_NO_PEER)
            continue;
        begin();
        expect(r, sk_in_ms(1), r->late);
        server_goes();
        expect(r, SK_FOREVER, SK_ERR_PEER_DEAD);
        expect(r, 0, SK_ERR_PEER_DEAD);
        sk_chan_close(&client);
        assert_int_equal(fake_ends_open(), 0);
    }
}

/* --- Handles for which the escrow has room a few at a time ------------------------------------ */

static sk_handle taken[8];
static uint32_t taken_count;

static void server_takes(void)
{
    struct sk_in in;
    while (sk_recv_try(&server, &in) == SK_OK)
        for (uint32_t i = 0; i < in.handles; i++)
            taken[taken_count++] = in.handle[i];
}

/* Two messages with three handles each: there are four places. */
static sk_err send_six(struct sk_chan near[6], sk_handle far[6], bool call, sk_ns deadline)
{
    struct sk_out out = {.label = 1, .handles = 3, .handle = far};
    taken_count = 0;
    fake.task[1].handles_left = 100;
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(sk_chan_create(&near[i], &far[i], SK_EV_CHAN), SK_OK);
    assert_int_equal(sk_send_try(&client, &out), SK_OK);
    out.handle = far + 3;
    return call ? sk_call_msg(&client, &out, &answer, 8, deadline)
                : sk_send_until(&client, &out, deadline);
}

static void server_takes_now(void)
{
    fake.current = &fake.task[1];
    server_takes();
    fake.current = &fake.task[0];
}

static void test_handles_follow_when_there_is_room(void **state)
{
    (void)state;
    for (unsigned call = 0; call < 2; call++) {
        struct sk_chan near[6];
        sk_handle far[6];
        begin();
        fake.task[1].run = server_takes;
        sk_err err = send_six(near, far, call != 0, sk_in_ms(10));
        assert_int_equal(err, call != 0 ? SK_ERR_TIMED_OUT : SK_OK);
        server_takes_now();
        assert_int_equal(taken_count, 6);
        for (unsigned i = 0; i < 6; i++) {
            assert_int_equal(taken[i], far[i]);
            assert_int_equal(sys_close(far[i]), SK_OK);
            sk_chan_close(&near[i]);
        }
        end();
    }
}

/* No room for all by the deadline: what was given is closed at the peer, the others stay, and what
 * comes next has its own handles. */
static void test_handles_without_their_message_are_closed(void **state)
{
    struct sk_chan near[6];
    sk_handle far[6];
    (void)state;
    begin();
    assert_int_equal(send_six(near, far, false, sk_in_ms(2)), SK_ERR_FULL);
    server_takes_now();
    assert_int_equal(taken_count, 3);
    assert_true(sk_chan_peer_closed(&near[3]));
    assert_false(sk_chan_peer_closed(&near[4]));
    struct sk_out out = {.label = 1, .handles = 2, .handle = far + 4};
    assert_int_equal(sk_send_try(&client, &out), SK_OK);
    server_takes_now();
    assert_int_equal(taken_count, 5);
    assert_int_equal(taken[3], far[4]);
    assert_int_equal(taken[4], far[5]);
    for (unsigned i = 0; i < 6; i++) {
        if (i != 3)
            assert_int_equal(sys_close(far[i]), SK_OK);
        sk_chan_close(&near[i]);
    }
    end();
}

#define LIB_DEADLINE_CASES                                                                         \
    cmocka_unit_test(test_D17_deadlines_of_the_library),                                           \
        cmocka_unit_test(test_D17_an_event_cancels_the_library),                                   \
        cmocka_unit_test(test_D17_death_ends_the_library),                                         \
        cmocka_unit_test(test_handles_follow_when_there_is_room),                                  \
        cmocka_unit_test(test_handles_without_their_message_are_closed)

#endif
