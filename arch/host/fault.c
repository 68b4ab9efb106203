/* Real faults. A signal in a program's code becomes that task's fault, as a trap would: the
 * handler lets the process go on in the core's kernel, and the task's context is never resumed.
 * A signal in the simulation or in a kernel is a bug of theirs: the run's seed is printed.
 * SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include "arch/host/sim.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

/* The sanitizer leaves the signals to us; there is one process with many stacks, all of them ours.
 */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "handle_segv=0:handle_sigbus=0:handle_sigill=0:handle_sigfpe=0:handle_sigtrap=0:"
           "detect_stack_use_after_return=0:detect_leaks=0";
}

#define LANDING_BYTES (64u * 1024u)
#define SIGNAL_BYTES  (128u * 1024u)

static _Alignas(64) char landing[LANDING_BYTES]; /* where the process goes on after a fault */
static _Alignas(64) char signal_stack[SIGNAL_BYTES];

#if defined(__x86_64__)
static uint64_t *context_pc(ucontext_t *u)
{
    return (uint64_t *)&u->uc_mcontext.gregs[REG_RIP];
}
static uint64_t *context_sp(ucontext_t *u)
{
    return (uint64_t *)&u->uc_mcontext.gregs[REG_RSP];
}
static uint32_t access_kind(const ucontext_t *u)
{
    greg_t code = u->uc_mcontext.gregs[REG_ERR];
    return code & 16 ? SK_FAULT_EXEC : code & 2 ? SK_FAULT_WRITE : SK_FAULT_READ;
}
#else
static uint64_t *context_pc(ucontext_t *u)
{
    return (uint64_t *)&u->uc_mcontext.pc;
}
static uint64_t *context_sp(ucontext_t *u)
{
    return (uint64_t *)&u->uc_mcontext.sp;
}
static uint32_t access_kind(const ucontext_t *u)
{
    return u->uc_mcontext.pc == u->uc_mcontext.fault_address ? SK_FAULT_EXEC : SK_FAULT_READ;
}
#endif

static uint32_t fault_kind(int number, const siginfo_t *info, const ucontext_t *u,
                           const struct host_space *s)
{
    uint64_t addr = (uint64_t)(uintptr_t)info->si_addr;
    uint64_t stack = (uint64_t)(uintptr_t)s->stack;
    if (number == SIGILL || number == SIGTRAP)
        return SK_FAULT_ILLEGAL;
    if (number == SIGFPE)
        return SK_FAULT_OTHER;
    if (number == SIGBUS)
        return SK_FAULT_ALIGN;
    return addr < stack && addr >= stack - 65536u ? SK_FAULT_STACK : access_kind(u);
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    ucontext_t *u = context;
    struct port_cpu *cpu = sim.cur;
    static bool again;
    if (cpu == NULL || sim.inside || cpu->mode != CORE_TASK) {
        if (again) /* while it was told */
            _exit(4);
        again = true;
        fprintf(stderr, "sim: signal %d at pc %#llx, address %p, in %s\n", number,
                (unsigned long long)*context_pc(u), info->si_addr,
                cpu && !sim.inside ? "a kernel" : "the simulation");
        sim_print_state();
        _exit(4);
    }
    cpu->fault = (struct port_fault){.kind = fault_kind(number, info, u, cpu->space),
                                     .addr = (uint64_t)(uintptr_t)info->si_addr,
                                     .pc = *context_pc(u),
                                     .sp = *context_sp(u)};
    sim.inside = true;
    *context_pc(u) = (uint64_t)(uintptr_t)sim_fault_landing;
    /* As after a call: 8 below a multiple of 16 on x86-64, which others tolerate. */
    *context_sp(u) = (uint64_t)(uintptr_t)(landing + LANDING_BYTES - 64u);
#if defined(__x86_64__)
    *context_sp(u) -= 8u;
#endif
}

void sim_signals_install(void)
{
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
    stack_t stack = {.ss_sp = signal_stack, .ss_size = SIGNAL_BYTES};
    sigaltstack(&stack, NULL);
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        sigaction(numbers[i], &action, NULL);
}
