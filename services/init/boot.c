/* Programs that the manifest wants to be kept running.
 *
 * A program that ended quickly waits longer each time before it is started again, and after
 * restart_limit quick ends in a row (if there is a limit) no more. Programs that somebody spawned
 * are not restarted: their spawner learns of the end and decides.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "init.h"
#include "lib/start.h"

sk_ns boot_pause(uint32_t backoff_ms, uint32_t in_row)
{
    uint32_t doublings = in_row > 0 ? in_row - 1u : 0u;
    return SK_MS(backoff_ms) << (doublings < 6u ? doublings : 6u);
}

static void start_later(struct init *in, struct boot *b)
{
    const struct sk_sys_prog *p = b->prog;
    if (p->restart_limit != 0 && b->in_row > p->restart_limit) {
        sk_log("%s ended too often: given up\n", p->name);
        return;
    }
    sk_timer_set(&in->loop, &b->timer, sk_now() + boot_pause(p->backoff_ms, b->in_row));
}

static void start(struct init *in, struct boot *b)
{
    const char *argv[1] = {b->prog->name};
    sk_err err = task_spawn(in, b->prog, 1, argv, &b->tid);
    b->started = sk_now();
    if (err == SK_OK)
        return;
    sk_log("%s does not start: %s\n", b->prog->name, sk_err_text(err));
    b->tid = SK_TID_NONE;
    b->in_row++;
    if (b->prog->restart != SK_RESTART_NEVER)
        start_later(in, b);
}

static void on_timer(struct sk_loop *loop, struct sk_timer *timer)
{
    struct boot *b = timer->user;
    b->restarts++;
    start(loop->user, b);
}

bool boot_is_here(const struct init *in, const struct sk_sys_prog *p)
{
    return (p->flags & SK_SYS_PROG_BOOT) &&
           manifest_place(&in->manifest, p, in->start->cores) == in->start->core;
}

void boot_programs(struct init *in)
{
    const struct sk_sys_prog *p;
    for (uint32_t i = 0; (p = manifest_prog(&in->manifest, i)) != NULL; i++) {
        if (!boot_is_here(in, p))
            continue;
        struct boot *b = &in->boot[in->boot_count++];
        b->prog = p;
        b->timer.fn = on_timer;
        b->timer.user = b;
        start(in, b);
    }
}

void boot_task_ended(struct init *in, sk_tid tid, const struct proc_exit *how)
{
    for (uint32_t i = 0; i < in->boot_count; i++) {
        struct boot *b = &in->boot[i];
        if (b->tid != tid)
            continue;
        b->tid = SK_TID_NONE;
        b->in_row = sk_now() - b->started < SK_MS(STEADY_MS) ? b->in_row + 1u : 1u;
        if (b->prog->restart == SK_RESTART_ALWAYS ||
            (b->prog->restart == SK_RESTART_ON_FAULT && how->cause == SK_CAUSE_FAULT))
            start_later(in, b);
    }
}

uint32_t boot_restarts(const struct init *in, sk_tid tid)
{
    for (uint32_t i = 0; i < in->boot_count; i++) {
        if (in->boot[i].tid == tid)
            return in->boot[i].restarts;
    }
    return 0;
}
