/* See scenario.h.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/order/scenario.h"

_Static_assert(2 * sizeof(struct side) <= sizeof(kept.bytes), "what is kept has room for it");

/* The epoch whose tags are zero at number `wrap`. */
static uint32_t epoch_for(uint32_t wrap)
{
    uint32_t epoch = 1;
    while (ring_tag(wrap, ring_epoch_tag(epoch)) != 0)
        epoch++;
    return epoch;
}

void sides_begin(uint32_t wrap)
{
    uint32_t epoch = epoch_for(wrap);
    for (unsigned t = 0; t < 2; t++) {
        struct sk_chan_ctl *mine = &arena.line[t], *theirs = &arena.line[1 - t];
        ring_tx_init(&side_of(t)->tx, arena.slot[t], MODEL_SLOTS, mine, theirs, epoch);
        ring_rx_init(&side_of(t)->rx, arena.slot[1 - t], MODEL_SLOTS, mine, theirs, epoch);
    }
}

static uint64_t content(uint32_t number, uint32_t line, uint32_t word)
{
    return (uint64_t)(number + 1) * 0x10001u + line * 0x100u + word;
}

static void fill(struct sk_msg *m, uint32_t number, uint32_t line, uint32_t lines)
{
    m->label = (uint16_t)number;
    m->token = (uint16_t)line;
    m->ctl = sk_ctl_make(SK_PAYLOAD_BYTES, lines - 1 - line, 0, false);
    for (uint32_t w = 0; w < 7; w++)
        m->w64[w] = content(number, line, w);
}

static void check(const struct sk_msg *m, uint32_t number, uint32_t line)
{
    bool same = m->label == (uint16_t)number && m->token == (uint16_t)line;
    for (uint32_t w = 0; w < 7; w++)
        same &= m->w64[w] == content(number, line, w);
    if (!same)
        ex_fail("message %u line %u: got message %u line %u, first word %#llx", number, line,
                m->label, m->token, (unsigned long long)m->w64[0]);
}

void side_wake(unsigned other)
{
    if (--tally.asked[other] < 0)
        ex_fail("thread %u is woken more often than it asked for", other);
    ex_wake(other);
}

/* As many messages of one line, up to two, as there is room for. */
static bool side_send_batch(struct side *s, unsigned other)
{
    struct sk_msg m;
    uint32_t left = s->batches - s->sent;
    uint32_t n = ring_room(&s->tx, left < 2 ? left : 2);
    for (uint32_t i = 0; i < n; i++, s->sent++, s->lines++) {
        struct sk_msg *line = ring_claim(&s->tx);
        fill(&m, s->sent, 0, 1);
        line->label = m.label;
        line->token = m.token;
        ring_copy_payload(line, &m);
        if (i + 1 < n)
            ring_post(&s->tx, line, m.ctl);
        else if (ring_publish_batch(&s->tx, line, m.ctl, i))
            side_wake(other);
    }
    return n != 0;
}

bool side_send(struct side *s, uint32_t lines, unsigned other)
{
    struct sk_msg m[SK_SLOTS_MAX];
    bool wake;
    if (s->batches)
        return side_send_batch(s, other);
    for (uint32_t i = 0; i < lines; i++)
        fill(&m[i], s->sent, i, lines);
    if (lines == 1 && !s->one_way && ex_choose(2) == 1) {
        struct sk_msg *line = ring_claim(&s->tx);
        if (line == NULL)
            return false;
        line->label = m[0].label;
        line->token = m[0].token;
        ring_copy_payload(line, m);
        wake = ring_publish(&s->tx, line, m[0].ctl);
    } else if (ring_send(&s->tx, m, lines, &wake) != SK_OK) {
        return false;
    }
    s->sent++;
    s->lines += lines;
    if (wake)
        side_wake(other);
    return true;
}

void side_send_wait(struct side *s, uint32_t lines, unsigned other)
{
    while (!side_send(s, lines, other)) {
        if (ring_want(&s->tx, lines))
            ex_sleep();
        SETTLE(s);
    }
}

bool side_take(struct side *s, unsigned other)
{
    struct sk_msg m[SK_SLOTS_MAX];
    uint32_t ctl, lines;
    bool wake;
    if (!s->one_way && ex_choose(2) == 1) {
        const struct sk_msg *line = ring_front(&s->rx, &ctl);
        if (line != NULL) {
            check(line, s->taken++, 0);
            if (ring_pop(&s->rx))
                side_wake(other);
            return true;
        }
    }
    sk_err err = ring_recv(&s->rx, m, SK_SLOTS_MAX, &lines, &wake);
    if (err == SK_ERR_EMPTY)
        return false;
    if (err != SK_OK)
        ex_fail("garbage in the ring: error %d", err);
    for (uint32_t i = 0; i < lines; i++)
        check(&m[i], s->taken, i);
    s->taken++;
    if (wake)
        side_wake(other);
    return true;
}

/* --- In order, before there are threads: no choices ------------------------------------------- */

static uint32_t put(struct side *s)
{
    struct sk_msg m;
    bool wake;
    fill(&m, s->sent, 0, 1);
    if (ring_send(&s->tx, &m, 1, &wake) != SK_OK)
        return 0;
    s->sent++;
    s->lines++;
    return 1;
}

uint32_t sides_fill(uint32_t n)
{
    uint32_t done = 0;
    while (done < n && put(side_of(0)))
        done++;
    return done;
}

/* The ring is never found empty meanwhile, but after the last. */
void sides_use(uint32_t n)
{
    struct sk_msg m;
    uint32_t lines;
    bool wake;
    struct side *to = side_of(1);
    if (n != 0)
        put(side_of(0));
    for (uint32_t i = 0; i < n; i++) {
        if (i + 1 < n)
            put(side_of(0));
        ring_recv(&to->rx, &m, 1, &lines, &wake);
        to->taken++;
    }
}
