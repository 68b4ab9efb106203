/* Tasks of this core: start, end, who waits for them.
 *
 * A task's slot is taken until its kernel has taken everything back from it; then its end is
 * remembered among the last ones.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "init.h"
#include "lib/loader.h"
#include "lib/start.h"

#include <string.h>

struct task *task_find(struct init *in, sk_tid tid)
{
    for (uint32_t i = 0; i < in->room.tasks; i++) {
        if (in->task[i].used && in->task[i].tid == tid)
            return &in->task[i];
    }
    return NULL;
}

const struct dead *task_find_dead(const struct init *in, sk_tid tid)
{
    for (uint32_t i = 0; i < in->room.dead; i++) {
        if (in->dead[i].tid == tid && tid != SK_TID_NONE)
            return &in->dead[i];
    }
    return NULL;
}

/* --- start ----------------------------------------------------------------------------------- */

/* Give the new task its devices. */
static sk_err give_devices(struct init *in, const struct sk_sys_prog *prog, struct sk_load *load)
{
    for (uint32_t i = 0; i < prog->dev_count && i < SK_START_DEVICES; i++) {
        sk_handle dev;
        sk_err err = sys_dev_open(in->start->control, prog->dev_first + i, &dev);
        if (err)
            return err;
        err = sys_task_give(load->task, dev, &load->device[i]);
        if (err) {
            (void)sys_close(dev);
            return err;
        }
    }
    return SK_OK;
}

/* Make the channel between the task and us. */
static sk_err give_parent(struct init *in, struct task *t, struct sk_load *load)
{
    sk_handle mine, theirs;
    sk_err err = sys_chan_create(SK_CHAN_SLOTS, &mine, &theirs);
    if (err)
        return err;
    err = sys_task_give(t->handle, theirs, &load->parent);
    if (err)
        (void)sys_close(theirs);
    else
        err = sk_client_adopt(&in->loop, &in->task_server, mine, t, &t->client);
    if (err)
        (void)sys_close(mine);
    return err;
}

/* The task exists and is empty: fill and start it. */
static sk_err fill(struct init *in, struct task *t, uint32_t argc, const char *const *argv)
{
    const struct sk_sys_prog *prog = t->prog;
    struct sk_load load = {.task = t->handle,
                           .tid = t->tid,
                           .prog = prog,
                           .argc = argc,
                           .argv = argv,
                           .own = in->start};
    const char *why = "";
    sk_err err = give_parent(in, t, &load);
    if (err == SK_OK)
        err = give_devices(in, prog, &load);
    if (err == SK_OK)
        err = loader_start(&load, &why);
    if (err == SK_ERR_IMAGE)
        sk_log("%s: %s\n", prog->name, why);
    return err;
}

sk_err task_spawn(struct init *in, const struct sk_sys_prog *prog, uint32_t argc,
                  const char *const *argv, sk_tid *tid)
{
    struct task *t = NULL;
    for (uint32_t i = 0; i < in->room.tasks && t == NULL; i++) {
        if (!in->task[i].used)
            t = &in->task[i];
    }
    if (t == NULL)
        return SK_ERR_NO_MEMORY;
    struct sk_task_params params = {.priority = prog->priority,
                                    .event_bit = SK_EV_TASK,
                                    .pages = prog->mem_bytes / SK_PAGE_BYTES,
                                    .handles = prog->handles,
                                    .ends = prog->ends};
    memcpy(params.name, prog->name, sizeof params.name);
    *t = (struct task){.prog = prog};
    sk_err err = sys_task_create(in->start->control, &params, &t->handle, &t->tid);
    if (err)
        return err;
    t->used = true;
    err = fill(in, t, argc, argv);
    if (err) {
        t->used = false;
        if (t->client)
            sk_client_close(&in->loop, t->client);
        (void)sys_close(t->handle);
        return err;
    }
    *tid = t->tid;
    return SK_OK;
}

/* --- end ------------------------------------------------------------------------------------- */

static void waiter_end(struct init *in, struct waiter *w, sk_err err, const struct proc_exit *how)
{
    sk_timer_cancel(&in->loop, &w->timer);
    w->used = false;
    (void)sk_answer(&in->loop, w->ticket, err, how, how ? sizeof *how : 0, NULL, 0);
}

static void waiter_timed_out(struct sk_loop *loop, struct sk_timer *timer)
{
    waiter_end(loop->user, timer->user, SK_ERR_TIMED_OUT, NULL);
}

/* Is it c that waits? */
static bool is_of(const struct waiter *w, const struct sk_client *c)
{
    return w->used && w->ticket.client == c->index && w->ticket.gen == c->gen;
}

sk_err task_wait(struct init *in, sk_tid tid, struct sk_client *c, const struct sk_in *req,
                 sk_ns deadline)
{
    struct waiter *w = NULL;
    uint32_t of_client = 0;
    if (deadline <= sk_now())
        return SK_ERR_TIMED_OUT;
    for (uint32_t i = 0; i < in->room.waiters; i++) {
        of_client += is_of(&in->waiter[i], c) ? 1u : 0u;
        if (!in->waiter[i].used)
            w = &in->waiter[i];
    }
    if (w == NULL || (!client_is_peer(in, c) && of_client >= OPS_CLIENT))
        return SK_ERR_FULL;
    *w = (struct waiter){.used = true, .tid = tid, .ticket = sk_ticket(c, req)};
    w->timer.fn = waiter_timed_out;
    w->timer.user = w;
    if (deadline != SK_FOREVER)
        sk_timer_set(&in->loop, &w->timer, deadline);
    return SK_ANSWER_LATER;
}

void task_client_gone(struct init *in, struct sk_client *c)
{
    for (uint32_t i = 0; i < in->room.tasks; i++) {
        if (in->task[i].client == c)
            in->task[i].client = NULL;
    }
    for (uint32_t i = 0; i < in->room.waiters; i++) {
        struct waiter *w = &in->waiter[i];
        if (w->used && sk_ticket_client(&in->loop, w->ticket) == NULL) {
            sk_timer_cancel(&in->loop, &w->timer);
            w->used = false;
        }
    }
}

static const char *fault_word(uint32_t fault)
{
    static const char *const word[] = {
        "none", "read", "write", "execution", "stack overflow", "illegal instruction", "alignment",
    };
    return fault < sizeof word / sizeof word[0] ? word[fault] : "other";
}

static void log_end(const struct task *t, const struct proc_exit *how)
{
    unsigned core = SK_TID_CORE(t->tid), slot = SK_TID_SLOT(t->tid), gen = SK_TID_GEN(t->tid);
    if (how->cause == SK_CAUSE_FAULT)
        sk_log("%u.%u.%u %s: fault: %s, address 0x%llx, pc 0x%llx\n", core, slot, gen,
               t->prog->name, fault_word(how->fault), (unsigned long long)how->fault_addr,
               (unsigned long long)how->fault_pc);
    else if (how->cause == SK_CAUSE_KILLED)
        sk_log("%u.%u.%u %s: killed\n", core, slot, gen, t->prog->name);
    else if (how->status != 0)
        sk_log("%u.%u.%u %s: status %d\n", core, slot, gen, t->prog->name, how->status);
}

/* t has ended and is torn down. */
static void reap(struct init *in, struct task *t, const struct sk_task_info *info)
{
    struct dead *d = &in->dead[in->dead_next];
    in->dead_next = (in->dead_next + 1u) % in->room.dead;
    *d = (struct dead){.tid = t->tid,
                       .how = {.cause = info->cause,
                               .status = info->status,
                               .fault = info->fault,
                               .fault_addr = info->fault_addr,
                               .fault_pc = info->fault_pc}};
    log_end(t, &d->how);
    t->used = false;
    (void)sys_close(t->handle);
    names_owner_died(in, t->tid);
    if (t->client)
        sk_client_close(&in->loop, t->client);
    for (uint32_t i = 0; i < in->room.waiters; i++) {
        if (in->waiter[i].used && in->waiter[i].tid == t->tid)
            waiter_end(in, &in->waiter[i], SK_OK, &d->how);
    }
    boot_task_ended(in, t->tid, &d->how);
}

void task_some_ended(struct sk_loop *loop, void *user)
{
    struct init *in = loop->user;
    (void)user;
    for (uint32_t i = 0; i < in->room.tasks; i++) {
        struct task *t = &in->task[i];
        struct sk_task_info info;
        if (t->used && sys_task_info(t->handle, &info) == SK_OK && info.state == SK_TASK_DEAD)
            reap(in, t, &info);
    }
}
