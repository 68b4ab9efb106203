/* Kernels of a machine of plain memory (tests/unit/fake_machine.h) that run as on a real one: on
 * each core the task that its scheduler has chosen makes the next system call, doorbells and timers
 * come when the input says. After each entry all tables are audited; at the end all tasks but the
 * inits are ended, and everything must be back.
 *
 * What tasks ask for is in calls.h. Included by one file of a target.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef FUZZ_KERNELS_H
#define FUZZ_KERNELS_H

#include "input.h"
#include "audit.h"
#define FAKE_PAGES 40u /* what is zeroed for every input */
#include "tests/unit/fake_machine.h"

#define CONTROL SK_HANDLE_MAKE(0, 1) /* of every init */
#define PORT    SK_HANDLE_MAKE(1, 1)

static struct {
    uint32_t cores;                        /* kernels; fuzzed ones come behind them */
    struct port_task *running[FAKE_CORES]; /* as the last entry said; NULL: idle */
    bool steady;                           /* no core is started or begins anew by a call */
} machine;

static inline struct kern *kern_of(sk_core core)
{
    return fake_cpu[core].k;
}

static inline struct task *init_of(sk_core core)
{
    return &kern_of(core)->tasks[0];
}

/* Who runs there now, or NULL. */
static inline struct task *runner(sk_core core)
{
    return machine.running[core] ? kern_task_of(machine.running[core]) : NULL;
}

static inline void after_entry(sk_core core, struct port_task *next)
{
    struct kern *k = kern_of(core);
    FUZZ_CHECK(next == (k->current ? kern_port_task(k->current) : NULL));
    FUZZ_CHECK(next == NULL || k->current->state == SK_TASK_READY);
    machine.running[core] = next;
    fuzz_audit(k);
}

/* --- Entries --------------------------------------------------------------------------------- */

static inline void enter_bell(sk_core core)
{
    fake_cpu[core].bell = false;
    after_entry(core, kern_doorbell(kern_of(core)));
}

static inline void enter_timer(sk_core core)
{
    fake_cpu[core].timer = SK_FOREVER;
    after_entry(core, kern_timer(kern_of(core)));
}

static inline void enter_irq(sk_core core, uint32_t irq)
{
    after_entry(core, kern_irq(kern_of(core), irq));
}

static inline void enter_idle(sk_core core)
{
    after_entry(core, kern_idle(kern_of(core)));
}

/* The running task does what it may not; init must not: its kernel would end with it. */
static inline void enter_fault(sk_core core)
{
    static const struct port_fault fault = {.kind = SK_FAULT_READ, .addr = 4, .pc = 8, .sp = 12};
    if (runner(core) != NULL && runner(core) != init_of(core))
        after_entry(core, kern_fault(kern_of(core), &fault));
}

static inline void enter_call(sk_core core, uint32_t nr, const uint64_t args[6])
{
    memcpy(machine.running[core]->reg, args, sizeof(machine.running[core]->reg));
    after_entry(core, kern_syscall(kern_of(core), nr));
}

/* A kernel has panicked: what it was asked never allows that. */
static inline void halted(void)
{
    for (sk_core c = 0; c < FAKE_CORES; c++)
        if (fake_cpu[c].halted)
            FUZZ_FAIL("core %u: panic: %s", c, fake_cpu[c].k->panic_why);
}

static inline sk_err last_result(const struct task *t)
{
    return (sk_err)t->port.reg[0];
}

/* One thing that is due on that core. False: nothing is. */
static inline bool step_core(sk_core core)
{
    struct port_cpu *cpu = &fake_cpu[core];
    if (cpu->bell)
        enter_bell(core);
    else if (cpu->timer <= fake_now)
        enter_timer(core);
    else if (kern_has_work(cpu->k))
        enter_idle(core);
    else
        return false;
    return true;
}

/* Until nothing is due at this time. A kernel that always has something to do never gets there. */
static inline void settle(void)
{
    unsigned steps = 0;
    for (bool more = true; more;) {
        more = false;
        for (sk_core c = 0; c < machine.cores; c++)
            for (; step_core(c); more = true)
                FUZZ_CHECK(++steps < 20000);
    }
}

/* --- Beginning and end ----------------------------------------------------------------------- */

static inline void machine_begin(uint32_t cores)
{
    fake_now = 1000;
    fake_machine(cores);
    machine.cores = cores;
    memset(fake_user, 0, sizeof(fake_user));
    for (sk_core c = 0; c < cores; c++)
        after_entry(c, kern_idle(kern_of(c)));
    settle();
}

/* init waits for nothing: whatever it waited for is given up, as if its time had come. */
static inline void rouse_init(sk_core core)
{
    struct task *init = init_of(core);
    if (init->state == SK_TASK_WAITING) {
        sched_timer_cancel(kern_of(core), &init->wait_timer);
        task_timed_out(kern_of(core), init);
    }
    after_entry(core, kern_idle(kern_of(core)));
}

/* A call of that core's init, as soon as it runs; a deadline in the last place is for ever. */
static inline sk_err init_call(sk_core core, uint32_t nr, uint64_t a0, uint64_t a1, uint64_t a2)
{
    const uint64_t args[6] = {a0, a1, a2, SK_FOREVER};
    for (unsigned i = 0; runner(core) != init_of(core); i++) {
        FUZZ_CHECK(i < 5000);
        rouse_init(core);
        fake_now += SK_MS(1);
        settle();
        if (runner(core) != NULL && runner(core) != init_of(core))
            enter_call(core, SK_CALL_EXIT, args);
    }
    enter_call(core, nr, args);
    return last_result(init_of(core));
}

/* Close all that init has but its two first handles. */
static inline void close_all(sk_core core)
{
    struct task *init = init_of(core);
    for (uint32_t i = 2; i < init->handles_max; i++)
        if (init->handles[i].kind != SK_KIND_NONE)
            (void)init_call(core, SK_CALL_CLOSE, SK_HANDLE_MAKE(i, init->handles[i].gen), 0, 0);
    while (init_call(core, SK_CALL_PORT_ACCEPT, PORT, 0, 0) == SK_OK)
        (void)init_call(core, SK_CALL_CLOSE, init->port.reg[1], 0, 0);
}

/* Everything is back: what is left is init's own. */
static inline void check_back(sk_core core)
{
    const struct kern *k = kern_of(core);
    const struct task *init = init_of(core);
    uint32_t own = 1; /* what port_space_create takes */
    for (unsigned i = 0; i < KERN_STATUS_PAGES; i++)
        own += init->status_page[i] != SK_PADDR_NONE;
    FUZZ_CHECK(k->stats.tasks == 1);
    FUZZ_CHECK(k->stats.handles == 2);
    FUZZ_CHECK(k->stats.ends == 0);
    FUZZ_CHECK(k->stats.chans == 0);
    FUZZ_CHECK(k->stats.ports == 1);
    FUZZ_CHECK(k->stats.regions == 0);
    FUZZ_CHECK(init->pages_used == own);
    FUZZ_CHECK(k->ram_free == k->ram_pages - own);
    for (uint32_t i = 0; i < k->device_count; i++)
        FUZZ_CHECK(k->device[i].owner == NULL);
    for (uint32_t i = 0; i < k->image_count; i++)
        FUZZ_CHECK(k->image[i].owner == NULL);
}

/* End all, several times: a handle on its way is busy until its answer comes. */
static inline void machine_end(void)
{
    for (unsigned round = 0; round < 6; round++) {
        for (sk_core c = 0; c < machine.cores; c++)
            close_all(c);
        fake_now += SK_MS(50);
        settle();
    }
    for (sk_core c = 0; c < machine.cores; c++)
        check_back(c);
    fake_free();
}

#endif
