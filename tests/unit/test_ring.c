/* base/ring.h and base/level.h on one thread: every order in which two sides can take turns is
 * drawn from a seed, with the promises of the header checked at each step.
 * SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

/* Off unless a port asks for it: here it is tried. */
#define RING_FAR_PART 4u

#include "base/level.h"
#include "base/ring.h"

void sim_step(void);
void sim_step(void)
{
}

void sim_stored(const uint32_t *p, uint32_t v);
void sim_stored(const uint32_t *p, uint32_t v)
{
    (void)p;
    (void)v;
}

static uint32_t random_next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

struct pair {
    struct sk_chan_ctl line[2];
    struct sk_msg slot[64];
    struct ring_tx tx;
    struct ring_rx rx;
    uint32_t slots;
};

static void pair_init(struct pair *p, uint32_t slots, uint32_t epoch)
{
    memset(p->line, 0, sizeof(p->line));
    p->slots = slots;
    ring_tx_init(&p->tx, p->slot, slots, &p->line[0], &p->line[1], epoch);
    ring_rx_init(&p->rx, p->slot, slots, &p->line[1], &p->line[0], epoch);
}

static struct pair *pair_new(uint32_t slots, uint32_t epoch)
{
    struct pair *p = aligned_alloc(64, sizeof(*p));
    memset(p, 0, sizeof(*p));
    pair_init(p, slots, epoch);
    return p;
}

static void fill(struct sk_msg m[SK_SLOTS_MAX], uint32_t lines, uint64_t value)
{
    for (uint32_t i = 0; i < lines; i++) {
        m[i].ctl = sk_ctl_make(SK_PAYLOAD_BYTES, lines - 1 - i, 0, false);
        m[i].label = (uint16_t)value;
        m[i].token = (uint16_t)(value >> 16);
        for (unsigned w = 0; w < 7; w++)
            m[i].w64[w] = value * 31 + w + i;
    }
}

static void check(const struct sk_msg *m, uint32_t lines, uint64_t value)
{
    for (uint32_t i = 0; i < lines; i++) {
        assert_int_equal(sk_ctl_more(m[i].ctl), lines - 1 - i);
        assert_int_equal(m[i].label, (uint16_t)value);
        for (unsigned w = 0; w < 7; w++)
            assert_true(m[i].w64[w] == value * 31 + w + i);
    }
}

/* Messages of 1 to 4 lines, random turns, millions of tags: in order, none lost, none doubled;
 * whoever sleeps is woken exactly when there is something to do. */
static void run_turns(uint32_t slots, uint32_t seed, uint32_t start, unsigned turns)
{
    struct pair *p = pair_new(slots, seed);
    struct sk_msg m[SK_SLOTS_MAX];
    uint32_t lengths[64]; /* of the messages in the ring */
    uint64_t sent = 0, taken = 0;
    bool armed = false, wants = false, wake;
    p->tx.next = p->rx.next = start;
    p->tx.limit = start + slots;
    for (unsigned turn = 0; turn < turns; turn++) {
        uint32_t r = random_next(&seed);
        if (r & 1 && !wants) {
            uint32_t lines = 1 + (r >> 1) % SK_SLOTS_MAX;
            fill(m, lines, sent);
            sk_err err = ring_send(&p->tx, m, lines, &wake);
            if (err == SK_OK) {
                lengths[sent++ % 64] = lines;
                assert_int_equal(wake, armed);
                armed = false;
            } else {
                assert_int_equal(err, SK_ERR_FULL);
                assert_false(wake);
                if (r & 0x100 && ring_want(&p->tx, lines))
                    wants = true;
            }
        } else if (!armed) {
            uint32_t lines = 0;
            sk_err err = ring_recv(&p->rx, m, SK_SLOTS_MAX, &lines, &wake);
            if (err == SK_OK) {
                assert_int_equal(lines, lengths[taken % 64]);
                check(m, lines, taken++);
                if (wake) {
                    assert_true(wants);
                    wants = false;
                }
            } else {
                assert_int_equal(err, SK_ERR_EMPTY);
                assert_true(taken == sent);
                assert_false(wants); /* an empty ring has room for all */
                if (r & 0x100) {
                    assert_true(ring_arm(&p->rx));
                    armed = true;
                }
            }
        }
    }
    assert_true(taken > turns / 8);
    free(p);
}

static void test_turns(void **state)
{
    (void)state;
    for (uint32_t slots = 8; slots <= 64; slots *= 2)
        for (uint32_t seed = 1; seed <= 20; seed++)
            run_turns(slots, seed, 0, 20000);
    run_turns(16, 77, 0xffffff00u, 200000); /* numbers wrap */
    run_turns(8, 78, 0x7fffff00u, 200000);
}

static void test_room_after_all_is_taken(void **state)
{
    (void)state;
    struct sk_msg m[SK_SLOTS_MAX];
    bool wake;
    uint32_t lines;
    for (uint32_t ahead = 0; ahead < 16; ahead++) {
        struct pair *p = pair_new(16, 3);
        fill(m, 1, 5);
        for (uint32_t i = 0; i < ahead; i++) {
            assert_int_equal(ring_send(&p->tx, m, 1, &wake), SK_OK);
            assert_int_equal(ring_recv(&p->rx, m, 4, &lines, &wake), SK_OK);
        }
        uint32_t n = 0;
        while (ring_send(&p->tx, m, 1, &wake) == SK_OK)
            n++;
        assert_in_range(n, 13, 16); /* n - n/4 + 1, as the decision on credit says */
        free(p);
    }
}

static void test_long_message_arrives_whole_or_not(void **state)
{
    (void)state;
    struct pair *p = pair_new(8, 9);
    struct sk_msg m[SK_SLOTS_MAX];
    bool wake;
    uint32_t lines = 99;
    fill(m, 4, 1);
    assert_int_equal(ring_send(&p->tx, m, 4, &wake), SK_OK);
    uint32_t last = p->slot[3].ctl;
    p->slot[3].ctl = 0; /* as if the last line were still on its way */
    assert_int_equal(ring_recv(&p->rx, m, 4, &lines, &wake), SK_ERR_EMPTY);
    assert_true(ring_arm(&p->rx));
    p->slot[3].ctl = last;
    assert_false(ring_arm(&p->rx));
    assert_int_equal(ring_recv(&p->rx, m, 3, &lines, &wake), SK_ERR_TOO_BIG);
    assert_int_equal(ring_recv(&p->rx, m, 4, &lines, &wake), SK_OK);
    assert_int_equal(lines, 4);
    free(p);
}

/* Any bytes at all in slots and control lines: an error or a message within bounds. */
static void test_any_bytes(void **state)
{
    (void)state;
    uint32_t seed = 4711;
    unsigned garbage = 0;
    for (unsigned round = 0; round < 30000; round++) {
        struct pair *p = pair_new(8, round);
        struct sk_msg m[SK_SLOTS_MAX];
        bool wake;
        uint32_t lines = 0;
        fill(m, 1 + round % 4, round);
        (void)ring_send(&p->tx, m, 1 + round % 4, &wake);
        uint8_t *bytes = round % 3 ? (uint8_t *)&p->slot[random_next(&seed) % 8]
                                   : (uint8_t *)&p->line[round % 2];
        unsigned count = round % 5 ? 4 : 64; /* a header word, or a whole line */
        for (unsigned i = 0; i < count; i++)
            bytes[i] = (uint8_t)random_next(&seed);
        for (int i = 0; i < 6; i++) {
            sk_err err = ring_recv(&p->rx, m, SK_SLOTS_MAX, &lines, &wake);
            if (err == SK_OK) {
                assert_in_range(lines, 1, 4);
                for (uint32_t n = 0; n < lines; n++)
                    assert_true(sk_ctl_len(m[n].ctl) <= SK_PAYLOAD_BYTES);
            }
            garbage += err == SK_ERR_PROTOCOL;
            (void)ring_arm(&p->rx);
            (void)ring_want(&p->tx, 4);
            (void)ring_send(&p->tx, m, 1, &wake);
        }
        free(p);
    }
    assert_true(garbage > 1000);
}

/* Whatever the header says besides the tag, the one that is awaited wakes, by either way to send.
 */
static void test_every_header_wakes(void **state)
{
    (void)state;
    struct pair *p = pair_new(8, 5);
    struct sk_msg m[SK_SLOTS_MAX];
    bool wake;
    uint32_t lines;
    for (uint32_t i = 0; i < 57 * 4 * 4; i++) {
        fill(m, 1, i);
        uint32_t ctl = sk_ctl_make(i % 57, 0, i / 57 % 4, i / 228 % 2);
        assert_true(ring_arm(&p->rx));
        if (i / 456 % 2) {
            m[0].ctl = ctl;
            assert_int_equal(ring_send(&p->tx, m, 1, &wake), SK_OK);
        } else {
            struct sk_msg *line = ring_claim(&p->tx);
            assert_non_null(line);
            line->label = line->token = 0;
            wake = ring_publish(&p->tx, line, ctl);
        }
        assert_true(wake);
        assert_int_equal(ring_recv(&p->rx, m, 4, &lines, &wake), SK_OK);
        assert_int_equal(m[0].ctl & ~(SK_CTL_TAG | SK_CTL_VALID), ctl);
    }
    free(p);
}

/* Post n messages and publish the last; true: the receiver is to be woken. */
static bool send_batch(struct pair *p, uint32_t n, uint64_t value)
{
    for (uint32_t i = 0; i < n; i++) {
        struct sk_msg m[SK_SLOTS_MAX], *line = ring_claim(&p->tx);
        assert_non_null(line);
        fill(m, 1, value + i);
        line->label = m[0].label;
        line->token = m[0].token;
        ring_copy_payload(line, m);
        if (i + 1 == n)
            return ring_publish_batch(&p->tx, line, m[0].ctl, i);
        ring_post(&p->tx, line, m[0].ctl);
    }
    return false;
}

/* Batches of any length, through rings of any length: all arrive in order, and whoever sleeps for
 * any of a batch is woken by it, once. */
static void test_batches(void **state)
{
    (void)state;
    uint32_t seed = 99, wakes = 0;
    for (uint32_t slots = 8; slots <= 64; slots *= 2) {
        struct pair *p = pair_new(slots, slots);
        struct sk_msg m[SK_SLOTS_MAX];
        uint64_t sent = 0, taken = 0;
        bool armed = false, wake;
        uint32_t lines;
        p->tx.next = p->rx.next = p->rx.since = p->rx.vouched = 0xfffff000u;
        p->tx.limit = p->tx.next + slots;
        for (unsigned turn = 0; turn < 20000; turn++) {
            uint32_t most = 1 + random_next(&seed) % (slots + 4), n = ring_room(&p->tx, most);
            assert_true(n <= most && sent + n - taken <= slots);
            assert_true(n != 0 || sent - taken > slots - slots / 4);
            if (n != 0) {
                assert_int_equal(send_batch(p, n, sent), armed);
                wakes += armed;
                armed = false;
                sent += n;
            }
            for (uint32_t take = random_next(&seed) % (slots + 2); take != 0 && !armed; take--) {
                if (ring_recv(&p->rx, m, 1, &lines, &wake) == SK_OK) {
                    check(m, 1, taken++);
                } else {
                    assert_true(taken == sent);
                    armed = ring_arm(&p->rx);
                    assert_true(armed);
                }
            }
        }
        assert_true(taken > 20000);
        free(p);
    }
    assert_true(wakes > 1000);
}

/* The tag that is awaited lies before, in, or behind the batch. */
static void test_a_batch_wakes_for_its_own(void **state)
{
    (void)state;
    for (uint32_t n = 1; n <= 8; n++)
        for (uint32_t ahead = 0; ahead < 10; ahead++) {
            struct pair *p = pair_new(16, 0x10000u - n); /* the tags of some batches wrap */
            p->line[1].armed = RING_FLAG | ring_tag(ahead, p->tx.epoch_tag);
            assert_int_equal(send_batch(p, n, 0), ahead < n);
            p->line[1].armed = RING_FLAG | ring_tag(n - 1u, p->tx.epoch_tag);
            assert_false(send_batch(p, 1, 0)); /* one before */
            p->line[1].armed = 0;
            assert_false(send_batch(p, 2, 0));
            free(p);
        }
}

/* Credit is looked for where it is soonest found, and taken no further than needed; but all that is
 * there can be had. */
static void test_credit(void **state)
{
    (void)state;
    struct pair *p = pair_new(16, 3);
    struct sk_msg m[SK_SLOTS_MAX];
    bool wake;
    uint32_t lines;
    fill(m, 1, 5);
    for (uint32_t i = 0; i < 16; i++)
        assert_int_equal(ring_send(&p->tx, m, 1, &wake), SK_OK);
    assert_false(ring_has_room(&p->tx, 1));
    for (uint32_t i = 0; i < 9; i++)
        assert_int_equal(ring_recv(&p->rx, m, 4, &lines, &wake), SK_OK);
    assert_true(ring_has_room(&p->tx, 1)); /* two marks are there: one is enough */
    assert_int_equal(p->tx.limit, 20);
    assert_true(ring_has_room(&p->tx, 5));
    assert_int_equal(p->tx.limit, 24);
    assert_false(ring_has_room(&p->tx, 9));
    for (uint32_t i = 9; i < 16; i++)
        assert_int_equal(ring_recv(&p->rx, m, 4, &lines, &wake), SK_OK);
    assert_int_equal(ring_room(&p->tx, 16), 8); /* what is known; it does not look for more */
    assert_true(ring_has_room(&p->tx, 9));
    assert_int_equal(ring_room(&p->tx, 99), 16); /* the last mark stands for all */
    free(p);
}

static void test_old_epoch_is_not_a_message(void **state)
{
    (void)state;
    struct pair *p = pair_new(8, 1);
    struct sk_msg m[SK_SLOTS_MAX];
    bool wake;
    uint32_t lines;
    fill(m, 1, 1);
    for (int i = 0; i < 5; i++)
        assert_int_equal(ring_send(&p->tx, m, 1, &wake), SK_OK);
    ring_rx_init(&p->rx, p->slot, 8, &p->line[1], &p->line[0], 2);
    assert_int_not_equal(ring_recv(&p->rx, m, 4, &lines, &wake), SK_OK);
    free(p);
}

static void test_level_hints_do_not_cancel_out(void **state)
{
    (void)state;
    uint32_t word = 0, mine = 0, seen = 0, ack = 0;
    assert_true(level_hint(&word, &mine, &ack, 4));
    assert_false(level_hint(&word, &mine, &ack, 4)); /* unread: says the same */
    assert_int_equal(level_read(&word, &seen, &ack), 4);
    assert_int_equal(level_read(&word, &seen, &ack), 0);
    assert_true(level_hint(&word, &mine, &ack, 4));
    assert_true(level_hint(&word, &mine, &ack, 6));
    assert_int_equal(level_read(&word, &seen, &ack), 6);
    uint32_t bell = 0, bell_mine = 0, bell_ack = 0, bell_seen = 0;
    assert_true(level_count_once(&bell, &bell_mine, &bell_ack));
    assert_false(level_count_once(&bell, &bell_mine, &bell_ack));
    assert_true(level_read(&bell, &bell_seen, &bell_ack) != 0);
    assert_true(level_count_once(&bell, &bell_mine, &bell_ack));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_room_after_all_is_taken),
        cmocka_unit_test(test_long_message_arrives_whole_or_not),
        cmocka_unit_test(test_any_bytes),
        cmocka_unit_test(test_every_header_wakes),
        cmocka_unit_test(test_batches),
        cmocka_unit_test(test_a_batch_wakes_for_its_own),
        cmocka_unit_test(test_credit),
        cmocka_unit_test(test_old_epoch_is_not_a_message),
        cmocka_unit_test(test_level_hints_do_not_cancel_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
