/* Level words between two kernels (base/level.h), in the order in which kernel/link.c uses them:
 * thread 0 makes news and rings, thread 1 is a core that sleeps until it is rung.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/order/scenario.h"

enum { BELL, BELL_ACK, WAKE_FLIPS, WAKE, WAKE_ACK, CLOSE_FLIPS, CLOSE, NEWS };

/* --- The writer's side ------------------------------------------------------------------------ */

static void ring_bell(struct side *s)
{
    if (level_count_once(&arena.word[BELL], &s->level[BELL], &arena.word[BELL_ACK]))
        ex_wake(1);
}

static void flip_wake(struct side *s)
{
    if (!level_hint(&arena.word[WAKE], &s->level[WAKE], &arena.word[WAKE_ACK], 1))
        return;
    level_count(&arena.word[WAKE_FLIPS], &s->level[WAKE_FLIPS]);
    ring_bell(s);
}

static void flip_close(struct side *s, uint32_t bit)
{
    level_flip(&arena.word[CLOSE], &s->level[CLOSE], bit);
    level_count(&arena.word[CLOSE_FLIPS], &s->level[CLOSE_FLIPS]);
    ring_bell(s);
}

/* --- requests: the link's own ring, and nothing but the bell to tell of it ----------------------
 */

#define REQUESTS 3u

static void requests_begin(void)
{
    sides_begin(1);
    side_of(0)->one_way = side_of(1)->one_way = true;
}

static void requests_send(void)
{
    struct side *s = side_of(0);
    while (s->sent < REQUESTS) {
        SETTLE(s);
        if (!side_send(s, 1, 1))
            ex_fail("no room for a request");
        ring_bell(s);
    }
}

static void requests_take(void)
{
    struct side *s = side_of(1);
    while (s->taken < REQUESTS) {
        SETTLE(s);
        ex_sleep();
        if (!level_read(&arena.word[BELL], &s->level[BELL], &arena.word[BELL_ACK]))
            continue;
        /* The bits come first, as in link_doorbell; with them the look at the ring is ordered. */
        level_read(&arena.word[WAKE_FLIPS], &s->level[WAKE_FLIPS], NULL);
        level_read(&arena.word[CLOSE_FLIPS], &s->level[CLOSE_FLIPS], NULL);
        while (side_take(s, 0))
            SETTLE(s);
    }
}

static void all_taken(void)
{
    if (side_of(1)->taken != side_of(0)->sent)
        ex_fail("sent %u messages, taken %u", side_of(0)->sent, side_of(1)->taken);
}

/* --- close: a task is woken over the link for each message that it waits for, then its peer
 * closes: it learns that when it has taken all
 * --------------------------------------------------------- */

#define MESSAGES 1u

static void close_send(void)
{
    struct side *s = side_of(0);
    SETTLE(s);
    flip_close(s,
               2); /* another end: whoever reads of this may see the next flip before its count */
    while (s->sent < MESSAGES) {
        struct sk_msg *line = ring_claim(&s->tx);
        line->label = (uint16_t)s->sent++;
        SETTLE(s);
        if (ring_publish(&s->tx, line, 0))
            flip_wake(s);
    }
    SETTLE(s);
    flip_close(s, 1);
}

/* The kernel of thread 1 is rung, or has been. */
static void close_rung(struct side *s, bool *ready, bool *closed)
{
    if (!level_read(&arena.word[BELL], &s->level[BELL], &arena.word[BELL_ACK]))
        return;
    if (level_read(&arena.word[WAKE_FLIPS], &s->level[WAKE_FLIPS], NULL) &&
        level_read(&arena.word[WAKE], &s->level[WAKE], &arena.word[WAKE_ACK]))
        *ready = true;
    if (level_read(&arena.word[CLOSE_FLIPS], &s->level[CLOSE_FLIPS], NULL) &&
        (level_read(&arena.word[CLOSE], &s->level[CLOSE], NULL) & 1) != 0)
        *ready = *closed = true;
}

static bool close_take(struct side *s)
{
    uint32_t ctl;
    const struct sk_msg *line = ring_front(&s->rx, &ctl);
    if (line == NULL)
        return false;
    if (line->label != s->taken++)
        ex_fail("message %u where %u was due", line->label, s->taken - 1);
    (void)ring_pop(&s->rx);
    return true;
}

/* The task runs until it sleeps, the kernel between any two of its steps that matter. */
static void close_receive(void)
{
    struct side *s = side_of(1);
    bool closed = false, ready = true;
    for (;;) {
        while (!ready) {
            ex_sleep();
            close_rung(s, &ready, &closed);
        }
        bool last = closed; /* a look before the last reception */
        s->one_way = (uint32_t)closed * 2u + last;
        SETTLE(s);
        if (close_take(s))
            continue;
        if (last)
            return;
        if (ex_interrupt()) {
            close_rung(s, &ready, &closed);
            continue;
        }
        ready = !ring_arm(&s->rx) || closed;
    }
}

/* --- hint, fact: level.h's own promises, whatever else the kernel does in between --------------
 */

#define NEWS_LAST 2u

/* News, each with a hint unless the last one is unread. */
static void hint_write(void)
{
    struct side *s = side_of(0);
    for (uint32_t n = 1; n <= NEWS_LAST; n++) {
        seam_store_seq(&arena.word[NEWS], n);
        if (level_hint(&arena.word[WAKE], &s->level[WAKE], &arena.word[WAKE_ACK], 1))
            ex_wake(1);
    }
}

static void hint_read(void)
{
    struct side *s = side_of(1);
    for (uint32_t news = 0; news < NEWS_LAST;) {
        ex_sleep();
        if (level_read(&arena.word[WAKE], &s->level[WAKE], &arena.word[WAKE_ACK]))
            news = seam_load_seq(&arena.word[NEWS]);
    }
}

/* A line that was written before a flip is there when the flip is seen. */
static void fact_write(void)
{
    struct side *s = side_of(0);
    arena.slot[0][0].w32[0] = 7;
    level_flip(&arena.word[CLOSE], &s->level[CLOSE], 1);
    ex_wake(1);
}

static void fact_read(void)
{
    struct side *s = side_of(1);
    do
        ex_sleep();
    while (!level_read(&arena.word[CLOSE], &s->level[CLOSE], NULL));
    if (arena.slot[0][0].w32[0] != 7)
        ex_fail("what was written before the flip is not there");
}

static void nothing(void)
{
}

static void close_begin(void)
{
    sides_begin(1);
}

const struct scenario link_scenarios[] = {
    {"requests",
     "the bell tells of the link's ring",
     requests_begin,
     {requests_send, requests_take},
     all_taken},
    {"close",
     "a task woken over the link, and told that its peer has closed",
     close_begin,
     {close_send, close_receive},
     all_taken},
    {"hint",
     "news, hints of it, and the acknowledgement that lets the next hint pass",
     nothing,
     {hint_write, hint_read},
     nothing},
    {"fact", "a flip tells of what was written before", nothing, {fact_write, fact_read}, nothing},
    {0},
};
