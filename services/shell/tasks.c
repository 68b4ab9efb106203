/* Commands about tasks.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "shell.h"
#include "lib/console.h"
#include "lib/start.h"
#include <skerry/system.h>

#include <stdio.h>
#include <string.h>

#define KILL_MS  5000u
#define SLICE_MS 100u /* between looks for Ctrl-C */

static const char *state_word(uint32_t state)
{
    static const char *const word[] = {"?", "new", "ready", "waiting", "dying", "dead"};
    return word[state < sizeof word / sizeof word[0] ? state : 0];
}

static void ps_core(sk_core core)
{
    struct proc_entry e;
    char tid[TEXT_TID_BYTES];
    uint32_t index = 0;
    sk_err err;
    while ((err = proc_list(NULL, core, &index, &e)) == SK_OK) {
        text_from_tid(tid, e.tid);
        printf("%-12s %4u %4u %-8s %5u %7u %4u %9llu  %s\n", tid, (unsigned)core,
               (unsigned)e.priority, state_word(e.state), (unsigned)e.pages, (unsigned)e.handles,
               (unsigned)e.ends, (unsigned long long)(e.run_ns / 1000u), e.name);
    }
    if (err != SK_ERR_NOT_FOUND && err != SK_ERR_CORE_DOWN)
        printf("core %u: %s\n", (unsigned)core, sk_err_text(err));
}

void shell_ps(uint32_t argc, char **argv)
{
    (void)argc, (void)argv;
    printf("%-12s %4s %4s %-8s %5s %7s %4s %9s  %s\n", "TID", "CORE", "PRIO", "STATE", "PAGES",
           "HANDLES", "ENDS", "CPU-US", "NAME");
    for (sk_core c = 0; c < sk_cores(); c++)
        ps_core(c);
}

/* run and spawn: [-c CORE] PROG [ARG...]. Says what is wrong. */
static bool start(uint32_t argc, char **argv, sk_tid *tid, const char **prog)
{
    uint32_t core = SK_PLACE_ANY;
    uint32_t at = 1;
    if (strcmp(argv[1], "-c") == 0) {
        if (argc < 4) {
            printf("usage: %s [-c CORE] PROG [ARG...]\n", argv[0]);
            return false;
        }
        if (!shell_core(argv[2], &core))
            return false;
        at = 3;
    }
    *prog = argv[at];
    sk_err err = proc_spawn(NULL, argv[at], argc - at, (const char *const *)argv + at, core, tid);
    if (err == SK_ERR_NOT_FOUND)
        printf("no such program: %s\n", argv[at]);
    else if (err)
        shell_complain(argv[at], err);
    return err == SK_OK;
}

static void tell_fault(const char *who, const struct proc_exit *how)
{
    static const char *const what[] = {
        [SK_FAULT_NONE] = "unknown fault at address",
        [SK_FAULT_READ] = "read of address",
        [SK_FAULT_WRITE] = "write to address",
        [SK_FAULT_EXEC] = "execution of address",
        [SK_FAULT_STACK] = "stack overflow, address",
        [SK_FAULT_ILLEGAL] = "illegal instruction, address",
        [SK_FAULT_ALIGN] = "unaligned access to address",
        [SK_FAULT_OTHER] = "fault, address",
    };
    uint32_t kind = how->fault <= SK_FAULT_OTHER ? how->fault : SK_FAULT_OTHER;
    printf("%s: fault: %s 0x%llx at pc 0x%llx\n", who, what[kind],
           (unsigned long long)how->fault_addr, (unsigned long long)how->fault_pc);
}

/* How it ended, if that is worth a line. */
static void tell_end(const char *who, const struct proc_exit *how, bool always)
{
    if (how->cause == SK_CAUSE_FAULT)
        tell_fault(who, how);
    else if (how->cause == SK_CAUSE_KILLED)
        printf("killed\n");
    else if (how->status != 0 || always)
        printf("status %d\n", (int)how->status);
}

/* Until the task has ended; SK_ERR_CANCELLED: Ctrl-C was typed before that. In slices, so that
 * nothing is left of a wait that is given up. */
static sk_err wait_or_interrupt(sk_tid tid, struct proc_exit *how)
{
    for (;;) {
        sk_err err = proc_wait(NULL, tid, how, sk_in_ms(SLICE_MS));
        if (err != SK_ERR_TIMED_OUT)
            return err;
        if (console_interrupted())
            return SK_ERR_CANCELLED;
    }
}

void shell_run_program(uint32_t argc, char **argv)
{
    const char *prog;
    sk_tid tid;
    struct proc_exit how;
    if (!start(argc, argv, &tid, &prog))
        return;
    (void)console_focus(false); /* what is typed is for the program, if it reads */
    sk_err err = wait_or_interrupt(tid, &how);
    bool interrupted = err == SK_ERR_CANCELLED;
    if (interrupted && (err = proc_kill(NULL, tid)) == SK_OK)
        err = proc_wait(NULL, tid, &how, sk_in_ms(KILL_MS));
    (void)console_focus(true);
    if (interrupted)
        printf("interrupted\n");
    else if (err)
        shell_complain(prog, err);
    else
        tell_end(prog, &how, false);
}

void shell_spawn(uint32_t argc, char **argv)
{
    const char *prog;
    sk_tid tid;
    char text[TEXT_TID_BYTES];
    if (!start(argc, argv, &tid, &prog))
        return;
    text_from_tid(text, tid);
    printf("%s\n", text);
}

static bool tid_of(const char *word, sk_tid *tid)
{
    if (text_to_tid(word, tid) && SK_TID_CORE(*tid) < sk_cores())
        return true;
    printf("no such task: %s\n", word);
    return false;
}

static void complain_tid(const char *word, sk_err err)
{
    if (err == SK_ERR_NOT_FOUND)
        printf("no such task: %s\n", word);
    else
        shell_complain(word, err);
}

void shell_wait(uint32_t argc, char **argv)
{
    sk_tid tid;
    struct proc_exit how;
    (void)argc;
    if (!tid_of(argv[1], &tid))
        return;
    sk_err err = wait_or_interrupt(tid, &how);
    if (err == SK_ERR_CANCELLED)
        printf("interrupted\n");
    else if (err == SK_ERR_RIGHTS)
        printf("%s: init ends only with its core\n", argv[1]);
    else if (err)
        complain_tid(argv[1], err);
    else
        tell_end(argv[1], &how, true);
}

void shell_kill(uint32_t argc, char **argv)
{
    sk_tid tid;
    struct proc_exit how;
    (void)argc;
    if (!tid_of(argv[1], &tid))
        return;
    sk_err err = proc_kill(NULL, tid);
    if (err == SK_ERR_RIGHTS)
        printf("%s: init cannot be killed: its core would end with it\n", argv[1]);
    else if (err)
        complain_tid(argv[1], err);
    else if ((err = proc_wait(NULL, tid, &how, sk_in_ms(KILL_MS))) != SK_OK)
        complain_tid(argv[1], err); /* killed, and still being torn down */
}
