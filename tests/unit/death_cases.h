/* The death of a task, all of it: whoever had to do with it learns so, and everything it had is
 * back. For kernels that map rings and kernels that keep them alike. (That its names are gone is
 * its init's doing: tests/sim, echo_is_killed.)
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef DEATH_CASES_H
#define DEATH_CASES_H

#include "loan_pair.h"

#define PAGES 5u

/* The victim, and those who have to do with it. */
struct scene {
    struct kern *k;
    struct task *victim;
    struct task *near, *far, *caller, *lender; /* far: on core 1 */
    struct pair to_near, to_far, call, loan;   /* its end is a, a, b, b */
    struct side queued, escrowed;              /* ends of near's; the others wait at the victim */
    sk_handle port;                            /* near's, of the victim's port */
    sk_paddr memory;
};

/* The first ends that a task opens cost it pages that it keeps. */
static void warm(struct task *t, struct task *u, sk_core core)
{
    struct pair p = pair_of(t, u, core);
    EXPECT(CALL(p.a.k, t, CLOSE, p.a.h), SK_OK);
    EXPECT(CALL(p.b.k, u, CLOSE, p.b.h), SK_OK);
    fake_settle();
}

static void peers_new(struct scene *s)
{
    fake_free();
    fake_machine(3);
    fake_writable = sizeof(fake_user);
    s->k = fake_cpu[0].k;
    s->near = fake_task(s->k, "near");
    s->caller = fake_task(s->k, "caller");
    s->lender = fake_task(s->k, "lender");
    s->far = fake_task(fake_cpu[1].k, "far");
    warm(s->near, s->near, 0);
    warm(s->caller, s->lender, 0);
    warm(s->near, s->far, 1);
}

/* An end that waits at the victim's port, one in an escrow of it; near has the others. */
static void hand_over(struct scene *s)
{
    sk_handle h[2];
    EXPECT(CALL(s->k, s->victim, PORT_CREATE, 7, 2), SK_OK);
    struct handle entry = s->victim->handles[SK_HANDLE_INDEX(s->victim->port.reg[1])];
    entry.rights = SK_RIGHT_CONNECT;
    EXPECT(handle_add(s->k, s->near, &entry, &s->port), SK_OK);
    make_chan(s->k, s->near, h);
    EXPECT(CALL(s->k, s->near, PORT_CONNECT, s->port, h[1], 0), SK_OK);
    s->queued = (struct side){.k = s->k, .t = s->near, .h = h[0]};
    make_chan(s->k, s->near, h);
    EXPECT(CALL(s->k, s->near, SEND_HANDLE, s->to_near.b.h, h[1], 0), SK_OK);
    s->escrowed = (struct side){.k = s->k, .t = s->near, .h = h[0]};
    side_open(&s->queued);
    side_open(&s->escrowed);
}

static void fill_memory(struct scene *s)
{
    EXPECT(CALL(s->k, s->victim, REGION_CREATE, PAGES), SK_OK);
    sk_handle h = (sk_handle)s->victim->port.reg[1];
    EXPECT(CALL(s->k, s->victim, REGION_MAP, h, 0, SK_PROT_R | SK_PROT_W), SK_OK);
    s->memory = s->k->regions[s->victim->handles[SK_HANDLE_INDEX(h)].index].first;
    memset((void *)(uintptr_t)s->memory, 0x5a, PAGES * SK_PAGE_BYTES);
}

/* The caller sleeps until it is answered. */
static void call_victim(struct scene *s)
{
    while (CALL(s->k, s->caller, WAIT, 1u << 1, 0) == SK_OK)
        ;
    EXPECT(take(&s->call.a), SK_ERR_EMPTY);
    struct sk_msg m = {.ctl = sk_ctl_make(0, 0, 0, false), .label = 4};
    memcpy(fake_user + AT_MSG, &m, sizeof(m));
    if (PORT_COPY_MODE) {
        EXPECT(
            CALL(s->k, s->caller, CHAN_CALL, s->call.a.h, user(AT_MSG), 1u | 1u << 8, SK_FOREVER),
            CALL_BLOCKED);
    } else {
        say(&s->call.a, 4);
        EXPECT(CALL(s->k, s->caller, WAIT, 1u << 1, SK_FOREVER), CALL_BLOCKED);
    }
}

/* What was in the ring, then PEER_DEAD, and so again. */
static void expect_drained(struct side *s, uint16_t count)
{
    for (uint16_t n = 1; n <= count; n++)
        EXPECT(take(s), n);
    for (int again = 0; again < 2; again++) {
        EXPECT(take(s), PORT_COPY_MODE ? SK_ERR_PEER_DEAD : SK_ERR_EMPTY);
        if (!PORT_COPY_MODE) {
            EXPECT(end_of(s->k, s->t, s->h)->status->state, SK_CHAN_CLOSED);
            EXPECT(CALL(s->k, s->t, WAKE, s->h), SK_ERR_PEER_DEAD);
        }
    }
    EXPECT(CALL(s->k, s->t, CLOSE, s->h), SK_OK);
}

/* All that is free is given to somebody: each page is zero, and the victim's are among them. */
static void expect_zeroed(struct scene *s)
{
    struct task *t = &s->k->tasks[0]; /* whose turn it is: the kernel zeroes in its turns */
    uint32_t max = t->pages_max, again = 0;
    t->pages_max = 1000;
    sk_handle h[8];
    unsigned count = 0;
    for (uint32_t pages = SK_REGION_PAGES_MAX; pages != 0 && count < 8; pages /= 2) {
        (void)CALL(s->k, t, REGION_CREATE, pages, 0);
        fake_settle();
        EXPECT(t->state, SK_TASK_READY);
        if ((sk_err)t->port.reg[0] != SK_OK)
            continue;
        h[count] = (sk_handle)t->port.reg[1];
        struct region *r = &s->k->regions[t->handles[SK_HANDLE_INDEX(h[count++])].index];
        for (uint32_t n = 0; n < r->pages; n++) {
            sk_paddr page = r->first + n * SK_PAGE_BYTES;
            const uint8_t *p = (const uint8_t *)(uintptr_t)page;
            for (unsigned i = 0; i < SK_PAGE_BYTES; i++)
                assert_int_equal(p[i], 0);
            again += page - s->memory < PAGES * SK_PAGE_BYTES;
        }
    }
    EXPECT(again, PAGES);
    while (count-- > 0)
        EXPECT(CALL(s->k, t, CLOSE, h[count]), SK_OK);
    t->pages_max = max;
}

static void test_death_of_a_task_is_told_to_all_and_all_is_back(void **state)
{
    (void)state;
    struct scene s;
    peers_new(&s);
    struct sk_stats before[2] = {gauges(s.k), gauges(fake_cpu[1].k)};
    s.victim = fake_task(s.k, "victim");
    s.to_near = pair_of(s.victim, s.near, 0);
    s.to_far = pair_of(s.victim, s.far, 1);
    s.call = pair_of(s.caller, s.victim, 0);
    s.loan = pair_of(s.lender, s.victim, 0);
    hand_over(&s);
    fill_memory(&s);
    for (uint16_t n = 1; n <= 3; n++) {
        say(&s.to_near.a, n);
        say(&s.to_far.a, n);
    }
    call_victim(&s);
    EXPECT(take(&s.loan.a), SK_ERR_EMPTY);
    EXPECT(lend_one(&s.loan, range(AT_FIRST, 100, BOTH), 0, SK_FOREVER), CALL_BLOCKED);
    EXPECT(take(&s.loan.b), 5);
    end_task(s.k, s.victim);
    fake_settle();

    EXPECT(s.caller->state, SK_TASK_READY);
    EXPECT((sk_err)s.caller->port.reg[0], PORT_COPY_MODE ? SK_ERR_PEER_DEAD : SK_OK);
    expect_drained(&s.call.a, 0);
    assert_over(&s.loan, SK_ERR_PEER_DEAD, true);
    expect_drained(&s.loan.a, 0);
    expect_drained(&s.to_near.b, 3);
    expect_drained(&s.to_far.b, 3);
    expect_drained(&s.queued, 0);
    expect_drained(&s.escrowed, 0);
    sk_handle h[2];
    make_chan(s.k, s.near, h);
    EXPECT(CALL(s.k, s.near, PORT_CONNECT, s.port, h[1], 0), SK_ERR_PEER_DEAD);
    for (int i = 0; i < 2; i++)
        EXPECT(CALL(s.k, s.near, CLOSE, h[i]), SK_OK);
    EXPECT(CALL(s.k, s.near, CLOSE, s.port), SK_OK);
    expect_zeroed(&s);
    fake_settle();
    assert_same(gauges(s.k), before[0]);
    assert_same(gauges(fake_cpu[1].k), before[1]);
}

#define DEATH_CASES                                                                                \
    cmocka_unit_test_teardown(test_death_of_a_task_is_told_to_all_and_all_is_back, teardown)

#endif
