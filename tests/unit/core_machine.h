/* Four kernels that beat, of which core 0 has started the others: what the tests of the loss of a
 * core share. Each enters its kernel by its own timer and doorbell, until it halts or a test
 * freezes it; a core that is ordered off goes when the test says so.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_MACHINE_H
#define CORE_MACHINE_H

#include "kernel/crash.h"
#include "kernel/log.h"
#include "restart_machine.h"

/* What the kernel of core said last: for who looks for a mistake. */
static inline void show_log(sk_core core)
{
    uint64_t position = 0;
    char text[8192];
    size_t len = klog_read(fake_cpu[core].k, &position, text, sizeof(text));
    print_message("--- core %u:\n%.*s", core, (int)len, text);
}

#define CORES   4u
#define BEAT_MS 100u
#define MISSED  8u /* periods */

enum { TIMER, DOORBELL, FORCED };

static inline struct kern *kern_of(sk_core core)
{
    return fake_cpu[core].k;
}

/* The core enters its kernel, which may be its end. */
static inline void enter(sk_core core, unsigned by)
{
    struct port_cpu *cpu = &fake_cpu[core];
    if (setjmp(fake_halt) != 0)
        return;
    if (by == TIMER) {
        kern_timer(cpu->k);
    } else if (by == DOORBELL) {
        cpu->bell = false;
        kern_doorbell(cpu->k);
    } else {
        kern_forced(cpu->k, &crash_no_registers);
    }
}

static inline bool works(sk_core core)
{
    const struct port_cpu *cpu = &fake_cpu[core];
    return cpu->ram != NULL && !cpu->halted && !cpu->hung && !cpu->frozen;
}

/* Doorbells, until there are none. */
static inline void settle(void)
{
    for (bool more = true; more;) {
        more = false;
        for (sk_core c = 0; c < CORES; c++)
            if (works(c) && fake_cpu[c].bell) {
                enter(c, DOORBELL);
                more = true;
            }
    }
}

/* In steps of 5 ms. */
static inline void time_passes(uint32_t ms)
{
    for (uint32_t i = 0; i < ms; i += 5) {
        fake_now += SK_MS(5);
        for (sk_core c = 0; c < CORES; c++)
            if (works(c) && fake_cpu[c].timer <= fake_now)
                enter(c, TIMER);
        settle();
    }
}

static inline void periods(uint32_t n)
{
    time_passes(n * BEAT_MS);
}

/* `parent` starts it, and hears of it. */
static inline void start_core(sk_core parent, sk_core core)
{
    EXPECT(CALL(kern_of(parent), init_of(parent), CORE_START, CONTROL, core, SK_FOREVER),
           CALL_BLOCKED);
    free(fake_cpu[core].ram);
    free(fake_cpu[core].memory);
    fake_boot_epoch(core, parent, fake_start_epoch);
    settle();
    EXPECT(result(init_of(parent)), SK_OK);
    EXPECT(core_state(kern_of(parent), core), SK_CORE_RUNNING);
}

static inline int setup_cores(void **state)
{
    (void)state;
    fake_heartbeat_ms = BEAT_MS;
    fake_prepare(CORES);
    for (sk_core c = 0; c < CORES; c++)
        fake_cpu[c] = (struct port_cpu){.core = c};
    fake_boot(0, 0);
    for (sk_core c = 1; c < CORES; c++)
        start_core(0, c);
    for (sk_core a = 0; a < CORES; a++)
        for (sk_core b = a + 1; b < CORES; b++)
            warm(a, b);
    return 0;
}

static inline int teardown_cores(void **state)
{
    fake_heartbeat_ms = 0;
    return teardown(state);
}

static inline void freeze(sk_core core)
{
    fake_cpu[core].frozen = true;
}

/* It goes on where it was: what was due meanwhile is so now. */
static inline void thaw(sk_core core)
{
    fake_cpu[core].frozen = false;
}

/* The order has come. */
static inline void comes_off(sk_core core)
{
    thaw(core);
    fake_cpu[core].hung = false;
    enter(core, FORCED);
    assert_true(fake_cpu[core].halted);
}

static inline void expect_state(sk_core seen_from, sk_core core, uint32_t state)
{
    EXPECT(core_state(kern_of(seen_from), core), state);
}

/* On every core that works. */
static inline void expect_all(sk_core core, uint32_t state)
{
    for (sk_core c = 0; c < CORES; c++)
        if (c != core && works(c))
            expect_state(c, core, state);
}

static inline void expect_cause(sk_core core, uint32_t cause)
{
    EXPECT(crash_whole(&fake_crash[core]), kern_of(core)->epoch);
    EXPECT(fake_crash[core].cause, cause);
}

#endif
