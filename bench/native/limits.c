/* What the machine permits: systems that are no queues. One line that two cores pass to and fro,
 * by compare-and-swap or by plain stores, also with a whole message in it (`limit-message`). Two
 * lines, each written by one core only (`limit-pair`): what a ring in each direction cannot be
 * faster than. And lines handed over by half a ring at a time, which is
 * as fast as lines can follow each other. In `limit-lines-mark` the receiver also writes each line,
 * as one does that marks what it has taken.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "queue.h"
#include "systems.h"

/* One line: the word is even when it is side 0's, odd when it is side 1's, and counts up. False:
 * it is the last. */

static inline bool cas_pass(uint64_t *at, uint64_t mine)
{
    uint64_t seen = mine;
    while (!__atomic_compare_exchange_n(at, &seen, mine + 1u, false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_RELAXED)) {
        if (seen & BENCH_LAST)
            return false;
        seen = mine;
        isa_relax();
    }
    return true;
}

static inline bool store_pass(uint64_t *at, uint64_t mine)
{
    uint64_t seen;
    while ((seen = __atomic_load_n(at, __ATOMIC_ACQUIRE)) != mine) {
        if (seen & BENCH_LAST)
            return false;
        isa_relax();
    }
    __atomic_store_n(at, mine + 1u, __ATOMIC_RELEASE);
    return true;
}

LOOP void limit_ping(struct run *run, bool (*pass)(uint64_t *, uint64_t))
{
    struct steps s;
    uint64_t *at = (uint64_t *)run->mem, number = 0;
    steps_begin(&s, run);
    do {
        for (uint64_t i = s.grain; i != 0; i--, number += 2)
            pass(at, number);
    } while (steps_next(&s, s.grain));
    uint64_t end = s.last + run->ticks, count = 0, last = s.last;
    do {
        pass(at, number);
        number += 2;
        uint64_t now = isa_ticks();
        tool_single(run, &count, now - last);
        last = now;
    } while (last < end);
    while (__atomic_load_n(at, __ATOMIC_ACQUIRE) != number)
        isa_relax();
    __atomic_store_n(at, BENCH_LAST, __ATOMIC_RELEASE);
    steps_result(&s, run->result);
    tool_singles(run, count);
}

LOOP void limit_pong(struct run *run, bool (*pass)(uint64_t *, uint64_t))
{
    uint64_t *at = (uint64_t *)run->mem, number = 1;
    while (pass(at, number))
        number += 2;
}

static void cas_ping(struct run *run)
{
    limit_ping(run, cas_pass);
}
static void cas_pong(struct run *run)
{
    limit_pong(run, cas_pass);
}
static void store_ping(struct run *run)
{
    limit_ping(run, store_pass);
}
static void store_pong(struct run *run)
{
    limit_pong(run, store_pass);
}

/* A message in one line, or in two: its header says whose turn it is, and counts up. */

struct line_end {
    struct bench_msg *tx, *rx;
    uint64_t turn; /* the header that is awaited next, or written next */
};

static void line_open(struct line_end *e, struct run *run, unsigned pair)
{
    e->tx = e->rx = (struct bench_msg *)tool_pair(run, pair);
}

static void pair_open(struct line_end *e, struct run *run, unsigned pair)
{
    line_open(e, run, pair);
    e->tx += run->side * (BENCH_PAIR_ALIGN / sizeof *e->tx);
    e->rx += (1u - run->side) * (BENCH_PAIR_ALIGN / sizeof *e->rx);
}

LOOP uint64_t line_send(void *end, uint64_t number, uint64_t count)
{
    struct line_end *e = end;
    if (!count)
        return 0;
    msg_fill(e->tx->word, number);
    __atomic_store_n(&e->tx->header, ++e->turn, __ATOMIC_RELEASE);
    return 1;
}

LOOP uint64_t line_recv(void *end, uint64_t expect, uint64_t max, uint64_t *bad)
{
    struct line_end *e = end;
    (void)max;
    if (__atomic_load_n(&e->rx->header, __ATOMIC_ACQUIRE) != e->turn + 1u)
        return 0;
    msg_check(e->rx->word, expect, bad);
    e->turn++;
    return 1;
}

#define pair_send line_send
#define pair_recv line_recv
QUEUE_POLLED_SIDES(line, line_end)
QUEUE_POLLED_SIDES(pair, line_end)

static size_t one_line(const struct measure *measure)
{
    (void)measure;
    return BENCH_LINE;
}

static size_t two_lines(const struct measure *measure)
{
    (void)measure;
    return 2u * BENCH_PAIR_ALIGN;
}

/* Lines, half a ring at a time. */

struct halves {
    struct bench_msg *line;
    uint64_t *filled, *emptied; /* halves so far, each written by one side */
    uint64_t half;              /* lines of one */
    uint64_t number;            /* the next line */
    uint64_t seen;              /* of the other side's word */
};

static size_t lines_bytes(const struct measure *measure)
{
    return (2u + measure->slots) * (size_t)BENCH_LINE;
}

static void lines_open(struct halves *h, struct run *run)
{
    h->filled = (uint64_t *)run->mem;
    h->emptied = h->filled + BENCH_LINE / sizeof *h->filled;
    h->line = (struct bench_msg *)(run->mem + 2u * BENCH_LINE);
    h->half = run->measure->slots / 2u;
}

LOOP void wait_until(const uint64_t *word, uint64_t least)
{
    while (__atomic_load_n(word, __ATOMIC_ACQUIRE) < least)
        isa_relax();
}

static void lines_source(struct run *run)
{
    struct halves h = {0};
    struct steps s;
    uint64_t n = 0;
    lines_open(&h, run);
    steps_begin(&s, run);
    for (bool more = true; more; n++) {
        if (n >= 2)
            wait_until(h.emptied, n - 1u);
        more = steps_next(&s, h.half);
        struct bench_msg *line = h.line + (n & 1u) * h.half;
        for (uint64_t i = 0; i < h.half; i++, h.number++)
            msg_make(&line[i], h.number);
        if (!more)
            msg_make(&line[h.half - 1u], (h.number - 1u) | BENCH_LAST);
        __atomic_store_n(h.filled, n + 1u, __ATOMIC_RELEASE);
    }
}

LOOP void lines_drain(struct run *run, bool mark)
{
    struct halves h = {0};
    struct steps s;
    uint64_t bad = 0, done = 0;
    lines_open(&h, run);
    steps_begin(&s, run);
    for (uint64_t n = 0; bad == 0; n++) {
        wait_until(h.filled, n + 1u);
        struct bench_msg *line = h.line + (n & 1u) * h.half;
        for (uint64_t i = 0; i < h.half; i++, h.number++) {
            msg_judge(&line[i], h.number, &bad);
            if (mark)
                __atomic_store_n(&line[i].header, ~h.number, __ATOMIC_RELAXED);
        }
        __atomic_store_n(h.emptied, n + 1u, __ATOMIC_RELEASE);
        done += h.half;
        if (bad == 0 && done >= s.grain) {
            steps_next(&s, done);
            done = 0;
        }
    }
    tool_check_end(run, h.number - 1u, bad);
    steps_result(&s, run->result);
}

static void lines_sink(struct run *run)
{
    lines_drain(run, false);
}

static void lines_sink_mark(struct run *run)
{
    lines_drain(run, true);
}

const struct system limit_cas = {
    .name = "limit-cas",
    .about = "limit: one line, compare-and-swap ping-pong",
    .bytes = one_line,
    .side = {[KIND_RTT] = {cas_ping, cas_pong}},
};

const struct system limit_store = {
    .name = "limit-store",
    .about = "limit: one line, store ping-pong",
    .bytes = one_line,
    .side = {[KIND_RTT] = {store_ping, store_pong}},
};

const struct system limit_message = {
    .name = "limit-message",
    .about = "limit: the same line with a whole message, there and back",
    .bytes = one_line,
    .side = {[KIND_RTT] = QUEUE_RTT(line)},
};

const struct system limit_pair = {
    .name = "limit-pair",
    .about = "limit: two lines with whole messages, each written by one side only",
    .bytes = two_lines,
    .side = {[KIND_RTT] = QUEUE_RTT(pair)},
};

const struct system limit_lines = {
    .name = "limit-lines",
    .about = "limit: lines handed over half a ring at a time",
    .bytes = lines_bytes,
    .side = {[KIND_STREAM] = {lines_source, lines_sink}},
};

const struct system limit_lines_mark = {
    .name = "limit-lines-mark",
    .about = "the same, and the receiver writes each line",
    .bytes = lines_bytes,
    .side = {[KIND_STREAM] = {lines_source, lines_sink_mark}},
};
