/* See loan.h: the lender's side. On one core a loan begins when its message is sent, in the entry
 * that puts the lender to sleep, and is over when it wakes. Across cores: what is lent is copied
 * into a window; the far kernel is told (LEND); once it has answered, the message is sent; at the
 * end it is asked for the window (UNLEND), and only after that answer is the window read or used
 * again. A lender that goes on before that answer gets nothing of what was written.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/loan.h"
#include "kernel/chan.h"
#include "kernel/give.h"
#include "kernel/link.h"
#include "kernel/page.h"
#include "kernel/sched.h"
#include "kernel/sys.h"
#include "kernel/task.h"
#include "kernel/xfer.h"

#define TERMS_BYTES offsetof(struct sk_lend, msg)

struct end *loan_end(struct kern *k, const struct task *t)
{
    return &k->ends[t->handles[SK_HANDLE_INDEX(sys_u32(t, 0))].index];
}

static sk_err terms_check(const struct sk_lend *l)
{
    uint32_t bytes = 0;
    if (l->count - 1u >= SK_LENDS_MAX)
        return SK_ERR_ARG;
    for (uint32_t i = 0; i < l->count; i++) {
        const struct sk_loan *a = &l->loan[i];
        if (a->access - 1u >= (SK_LOAN_READ | SK_LOAN_WRITE))
            return SK_ERR_ARG;
        if (a->bytes > SK_LOAN_BYTES - bytes)
            return SK_ERR_TOO_BIG;
        if (a->addr > UINTPTR_MAX - a->bytes)
            return SK_ERR_FAULT;
        bytes += a->bytes;
    }
    return SK_OK;
}

sk_err loan_terms(struct kern *k, struct task *u, struct sk_lend *l)
{
    sk_err err = user_in(k, u, l, sys_word(u, 1), TERMS_BYTES);
    return err == SK_OK ? terms_check(l) : err;
}

/* --- Its beginning --------------------------------------------------------------------------- */

static bool apart(const struct sk_loan *a, uint64_t addr, uint64_t bytes)
{
    return a->addr + a->bytes <= addr || addr + bytes <= a->addr;
}

/* May t lend this? The memory is its own, and what is to be written is nothing else too. */
static sk_err ranges_check(struct kern *k, struct task *t, const struct sk_lend *l)
{
    uint32_t access = l->loan[0].access;
    for (uint32_t i = 0; i < l->count; i++) {
        const struct sk_loan *a = &l->loan[i];
        bool write = (a->access & SK_LOAN_WRITE) != 0;
        access |= a->access;
        if (user_may(k, t, (sk_uaddr)a->addr, a->bytes, SK_PROT_R) != SK_OK ||
            (write && user_may(k, t, (sk_uaddr)a->addr, a->bytes, SK_PROT_W) != SK_OK))
            return SK_ERR_FAULT;
        if (write && !apart(a, sys_word(t, 1), sizeof(*l)))
            return SK_ERR_ARG;
    }
    if (l->count == 2 && (access & SK_LOAN_WRITE) != 0 &&
        !apart(&l->loan[0], l->loan[1].addr, l->loan[1].bytes))
        return SK_ERR_ARG;
    return SK_OK;
}

static sk_err lend_check(struct kern *k, struct task *t, struct end *e, struct sk_lend *l)
{
    sk_err err = user_in(k, t, l, sys_word(t, 1), sizeof(*l));
    if (err == SK_OK)
        err = terms_check(l);
    if (err == SK_OK)
        err = ranges_check(k, t, l);
    if (err != SK_OK)
        return err;
    if (!e->used)
        return SK_ERR_STATE;
    if (e->peer_closed || chan_lost(e))
        return SK_ERR_PEER_DEAD;
    if (e->peer.core == k->core && k->ends[e->peer.index].owner == t)
        return SK_ERR_ARG; /* it would sleep, and nobody would answer */
    err = xfer_lend_ready(k, e, l);
    if (err != SK_OK)
        return err;
    if ((t->events & (sys_u32(t, 2) | t->cancel)) != 0)
        return SK_ERR_CANCELLED;
    return sys_u64(t, 3) <= port_now(k->cpu) ? SK_ERR_TIMED_OUT : SK_OK;
}

static void sleep_lending(struct kern *k, struct task *t)
{
    sched_block(k, t, sys_u64(t, 3));
    t->mask = sys_u32(t, 2) | t->cancel;
    t->state = TASK_LENDING;
}

static sk_err lend_near(struct kern *k, struct task *t, struct end *e, const struct sk_lend *l)
{
    sk_err err = xfer_lend_send(k, e, l);
    if (err != SK_OK)
        return err;
    sleep_lending(k, t);
    return CALL_BLOCKED;
}

/* The pages from first on, which are this kernel's: one piece. */
static uint8_t *window_own(struct kern *k, sk_paddr first, uint32_t pages)
{
    for (uint32_t i = 1; i < pages; i++)
        (void)port_page(k->cpu, first + (sk_paddr)i * SK_PAGE_BYTES);
    return port_page(k->cpu, first);
}

static sk_err window_fill(struct kern *k, struct task *t, const struct sk_lend *l)
{
    uint8_t *at = window_own(k, t->op.loan.window, t->op.loan.pages);
    struct sk_link_window head = {.token = l->token, .count = l->count};
    uint8_t *to = at + sizeof(head);
    for (uint32_t i = 0; i < l->count; i++) {
        const struct sk_loan *a = &l->loan[i];
        head.bytes[i] = a->bytes;
        head.access[i] = a->access;
        sk_err err = user_in(k, t, to, (sk_uaddr)a->addr, a->bytes);
        if (err != SK_OK)
            return err;
        to += a->bytes;
    }
    __builtin_memcpy(at, &head, sizeof(head));
    return SK_OK;
}

static sk_err lend_far(struct kern *k, struct task *t, struct end *e, const struct sk_lend *l)
{
    if (t->op.state != OP_IDLE)
        return SK_ERR_BUSY;
    if (link_use(k, e->peer.core) != SK_OK)
        return SK_ERR_PEER_DEAD;
    uint32_t bytes = SK_LOAN_HEAD + l->loan[0].bytes + (l->count > 1 ? l->loan[1].bytes : 0);
    uint32_t pages = (bytes + SK_PAGE_BYTES - 1u) / SK_PAGE_BYTES;
    sk_paddr window;
    sk_err err = page_take(k, t, PAGE_LOAN, pages, &window);
    if (err != SK_OK)
        return err;
    t->op.link = (uint8_t)e->peer.core;
    t->op.label = SK_LINK_LEND;
    t->op.loan.window = window;
    t->op.loan.pages = (uint8_t)pages;
    t->op.loan.over = t->op.loan.answered = false;
    t->op.loan.index = e->peer.index;
    t->op.loan.gen = e->peer.gen;
    err = window_fill(k, t, l);
    if (err != SK_OK) {
        page_give(k, t, window, pages, false);
        return err;
    }
    t->op.state = OP_QUEUED;
    sleep_lending(k, t);
    give_pump(k, &k->link[t->op.link]);
    return CALL_BLOCKED;
}

sk_err sys_lend(struct kern *k, struct task *t, struct handle *h)
{
    struct sk_lend l;
    struct end *e = &k->ends[h->index];
    sk_err err = lend_check(k, t, e, &l);
    if (err == SK_OK)
        err = e->peer.core == k->core ? lend_near(k, t, e, &l) : lend_far(k, t, e, &l);
    if (err != CALL_BLOCKED)
        port_result(&t->port, 1, 0);
    return err;
}

/* --- Its end --------------------------------------------------------------------------------- */

static void wake(struct kern *k, struct task *t, sk_err err, bool sent)
{
    if (t->state != TASK_LENDING)
        return;
    port_result(&t->port, 1, sent);
    sched_wake(k, t, err);
}

static void window_done(struct kern *k, struct task *t)
{
    page_give(k, t, t->op.loan.window, t->op.loan.pages, false);
    give_op_done(k, t, SK_OK);
}

/* Ask for the window. */
static void recall(struct kern *k, struct task *t)
{
    t->op.label = SK_LINK_UNLEND;
    t->op.state = OP_QUEUED;
    give_pump(k, &k->link[t->op.link]);
}

void loan_over(struct kern *k, struct task *t, sk_err err)
{
    bool far = loan_is(&t->op);
    bool sent = !far || t->op.state == OP_LENT || t->op.label == SK_LINK_UNLEND;
    if (far) {
        t->op.loan.answered = err == SK_OK;
        t->op.loan.over = err != SK_OK;
        if (t->op.state == OP_LENT)
            recall(k, t);
        else if (t->op.state == OP_QUEUED && t->op.label == SK_LINK_LEND)
            window_done(k, t); /* which nobody has heard of */
    }
    if (!far || err != SK_OK)
        wake(k, t, err, sent);
}

void loan_event(struct kern *k, struct task *t)
{
    struct sk_lend l;
    const struct op *op = &t->op;
    struct end *e = loan_end(k, t);
    bool awaits = !loan_is(op) || op->state == OP_LENT;
    bool answered = loan_is(op) && op->loan.answered;
    if (awaits && loan_terms(k, t, &l) == SK_OK && !xfer_lend_quiet(k, e, &l))
        loan_over(k, t, SK_OK);
    else if (e->peer_closed && !answered)
        loan_over(k, t, SK_ERR_PEER_DEAD);
    else if ((t->events & t->mask) != 0)
        loan_over(k, t, SK_ERR_CANCELLED);
}

/* --- Over a link ----------------------------------------------------------------------------- */

void loan_message(const struct task *t, struct sk_msg *m)
{
    struct sk_link_lend lend = {
        .index = t->op.loan.index, .gen = t->op.loan.gen, .paddr = t->op.loan.window};
    __builtin_memcpy(m->bytes, &lend, sizeof(lend));
}

/* The window is back with what the borrower has written. */
static sk_err window_take(struct kern *k, struct task *t)
{
    struct sk_lend l;
    uint32_t at = SK_LOAN_HEAD;
    const uint8_t *window = window_own(k, t->op.loan.window, t->op.loan.pages);
    sk_err err = loan_terms(k, t, &l);
    for (uint32_t i = 0; err == SK_OK && i < l.count; i++) {
        const struct sk_loan *a = &l.loan[i];
        if (a->bytes > t->op.loan.pages * SK_PAGE_BYTES - at)
            return SK_ERR_FAULT;
        if ((a->access & SK_LOAN_WRITE) != 0)
            err = user_out(k, t, (sk_uaddr)a->addr, window + at, a->bytes);
        at += a->bytes;
    }
    return err;
}

/* The far kernel knows of it: send what is asked. */
static void lend_sent(struct kern *k, struct task *t)
{
    struct sk_lend l;
    t->op.state = OP_LENT;
    sk_err err = user_in(k, t, &l, sys_word(t, 1), sizeof(l));
    if (err == SK_OK)
        err = xfer_lend_send(k, loan_end(k, t), &l);
    if (err != SK_OK) {
        wake(k, t, err, false);
        loan_over(k, t, err);
    }
}

void loan_answered(struct kern *k, struct task *t, sk_err err)
{
    if (t->op.label == SK_LINK_UNLEND) {
        if (t->op.loan.answered && t->state == TASK_LENDING)
            wake(k, t, window_take(k, t), true);
        window_done(k, t);
    } else if (err != SK_OK) {
        wake(k, t, err, false);
        window_done(k, t);
    } else if (t->op.loan.over) {
        recall(k, t);
    } else {
        lend_sent(k, t);
    }
}

void loan_link_down(struct kern *k, struct task *t)
{
    bool told = t->op.state != OP_QUEUED || t->op.label == SK_LINK_UNLEND;
    bool sent = t->op.state == OP_LENT || t->op.label == SK_LINK_UNLEND;
    if (told)
        page_doubt(k, t, t->op.loan.window, t->op.loan.pages, t->op.link);
    else
        page_give(k, t, t->op.loan.window, t->op.loan.pages, false);
    wake(k, t, SK_ERR_PEER_DEAD, sent);
    give_op_done(k, t, SK_OK);
}
