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

#endif
