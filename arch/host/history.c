/* See history.h.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "arch/host/history.h"
#include "arch/host/sim.h"
#include "kernel/kern.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct event {
    uint64_t step;
    sk_ns now;
    uint8_t what, core;
    char task[SK_NAME_BYTES];
    uint64_t a, b, c;
    char text[HISTORY_TEXT];
};

static struct {
    struct event event[HISTORY_LAST];
    uint64_t count;
} history;

static const char *const call_name[] = {
#define X(upper, lower) #lower,
    SK_SYSCALLS(X)
#undef X
};

void history_reset(void)
{
    history.count = 0;
}

static const char *call_text(uint64_t nr)
{
    return nr < sizeof(call_name) / sizeof(call_name[0]) ? call_name[nr] : "unknown call";
}

static void describe(const struct event *e, char *to, size_t room)
{
    unsigned long long a = e->a, b = e->b, c = e->c;
    int err = (int)(int32_t)e->a;
    switch (e->what) {
    case HISTORY_CALL:
        snprintf(to, room, "calls %s(0x%llx, 0x%llx)", call_text(a), b, c);
        break;
    case HISTORY_RETURN:
        snprintf(to, room, "goes on: %d%s%s", err, err < 0 ? " " : "",
                 err < 0 ? sk_err_text(err) : "");
        break;
    case HISTORY_FAULT:
        snprintf(to, room, "fault %llu at 0x%llx", a, b);
        break;
    case HISTORY_BELL:
        snprintf(to, room, "takes a doorbell");
        break;
    case HISTORY_TIMER:
        snprintf(to, room, "takes its timer");
        break;
    case HISTORY_IRQ:
        snprintf(to, room, "takes interrupt %llu", a);
        break;
    case HISTORY_RING:
        snprintf(to, room, "rings core %llu", a);
        break;
    case HISTORY_PUBLISH:
        snprintf(to, room, "publishes 0x%llx side %llu number %llu: %s 0x%llx, %llu bytes", a,
                 b >> 32, b & 0xffffffffu, (c & SK_CTL_REPLY) ? "reply" : "label", c >> 32,
                 (unsigned long long)sk_ctl_len((uint32_t)c));
        break;
    case HISTORY_TAKE:
        snprintf(to, room, "gives back 0x%llx side %llu up to number %llu", a, b >> 32,
                 b & 0xffffffffu);
        break;
    default:
        snprintf(to, room, "%s", e->text);
        break;
    }
}

static void print(const struct event *e)
{
    char text[160];
    describe(e, text, sizeof(text));
    fprintf(stderr, "  step %-8llu %10llu ns core %u %-12s %s\n", (unsigned long long)e->step,
            (unsigned long long)e->now, e->core, e->task, text);
}

static struct event *next(enum history_what what)
{
    struct event *e = &history.event[history.count++ % HISTORY_LAST];
    const struct port_cpu *cpu = sim.cur;
    e->step = sim.steps;
    e->now = sim.now;
    e->what = (uint8_t)what;
    e->core = cpu ? (uint8_t)cpu->core : 0;
    const struct task *t = cpu && cpu->space ? cpu->space->task : NULL;
    if (t != NULL)
        memcpy(e->task, t->name, sizeof(e->task));
    else
        strcpy(e->task, "-");
    return e;
}

void history_add(enum history_what what, uint64_t a, uint64_t b, uint64_t c)
{
    struct event *e = next(what);
    e->a = a;
    e->b = b;
    e->c = c;
    if (sim.opt.trace)
        print(e);
}

void history_note(const char *format, ...)
{
    va_list list;
    struct event *e = next(HISTORY_NOTE);
    va_start(list, format);
    vsnprintf(e->text, sizeof(e->text), format, list);
    va_end(list);
    if (sim.opt.trace)
        print(e);
}

void history_print(void)
{
    uint64_t from = history.count > HISTORY_LAST ? history.count - HISTORY_LAST : 0;
    fprintf(stderr, "the last %llu events:\n", (unsigned long long)(history.count - from));
    for (uint64_t n = from; n < history.count; n++)
        print(&history.event[n % HISTORY_LAST]);
}
