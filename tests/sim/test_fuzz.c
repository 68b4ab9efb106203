/* Random system calls on 1 to 8 cores, many seeds, with roomy and with tight tables, audited as
 * they go; with kernels that break and garbage on the links. What must hold: no kernel fails that
 * was not broken, the ledgers are sound, and without broken kernels everything is back at the end.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/sim/fuzz_programs.h"
#include "arch/host/include/host_user.h"
#include "arch/host/include/programs.h"
#include "arch/host/sim.h"
#include "lib/sys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

const struct host_program host_programs[] = {
    {"init", fuzz_init}, {"child", fuzz_child}, {NULL, NULL}};

/* In place of the library's: these programs take the start block as it is. */
_Noreturn void host_task_begin(const struct host_program *program, uint64_t arg)
{
    sys_exit(program->main(0, (char **)(uintptr_t)arg));
}

struct table {
    struct sk_sys_header header;
    struct sk_sys_core core[SK_CORES_MAX];
    struct sk_sys_prog prog;
};

static struct table make_table(const struct sk_sys_core *core)
{
    struct table t = {
        .header = {.magic = SK_SYS_MAGIC,
                   .version = SK_SYS_VERSION,
                   .size_bytes = sizeof(t),
                   .cores = SK_CORES_MAX,
                   .core_off = offsetof(struct table, core),
                   .core_count = SK_CORES_MAX,
                   .prog_off = offsetof(struct table, prog),
                   .prog_count = 1,
                   .dev_off = sizeof(t),
                   .perm_off = sizeof(t),
                   .name = "fuzz",
                   .board = "host"},
        .prog = {.name = "init",
                 .place = SK_PLACE_ANY,
                 .priority = 12,
                 .mem_bytes = core->ram_bytes / 2u,
                 .stack_bytes = 4096,
                 .handles = core->handles,
                 .ends = (uint16_t)(core->ends / 2u),
                 .flags = SK_SYS_PROG_PROC | SK_SYS_PROG_CORE},
    };
    for (uint32_t c = 0; c < SK_CORES_MAX; c++)
        t.core[c] = *core;
    return t;
}

static const struct sk_sys_core roomy = {.ram_bytes = 4096 * 1024,
                                         .log_bytes = 8192,
                                         .tasks = 16,
                                         .ends = 200,
                                         .ports = 32,
                                         .regions = 128,
                                         .handles = 96};
static const struct sk_sys_core tight = {.ram_bytes = 512 * 1024,
                                         .log_bytes = 8192,
                                         .tasks = 6,
                                         .ends = 24,
                                         .ports = 4,
                                         .regions = 8,
                                         .handles = 24};

static uint64_t count(uint64_t usual)
{
    const char *n = getenv("SIM_SEEDS");
    return n == NULL ? usual : strtoull(n, NULL, 0);
}

static void run(const struct sk_sys_core *core, uint64_t seeds, const struct sim_options *extra)
{
    static const sk_core cores[] = {1, 2, 3, 4, 8};
    const char *only = getenv("SIM_SEED");
    struct table t = make_table(core);
    sim_signals_install(); /* here: cmocka has its own outside of a test */
    for (unsigned n = 0; n < sizeof(cores) / sizeof(cores[0]); n++) {
        struct sim_options o = *extra;
        o.system = &t;
        o.system_bytes = sizeof(t);
        o.cores = cores[n];
        o.max_steps = 20000000;
        o.max_ns = SK_MS(1000);
        o.quiet = true;
        uint64_t first = only == NULL ? 1 : strtoull(only, NULL, 0);
        uint64_t end = only == NULL ? 1 + count(seeds) : first + 1;
        for (o.seed = first; o.seed < end; o.seed++)
            if (!sim_run(&o)) {
                sim_print_state();
                fail_msg("%s (again: SIM_SEED=%llu)", sim.why, (unsigned long long)o.seed);
            }
    }
}

static void test_roomy(void **state)
{
    (void)state;
    run(&roomy, 20, &(struct sim_options){0});
}

static void test_tight(void **state)
{
    (void)state;
    run(&tight, 20, &(struct sim_options){0});
}

static void test_tight_and_no_pages(void **state)
{
    (void)state;
    run(&tight, 10, &(struct sim_options){.plan.no_page = 3});
}

static void test_children_fault(void **state)
{
    (void)state;
    run(&roomy, 10, &(struct sim_options){.plan.fault_task = 200});
}

static void test_garbage_in_channels(void **state)
{
    (void)state;
    run(&roomy, 10, &(struct sim_options){.plan.scribble_chan = 100});
}

static void test_garbage_on_links(void **state)
{
    (void)state;
    run(&roomy, 10, &(struct sim_options){.plan.scribble_link = 2000});
}

/* Nothing but time is lost with a doorbell. */
static void test_doorbells_are_lost(void **state)
{
    (void)state;
    run(&roomy, 10, &(struct sim_options){.plan.lost_bell = 10});
}

static void test_kernels_break(void **state)
{
    (void)state;
    run(&roomy, 10, &(struct sim_options){.plan.panic_core = 40000, .allow_panic = true});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roomy),
        cmocka_unit_test(test_tight),
        cmocka_unit_test(test_tight_and_no_pages),
        cmocka_unit_test(test_children_fault),
        cmocka_unit_test(test_garbage_in_channels),
        cmocka_unit_test(test_garbage_on_links),
        cmocka_unit_test(test_doorbells_are_lost),
        cmocka_unit_test(test_kernels_break),
    };
    return cmocka_run_group_tests_name("sim_fuzz", tests, NULL, NULL);
}
