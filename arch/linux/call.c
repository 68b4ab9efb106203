/* The system calls, by number: what each does is said in skerry/syscall.h.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "inside.h"
#include <errno.h>
#include <sched.h>
#include <unistd.h>

static sk_err call_wait(struct linux_task *t, uint32_t mask, sk_ns deadline, struct sys_result *r)
{
    uint32_t events;
    uint64_t ready;
    sk_err err = event_wait(t, mask, deadline, &events, &ready);
    if (err == SK_OK) {
        r->r1 = events;
        r->r2 = (uintptr_t)ready;
    }
    return err;
}

static sk_err call_wake_wait(struct linux_task *t, const uintptr_t *a, struct sys_result *r)
{
    sk_err err;
    struct linux_handle *h = handle_get(t, (sk_handle)a[0], SK_KIND_CHAN, SK_RIGHT_SEND, &err);
    if (h != NULL && (err = chan_wake(t, h)) == SK_OK)
        err = call_wait(t, (uint32_t)a[1], a[2], r);
    return err;
}

static sk_err call_timer(struct linux_task *t, uintptr_t bit, sk_ns deadline)
{
    if (bit > 31)
        return SK_ERR_ARG;
    t->timer_bit = (uint32_t)bit;
    t->timer = deadline;
    return SK_OK;
}

static sk_err call_log(const char *text, size_t len)
{
    while (len != 0) {
        ssize_t n = write(STDERR_FILENO, text, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return SK_ERR_FAULT;
        text += n;
        len -= (size_t)n;
    }
    return SK_OK;
}

static sk_err call_dup(struct linux_task *t, const uintptr_t *a, struct sys_result *r)
{
    sk_err err;
    struct linux_handle *h = handle_get(t, (sk_handle)a[0], 0, 0, &err);
    if (h == NULL)
        return err;
    if (h->kind != SK_KIND_PORT)
        return SK_ERR_UNSUPPORTED;
    if ((a[1] & ~(uintptr_t)(h->rights & (SK_RIGHT_CONNECT | SK_RIGHT_MOVE))) != 0)
        return SK_ERR_RIGHTS;
    if (!handle_room(t, 1))
        return SK_ERR_BUDGET;
    r->r1 = handle_add(t, SK_KIND_PORT, (uint32_t)a[1], h->index, h->object_gen);
    return SK_OK;
}

static sk_err call_info(struct linux_task *t, const struct linux_handle *h,
                        struct sk_handle_info *info)
{
    *info = (struct sk_handle_info){.kind = h->kind, .rights = h->rights};
    if (h->kind == SK_KIND_CHAN && (!h->parent || h->open))
        chan_info(t, h, info);
    return SK_OK;
}

static sk_err call_task_info(struct linux_task *t, sk_handle task, struct sk_task_info *info)
{
    if (task != SK_HANDLE_NONE)
        return SK_ERR_HANDLE; /* tasks have no handles here */
    *info = (struct sk_task_info){
        .tid = t->start.tid, .state = SK_TASK_READY, .handles = t->handle_used};
    for (uint32_t i = 0; i < t->handle_max; i++)
        info->ends +=
            t->handle[i].kind == SK_KIND_CHAN && (!t->handle[i].parent || t->handle[i].open);
    __builtin_memcpy(info->name, t->start.name, sizeof(info->name));
    return SK_OK;
}

/* Calls whose first argument is a handle. */
static sk_err call_handle(struct linux_task *t, uint32_t nr, struct linux_handle *h,
                          const uintptr_t *a, struct sys_result *r)
{
    sk_err err;
    sk_handle name = SK_HANDLE_NONE;
    struct linux_handle *other;
    switch (nr) {
    case SK_CALL_WAKE:
        return chan_wake(t, h);
    case SK_CALL_CHAN_OPEN:
        return chan_open(t, h, (uint32_t)a[1], (struct sk_chan_view *)a[2]);
    case SK_CALL_TAKE_HANDLE:
        err = give_take(t, h, &name);
        break;
    case SK_CALL_PORT_ACCEPT:
        err = port_accept(t, h, &name);
        break;
    case SK_CALL_SEND_HANDLE:
        other = handle_get(t, (sk_handle)a[1], 0, 0, &err);
        return other != NULL ? give_send(t, h, other) : err;
    case SK_CALL_PORT_CONNECT:
        other = handle_get(t, (sk_handle)a[1], SK_KIND_CHAN, SK_RIGHT_MOVE, &err);
        return other != NULL ? port_connect(t, h, other) : err;
    case SK_CALL_REGION_MAP:
        return region_map(t, h, a[1], (uint32_t)a[2], r);
    case SK_CALL_REGION_UNMAP:
        err = h->open ? SK_OK : SK_ERR_STATE;
        h->open = false;
        return err;
    case SK_CALL_INFO:
        return call_info(t, h, (struct sk_handle_info *)a[1]);
    default:
        return handle_close(t, h);
    }
    r->r1 = name;
    return err;
}

/* What the handle of such a call must be; kind 0: any. */
static const struct {
    uint8_t used, kind, rights;
} wanted[SK_CALL_COUNT] = {
    [SK_CALL_WAKE] = {1, SK_KIND_CHAN, SK_RIGHT_SEND},
    [SK_CALL_CHAN_OPEN] = {1, SK_KIND_CHAN, SK_RIGHT_SEND},
    [SK_CALL_TAKE_HANDLE] = {1, SK_KIND_CHAN, SK_RIGHT_SEND},
    [SK_CALL_SEND_HANDLE] = {1, SK_KIND_CHAN, SK_RIGHT_SEND},
    [SK_CALL_PORT_ACCEPT] = {1, SK_KIND_PORT, SK_RIGHT_ACCEPT},
    [SK_CALL_PORT_CONNECT] = {1, SK_KIND_PORT, SK_RIGHT_CONNECT},
    [SK_CALL_REGION_MAP] = {1, SK_KIND_REGION, SK_RIGHT_MAP},
    [SK_CALL_REGION_UNMAP] = {1, SK_KIND_REGION, SK_RIGHT_MAP},
    [SK_CALL_INFO] = {1, 0, 0},
    [SK_CALL_CLOSE] = {1, 0, 0},
};

static sk_err call_other(struct linux_task *t, uint32_t nr, const uintptr_t *a,
                         struct sys_result *r)
{
    sk_handle h[2] = {SK_HANDLE_NONE, SK_HANDLE_NONE};
    sk_err err;
    switch (nr) {
    case SK_CALL_NOP:
        return SK_OK;
    case SK_CALL_EXIT:
        task_exit((int32_t)a[0]);
    case SK_CALL_YIELD:
        sched_yield();
        return SK_OK;
    case SK_CALL_WAIT:
        return call_wait(t, (uint32_t)a[0], a[1], r);
    case SK_CALL_WAKE_WAIT:
        return call_wake_wait(t, a, r);
    case SK_CALL_TIMER:
        return call_timer(t, a[0], a[1]);
    case SK_CALL_CANCEL_ON:
        t->cancel = (uint32_t)a[0];
        return SK_OK;
    case SK_CALL_LOG_WRITE:
        return call_log((const char *)a[0], a[1]);
    case SK_CALL_NOW:
        r->r2 = (uintptr_t)linux_now();
        return SK_OK;
    case SK_CALL_DUP:
        return call_dup(t, a, r);
    case SK_CALL_TASK_INFO:
        return call_task_info(t, (sk_handle)a[0], (struct sk_task_info *)a[1]);
    case SK_CALL_CHAN_CREATE:
        err = chan_create(t, (uint32_t)a[0], h);
        break;
    case SK_CALL_PORT_CREATE:
        err = port_create(t, (uint32_t)a[0], (uint32_t)a[1], h);
        break;
    case SK_CALL_REGION_CREATE:
        err = a[1] != 0 ? SK_ERR_UNSUPPORTED : region_create(t, (uint32_t)a[0], h);
        break;
    default:
        return nr < SK_CALL_COUNT ? SK_ERR_UNSUPPORTED : SK_ERR_SYSCALL;
    }
    r->r1 = h[0];
    r->r2 = h[1];
    return err;
}

sk_err linux_call(uint32_t nr, uintptr_t a0, uintptr_t a1, uintptr_t a2, uintptr_t a3, uintptr_t a4,
                  uintptr_t a5, struct sys_result *res)
{
    const uintptr_t a[6] = {a0, a1, a2, a3, a4, a5};
    struct linux_task *t = linux_me;
    sk_err err;
    *res = (struct sys_result){0, 0, 0};
    if (t == NULL)
        return SK_ERR_STATE;
    if (nr >= SK_CALL_COUNT || !wanted[nr].used)
        return call_other(t, nr, a, res);
    struct linux_handle *h = handle_get(t, (sk_handle)a0, wanted[nr].kind, wanted[nr].rights, &err);
    return h != NULL ? call_handle(t, nr, h, a, res) : err;
}
