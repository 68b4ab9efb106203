/* `proc`: what the init of this core does itself, and what it passes to the init of another. What a
 * task may do is checked here; a request that comes from an init has been checked there.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "init.h"

#include <string.h>

static const void *request_of(const struct sk_in *req)
{
    return req->bytes;
}

static struct init *init_of(const struct sk_loop *loop)
{
    return loop->user;
}

void proc_answer(struct sk_answer *a, const void *bytes, uint32_t len)
{
    memcpy(a->bytes, bytes, len);
    a->len = len;
}

bool proc_elsewhere(struct init *in, struct sk_client *c, const struct sk_in *req, uint32_t core,
                    uint32_t reply_max, sk_ns deadline, sk_err *err)
{
    if (core == in->start->core)
        return false;
    *err = client_is_peer(in, c) ? SK_ERR_ARG : peer_forward(in, core, c, req, reply_max, deadline);
    return true;
}

/* --- tasks ----------------------------------------------------------------------------------- */

/* The arguments of a request; SK_ERR_ARG: they are not what they say. */
static sk_err unpack(const struct proc_spawn *r, uint32_t len, const char *argv[SK_START_ARGS])
{
    const uint32_t head = offsetof(struct proc_spawn, text);
    uint32_t at = 0;
    if (r->argc > SK_START_ARGS || r->text_len > len - head || r->text_len > SK_SPAWN_TEXT)
        return SK_ERR_ARG;
    for (uint32_t i = 0; i < r->argc; i++) {
        const char *end = memchr(r->text + at, 0, r->text_len - at);
        if (end == NULL)
            return SK_ERR_ARG;
        argv[i] = r->text + at;
        at = (uint32_t)(end - r->text) + 1u;
    }
    return SK_OK;
}

sk_err proc_on_spawn(struct sk_loop *loop, struct sk_client *c, struct sk_in *req,
                     struct sk_answer *answer)
{
    struct init *in = init_of(loop);
    const struct proc_spawn *r = request_of(req);
    const char *argv[SK_START_ARGS];
    sk_err err;
    if (!memchr(r->name, 0, sizeof r->name))
        return SK_ERR_ARG;
    if (!client_may(in, c, SK_SYS_PROG_PROC))
        return SK_ERR_RIGHTS;
    const struct sk_sys_prog *prog = manifest_find(&in->manifest, r->name);
    if (prog == NULL || strcmp(r->name, "init") == 0)
        return SK_ERR_NOT_FOUND;
    uint32_t core = r->core;
    if (core == SK_PLACE_ANY)
        core = prog->place == SK_PLACE_ANY ? in->start->core
                                           : manifest_place(&in->manifest, prog, in->start->cores);
    /* The same for whoever answers. */
    memcpy(&req->bytes[offsetof(struct proc_spawn, core)], &core, sizeof core);
    if (proc_elsewhere(in, c, req, core, sizeof(sk_tid), sk_in_ms(SK_PROC_MS), &err))
        return err;
    sk_tid tid;
    err = unpack(r, req->len, argv);
    if (err == SK_OK)
        err = task_spawn(in, prog, r->argc, argv, &tid);
    if (err == SK_OK)
        proc_answer(answer, &tid, sizeof tid);
    return err;
}

sk_err proc_on_kill(struct sk_loop *loop, struct sk_client *c, struct sk_in *req,
                    struct sk_answer *answer)
{
    struct init *in = init_of(loop);
    const struct proc_one *r = request_of(req);
    sk_err err;
    (void)answer;
    if (!client_may(in, c, SK_SYS_PROG_PROC))
        return SK_ERR_RIGHTS;
    if (proc_elsewhere(in, c, req, SK_TID_CORE(r->tid), 0, sk_in_ms(SK_PROC_MS), &err))
        return err;
    if (r->tid == in->start->tid) /* with it the core would end */
        return SK_ERR_RIGHTS;
    struct task *t = task_find(in, r->tid);
    return t ? sys_task_kill(t->handle) : SK_ERR_NOT_FOUND;
}

sk_err proc_on_wait(struct sk_loop *loop, struct sk_client *c, struct sk_in *req,
                    struct sk_answer *answer)
{
    struct init *in = init_of(loop);
    const struct proc_one *r = request_of(req);
    if (SK_TID_SLOT(r->tid) == 0) /* an init: it ends with its core only */
        return SK_ERR_RIGHTS;
    if (SK_TID_CORE(r->tid) != in->start->core)
        return client_is_peer(in, c) ? SK_ERR_ARG : far_wait(in, c, req, r);
    const struct dead *d = task_find_dead(in, r->tid);
    if (d) {
        proc_answer(answer, &d->how, sizeof d->how);
        return SK_OK;
    }
    if (task_find(in, r->tid) == NULL)
        return SK_ERR_NOT_FOUND;
    return task_wait(in, r->tid, c, req, r->deadline);
}

/* Index 0 is init itself, 1 + i is slot i. */
sk_err proc_on_list(struct sk_loop *loop, struct sk_client *c, struct sk_in *req,
                    struct sk_answer *answer)
{
    struct init *in = init_of(loop);
    const struct proc_at *r = request_of(req);
    struct proc_entry *e = (struct proc_entry *)(void *)answer->bytes;
    sk_err err;
    if (proc_elsewhere(in, c, req, r->core, sizeof *e, sk_in_ms(SK_PROC_MS), &err))
        return err;
    for (uint32_t i = r->index; i <= in->room.tasks; i++) {
        struct sk_task_info info;
        if ((i > 0 && !in->task[i - 1u].used) ||
            sys_task_info(i > 0 ? in->task[i - 1u].handle : SK_HANDLE_NONE, &info) != SK_OK)
            continue;
        *e = (struct proc_entry){.tid = info.tid,
                                 .core = in->start->core,
                                 .next = i + 1u,
                                 .state = info.state,
                                 .priority = info.priority,
                                 .pages = info.pages,
                                 .handles = info.handles,
                                 .ends = info.ends,
                                 .restarts = boot_restarts(in, info.tid),
                                 .run_ns = info.run_ns};
        memcpy(e->name, info.name, sizeof e->name);
        answer->len = sizeof *e;
        return SK_OK;
    }
    return SK_ERR_NOT_FOUND;
}

/* --- a core as a whole ---------------------------------------------------------------------------
 */

sk_err proc_on_log_read(struct sk_loop *loop, struct sk_client *c, struct sk_in *req,
                        struct sk_answer *answer)
{
    struct init *in = init_of(loop);
    const struct proc_at *r = request_of(req);
    sk_err err;
    if (!client_may(in, c, SK_SYS_PROG_CORE))
        return SK_ERR_RIGHTS;
    if (proc_elsewhere(in, c, req, r->core, sizeof(struct proc_log), sk_in_ms(SK_PROC_MS), &err))
        return err;
    struct proc_log *log = (struct proc_log *)(void *)answer->bytes;
    size_t got;
    uint64_t next;
    err = sys_log_read(in->start->control, r->position, log->text, sizeof log->text, &got, &next);
    if (err)
        return err;
    log->next = next;
    log->len = (uint32_t)got;
    log->pad = 0;
    answer->len = (uint32_t)(offsetof(struct proc_log, text) + got);
    return SK_OK;
}

sk_err proc_on_stats(struct sk_loop *loop, struct sk_client *c, struct sk_in *req,
                     struct sk_answer *answer)
{
    struct init *in = init_of(loop);
    const struct proc_at *r = request_of(req);
    struct sk_stats stats;
    sk_err err;
    if (proc_elsewhere(in, c, req, r->core, sizeof stats, sk_in_ms(SK_PROC_MS), &err))
        return err;
    err = sys_stats(in->start->control, &stats);
    if (err == SK_OK)
        proc_answer(answer, &stats, sizeof stats);
    return err;
}

sk_err proc_on_halt(struct sk_loop *loop, struct sk_client *c, struct sk_in *req,
                    struct sk_answer *answer)
{
    struct init *in = init_of(loop);
    const struct proc_halt *r = request_of(req);
    (void)answer;
    if (!client_may(in, c, SK_SYS_PROG_CORE))
        return SK_ERR_RIGHTS;
    return sys_halt(in->start->control, r->status);
}
