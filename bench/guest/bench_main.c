/* Measures the system from a program's side, in instructions: each operation stands between two
 * markers, repeated after a pause in which everything else has come to rest. Runs under
 * `./skerry bench guest` only: elsewhere the markers are no-ops and it just ends.
 *
 * "Both asleep" means that the service's core is in its wait for interrupts when the request is
 * sent, and the caller's when the answer is. What is printed besides ("figure NAME VALUE") is
 * what the kernels say themselves.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/console.h"
#include "lib/loan.h"
#include "lib/names.h"
#include "lib/proc.h"
#include "lib/rpc.h"
#include "lib/self.h"
#include "regions.h"
#include "services/serial/uart_stub.h"

#include <stdio.h>
#include <stdlib.h>

#define ROUNDS         200u
#define SPAWN_ROUNDS   20u
#define WARM_ROUNDS    20u
#define RESTART_ROUNDS 10u
#define NEAR_CORE      0u
#define FAR_CORE       1u
#define FORK_CORE      2u /* the first that the manifest does not start */
#define CORE_MS        1000u
#define LATE_MS        1000000u /* a deadline that never comes */

static void check(sk_err err, const char *what)
{
    if (err == SK_OK)
        return;
    printf("bench: %s: %s\n", what, sk_err_text(err));
    fflush(stdout);
    (void)console_sync();
    MARKER_DONE(); /* the figure "done" is missing: that tells */
    exit(1);
}

/* Long enough for every core to go to sleep. Costs no time: the emulator skips idle time. */
static void rest(void)
{
    sk_sleep_until(sk_in_ms(5));
}

static void peer(const char *name, sk_core core, struct sk_chan *chan)
{
    const char *const argv[] = {"bench_peer", name};
    sk_tid tid;
    check(proc_spawn(NULL, argv[0], 2, argv, core, &tid), "spawn bench_peer");
    check(names_connect(name, sk_in_ms(CORE_MS), chan), name);
}

/* Start a program of the bench, if this board's system has it. */
static bool helper(const char *name, sk_tid *tid)
{
    sk_err err = proc_spawn(NULL, name, 1, &name, NEAR_CORE, tid);
    if (err != SK_ERR_NOT_FOUND)
        check(err, name);
    return err == SK_OK;
}

/* There is one other task of this priority, which yields whenever it runs. */
static void switches(void)
{
    sk_tid tid;
    if (!helper("bench_yield", &tid))
        return;
    for (unsigned i = 0; i < WARM_ROUNDS; i++)
        sys_yield();
    for (unsigned i = 0; i < ROUNDS; i++) {
        MARKER_BEGIN(REGION_SWITCH);
        sys_yield();
        MARKER_END(REGION_SWITCH);
    }
    check(proc_kill(NULL, tid), "kill bench_yield");
}

/* The driver measures; it ends by itself. */
static void interrupts(void)
{
    struct proc_exit how;
    sk_tid tid;
    if (!helper("bench_driver", &tid))
        return;
    check(proc_wait(NULL, tid, &how, SK_FOREVER), "wait for bench_driver");
    check(how.status == 0 ? SK_OK : SK_ERR_STATE, "bench_driver");
}

static void null_calls(void)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        MARKER_BEGIN(REGION_NOTHING);
        MARKER_END(REGION_NOTHING);
        MARKER_BEGIN(REGION_NULL_CALL);
        sys_nop();
        MARKER_END(REGION_NULL_CALL);
    }
}

/* The region is part of the instruction, so each needs a loop of its own. */
#define CALL_LOOP(region, chan, label, bytes, deadline)                                            \
    do {                                                                                           \
        uint64_t ask_[7] = {0}, answer_[7];                                                        \
        for (unsigned i_ = 0; i_ < WARM_ROUNDS + ROUNDS; i_++) {                                   \
            sk_err err_;                                                                           \
            rest();                                                                                \
            if (i_ < WARM_ROUNDS) {                                                                \
                err_ = sk_call(chan, label, ask_, bytes, answer_, bytes, NULL, deadline);          \
            } else {                                                                               \
                MARKER_BEGIN(region);                                                              \
                err_ = sk_call(chan, label, ask_, bytes, answer_, bytes, NULL, deadline);          \
                MARKER_END(region);                                                                \
            }                                                                                      \
            check(err_, "call");                                                                   \
        }                                                                                          \
    } while (0)

static void calls(struct sk_chan *near, struct sk_chan *far)
{
    sk_ns late = sk_in_ms(LATE_MS);
    CALL_LOOP(REGION_NEAR_CALL, near, BENCH_NOTHING, 0, SK_FOREVER);
    CALL_LOOP(REGION_NEAR_CALL_DEADLINE, near, BENCH_NOTHING, 0, late);
    CALL_LOOP(REGION_NEAR_CALL_32, near, BENCH_SAME, 32, SK_FOREVER);
    CALL_LOOP(REGION_NEAR_CALL_56, near, BENCH_SAME, 56, SK_FOREVER);
    CALL_LOOP(REGION_FAR_CALL_POLL, far, BENCH_NOTHING, 0, SK_FOREVER);
}

static uint8_t lent[BENCH_LOAN_BYTES];

static sk_err lend(struct sk_chan *c, uint32_t bytes)
{
    struct sk_in in;
    struct sk_out out = {.label = BENCH_LOAN, .len = sizeof(bytes), .bytes = &bytes};
    struct sk_loan loan = sk_loan_of(lent, bytes, SK_LOAN_READ);
    return sk_call_lend(c, &out, &loan, 1, &in, 0, 0, SK_FOREVER);
}

#define LEND_LOOP(region, chan, bytes)                                                             \
    do {                                                                                           \
        for (unsigned i_ = 0; i_ < WARM_ROUNDS; i_++)                                              \
            check(lend(chan, bytes), "lend");                                                      \
        for (unsigned i_ = 0; i_ < ROUNDS; i_++) {                                                 \
            rest();                                                                                \
            MARKER_BEGIN(region);                                                                  \
            sk_err err_ = lend(chan, bytes);                                                       \
            MARKER_END(region);                                                                    \
            check(err_, "lend");                                                                   \
        }                                                                                          \
    } while (0)

static void loans(struct sk_chan *near, struct sk_chan *far)
{
    LEND_LOOP(REGION_NEAR_LEND_56, near, 56);
    LEND_LOOP(REGION_NEAR_LEND_1K, near, 1024);
    LEND_LOOP(REGION_FAR_LEND_56, far, 56);
    LEND_LOOP(REGION_FAR_LEND_1K, far, 1024);
}

/* A call whose caller goes to sleep at once. Where rings belong to the kernels every call does. */
static sk_err call_asleep(struct sk_chan *c)
{
    if (xport_end_page(&c->end) == 0)
        return sk_call(c, BENCH_NOTHING, NULL, 0, NULL, 0, NULL, SK_FOREVER);
    struct sk_call call;
    struct sk_in in;
    struct sk_out out = {.label = BENCH_NOTHING};
    uint32_t events;
    sk_err err = sk_call_begin(c, &call, &out, &in, 0);
    while (err == SK_OK && !call.ended) {
        if (sk_chan_arm(c))
            err = sk_wait_events(c->event_mask, SK_FOREVER, &events);
        if (err == SK_OK)
            err = sk_call_end(c, &call, SK_FOREVER);
    }
    return err;
}

static void far_calls(struct sk_chan *far)
{
    for (unsigned i = 0; i < WARM_ROUNDS; i++)
        check(call_asleep(far), "call");
    for (unsigned i = 0; i < ROUNDS; i++) {
        rest();
        MARKER_BEGIN(REGION_FAR_CALL);
        sk_err err = call_asleep(far);
        MARKER_END(REGION_FAR_CALL);
        check(err, "call");
    }
}

/* The paths of this core alone. The first request finds the service asleep and rings it; the second
 * goes into a ring that nobody sleeps on. After a rest both answers are there. */
static void far_paths(struct sk_chan *far)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct sk_call call[2];
        struct sk_in in[2];
        struct sk_out out = {.label = BENCH_NOTHING};
        rest();
        MARKER_BEGIN(REGION_FAR_SEND_ASLEEP);
        sk_err err0 = sk_call_begin(far, &call[0], &out, &in[0], 0);
        MARKER_END(REGION_FAR_SEND_ASLEEP);
        MARKER_BEGIN(REGION_FAR_SEND);
        sk_err err1 = sk_call_begin(far, &call[1], &out, &in[1], 0);
        MARKER_END(REGION_FAR_SEND);
        check(err0, "begin");
        check(err1, "begin");
        rest();
        MARKER_BEGIN(REGION_FAR_RECEIVE);
        err0 = sk_call_end(far, &call[0], SK_FOREVER);
        MARKER_END(REGION_FAR_RECEIVE);
        check(err0, "end");
        check(sk_call_end(far, &call[1], SK_FOREVER), "end");
    }
}

static sk_err spawn_and_wait(const char *name)
{
    struct proc_exit how;
    sk_tid tid;
    sk_err err = proc_spawn(NULL, name, 1, &name, NEAR_CORE, &tid);
    return err == SK_OK ? proc_wait(NULL, tid, &how, SK_FOREVER) : err;
}

static void spawns(void)
{
    check(spawn_and_wait("hello"), "hello");
    check(spawn_and_wait("bench_empty"), "bench_empty");
    for (unsigned i = 0; i < SPAWN_ROUNDS; i++) {
        rest();
        MARKER_BEGIN(REGION_SPAWN_HELLO);
        sk_err err = spawn_and_wait("hello");
        MARKER_END(REGION_SPAWN_HELLO);
        check(err, "hello");
        rest();
        MARKER_BEGIN(REGION_SPAWN_EMPTY);
        err = spawn_and_wait("bench_empty");
        MARKER_END(REGION_SPAWN_EMPTY);
        check(err, "bench_empty");
    }
}

static void core_starts(void)
{
    struct proc_core core;
    if (sk_cores() <= FORK_CORE)
        return;
    for (sk_core c = FORK_CORE; c < sk_cores(); c++) {
        rest();
        MARKER_BEGIN(REGION_CORE_START);
        sk_err err = proc_core_start(NULL, c, sk_in_ms(CORE_MS));
        MARKER_END(REGION_CORE_START);
        check(err, "core start");
    }
    check(proc_core_info(NULL, FORK_CORE, &core), "core info");
    printf("figure fork_pages_shared %u\n", (unsigned)core.info.pages_shared);
    printf("figure fork_pages_copied %u\n", (unsigned)core.info.pages_copied);
    printf("figure fork_pages_fresh %u\n", (unsigned)core.info.pages_private);
}

/* Last of all: what was on that core is gone. The first shows whether this board can do it. */
/* A device of the far core, three ways (apps/devices.c), if this board's system has them. */
static void devices(void)
{
    static const char line[] = "0123456789012345678901234567890123456789";
    sk_handle timer = sk_self()->start->device[0];
    struct sk_chan serial;
    uint32_t value;
    if (timer == SK_HANDLE_NONE)
        return;
    check(names_connect(SERIAL_NAME, sk_in_ms(CORE_MS), &serial), SERIAL_NAME);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        rest();
        MARKER_BEGIN(REGION_DEV_STUB);
        bool done = uart_stub_put_try(uart_stub_base(&serial), '.');
        MARKER_END(REGION_DEV_STUB);
        check(done ? SK_OK : SK_ERR_FULL, "stub");
        rest();
        MARKER_BEGIN(REGION_DEV_SERVICE);
        sk_err err = serial_write(&serial, line, sizeof line - 1u, SK_FOREVER);
        MARKER_END(REGION_DEV_SERVICE);
        check(err, "service");
        rest();
        MARKER_BEGIN(REGION_DEV_CALL);
        err = sys_dev_read(timer, 4, &value, SK_FOREVER);
        MARKER_END(REGION_DEV_CALL);
        check(err, "device of a kernel");
    }
    sk_chan_close(&serial);
}

static void core_restarts(void)
{
    sk_err err = proc_core_restart(NULL, FAR_CORE, sk_in_ms(CORE_MS));
    if (err == SK_ERR_STATE || err == SK_ERR_UNSUPPORTED)
        return;
    check(err, "core restart");
    for (unsigned i = 0; i < RESTART_ROUNDS; i++) {
        rest();
        MARKER_BEGIN(REGION_CORE_RESTART);
        err = proc_core_restart(NULL, FAR_CORE, sk_in_ms(CORE_MS));
        MARKER_END(REGION_CORE_RESTART);
        check(err, "core restart");
    }
}

int main(void)
{
    static struct sk_chan near, far;
    peer("bench.near", NEAR_CORE, &near);
    peer("bench.far", FAR_CORE, &far);
    null_calls();
    switches();
    interrupts();
    calls(&near, &far);
    loans(&near, &far);
    far_calls(&far);
    far_paths(&far);
    spawns();
    core_starts();
    devices();
    core_restarts();
    printf("figure done 1\n");
    fflush(stdout);
    check(console_sync(), "console");
    MARKER_DONE();
    return 0;
}
