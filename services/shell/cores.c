/* Commands about cores: what they are, what they are told, what they have said.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "shell.h"
#include "lib/start.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CORE_START_MS 20000u
#define CORE_ASK_MS   5000u
#define LOG_CHUNKS    256u
#define RECORD_TRIES  3u
#define REGS_LINE     4u

/* What cores of one machine may not have in common. */
static void show_equipment(const struct sk_core_info *info)
{
    printf("; %s", info->fpu ? "FPU" : "no FPU");
    if (info->mpu_regions != 0)
        printf(", %u MPU regions", (unsigned)info->mpu_regions);
    if (info->priority_bits != 0)
        printf(", %u priority bits", (unsigned)info->priority_bits);
}

/* One that is lost while it is asked about is known to be so the next time. */
static sk_err core_info(sk_core c, struct proc_core *core)
{
    sk_err err = proc_core_info(NULL, c, core);
    return err == SK_ERR_PEER_DEAD ? proc_core_info(NULL, c, core) : err;
}

void shell_cores(uint32_t argc, char **argv)
{
    static const char *const state[] = {"absent", "off",     "starting", "running",
                                        "dead",   "suspect", "fenced",   "quarantined"};
    static const char *const fate[] = {"", "", "; stopped", "; starts again soon", "; given up"};
    (void)argc, (void)argv;
    for (sk_core c = 0; c < sk_cores(); c++) {
        struct proc_core core;
        sk_err err = core_info(c, &core);
        if (err) {
            printf("core %u: %s\n", (unsigned)c, sk_err_text(err));
            continue;
        }
        printf("core %u: %s", (unsigned)c,
               state[core.info.state <= SK_CORE_QUARANTINED ? core.info.state : 0]);
        if (core.info.epoch != 0)
            printf(", epoch %u", (unsigned)core.info.epoch);
        if (core.info.self)
            printf(", %u tasks; kernel pages: %u shared, %u copied, %u its own",
                   (unsigned)core.tasks, (unsigned)core.info.pages_shared,
                   (unsigned)core.info.pages_copied, (unsigned)core.info.pages_private);
        if (core.info.self)
            show_equipment(&core.info);
        printf("%s\n", fate[core.fate <= PROC_FATE_GIVEN_UP ? core.fate : 0]);
    }
}

/* --- core WHAT N ----------------------------------------------------------------------------- */

static const struct order {
    const char *word, *done;
    uint32_t ask; /* SK_ASK_*; 0: start, restart */
} orders[] = {
    {"start", "runs", 0},
    {"restart", "runs again", 0},
    {"stop", "is off", SK_ASK_STOP},
    {"crash", "has panicked", SK_ASK_CRASH},
    {"hang", "answers no more", SK_ASK_HANG},
};

static const char *why_not(sk_core core, const struct order *o)
{
    struct proc_core now = {.tasks = 0};
    if (o->ask != 0 || strcmp(o->word, "restart") == 0)
        return "cannot be forced on this machine";
    (void)proc_core_info(NULL, core, &now);
    return now.info.state == SK_CORE_STARTING  ? "is starting"
           : now.info.state == SK_CORE_RUNNING ? "runs already"
                                               : "is lost, and not seen off: it cannot be started";
}

static void give_order(sk_core core, const struct order *o)
{
    sk_err err = o->ask != 0         ? proc_core_ask(NULL, core, o->ask, sk_in_ms(CORE_ASK_MS))
                 : o->word[0] == 'r' ? proc_core_restart(NULL, core, sk_in_ms(CORE_START_MS))
                                     : proc_core_start(NULL, core, sk_in_ms(CORE_START_MS));
    if (err == SK_ERR_STATE)
        printf("core %u %s\n", (unsigned)core, why_not(core, o));
    else if (err == SK_ERR_ARG)
        printf("core %u boots the machine\n", (unsigned)core);
    else
        printf("core %u%s %s\n", (unsigned)core, err ? ":" : "", err ? sk_err_text(err) : o->done);
}

void shell_core_command(uint32_t argc, char **argv)
{
    const struct order *o = NULL;
    sk_core core;
    (void)argc;
    for (uint32_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        if (strcmp(orders[i].word, argv[1]) == 0)
            o = &orders[i];
    }
    if (o == NULL)
        printf("usage: core start|stop|restart|crash|hang N\n");
    else if (!shell_core(argv[2], &core))
        return;
    else if (o->ask != 0 && core != 0 && core == sk_my_core())
        printf("core %u is the one that this shell runs on\n", (unsigned)core);
    else
        give_order(core, o);
}

/* --- log ------------------------------------------------------------------------------------- */

static void put_text(const char *text, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        sk_stdout_put(text[i]);
    if (len > 0 && text[len - 1u] != '\n')
        sk_stdout_put('\n');
}

static void show_record(sk_core core, const struct sk_crash *r)
{
    printf("--- core %u, epoch %u ended: %s%s\n", (unsigned)core, (unsigned)r->epoch,
           r->cause == SK_CRASH_PANIC ? "panic: " : "", r->reason);
    const char *name = r->reg_name;
    for (uint32_t i = 0; i < r->regs && *name != '\0'; i++) {
        while (*name != '\0' && *name != ' ')
            sk_stdout_put(*name++);
        name += *name == ' ' ? 1 : 0;
        bool last = i + 1u == r->regs || *name == '\0';
        printf(" 0x%llx%s", (unsigned long long)r->reg[i],
               last || i % REGS_LINE == REGS_LINE - 1u ? "\n" : "  ");
    }
    printf("last lines of its log:\n");
    put_text(r->log, r->log_bytes);
}

/* How it ended last, if it did; then, if it runs, its log is that of another run. */
static void show_last_end(sk_core core)
{
    struct sk_crash *r = malloc(sizeof *r);
    sk_err err = r != NULL ? SK_ERR_STATE : SK_ERR_NO_MEMORY;
    for (uint32_t i = 0; i < RECORD_TRIES && err == SK_ERR_STATE; i++)
        err = proc_core_record(NULL, core, r);
    if (err == SK_OK) {
        show_record(core, r);
        printf("--- core %u now\n", (unsigned)core);
    } else if (err != SK_ERR_NOT_FOUND) {
        shell_complain("crash record", err);
    }
    free(r);
}

void shell_log(uint32_t argc, char **argv)
{
    sk_core core = sk_my_core();
    struct proc_log log = {.next = 0};
    if (argc > 1 && !shell_core(argv[1], &core))
        return;
    show_last_end(core);
    char last = '\n';
    for (uint32_t i = 0; i < LOG_CHUNKS; i++) { /* it may grow while we read */
        sk_err err = proc_log_read(NULL, core, log.next, &log);
        if (err) {
            printf("core %u: %s\n", (unsigned)core, sk_err_text(err));
            return;
        }
        if (log.len == 0)
            break;
        for (uint32_t k = 0; k < log.len; k++)
            sk_stdout_put(log.text[k]);
        last = log.text[log.len - 1u];
    }
    if (last != '\n')
        sk_stdout_put('\n');
}
