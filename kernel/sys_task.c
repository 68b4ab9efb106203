/* System calls of init: tasks, cores, the log, the machine.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/device.h"
#include "kernel/give.h"
#include "kernel/chan.h"
#include "kernel/handle.h"
#include "kernel/image.h"
#include "kernel/log.h"
#include "kernel/memory.h"
#include "kernel/sched.h"
#include "kernel/sys.h"
#include "kernel/task.h"

#define LOG_READ_MAX 256u

sk_err sys_task_create(struct kern *k, struct task *t, struct handle *h)
{
    struct sk_task_params params;
    sk_handle name;
    (void)h;
    sk_err err = user_in(k, t, &params, sys_word(t, 1), sizeof(params));
    if (err != SK_OK)
        return err;
    if (params.priority > SK_PRIO_MAX || params.event_bit > 31 ||
        params.handles > k->handles_each || params.handles == 0 || params.ends > SK_TASK_ENDS_MAX ||
        params.pages > k->ram_pages)
        return SK_ERR_ARG;
    if (!handle_has_room(t))
        return SK_ERR_BUDGET;
    struct task *child = task_create(k, &params, t, &err);
    if (child == NULL)
        return err;
    struct handle entry = {
        .kind = SK_KIND_TASK, .rights = SK_RIGHT_TASK, .index = child->slot, .obj_gen = child->gen};
    err = handle_add(k, t, &entry, &name);
    if (err == SK_OK)
        port_result64(&t->port, 2, task_tid(k, child));
    return sys_value(t, err, name);
}

sk_err sys_task_map(struct kern *k, struct task *t, struct handle *to)
{
    sk_err err;
    struct task *child = handle_task(k, to);
    struct handle *h = handle_get(t, sys_u32(t, 1), SK_KIND_IMAGE, SK_RIGHT_MAP, &err);
    if (h != NULL) {
        err = child->state == SK_TASK_NEW ? image_move(k, h->index, child) : SK_ERR_STATE;
        if (err == SK_OK)
            handle_remove(k, t, h);
        return err;
    }
    h = handle_get(t, sys_u32(t, 1), SK_KIND_REGION, SK_RIGHT_MOVE, &err);
    if (h == NULL)
        return err;
    struct region *r = &k->regions[h->index];
    if (child->state != SK_TASK_NEW || r->addr != 0)
        return SK_ERR_STATE;
    err = region_move(k, r, child);
    if (err != SK_OK)
        return err;
    err = region_map(k, r, sys_word(t, 2), sys_u32(t, 3));
    if (err == SK_OK)
        handle_remove(k, t, h);
    else
        (void)region_move(k, r, t); /* back: the room was its own a moment ago */
    return err;
}

sk_err sys_task_give(struct kern *k, struct task *t, struct handle *to)
{
    sk_err err = SK_OK;
    sk_handle name;
    struct task *child = handle_task(k, to);
    struct handle *h = handle_any(t, sys_u32(t, 1));
    if (h == NULL)
        return SK_ERR_HANDLE;
    if (child->state != SK_TASK_NEW)
        return SK_ERR_STATE;
    if (!(h->rights & SK_RIGHT_MOVE))
        return SK_ERR_RIGHTS;
    if (h->in_flight || (h->kind == SK_KIND_CHAN && k->ends[h->index].used) ||
        (h->kind == SK_KIND_REGION && k->regions[h->index].addr != 0) ||
        (h->kind == SK_KIND_DEVICE && k->device[h->index].addr != 0))
        return SK_ERR_BUSY;
    if (!handle_has_room(child))
        return SK_ERR_BUDGET;
    struct end *e = h->kind == SK_KIND_CHAN ? &k->ends[h->index] : NULL;
    struct handle entry = *h;
    switch (h->kind) {
    case SK_KIND_CHAN:
        if (child->ends_used == child->ends_max)
            return SK_ERR_BUDGET;
        chan_end_disown(e);
        err = chan_end_adopt(k, child, e, &name);
        break;
    case SK_KIND_REGION:
        err = region_move(k, &k->regions[h->index], child);
        break;
    case SK_KIND_DEVICE:
        device_move(k, h->index, child);
        break;
    case SK_KIND_PORT:
    case SK_KIND_PORT_REMOTE:
        entry.rights &= (uint8_t)~SK_RIGHT_ACCEPT;
        break;
    default:
        return SK_ERR_UNSUPPORTED;
    }
    if (err == SK_OK && h->kind != SK_KIND_CHAN)
        err = handle_add(k, child, &entry, &name);
    if (err != SK_OK)
        return err;
    bool copied = h->kind == SK_KIND_PORT || h->kind == SK_KIND_PORT_REMOTE;
    if (!copied && !(h->kind == SK_KIND_DEVICE && (h->rights & SK_RIGHT_CALL)))
        handle_remove(k, t, h);
    return sys_value(t, SK_OK, name);
}

sk_err sys_task_start(struct kern *k, struct task *t, struct handle *h)
{
    struct task *child = handle_task(k, h);
    (void)t;
    if (child->state != SK_TASK_NEW)
        return SK_ERR_STATE;
    port_task_entry(&child->port, sys_word(t, 1), sys_word(t, 2), sys_word(t, 3));
    child->state = SK_TASK_READY;
    sched_ready(k, child, false);
    return SK_OK;
}

sk_err sys_task_kill(struct kern *k, struct task *t, struct handle *h)
{
    task_kill(k, handle_task(k, h), t);
    return SK_OK;
}

sk_err sys_task_info(struct kern *k, struct task *t, struct handle *h)
{
    sk_err err;
    struct sk_task_info info;
    bool self = sys_u32(t, 0) == SK_HANDLE_NONE;
    h = handle_get(t, sys_u32(t, 0), SK_KIND_TASK, SK_RIGHT_TASK, &err);
    if (h == NULL && !self)
        return err;
    task_info(k, self ? t : handle_task(k, h), &info);
    return user_out(k, t, sys_word(t, 1), &info, sizeof(info));
}

sk_err sys_log_read(struct kern *k, struct task *t, struct handle *h)
{
    char text[LOG_READ_MAX];
    uint64_t position = sys_u64(t, 3);
    uintptr_t len = sys_word(t, 2);
    (void)h;
    size_t n = klog_read(k, &position, text, len < sizeof(text) ? len : sizeof(text));
    sk_err err = user_out(k, t, sys_word(t, 1), text, n);
    if (err == SK_OK)
        port_result64(&t->port, 2, position);
    return sys_value(t, err, n);
}

sk_err sys_halt(struct kern *k, struct task *t, struct handle *h)
{
    (void)h;
    port_power_off(k->cpu, sys_u32(t, 1));
}

sk_err sys_stats(struct kern *k, struct task *t, struct handle *h)
{
    (void)h;
    struct sk_stats stats = k->stats;
    stats.pages_total = k->ram_pages;
    stats.pages_free = k->ram_free;
    return user_out(k, t, sys_word(t, 1), &stats, sizeof(stats));
}
