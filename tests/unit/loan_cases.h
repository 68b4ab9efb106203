/* Loans call by call on a machine of plain memory: what is lent, what is refused, how it ends. The
 * same for kernels that map rings (test_loan.c) and kernels that keep them (test_copy_loan.c).
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LOAN_CASES_H
#define LOAN_CASES_H

#include "loan_pair.h"

static const uint32_t sizes[] = {0, 1, 31, 4064, 4095, 4096, 4097, 8192, SK_LOAN_BYTES};

static void test_read(void **state)
{
    (void)state;
    for (sk_core to = 0; to < 2; to++)
        for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            struct pair p = pair_new(to);
            fill(AT_FIRST, sizes[i], 3);
            fill(AT_BUFFER, sizes[i], 99);
            EXPECT(lend_one(&p, range(AT_FIRST, sizes[i], READ), 0, SK_FOREVER), CALL_BLOCKED);
            request_comes(&p);
            EXPECT(BORROW(&p, LOAN_READ, p.token, 0, 0, 0), SK_OK); /* how much is it? */
            EXPECT(p.b.t->port.reg[1], sizes[i]);
            borrow_all(&p, SK_CALL_LOAN_READ, 0, AT_BUFFER, sizes[i]);
            assert_filled(AT_BUFFER, sizes[i], 3);
            answer_comes(&p);
            EXPECT(BORROW(&p, LOAN_READ, p.token, 0, user(AT_BUFFER), 0), SK_ERR_LOAN);
        }
}

/* Written bytes are in the lender's memory when LEND has returned; across cores not before. */
static void test_write(void **state)
{
    (void)state;
    for (sk_core to = 0; to < 2; to++)
        for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            struct pair p = pair_new(to);
            uint32_t half = sizes[i] / 2u;
            struct sk_stats before = gauges(p.a.k), before_b = gauges(p.b.k);
            fill(AT_FIRST, sizes[i], 3);
            fill(AT_BUFFER, sizes[i], 50);
            EXPECT(lend_two(&p, range(AT_SECOND, 0, READ), range(AT_FIRST, sizes[i], BOTH), 0,
                            SK_FOREVER),
                   CALL_BLOCKED);
            request_comes(&p);
            EXPECT(half > SK_LOAN_STEP
                       ? SK_OK
                       : BORROW(&p, LOAN_WRITE, p.token | 1u << 16, 0, user(AT_BUFFER), half),
                   SK_OK);
            if (to != 0)
                assert_filled(AT_FIRST, sizes[i], 3);
            borrow_all(&p, SK_CALL_LOAN_WRITE, 1, AT_BUFFER, sizes[i]);
            answer_comes(&p);
            assert_filled(AT_FIRST, sizes[i], 50);
            assert_same(gauges(p.a.k), before);
            assert_same(gauges(p.b.k), before_b);
        }
}

/* Only what was written changes; what was lent for reading does not. */
static void test_write_a_part(void **state)
{
    (void)state;
    for (sk_core to = 0; to < 2; to++) {
        struct pair p = pair_new(to);
        fill(AT_FIRST, 5000, 3);
        fill(AT_SECOND, 3000, 4);
        EXPECT(
            lend_two(&p, range(AT_FIRST, 5000, WRITE), range(AT_SECOND, 3000, READ), 0, SK_FOREVER),
            CALL_BLOCKED);
        request_comes(&p);
        memset(fake_user + AT_BUFFER, 0xee, 100);
        EXPECT(BORROW(&p, LOAN_WRITE, p.token, 4050, user(AT_BUFFER), 100), SK_OK);
        EXPECT(BORROW(&p, LOAN_READ, p.token, 0, user(AT_BUFFER), 1), SK_ERR_RIGHTS);
        EXPECT(BORROW(&p, LOAN_WRITE, p.token | 1u << 16, 0, user(AT_BUFFER), 1), SK_ERR_RIGHTS);
        answer_comes(&p);
        assert_filled(AT_FIRST, 4050, 3);
        for (unsigned i = 0; i < 100; i++)
            EXPECT(fake_user[AT_FIRST + 4050 + i], 0xee);
        EXPECT(fake_user[AT_FIRST + 4150], (uint8_t)(3 + 4150 + (4150 >> 8)));
        assert_filled(AT_SECOND, 3000, 4);
    }
}

/* D11: a broker copies from one client's loan into another's. Clients of two cores. */
static void test_D11_copy_between_clients(void **state)
{
    (void)state;
    for (sk_core to = 0; to < 2; to++) {
        struct pair p = pair_new(to);
        /* Another client on the same core, whom the same service serves. */
        struct pair q = pair_of(fake_task(fake_cpu[0].k, "c"), p.b.t, to);
        fill(AT_FIRST, 6000, 7);
        fill(AT_SECOND, 6000, 8);
        EXPECT(lend_one(&p, range(AT_FIRST, 6000, READ), 0, SK_FOREVER), CALL_BLOCKED);
        struct sk_lend l = lend_new(&q);
        l.count = 1;
        l.loan[0] = range(AT_SECOND, 6000, WRITE);
        memcpy(fake_user + AT_LEND + 0x200, &l, sizeof(l));
        EXPECT(CALL(q.a.k, q.a.t, LEND, q.a.h, user(AT_LEND + 0x200), 0, SK_FOREVER), CALL_BLOCKED);
        request_comes(&p);
        request_comes(&q);
        struct sk_loan_copy c = {
            .from = {p.b.h, p.token, 1000}, .to = {q.b.h, q.token, 1000}, .len = 4000};
        memcpy(fake_user + AT_COPY, &c, sizeof(c));
        EXPECT(CALL(p.b.k, p.b.t, LOAN_COPY, user(AT_COPY)), SK_OK);
        EXPECT(fake_windows, 0);
        c.to.offset = 2001;
        memcpy(fake_user + AT_COPY, &c, sizeof(c));
        EXPECT(CALL(p.b.k, p.b.t, LOAN_COPY, user(AT_COPY)), SK_ERR_ARG);
        c = (struct sk_loan_copy){.from = c.to, .to = c.from, .len = 1};
        memcpy(fake_user + AT_COPY, &c, sizeof(c));
        EXPECT(CALL(p.b.k, p.b.t, LOAN_COPY, user(AT_COPY)), SK_ERR_RIGHTS);
        EXPECT(CALL(p.b.k, p.b.t, LOAN_COPY, user(0) + sizeof(fake_user)), SK_ERR_FAULT);
        answer_comes(&p);
        answer_comes(&q);
        assert_filled(AT_FIRST, 6000, 7);
        assert_filled(AT_SECOND, 1000, 8);
        for (unsigned i = 1000; i < 5000; i++)
            EXPECT(fake_user[AT_SECOND + i], (uint8_t)(7 + i + (i >> 8)));
        EXPECT(fake_user[AT_SECOND + 5000], (uint8_t)(8 + 5000 + (5000 >> 8)));
    }
}

static sk_err lend_bad(struct pair *p, uint32_t count, struct sk_loan first, struct sk_loan second)
{
    struct sk_lend l = lend_new(p);
    l.count = count;
    l.loan[0] = first;
    l.loan[1] = second;
    sk_err err = lend_call(p, &l, 0, SK_FOREVER);
    EXPECT(p->a.t->port.reg[1], 0);
    return err;
}

static void test_D10_what_cannot_be_lent(void **state)
{
    (void)state;
    for (sk_core to = 0; to < 2; to++) {
        struct pair p = pair_new(to);
        struct sk_loan ok = range(AT_FIRST, 100, READ), none = {0};
        struct sk_stats before = gauges(p.a.k);
        uint32_t end = sizeof(fake_user);
        EXPECT(lend_bad(&p, 0, ok, ok), SK_ERR_ARG);
        EXPECT(lend_bad(&p, 3, ok, ok), SK_ERR_ARG);
        EXPECT(lend_bad(&p, 1, range(AT_FIRST, 100, 0), none), SK_ERR_ARG);
        EXPECT(lend_bad(&p, 1, range(AT_FIRST, 100, 4), none), SK_ERR_ARG);
        EXPECT(lend_bad(&p, 1, range(AT_FIRST, SK_LOAN_BYTES + 1, READ), none), SK_ERR_TOO_BIG);
        EXPECT(lend_bad(&p, 2, range(AT_FIRST, SK_LOAN_BYTES, READ), ok), SK_ERR_TOO_BIG);
        EXPECT(lend_bad(&p, 1, range(end - 99, 100, READ), none), SK_ERR_FAULT);
        EXPECT(lend_bad(&p, 2, ok, range(end, 1, READ)), SK_ERR_FAULT);
        struct sk_loan wraps = {.addr = ~(uint64_t)7, .bytes = 16, .access = READ};
        EXPECT(lend_bad(&p, 1, wraps, none), SK_ERR_FAULT);
        fake_writable = AT_SECOND;
        EXPECT(lend_bad(&p, 1, range(AT_SECOND - 1, 2, BOTH), none), SK_ERR_FAULT);
        EXPECT(lend_bad(&p, 1, range(AT_SECOND, 1, WRITE), none), SK_ERR_FAULT);
        fake_writable = end;
        EXPECT(lend_bad(&p, 2, ok, range(AT_FIRST + 99, 100, WRITE)), SK_ERR_ARG);
        EXPECT(lend_bad(&p, 2, range(AT_FIRST + 50, 1, WRITE), ok), SK_ERR_ARG);
        EXPECT(lend_bad(&p, 1, range(AT_LEND + 8, 1, WRITE), none), SK_ERR_ARG);
        EXPECT(CALL(p.a.k, p.a.t, LEND, p.a.h, user(end - 8), 0, SK_FOREVER), SK_ERR_FAULT);
        EXPECT(CALL(p.a.k, p.a.t, LEND, 12345, user(AT_LEND), 0, SK_FOREVER), SK_ERR_HANDLE);
        struct sk_lend l = lend_new(&p);
        l.count = 1;
        l.loan[0] = ok;
        l.msg.ctl = sk_ctl_make(57, 0, 0, false);
        EXPECT(lend_call(&p, &l, 0, SK_FOREVER), SK_ERR_ARG);
        l.msg.ctl = sk_ctl_make(56, 1, 0, false);
        EXPECT(lend_call(&p, &l, 0, SK_FOREVER), SK_ERR_ARG);
        fake_settle();
        assert_same(gauges(p.a.k), before);
        EXPECT(take(&p.b), SK_ERR_EMPTY); /* nothing was sent in all this */
        /* Two that are only read may overlap. */
        EXPECT(lend_two(&p, ok, range(AT_FIRST + 50, 100, READ), 0, SK_FOREVER), CALL_BLOCKED);
        request_comes(&p);
        answer_comes(&p);
    }
}

static void test_ends_that_cannot_lend(void **state)
{
    (void)state;
    struct pair p = pair_new(0);
    struct sk_lend l = lend_new(&p);
    sk_handle h[2];
    l.count = 1;
    l.loan[0] = range(AT_FIRST, 8, READ);
    memcpy(fake_user + AT_LEND, &l, sizeof(l));
    make_chan(p.a.k, p.a.t, h);
    EXPECT(CALL(p.a.k, p.a.t, LEND, h[0], user(AT_LEND), 0, SK_FOREVER), SK_ERR_STATE);
    open_end(p.a.k, p.a.t, h[0], 1);
    open_end(p.a.k, p.a.t, h[1], 1);
    EXPECT(CALL(p.a.k, p.a.t, LEND, h[0], user(AT_LEND), 0, SK_FOREVER), SK_ERR_ARG); /* itself */
    EXPECT(CALL(p.a.k, p.a.t, CLOSE, h[1]), SK_OK);
    EXPECT(CALL(p.a.k, p.a.t, LEND, h[0], user(AT_LEND), 0, SK_FOREVER), SK_ERR_PEER_DEAD);
    /* A late answer to something else is there. */
    say(&p.b, 1);
    EXPECT(lend_call(&p, &l, 0, SK_FOREVER), SK_ERR_STATE);
    EXPECT(take(&p.a), 1);
    EXPECT(lend_one(&p, l.loan[0], 0, 0), SK_ERR_TIMED_OUT);
    EXPECT(lend_one(&p, l.loan[0], 0, fake_now), SK_ERR_TIMED_OUT);
    sched_event(p.a.k, p.a.t, 1u << CANCEL, false);
    EXPECT(lend_one(&p, l.loan[0], 1u << CANCEL, SK_FOREVER), SK_ERR_CANCELLED);
    EXPECT(take(&p.b), SK_ERR_EMPTY);
}

static void test_what_cannot_be_borrowed(void **state)
{
    (void)state;
    for (sk_core to = 0; to < 2; to++) {
        struct pair p = pair_new(to);
        uint64_t at = user(AT_BUFFER);
        uint32_t end = sizeof(fake_user);
        fill(AT_FIRST, 8192, 3);
        EXPECT(BORROW(&p, LOAN_READ, p.token, 0, at, 1), SK_ERR_LOAN);
        EXPECT(lend_one(&p, range(AT_FIRST, 8192, BOTH), 0, SK_FOREVER), CALL_BLOCKED);
        request_comes(&p);
        EXPECT(BORROW(&p, LOAN_READ, p.token + 1u, 0, at, 1), SK_ERR_LOAN);
        EXPECT(BORROW(&p, LOAN_READ, p.token | 1u << 16, 0, at, 1), SK_ERR_LOAN);
        EXPECT(BORROW(&p, LOAN_READ, p.token | 0xffffu << 16, 0, at, 1), SK_ERR_LOAN);
        EXPECT(BORROW(&p, LOAN_READ, p.token, 8192, at, 1), SK_ERR_ARG);
        EXPECT(BORROW(&p, LOAN_READ, p.token, ~0u, at, 2), SK_ERR_ARG);
        EXPECT(BORROW(&p, LOAN_READ, p.token, 4097, at, 4096), SK_ERR_ARG);
        EXPECT(BORROW(&p, LOAN_READ, p.token, 0, at, SK_LOAN_STEP + 1), SK_ERR_TOO_BIG);
        EXPECT(BORROW(&p, LOAN_READ, p.token, 8192, at, 0), SK_OK);
        memset(fake_user + end - 100, 0xaa, 100);
        EXPECT(BORROW(&p, LOAN_READ, p.token, 0, user(end - 100), 101), SK_ERR_FAULT);
        EXPECT(fake_user[end - 100], 0xaa); /* nothing was done */
        EXPECT(BORROW(&p, LOAN_WRITE, p.token, 0, user(end - 100), 101), SK_ERR_FAULT);
        fake_writable = AT_BUFFER + 4000;
        EXPECT(BORROW(&p, LOAN_READ, p.token, 0, at, 4001), SK_ERR_FAULT);
        fake_writable = end;
        p.b.t->port.reg[4] = 1;
        EXPECT(fake_call(p.b.k, p.b.t, SK_CALL_LOAN_READ, 12345, p.token, 0, at), SK_ERR_HANDLE);
        uint16_t old = p.token;
        answer_comes(&p);
        assert_filled(AT_FIRST, 8192, 3);
        /* The loan before is never the next one. */
        EXPECT(lend_one(&p, range(AT_FIRST, 8192, BOTH), 0, SK_FOREVER), CALL_BLOCKED);
        request_comes(&p);
        EXPECT(BORROW(&p, LOAN_WRITE, old, 0, at, 1), SK_ERR_LOAN);
        EXPECT(BORROW(&p, LOAN_READ, p.token, 0, at, 1), SK_OK);
    }
}

/* A service that asks for more than the rings say, or rings without an answer: the lender sleeps.
 */
static void test_rung_without_an_answer(void **state)
{
    (void)state;
    for (sk_core to = 0; to < 2; to++) {
        struct pair p = pair_new(to);
        EXPECT(lend_one(&p, range(AT_FIRST, 100, READ), 0, SK_FOREVER), CALL_BLOCKED);
        request_comes(&p);
        for (unsigned i = 0; i < 3; i++) {
            if (PORT_COPY_MODE)
                chan_end_ring(p.a.k, end_of(p.a.k, p.a.t, p.a.h), false);
            else
                EXPECT(CALL(p.b.k, p.b.t, WAKE, p.b.h), SK_OK);
            fake_settle();
            EXPECT(p.a.t->state, TASK_LENDING);
            EXPECT(BORROW(&p, LOAN_READ, p.token, 0, user(AT_BUFFER), 1), SK_OK);
        }
        sched_event(p.a.k, p.a.t, 1u << 9, false); /* nor is it an event that it waits for */
        EXPECT(p.a.t->state, TASK_LENDING);
        answer_comes(&p);
    }
}

/* --- How it ends ----------------------------------------------------------------------------- */

enum ending { BY_TIME, BY_EVENT, BY_CLOSE, BY_DEATH, BY_LENDERS_DEATH, ENDINGS };

static void end_loan(struct pair *p, enum ending how)
{
    switch (how) {
    case BY_TIME:
        time_passes(p->a.k, 1000);
        break;
    case BY_EVENT:
        sched_event(p->a.k, p->a.t, 1u << CANCEL, false);
        break;
    case BY_CLOSE:
        EXPECT(CALL(p->b.k, p->b.t, CLOSE, p->b.h), SK_OK);
        break;
    case BY_DEATH:
        end_task(p->b.k, p->b.t);
        break;
    default:
        end_task(p->a.k, p->a.t);
        break;
    }
}

/* A loan for writing of which half is written when it ends in that way. Steps: doorbells that are
 * heard before, each core in turn. */
static void ends(sk_core to, enum ending how, unsigned steps, bool answered)
{
    static const sk_err errs[] = {SK_ERR_TIMED_OUT, SK_ERR_CANCELLED, SK_ERR_PEER_DEAD,
                                  SK_ERR_PEER_DEAD};
    struct pair p = pair_new(to);
    uint32_t pages = p.a.t->pages_used;
    fill(AT_FIRST, 200, 3);
    fill(AT_BUFFER, 200, 60);
    EXPECT(lend_one(&p, range(AT_FIRST, 200, BOTH), 1u << CANCEL, fake_now + 1000), CALL_BLOCKED);
    if (answered) {
        request_comes(&p);
        EXPECT(BORROW(&p, LOAN_WRITE, p.token, 0, user(AT_BUFFER), 100), SK_OK);
        say(&p.b, 9);
    }
    for (unsigned i = 0; i < steps; i++)
        deliver(i % 2 ? 0 : 1);
    bool open = p.a.t->state == TASK_LENDING;
    end_loan(&p, how);
    if (how == BY_TIME && open) /* at once, whatever the far kernel does */
        assert_over(&p, SK_ERR_TIMED_OUT, to == 0 || answered || steps > 1);
    fake_settle();
    sk_err err = (sk_err)p.a.t->port.reg[0];
    if (how == BY_LENDERS_DEATH) {
        EXPECT(BORROW(&p, LOAN_READ, p.token, 0, user(AT_BUFFER), 1), SK_ERR_PEER_DEAD);
    } else {
        EXPECT(p.a.t->state, SK_TASK_READY);
        EXPECT(p.a.t->op.state, OP_IDLE);
        EXPECT(p.a.t->pages_used, pages); /* the window is back */
        if (err != SK_OK)
            EXPECT(err, errs[how]);
        if (!answered || (to != 0 && how == BY_TIME && open))
            EXPECT(err, errs[how]);
        if (!open)
            EXPECT(err, SK_OK);
    }
    if (to != 0 && err != SK_OK)
        assert_filled(AT_FIRST, 200, 3); /* nothing has changed */
    if (err == SK_OK)
        assert_filled(AT_FIRST, 100, 60);
    for (uint32_t n = 0; n < p.a.k->ram_pages; n++)
        assert_true(p.a.k->ledger[n].use != PAGE_LOAN);
    if (how == BY_TIME || how == BY_EVENT)
        EXPECT(BORROW(&p, LOAN_READ, p.token, 0, user(AT_BUFFER), 1), SK_ERR_LOAN);
}

static void test_D1_D8_a_loan_ends_in_every_way(void **state)
{
    (void)state;
    for (sk_core to = 0; to < 2; to++)
        for (enum ending how = 0; how < ENDINGS; how++)
            for (unsigned steps = 0; steps < 6; steps++) {
                ends(to, how, steps, false);
                ends(to, how, steps, true);
            }
}

#endif
