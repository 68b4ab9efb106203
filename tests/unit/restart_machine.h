/* Three kernels of a machine of plain memory that begin anew: what the tests of it share.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef RESTART_MACHINE_H
#define RESTART_MACHINE_H

#include "kernel_calls.h"

#define CONTROL SK_HANDLE_MAKE(0, 1)
#define PORT    SK_HANDLE_MAKE(1, 1)

static inline struct task *init_of(sk_core core)
{
    return &fake_cpu[core].k->tasks[0];
}

static inline sk_err result(struct task *t)
{
    return (sk_err)t->port.reg[0];
}

/* Time passes for one core: its timer goes off if it is due. */
static inline void pass(sk_core core, uint32_t ms)
{
    fake_now += SK_MS(ms);
    if (fake_cpu[core].timer <= fake_now)
        kern_timer(fake_cpu[core].k);
}

/* A channel of `from` with an end at `to`, both opened: their handles. */
static inline void join(sk_core from, sk_core to, sk_handle *near, sk_handle *far)
{
    struct kern *k = fake_cpu[from].k;
    *far = connect_inits(k, fake_cpu[to].k, near);
    open_end(k, init_of(from), *near, 1);
    open_end(fake_cpu[to].k, init_of(to), *far, 2);
}

static inline void close_end(sk_core core, sk_handle h)
{
    EXPECT(CALL(fake_cpu[core].k, init_of(core), CLOSE, h), SK_OK);
}

static inline void expect_dead(sk_core core, sk_handle h)
{
    EXPECT(CALL(fake_cpu[core].k, init_of(core), WAKE, h), SK_ERR_PEER_DEAD);
}

/* Everything goes from one to the other: connections, wakes, more messages than a ring has. */
static inline void expect_whole(sk_core a, sk_core b)
{
    struct kern *kb = fake_cpu[b].k;
    for (unsigned i = 0; i < 2 * SK_LINK_SLOTS; i++) {
        sk_handle near, far;
        join(a, b, &near, &far);
        CALL(kb, init_of(b), WAIT, 4, 0);
        EXPECT(CALL(kb, init_of(b), WAIT, 4, SK_FOREVER), CALL_BLOCKED);
        EXPECT(CALL(fake_cpu[a].k, init_of(a), WAKE, near), SK_OK);
        fake_settle();
        EXPECT(init_of(b)->state, SK_TASK_READY);
        close_end(a, near);
        fake_settle();
        expect_dead(b, far);
        close_end(b, far);
        fake_settle();
    }
}

/* What is in use once the cores have spoken to each other. */
static inline void warm(sk_core a, sk_core b)
{
    sk_handle near, far;
    join(a, b, &near, &far);
    close_end(a, near);
    close_end(b, far);
    join(b, a, &near, &far);
    close_end(b, near);
    close_end(a, far);
    fake_settle();
}

#endif
