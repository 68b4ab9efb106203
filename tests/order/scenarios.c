/* The rings of a channel between two tasks. Messages before the threads begin bring the ring to
 * where things happen: slots that are used again, credit that is used up, tags that wrap.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/order/scenario.h"

static void nothing(void)
{
}

static void all_arrived(void)
{
    if (side_of(1)->taken != side_of(0)->sent)
        ex_fail("sent %u messages, taken %u", side_of(0)->sent, side_of(1)->taken);
}

/* Take one message, asleep while there is none. */
static void take_wait(struct side *s, unsigned self)
{
    for (;;) {
        SETTLE(s);
        if (side_take(s, 1 - self))
            return;
        SETTLE(s);
        if (ring_arm(&s->rx))
            ex_sleep();
    }
}

/* The receiver of ring 0, to message number `last`. */
static void take_until(uint32_t last)
{
    while (side_of(1)->taken <= last)
        take_wait(side_of(1), 1);
}

static void send_until(uint32_t last, uint32_t lines)
{
    struct side *s = side_of(0);
    while (s->sent <= last) {
        SETTLE(s);
        side_send_wait(s, lines, 1);
    }
}

/* --- stream: single lines, both sleep and wake -------------------------------------------------
 */

static void stream_begin(void)
{
    sides_begin(8);
    sides_use(6);
}
static void stream_send(void)
{
    send_until(9, 1);
}
static void stream_take(void)
{
    take_until(9);
}

/* --- full: the sender begins without room ------------------------------------------------------
 */

/* Two messages more than there is room for; with more marks there is more to explore. */
#define FULL_LAST (RING_MARK_EVERY ? 14u : 15u)

static void full_begin(void)
{
    sides_begin(10);
    sides_use(6);
    if (sides_fill(9) != 8) /* so what is sent next goes where the other thread must read first */
        ex_fail("the ring should be full");
}
static void full_send(void)
{
    send_until(FULL_LAST, 1);
}
static void full_take(void)
{
    take_until(FULL_LAST);
}

/* --- long: messages of one to four lines, of which some wait for half a ring --------------------
 */

#define LONG_LINES (RING_MARK_EVERY ? 3u : 4u) /* sent by the thread; six are there before */

static void long_begin(void)
{
    sides_begin(9);
    sides_use(6);
    sides_fill(6);
    side_of(0)->one_way = side_of(1)->one_way = true;
}
static void long_send(void)
{
    struct side *s = side_of(0);
    while (s->lines < 12 + LONG_LINES) {
        uint32_t left = 12 + LONG_LINES - s->lines;
        SETTLE(s);
        side_send_wait(s, 1 + ex_choose(left < SK_SLOTS_MAX ? left : SK_SLOTS_MAX), 1);
    }
}
static void long_take(void)
{
    while (side_of(1)->rx.next < 12 + LONG_LINES)
        take_wait(side_of(1), 1);
}

/* --- far: a receiver in a stream looks ahead, and later headers vouch for lines before ----------
 */

static void far_begin(void)
{
    sides_begin(12);
    sides_use(10);
    side_of(0)->one_way = true;
}
static void far_send(void)
{
    struct side *s = side_of(0);
    while (s->sent < 13) {
        SETTLE(s);
        side_send_wait(s, 1 + ex_choose(2), 1);
    }
}
static void far_take(void)
{
    take_until(12);
}

/* --- batch: two messages with one look at who sleeps, the sender begins with little room ---------
 */

#define BATCH_LAST (RING_MARK_EVERY ? 14u : 16u)

static void batch_begin(void)
{
    sides_begin(9);
    sides_use(6);
    if (sides_fill(7) != 7)
        ex_fail("seven lines should fit");
    side_of(0)->batches = BATCH_LAST + 1;
    side_of(1)->one_way = true;
}
static void batch_send(void)
{
    send_until(BATCH_LAST, 1);
}
static void batch_take(void)
{
    take_until(BATCH_LAST);
}

/* --- call: the client arms for the answer before it asks, and sleeps without a look -------------
 */

static void call_begin(void)
{
    sides_begin(1);
}
static void call_client(void)
{
    struct side *s = side_of(0);
    for (unsigned i = 0; i < 2; i++) {
        SETTLE(s);
        ring_arm_reply(&s->rx);
        if (!side_send(s, 1, 1))
            ex_fail("no room for a request");
        ex_sleep();
        take_wait(s, 0);
    }
}
static void call_server(void)
{
    struct side *s = side_of(1);
    for (unsigned i = 0; i < 2; i++) {
        take_wait(s, 1);
        SETTLE(s);
        if (!side_send(s, 1, 0))
            ex_fail("no room for an answer");
    }
}

static const struct scenario ring_scenarios[] = {
    {"stream",
     "single lines, the ring nearly empty: the receiver sleeps and is woken",
     stream_begin,
     {stream_send, stream_take},
     all_arrived},
    {"call",
     "requests and answers over two rings, armed before the request",
     call_begin,
     {call_client, call_server},
     nothing},
    {"batch",
     "two messages with one look at who sleeps",
     batch_begin,
     {batch_send, batch_take},
     all_arrived},
    {"full",
     "the ring full: the sender sleeps and is woken",
     full_begin,
     {full_send, full_take},
     all_arrived},
    {"far",
     "a stream: one header vouches for the lines before it",
     far_begin,
     {far_send, far_take},
     all_arrived},
    {"long",
     "messages of one to four lines through a ring with little room",
     long_begin,
     {long_send, long_take},
     all_arrived},
    {0},
};

const struct scenario *const scenario_lists[] = {link_scenarios, ring_scenarios, NULL};
