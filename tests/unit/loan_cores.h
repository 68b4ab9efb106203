/* Loans across cores of which one is lost, or whose kernel lies: what could still be touched is not
 * used again before that core has begun anew, and nothing that it says is taken for true.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LOAN_CORES_H
#define LOAN_CORES_H

#include "loan_cases.h"

static void lose(sk_core core)
{
    if (setjmp(fake_halt) == 0)
        kern_panic(fake_cpu[core].k, "a test");
    assert_true(fake_cpu[core].halted);
    fake_settle();
}

static uint32_t pages_of(const struct kern *k, uint32_t use)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < k->ram_pages; i++)
        n += k->ledger[i].use == use;
    return n;
}

/* The borrower's core is lost after so many doorbells; it may have answered before. */
static void borrowers_core(unsigned steps, bool answered)
{
    struct pair p = pair_new(1);
    uint32_t pages = p.a.t->pages_used;
    uint64_t again = p.a.k->ram_free;
    fill(AT_FIRST, 5000, 3);
    EXPECT(lend_one(&p, range(AT_FIRST, 5000, BOTH), 0, SK_FOREVER), CALL_BLOCKED);
    if (answered) {
        request_comes(&p);
        EXPECT(BORROW(&p, LOAN_WRITE, p.token, 0, user(AT_BUFFER), 100), SK_OK);
        say(&p.b, 9);
    }
    for (unsigned i = 0; i < steps; i++)
        deliver(i % 2 ? 0 : 1);
    bool open = p.a.t->state == TASK_LENDING;
    lose(1);
    EXPECT(p.a.t->state, SK_TASK_READY);
    EXPECT((sk_err)p.a.t->port.reg[0], open ? SK_ERR_PEER_DEAD : SK_OK);
    if (open) {
        assert_filled(AT_FIRST, 5000, 3);
        EXPECT(p.a.k->ram_doubt, 2);
        EXPECT(pages_of(p.a.k, PAGE_DOUBT), 2);
        EXPECT(p.a.k->ram_free, again - 2);
    }
    EXPECT(p.a.t->pages_used, pages); /* the lender does not pay for what is in doubt */
    EXPECT(p.a.t->op.state, OP_IDLE);
    EXPECT(pages_of(p.a.k, PAGE_LOAN), 0);
    fake_restart(1);
    fake_settle();
    EXPECT(p.a.k->ram_doubt, 0);
    EXPECT(pages_of(p.a.k, PAGE_DOUBT), 0);
    EXPECT(p.a.k->ram_free, again);
}

static void test_the_borrowers_core_is_lost(void **state)
{
    (void)state;
    for (unsigned steps = 0; steps < 6; steps++) {
        borrowers_core(steps, false);
        borrowers_core(steps, true);
    }
}

/* Its request was not even sent: nothing is in doubt. */
static void test_lost_before_it_was_told(void **state)
{
    (void)state;
    for (int how = 0; how < 3; how++) {
        struct pair p = pair_new(1);
        uint64_t again = p.a.k->ram_free;
        p.a.k->link[1].in_flight = SK_LINK_CREDIT;
        EXPECT(lend_one(&p, range(AT_FIRST, 5000, BOTH), 1u << CANCEL, fake_now + 1000),
               CALL_BLOCKED);
        EXPECT(p.a.t->op.state, OP_QUEUED);
        if (how == 0)
            lose(1);
        else if (how == 1)
            time_passes(p.a.k, 1000);
        else
            sched_event(p.a.k, p.a.t, 1u << CANCEL, false);
        static const sk_err errs[] = {SK_ERR_PEER_DEAD, SK_ERR_TIMED_OUT, SK_ERR_CANCELLED};
        assert_over(&p, errs[how], false);
        EXPECT(p.a.k->ram_doubt, 0);
        EXPECT(p.a.k->ram_free, again);
        EXPECT(p.a.t->op.state, OP_IDLE);
    }
}

/* After a loan that timed out the next one has to wait until the far kernel has let go. */
static void test_busy_until_the_far_kernel_lets_go(void **state)
{
    (void)state;
    struct pair p = pair_new(1);
    EXPECT(lend_one(&p, range(AT_FIRST, 100, BOTH), 0, fake_now + 1000), CALL_BLOCKED);
    request_comes(&p);
    time_passes(p.a.k, 1000);
    assert_over(&p, SK_ERR_TIMED_OUT, true);
    EXPECT(pages_of(p.a.k, PAGE_LOAN), 1);
    EXPECT(lend_one(&p, range(AT_FIRST, 100, BOTH), 0, SK_FOREVER), SK_ERR_BUSY);
    /* Until then the far side may write: into the window, which is nobody else's. */
    EXPECT(BORROW(&p, LOAN_WRITE, p.token - 1u, 0, user(AT_BUFFER), 100), SK_OK);
    fake_settle();
    EXPECT(pages_of(p.a.k, PAGE_LOAN), 0);
    EXPECT(BORROW(&p, LOAN_WRITE, p.token - 1u, 0, user(AT_BUFFER), 100), SK_ERR_LOAN);
    EXPECT(lend_one(&p, range(AT_FIRST, 100, BOTH), 0, SK_FOREVER), CALL_BLOCKED);
    request_comes(&p);
    answer_comes(&p);
}

static void test_the_lenders_core_is_lost(void **state)
{
    (void)state;
    struct pair p = pair_new(1);
    EXPECT(lend_one(&p, range(AT_FIRST, 100, BOTH), 0, SK_FOREVER), CALL_BLOCKED);
    request_comes(&p);
    EXPECT(BORROW(&p, LOAN_READ, p.token, 0, user(AT_BUFFER), 100), SK_OK);
    lose(0);
    EXPECT(BORROW(&p, LOAN_READ, p.token, 0, user(AT_BUFFER), 100), SK_ERR_PEER_DEAD);
    fake_restart(0);
    fake_settle();
    EXPECT(BORROW(&p, LOAN_READ, p.token, 0, user(AT_BUFFER), 100), SK_ERR_PEER_DEAD);
}

/* --- Kernels that lie ------------------------------------------------------------------------ */

static struct sk_link_window *window_of(const struct pair *p)
{
    return (struct sk_link_window *)(uintptr_t)p->a.t->op.loan.window;
}

/* What a window says of itself is checked at each use. */
static void test_a_window_full_of_lies(void **state)
{
    (void)state;
    struct pair p = pair_new(1);
    EXPECT(lend_one(&p, range(AT_FIRST, 100, READ), 0, SK_FOREVER), CALL_BLOCKED);
    request_comes(&p);
    struct sk_link_window was = *window_of(&p);
    uint64_t at = user(AT_BUFFER);
    window_of(&p)->token++;
    EXPECT(BORROW(&p, LOAN_READ, p.token, 0, at, 1), SK_ERR_LOAN);
    *window_of(&p) = was;
    window_of(&p)->count = 77;
    EXPECT(BORROW(&p, LOAN_READ, p.token | 50u << 16, 0, at, 1), SK_ERR_LOAN);
    EXPECT(BORROW(&p, LOAN_READ, p.token, 0, at, 1), SK_ERR_LOAN);
    *window_of(&p) = was;
    window_of(&p)->bytes[0] = ~0u;
    EXPECT(BORROW(&p, LOAN_READ, p.token, 0x10000000, at, 1), SK_ERR_LOAN);
    /* More than there are pages of that core: an address that is nobody's is not touched. */
    *window_of(&p) = was;
    window_of(&p)->bytes[0] = SK_LOAN_BYTES;
    struct end *e = end_of(p.b.k, p.b.t, p.b.h);
    sk_paddr last = (uintptr_t)fake_cpu[0].ram + (FAKE_PAGES - 1u) * SK_PAGE_BYTES;
    memcpy((void *)(uintptr_t)last, window_of(&p), sizeof(was));
    e->window = last;
    EXPECT(BORROW(&p, LOAN_READ, p.token, 0, at, 4000), SK_OK);
    EXPECT(BORROW(&p, LOAN_READ, p.token, 4000, at, 200), SK_ERR_FAULT);
    EXPECT(BORROW(&p, LOAN_WRITE, p.token, 0, at, 1), SK_ERR_RIGHTS);
}

static void lie(struct pair *p, uint16_t label, uint32_t index, uint32_t gen, uint64_t paddr)
{
    struct sk_link_lend lend = {.index = index, .gen = gen, .paddr = paddr};
    struct sk_msg m = {.label = label};
    memcpy(m.bytes, &lend, sizeof(lend));
    p->a.k->link[1].in_flight = 0;
    link_request(p->a.k, &p->a.k->link[1], &m);
    fake_cpu[0].bell = false;
    deliver(1);
}

static void test_requests_that_make_no_sense(void **state)
{
    (void)state;
    for (int kind = 0; kind < 7; kind++) {
        struct pair p = pair_new(1);
        struct end *e = end_of(p.b.k, p.b.t, p.b.h);
        uint64_t own = (uintptr_t)fake_cpu[0].ram;
        bool down = true;
        switch (kind) {
        case 0:
            lie(&p, SK_LINK_LEND, 60000, e->gen, own);
            break;
        case 1:
            lie(&p, SK_LINK_LEND, e->index, e->gen, (uintptr_t)fake_cpu[1].ram);
            break;
        case 2:
            lie(&p, SK_LINK_LEND, e->index, e->gen, own + 8);
            break;
        case 3:
            lie(&p, SK_LINK_UNLEND, ~0u, e->gen, own);
            break;
        case 4: /* an end that has gone is no lie */
            lie(&p, SK_LINK_LEND, e->index, e->gen + 1u, own);
            down = false;
            break;
        case 5: /* an end whose peer is not there */
            e->peer.core = 2;
            lie(&p, SK_LINK_LEND, e->index, e->gen, own);
            e->peer.core = 0;
            down = false;
            break;
        default:
            lie(&p, SK_LINK_UNLEND, e->index, e->gen, own);
            down = false;
            break;
        }
        EXPECT(p.b.k->link[0].state, down ? LINK_DOWN : LINK_UP);
        EXPECT(e->window, 0);
    }
}

#define LOAN_CASES                                                                                 \
    cmocka_unit_test_teardown(test_read, teardown),                                                \
        cmocka_unit_test_teardown(test_write, teardown),                                           \
        cmocka_unit_test_teardown(test_write_a_part, teardown),                                    \
        cmocka_unit_test_teardown(test_D11_copy_between_clients, teardown),                        \
        cmocka_unit_test_teardown(test_D10_what_cannot_be_lent, teardown),                         \
        cmocka_unit_test_teardown(test_ends_that_cannot_lend, teardown),                           \
        cmocka_unit_test_teardown(test_what_cannot_be_borrowed, teardown),                         \
        cmocka_unit_test_teardown(test_rung_without_an_answer, teardown),                          \
        cmocka_unit_test_teardown(test_D1_D8_a_loan_ends_in_every_way, teardown),                  \
        cmocka_unit_test_teardown(test_the_borrowers_core_is_lost, teardown),                      \
        cmocka_unit_test_teardown(test_lost_before_it_was_told, teardown),                         \
        cmocka_unit_test_teardown(test_busy_until_the_far_kernel_lets_go, teardown),               \
        cmocka_unit_test_teardown(test_the_lenders_core_is_lost, teardown),                        \
        cmocka_unit_test_teardown(test_a_window_full_of_lies, teardown),                           \
        cmocka_unit_test_teardown(test_requests_that_make_no_sense, teardown)

#endif
