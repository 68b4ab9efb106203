/* Every system call that blocks: a deadline in the past, one in the future, cancelled before and
 * while it sleeps, the death of the one it waits for. tests/tools/test_calls.py checks that each
 * call of skerry/syscall.h that blocks stands in the table.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef DEADLINE_CASES_H
#define DEADLINE_CASES_H

#include "loan_pair.h"

#define CONTROL SK_HANDLE_MAKE(0, 1)
#define EVENTS  (1u << 1) /* of p's channel */

/* A task of core 0 that makes the call: p's client, or its init. */
struct world {
    struct pair p; /* with a service on core 1 */
    struct kern *k;
    struct task *t;
    sk_handle h, other; /* what is handed over, and its other end */
};

static struct world world_new(bool init)
{
    struct world w = {.p = pair_new(1)};
    w.k = w.p.a.k;
    w.t = init ? &w.k->tasks[0] : w.p.a.t;
    sk_handle h[2];
    make_chan(w.k, w.t, h);
    w.other = h[0];
    w.h = h[1];
    while (CALL(w.k, w.t, WAIT, ~0u, 0) == SK_OK) /* an end that is opened is to be looked at */
        ;
    EXPECT(take(&w.p.a), SK_ERR_EMPTY); /* armed */
    EXPECT(take(&w.p.b), SK_ERR_EMPTY);
    return w;
}

static void put_message(void)
{
    struct sk_msg m = {.ctl = sk_ctl_make(4, 0, 0, false), .label = 5};
    memcpy(fake_user + AT_MSG, &m, sizeof(m));
}

/* --- The calls ------------------------------------------------------------------------------- */

static sk_err call_wait(struct world *w, sk_ns deadline)
{
    return CALL(w->k, w->t, WAIT, EVENTS, deadline);
}

static sk_err call_wake_wait(struct world *w, sk_ns deadline)
{
    return CALL(w->k, w->t, WAKE_WAIT, w->p.a.h, EVENTS, deadline);
}

static sk_err call_chan_call(struct world *w, sk_ns deadline)
{
    put_message();
    return CALL(w->k, w->t, CHAN_CALL, w->p.a.h, user(AT_MSG), 1u | 1u << 8, deadline);
}

static sk_err call_chan_send_wait(struct world *w, sk_ns deadline)
{
    put_message();
    w->t->port.reg[4] = deadline;
    return CALL(w->k, w->t, CHAN_SEND_WAIT, w->p.a.h, user(AT_MSG), 1, EVENTS);
}

static sk_err call_lend(struct world *w, sk_ns deadline)
{
    return lend_one(&w->p, range(AT_FIRST, 100, BOTH), 0, deadline);
}

static sk_err call_send_handle(struct world *w, sk_ns deadline)
{
    return CALL(w->k, w->t, SEND_HANDLE, w->p.a.h, w->h, deadline);
}

static sk_err call_port_connect(struct world *w, sk_ns deadline)
{
    struct kern *far = fake_cpu[1].k;
    const struct port *port = &far->ports[far->core_port];
    struct handle entry = {.kind = SK_KIND_PORT_REMOTE,
                           .core = 1,
                           .index = port->index,
                           .obj_gen = port->gen,
                           .epoch = far->epoch,
                           .rights = SK_RIGHT_CONNECT};
    sk_handle to;
    EXPECT(handle_add(w->k, w->t, &entry, &to), SK_OK);
    return CALL(w->k, w->t, PORT_CONNECT, to, w->h, deadline);
}

static sk_err call_core_connect(struct world *w, sk_ns deadline)
{
    return CALL(w->k, w->t, CORE_CONNECT, CONTROL, 1, w->h, deadline);
}

static sk_err call_core_start(struct world *w, sk_ns deadline)
{
    fake_tpl.cores = w->k->cores = 4; /* a fourth core, not started */
    link_init(w->k);
    return CALL(w->k, w->t, CORE_START, CONTROL, 3, deadline);
}

static sk_err call_core_restart(struct world *w, sk_ns deadline)
{
    return CALL(w->k, w->t, CORE_RESTART, CONTROL, 1, deadline);
}

static sk_err call_core_ask(struct world *w, sk_ns deadline)
{
    w->k->link[1].child = true;
    return CALL(w->k, w->t, CORE_ASK, CONTROL, 1, SK_ASK_HANG, deadline);
}

static sk_err call_dev_call(struct world *w, sk_ns deadline)
{
    EXPECT(CALL(w->k, w->t, DEV_OPEN, CONTROL, 1), SK_OK);
    return CALL(w->k, w->t, DEV_CALL, w->t->port.reg[1], 8, 0, deadline);
}

/* --- Who waits for whom, and what must not be lost ------------------------------------------- */

static void end_service(struct world *w)
{
    end_task(w->p.b.k, w->p.b.t);
}

static void end_core(struct world *w)
{
    (void)w;
    if (setjmp(fake_halt) == 0)
        kern_panic(fake_cpu[1].k, "a test");
}

static void start_and_end(struct world *w)
{
    (void)w;
    fake_boot(3, 0);
    if (setjmp(fake_halt) == 0)
        kern_panic(fake_cpu[3].k, "a test");
}

/* The message is there, once. */
static void sent(struct world *w)
{
    EXPECT(take(&w->p.b), 5);
    EXPECT(take(&w->p.b), SK_ERR_EMPTY);
}

/* The end has arrived, as its other end hears, and is no more with its sender. */
static void arrived(struct world *w)
{
    EXPECT(CALL(w->k, w->t, CLOSE, w->h), SK_ERR_HANDLE);
    EXPECT(end_of(w->k, w->t, w->other)->peer.core, 1);
    EXPECT(CALL(w->k, w->t, CLOSE, w->other), SK_OK);
}

enum { ALWAYS, SHARED, COPY };

/* A call; in which kernels; who makes it; who is waited for, and what is returned when it dies
 * (NULL: nobody); what holds afterwards although it was given up (NULL: nothing has to). */
#define ROW(name, call, kernels, init, lose, dead, after)                                          \
    {                                                                                              \
#name, call, kernels, init, lose, dead, after                                              \
    }
static const struct row {
    const char *name;
    sk_err (*call)(struct world *w, sk_ns deadline);
    int kernels;
    bool init;
    void (*lose)(struct world *w);
    sk_err dead;
    void (*after)(struct world *w);
} rows[] = {
    ROW(WAIT, call_wait, ALWAYS, false, end_service, SK_OK, NULL),
    ROW(WAKE_WAIT, call_wake_wait, SHARED, false, end_service, SK_OK, NULL),
    ROW(CHAN_CALL, call_chan_call, COPY, false, end_service, SK_ERR_PEER_DEAD, sent),
    ROW(CHAN_SEND_WAIT, call_chan_send_wait, COPY, false, end_service, SK_OK, sent),
    ROW(LEND, call_lend, ALWAYS, false, end_service, SK_ERR_PEER_DEAD, NULL),
    ROW(SEND_HANDLE, call_send_handle, ALWAYS, false, end_core, SK_ERR_PEER_DEAD, arrived),
    ROW(PORT_CONNECT, call_port_connect, ALWAYS, false, end_core, SK_ERR_PEER_DEAD, arrived),
    ROW(CORE_CONNECT, call_core_connect, ALWAYS, true, end_core, SK_ERR_PEER_DEAD, arrived),
    ROW(CORE_START, call_core_start, ALWAYS, true, start_and_end, SK_ERR_PEER_DEAD, NULL),
    ROW(CORE_RESTART, call_core_restart, ALWAYS, true, NULL, SK_OK, NULL),
    ROW(CORE_ASK, call_core_ask, ALWAYS, true, end_core, SK_ERR_PEER_DEAD, NULL),
    ROW(DEV_CALL, call_dev_call, ALWAYS, true, end_core, SK_ERR_PEER_DEAD, NULL),
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* A world for row n; false: these kernels do not have the call, and say so. */
static bool begin(unsigned n, struct world *w)
{
    *w = world_new(rows[n].init);
    if (rows[n].kernels == ALWAYS || rows[n].kernels == (PORT_COPY_MODE ? COPY : SHARED))
        return true;
    EXPECT(rows[n].call(w, SK_FOREVER), SK_ERR_UNSUPPORTED);
    return false;
}

/* The call returns err without time passing, and what comes later changes nothing. */
static void expect_at_once(unsigned n, struct world *w, sk_ns deadline, sk_err err)
{
    sk_err got = rows[n].call(w, deadline);
    if (got == CALL_BLOCKED) {
        assert_true(fake_cpu[0].timer <= fake_now); /* the timer goes off now */
        kern_timer(w->k);
        EXPECT(w->t->state, SK_TASK_READY);
        got = (sk_err)w->t->port.reg[0];
    }
    if (got != err)
        fail_msg("%s: %d, not %d", rows[n].name, got, err);
    fake_settle();
    EXPECT(w->t->state, SK_TASK_READY);
    EXPECT((sk_err)w->t->port.reg[0], err);
    if (rows[n].after != NULL)
        rows[n].after(w);
}

static void expect_ended(unsigned n, struct world *w, sk_err err)
{
    if (w->t->state != SK_TASK_READY || (sk_err)w->t->port.reg[0] != err)
        fail_msg("%s: state %d, %d, not %d", rows[n].name, w->t->state, (sk_err)w->t->port.reg[0],
                 err);
}

static void test_D17_a_deadline_in_the_past_is_an_attempt(void **state)
{
    (void)state;
    for (unsigned n = 0; n < ROWS; n++)
        for (int now = 0; now < 2; now++) {
            struct world w;
            if (begin(n, &w))
                expect_at_once(n, &w, now ? fake_now : 0, SK_ERR_TIMED_OUT);
        }
}

static void test_D17_a_deadline_ends_it(void **state)
{
    (void)state;
    for (unsigned n = 0; n < ROWS; n++) {
        struct world w;
        if (!begin(n, &w))
            continue;
        EXPECT(rows[n].call(&w, fake_now + 10), CALL_BLOCKED);
        time_passes(w.k, 9);
        assert_int_not_equal(w.t->state, SK_TASK_READY);
        time_passes(w.k, 1);
        expect_ended(n, &w, SK_ERR_TIMED_OUT);
        fake_settle();
        expect_ended(n, &w, SK_ERR_TIMED_OUT);
        if (rows[n].after != NULL)
            rows[n].after(&w);
    }
}

static void test_D17_an_event_cancels_it(void **state)
{
    (void)state;
    for (unsigned n = 0; n < ROWS; n++) {
        struct world w;
        if (!begin(n, &w))
            continue;
        EXPECT(CALL(w.k, w.t, CANCEL_ON, 1u << CANCEL), SK_OK);
        EXPECT(rows[n].call(&w, SK_FOREVER), CALL_BLOCKED);
        sched_event(w.k, w.t, 1u << 20, false); /* another one does not */
        assert_int_not_equal(w.t->state, SK_TASK_READY);
        sched_event(w.k, w.t, 1u << CANCEL, false);
        expect_ended(n, &w, SK_ERR_CANCELLED);
        sched_event(w.k, w.t, 1u << CANCEL, false); /* once more: harmless */
        fake_settle();
        expect_ended(n, &w, SK_ERR_CANCELLED);
        if (rows[n].after != NULL)
            rows[n].after(&w);
        EXPECT(CALL(w.k, w.t, WAIT, 1u << CANCEL, SK_FOREVER), SK_OK);
        EXPECT(CALL(w.k, w.t, WAIT, 1u << CANCEL, 0), SK_ERR_TIMED_OUT); /* taken: over */
    }
}

static void test_D17_what_is_cancelled_does_not_begin_to_sleep(void **state)
{
    (void)state;
    for (unsigned n = 0; n < ROWS; n++) {
        struct world w;
        if (!begin(n, &w))
            continue;
        EXPECT(CALL(w.k, w.t, CANCEL_ON, 1u << CANCEL), SK_OK);
        sched_event(w.k, w.t, 1u << CANCEL, false);
        expect_at_once(n, &w, SK_FOREVER, SK_ERR_CANCELLED);
    }
}

static void test_D17_death_ends_it(void **state)
{
    (void)state;
    for (unsigned n = 0; n < ROWS; n++) {
        struct world w;
        if (rows[n].lose == NULL || !begin(n, &w))
            continue;
        EXPECT(rows[n].call(&w, SK_FOREVER), CALL_BLOCKED);
        rows[n].lose(&w);
        fake_settle();
        expect_ended(n, &w, rows[n].dead);
    }
}

/* Which ends were rung is told once, and not lost with a sleep that had nothing to do with it. */
static void test_D17_a_time_out_keeps_what_is_ready(void **state)
{
    (void)state;
    for (int asleep = 0; asleep < 2; asleep++) {
        struct world w = world_new(false);
        say(&w.p.b, 3);
        fake_settle();
        if (asleep) {
            EXPECT(CALL(w.k, w.t, WAIT, 0, fake_now + 10), CALL_BLOCKED);
            time_passes(w.k, 10);
            EXPECT((sk_err)w.t->port.reg[0], SK_ERR_TIMED_OUT);
        } else {
            EXPECT(CALL(w.k, w.t, WAIT, 0, 0), SK_ERR_TIMED_OUT);
        }
        EXPECT(CALL(w.k, w.t, WAIT, EVENTS, 0), SK_OK);
        EXPECT(w.t->port.reg[2], (uint64_t)1 << end_of(w.k, w.t, w.p.a.h)->slot);
    }
}

#define DEADLINE_CASES                                                                             \
    cmocka_unit_test_teardown(test_D17_a_deadline_in_the_past_is_an_attempt, teardown),            \
        cmocka_unit_test_teardown(test_D17_a_deadline_ends_it, teardown),                          \
        cmocka_unit_test_teardown(test_D17_an_event_cancels_it, teardown),                         \
        cmocka_unit_test_teardown(test_D17_what_is_cancelled_does_not_begin_to_sleep, teardown),   \
        cmocka_unit_test_teardown(test_D17_death_ends_it, teardown),                               \
        cmocka_unit_test_teardown(test_D17_a_time_out_keeps_what_is_ready, teardown)

#endif
