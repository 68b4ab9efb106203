/* Two tasks, a client and a service, on one core or on two, for the tests of loans: kernels that
 * map rings and kernels that keep them alike.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LOAN_PAIR_H
#define LOAN_PAIR_H

#include "kernel_calls.h"

/* Where things are in everybody's memory. */
#define AT_LEND   0x100u
#define AT_MSG    0x800u
#define AT_COPY   0x900u
#define AT_FIRST  0x2000u /* what is lent: up to 16 KiB */
#define AT_SECOND 0x6000u
#define AT_BUFFER 0xa000u /* the borrower's own */

#define READ   SK_LOAN_READ
#define WRITE  SK_LOAN_WRITE
#define BOTH   (READ | WRITE)
#define CANCEL 7u /* the event that cancels */

/* One side of a channel: as the task has it where it sees the rings. */
struct side {
    struct kern *k;
    struct task *t;
    sk_handle h;
    struct ring_tx tx;
    struct ring_rx rx;
};

struct pair {
    struct side a, b; /* client and service */
    uint16_t token;   /* of the last loan */
};

static inline void side_open(struct side *s)
{
    open_end(s->k, s->t, s->h, 1);
    struct end *e = end_of(s->k, s->t, s->h);
    struct sk_chan_mem *mem = (struct sk_chan_mem *)(uintptr_t)e->page;
    uint32_t far = 1u - e->side;
    ring_tx_init(&s->tx, &mem->slot[e->side * e->slots], e->slots, &mem->line[e->side],
                 &mem->line[far], e->epoch);
    ring_rx_init(&s->rx, &mem->slot[far * e->slots], e->slots, &mem->line[e->side], &mem->line[far],
                 e->epoch);
}

/* The end h of `from` becomes t's. */
static inline struct side side_of(struct kern *k, struct task *from, sk_handle h, struct task *t)
{
    struct side s = {.k = k, .t = t};
    struct handle *entry = &from->handles[SK_HANDLE_INDEX(h)];
    struct end *e = &k->ends[entry->index];
    handle_remove(k, from, entry);
    chan_end_disown(e);
    EXPECT(chan_end_adopt(k, t, e, &s.h), SK_OK);
    return s;
}

/* A channel between client a on core 0 and service b on core `to`. */
static inline struct pair pair_of(struct task *a, struct task *b, sk_core to)
{
    struct pair p = {.token = 1};
    struct kern *ka = fake_cpu[0].k, *kb = fake_cpu[to].k;
    sk_handle h[2];
    if (to == 0)
        make_chan(ka, &ka->tasks[0], h);
    else
        h[1] = connect_inits(ka, kb, &h[0]);
    p.a = side_of(ka, &ka->tasks[0], h[0], a);
    p.b = side_of(kb, &kb->tasks[0], h[1], b);
    side_open(&p.a);
    side_open(&p.b);
    fake_settle();
    return p;
}

static inline struct pair pair_new(sk_core to)
{
    fake_free();
    fake_machine(3);
    fake_writable = sizeof(fake_user);
    return pair_of(fake_task(fake_cpu[0].k, "a"), fake_task(fake_cpu[to].k, "b"), to);
}

static inline void fill(uint32_t at, uint32_t bytes, uint8_t seed)
{
    for (uint32_t i = 0; i < bytes; i++)
        fake_user[at + i] = (uint8_t)(seed + i + (i >> 8));
}

static inline void assert_filled(uint32_t at, uint32_t bytes, uint8_t seed)
{
    for (uint32_t i = 0; i < bytes; i++)
        if (fake_user[at + i] != (uint8_t)(seed + i + (i >> 8)))
            fail_msg("byte %u of %u is %u", i, bytes, fake_user[at + i]);
}

static inline struct sk_loan range(uint32_t at, uint32_t bytes, uint32_t access)
{
    return (struct sk_loan){.addr = user(at), .bytes = bytes, .access = access};
}

/* What p's client would lend next: nothing yet. */
static inline struct sk_lend lend_new(struct pair *p)
{
    p->token++;
    return (struct sk_lend){
        .token = p->token,
        .send = p->a.tx.next,
        .receive = p->a.rx.next,
        .msg = {.ctl = sk_ctl_make(8, 0, 0, false), .label = 5, .token = p->token}};
}

static inline sk_err lend_call(struct pair *p, const struct sk_lend *l, uint32_t mask,
                               sk_ns deadline)
{
    memcpy(fake_user + AT_LEND, l, sizeof(*l));
    sk_err err = CALL(p->a.k, p->a.t, LEND, p->a.h, user(AT_LEND), mask, deadline);
    assert_int_equal(fake_windows, 0);
    return err;
}

static inline sk_err lend_two(struct pair *p, struct sk_loan first, struct sk_loan second,
                              uint32_t mask, sk_ns deadline)
{
    struct sk_lend l = lend_new(p);
    l.count = 2;
    l.loan[0] = first;
    l.loan[1] = second;
    return lend_call(p, &l, mask, deadline);
}

static inline sk_err lend_one(struct pair *p, struct sk_loan first, uint32_t mask, sk_ns deadline)
{
    struct sk_lend l = lend_new(p);
    l.count = 1;
    l.loan[0] = first;
    return lend_call(p, &l, mask, deadline);
}

/* s takes a message: its label. SK_ERR_EMPTY. */
static inline sk_err take(struct side *s)
{
    struct sk_msg m;
    uint32_t slots;
    bool wake;
    sk_err err;
    if (PORT_COPY_MODE) {
        err = CALL(s->k, s->t, CHAN_RECV, s->h, user(AT_MSG), 1);
        memcpy(&m, fake_user + AT_MSG, sizeof(m));
    } else {
        err = ring_recv(&s->rx, &m, 1, &slots, &wake);
        if (err == SK_ERR_EMPTY)
            ring_arm(&s->rx);
    }
    return err == SK_OK ? m.label : err;
}

static inline void say(struct side *s, uint16_t label)
{
    struct sk_msg m = {.ctl = sk_ctl_make(4, 0, 0, true), .label = label};
    bool wake;
    if (PORT_COPY_MODE) {
        memcpy(fake_user + AT_MSG, &m, sizeof(m));
        EXPECT(CALL(s->k, s->t, CHAN_SEND, s->h, user(AT_MSG), 1), SK_OK);
    } else {
        EXPECT(ring_send(&s->tx, &m, 1, &wake), SK_OK);
        if (wake)
            EXPECT(CALL(s->k, s->t, WAKE, s->h), SK_OK);
    }
}

/* The service has the request. */
static inline void request_comes(struct pair *p)
{
    fake_settle();
    EXPECT(p->a.t->state, TASK_LENDING);
    EXPECT(take(&p->b), 5);
    EXPECT(take(&p->b), SK_ERR_EMPTY);
}

/* LEND has returned: with what, and was the message sent? */
static inline void assert_over(struct pair *p, sk_err err, bool sent)
{
    EXPECT(p->a.t->state, SK_TASK_READY);
    EXPECT((sk_err)p->a.t->port.reg[0], err);
    EXPECT(p->a.t->port.reg[1], sent);
    p->a.tx.next += sent;
}

static inline void answer_comes(struct pair *p)
{
    say(&p->b, 9);
    fake_settle();
    assert_over(p, SK_OK, true);
    EXPECT(take(&p->a), 9);
}

static inline sk_err borrow(struct pair *p, uint32_t nr, uint32_t loan, uint32_t offset,
                            uint64_t at, uint32_t len)
{
    p->b.t->port.reg[4] = len;
    sk_err err = fake_call(p->b.k, p->b.t, nr, p->b.h, loan, offset, at);
    assert_int_equal(fake_windows, 0);
    return err;
}
#define BORROW(p, name, loan, offset, at, len)                                                     \
    borrow((p), SK_CALL_##name, (loan), (offset), (at), (len))

/* In steps, as the library does. */
static inline void borrow_all(struct pair *p, uint32_t nr, uint32_t index, uint32_t at,
                              uint32_t len)
{
    for (uint32_t done = 0; done < len;) {
        uint32_t n = len - done < SK_LOAN_STEP ? len - done : SK_LOAN_STEP;
        EXPECT(borrow(p, nr, p->token | index << 16, done, user(at + done), n), SK_OK);
        EXPECT(p->b.t->port.reg[1], len);
        done += n;
    }
}

/* One core hears its doorbell. False: it was not rung. */
static inline bool deliver(sk_core core)
{
    struct port_cpu *cpu = &fake_cpu[core];
    if (!cpu->bell || cpu->halted)
        return false;
    cpu->bell = false;
    kern_doorbell(cpu->k);
    return true;
}

static inline void time_passes(struct kern *k, sk_ns ns)
{
    fake_now += ns;
    kern_timer(k);
}

#endif
