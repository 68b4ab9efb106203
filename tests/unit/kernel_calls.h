/* What the kernel's unit tests share: short ways to make calls and to compare what is in use.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_CALLS_H
#define KERNEL_CALLS_H

#include "fake_machine.h"

#define EXPECT(call, err) assert_int_equal((call), (err))

static inline uint64_t user(uint32_t offset)
{
    return (uintptr_t)fake_user + offset;
}

static inline struct sk_stats gauges(struct kern *k)
{
    struct sk_stats s = k->stats;
    s.pages_free = k->ram_free;
    s.syscalls = s.switches = s.doorbells_sent = s.doorbells_taken = 0;
    return s;
}

static inline void assert_same(struct sk_stats a, struct sk_stats b)
{
    assert_memory_equal(&a, &b, sizeof(a));
}

static inline int setup1(void **state)
{
    (void)state;
    fake_machine(1);
    return 0;
}

static inline int setup3(void **state)
{
    (void)state;
    fake_machine(3);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    fake_free();
    return 0;
}

/* A channel of t: its two ends. */
static inline void make_chan(struct kern *k, struct task *t, sk_handle h[2])
{
    EXPECT(CALL(k, t, CHAN_CREATE, 8), SK_OK);
    h[0] = (sk_handle)t->port.reg[1];
    h[1] = (sk_handle)t->port.reg[2];
}

static inline struct end *end_of(struct kern *k, struct task *t, sk_handle h)
{
    return &k->ends[t->handles[SK_HANDLE_INDEX(h)].index];
}

static inline void open_end(struct kern *k, struct task *t, sk_handle h, unsigned bit)
{
    EXPECT(CALL(k, t, CHAN_OPEN, h, bit, user(1024)), SK_OK);
}

/* init of `from` hands an end of t... to init of `to`, which accepts it: a channel between them. */
static inline sk_handle connect_inits(struct kern *from, struct kern *to, sk_handle *near)
{
    struct task *a = &from->tasks[0], *b = &to->tasks[0];
    sk_handle h[2], control = SK_HANDLE_MAKE(0, 1), port = SK_HANDLE_MAKE(1, 1);
    make_chan(from, a, h);
    sk_err err = CALL(from, a, CORE_CONNECT, control, to->core, h[1], SK_FOREVER);
    EXPECT(err, from == to ? SK_OK : CALL_BLOCKED);
    fake_settle();
    EXPECT(a->state, SK_TASK_READY);
    EXPECT((sk_err)a->port.reg[0], SK_OK);
    EXPECT(CALL(to, b, PORT_ACCEPT, port), SK_OK);
    *near = h[0];
    return (sk_handle)b->port.reg[1];
}

/* Kill t and forget it: its creator was told, and all is back. */
static inline void end_task(struct kern *k, struct task *t)
{
    struct task *init = &k->tasks[0];
    task_end(k, t, SK_CAUSE_KILLED, 0);
    EXPECT(CALL(k, init, WAIT, 1u << 3, SK_FOREVER), CALL_BLOCKED);
    for (int i = 0; i < 1000 && t->state != SK_TASK_DEAD; i++) {
        k->current = NULL;
        for (struct task *u = k->ready[t->priority].head; u && u != t; u = u->next)
            sched_remove(k, u), sched_ready(k, u, false);
        kern_idle(k);
        fake_settle();
    }
    EXPECT(t->state, SK_TASK_DEAD);
    EXPECT(init->state, SK_TASK_READY); /* its creator was told */
    task_forget(k, t);
    for (unsigned i = 0; i < init->handles_max; i++)
        if (init->handles[i].kind == SK_KIND_TASK && init->handles[i].index == t->slot) {
            init->handles[i].kind = SK_KIND_CONTROL; /* its task is forgotten already */
            CALL(k, init, CLOSE, SK_HANDLE_MAKE(i, init->handles[i].gen));
        }
}

#endif
