/* What the tests of kernels that keep the rings share: two tasks with a channel between them, on
 * one core or on two, and messages in everybody's memory.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef COPY_PAIR_H
#define COPY_PAIR_H

#include "kernel_calls.h"

#define BIT_A             1u /* events of the two sides */
#define BIT_B             2u
#define EV_A              (1u << BIT_A)
#define EV_B              (1u << BIT_B)
#define END               sizeof(fake_user)
#define SLOTS(send, most) ((send) | (most) << 8)

/* Two tasks with an open channel between them; b may be on another core. */
struct two {
    struct kern *ka, *kb;
    struct task *a, *b;
    sk_handle ha, hb;
};

static inline struct two one_core(void)
{
    struct two p = {.ka = fake_cpu[0].k, .kb = fake_cpu[0].k};
    struct kern *k = p.ka;
    sk_handle h[2];
    p.a = fake_task(k, "a");
    p.b = fake_task(k, "b");
    make_chan(k, p.a, h);
    struct handle *mine = &p.a->handles[SK_HANDLE_INDEX(h[1])];
    struct end *e = &k->ends[mine->index];
    handle_remove(k, p.a, mine);
    chan_end_disown(e);
    EXPECT(chan_end_adopt(k, p.b, e, &p.hb), SK_OK);
    p.ha = h[0];
    open_end(k, p.a, p.ha, BIT_A);
    open_end(k, p.b, p.hb, BIT_B);
    EXPECT(CALL(k, &k->tasks[0], WAIT, 1, SK_FOREVER), CALL_BLOCKED); /* it would run first */
    return p;
}

static inline void wake_init(struct kern *k)
{
    sched_event(k, &k->tasks[0], 1, false);
}

static inline struct two two_cores(void)
{
    struct two p = {.ka = fake_cpu[0].k, .kb = fake_cpu[1].k};
    p.a = &p.ka->tasks[0];
    p.b = &p.kb->tasks[0];
    p.hb = connect_inits(p.ka, p.kb, &p.ha);
    open_end(p.ka, p.a, p.ha, BIT_A);
    open_end(p.kb, p.b, p.hb, BIT_B);
    fake_settle();
    return p;
}

static inline struct two on(int cores)
{
    fake_free();
    fake_machine(3);
    return cores == 1 ? one_core() : two_cores();
}

/* A message of so many slots at that offset of everybody's memory. */
static inline void put(uint32_t offset, uint16_t label, uint32_t slots)
{
    for (uint32_t i = 0; i < slots; i++) {
        struct sk_msg m = {.ctl = sk_ctl_make(SK_PAYLOAD_BYTES, slots - 1u - i, 0, false),
                           .label = label};
        memset(m.bytes, (int)(label + i), sizeof(m.bytes));
        memcpy(fake_user + offset + i * sizeof(m), &m, sizeof(m));
    }
}

static inline void assert_got(uint32_t offset, uint16_t label, uint32_t slots)
{
    for (uint32_t i = 0; i < slots; i++) {
        struct sk_msg m;
        memcpy(&m, fake_user + offset + i * sizeof(m), sizeof(m));
        EXPECT(m.label, label);
        EXPECT(sk_ctl_len(m.ctl), SK_PAYLOAD_BYTES);
        EXPECT(sk_ctl_more(m.ctl), slots - 1u - i);
        EXPECT(m.ctl & (SK_CTL_TAKEN | SK_CTL_RESERVED), 0);
        for (unsigned n = 0; n < SK_PAYLOAD_BYTES; n++)
            EXPECT(m.bytes[n], (uint8_t)(label + i));
    }
}

/* b waits until its side is rung. */
static inline void b_sleeps(struct two *p)
{
    sk_err err;
    while ((err = CALL(p->kb, p->b, CHAN_RECV, p->hb, user(8192), 4)) == SK_OK)
        ;
    EXPECT(err, SK_ERR_EMPTY); /* armed now */
    CALL(p->kb, p->b, WAIT, EV_B, 0);
    EXPECT(CALL(p->kb, p->b, WAIT, EV_B, SK_FOREVER), CALL_BLOCKED);
}

static inline void assert_b_has(struct two *p, uint16_t label, uint32_t slots)
{
    fake_settle();
    EXPECT(p->b->state, SK_TASK_READY);
    EXPECT(CALL(p->kb, p->b, CHAN_RECV, p->hb, user(8192), 4), SK_OK);
    EXPECT(p->b->port.reg[1], slots);
    assert_got(8192, label, slots);
}

static inline sk_err answer(struct two *p, uint16_t label, uint32_t slots)
{
    put(12288, label, slots);
    return CALL(p->kb, p->b, CHAN_SEND, p->hb, user(12288), slots);
}

static inline void assert_answered(struct two *p, uint16_t label, uint32_t slots)
{
    fake_settle();
    EXPECT(p->a->state, SK_TASK_READY);
    EXPECT((sk_err)p->a->port.reg[0], SK_OK);
    EXPECT(p->a->port.reg[1], slots);
    assert_got(0, label, slots);
}

#endif
