/* See crash.h. A record is written where nobody reads it yet: check is cleared first and written
 * last; a reader looks at it before and after.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/crash.h"
#include "kernel/link.h"
#include "kernel/log.h"
#include "kernel/ring.h"

#define PANIC_LOG_BYTES 768u

const struct kern_registers crash_no_registers = {.names = ""};

static void copy_text(char *to, const char *from, size_t room)
{
    size_t i = 0;
    for (; i + 1u < room && from[i] != '\0'; i++)
        to[i] = from[i];
    for (; i < room; i++)
        to[i] = '\0';
}

/* The end of the log, from the beginning of a line if it does not fit as a whole. */
static uint32_t copy_log(const struct kern *k, char *to, uint32_t room)
{
    uint64_t position = k->log_end > room ? k->log_end - room : 0;
    bool cut = position != 0;
    uint32_t len = (uint32_t)klog_read(k, &position, to, room), skip = 0;
    while (cut && skip < len && to[skip++] != '\n')
        ;
    for (uint32_t i = skip; i < len; i++)
        to[i - skip] = to[i];
    return len - skip;
}

static void record(struct kern *k, uint32_t cause, const char *why,
                   const struct kern_registers *regs)
{
    struct sk_crash *r = port_crash_record(k->cpu, k->core);
    if (r == NULL)
        return;
    seam_store_release(&r->check, 0);
    seam_store_release(&r->epoch, k->epoch);
    r->cause = (uint16_t)cause;
    r->regs = (uint16_t)(regs->count < SK_CRASH_REGS ? regs->count : SK_CRASH_REGS);
    for (uint32_t i = 0; i < SK_CRASH_REGS; i++)
        r->reg[i] = i < r->regs ? regs->value[i] : 0;
    copy_text(r->reason, why, sizeof(r->reason));
    copy_text(r->reg_name, regs->names, sizeof(r->reg_name));
    r->log_bytes = copy_log(k, r->log, sizeof(r->log));
    seam_store_release(&r->check, ~k->epoch);
}

uint32_t crash_whole(const struct sk_crash *r)
{
    uint32_t check = seam_load_acquire(&r->check);
    uint32_t epoch = seam_load_acquire(&r->epoch);
    return check == ~epoch ? epoch : 0;
}

/* What led to it, for who sits at the machine. */
static void show_last_lines(struct kern *k)
{
    char piece[64]; /* there may be little stack left */
    size_t len;
    uint64_t position = k->log_end > PANIC_LOG_BYTES ? k->log_end - PANIC_LOG_BYTES : 0;
    while ((len = klog_read(k, &position, piece, sizeof(piece))) != 0)
        port_console_write(k->cpu, piece, len);
}

_Noreturn void crash_end(struct kern *k, uint32_t cause, const char *why,
                         const struct kern_registers *regs)
{
    if (k->panic_why == NULL) {
        k->panic_why = why;
        klog(k, cause == SK_CRASH_PANIC ? "panic: %s" : "%s", why);
        record(k, cause, why, regs);
        if (cause == SK_CRASH_PANIC) {
            port_console_write(k->cpu, "\nskerry: kernel panic\n", 22);
            show_last_lines(k);
        }
        link_announce_death(k);
    }
    port_halt(k->cpu);
}

_Noreturn void kern_panic(struct kern *k, const char *why)
{
    const uintptr_t value[] = {(uintptr_t)__builtin_return_address(0),
                               (uintptr_t)__builtin_frame_address(0)};
    kern_panic_at(k, why, &(struct kern_registers){"pc sp", value, 2});
}

_Noreturn void kern_panic_at(struct kern *k, const char *why, const struct kern_registers *regs)
{
    crash_end(k, SK_CRASH_PANIC, why, regs);
}

_Noreturn void kern_forced(struct kern *k, const struct kern_registers *regs)
{
    crash_end(k, SK_CRASH_FORCED, "ordered off", regs);
}
