/* See handle.h. Free entries form a list through `index`. An entry's generation counts its uses;
 * at SK_HANDLE_GEN_MAX it retires rather than start again, so an old handle never names a new
 * object.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/handle.h"
#include "kernel/chan.h"
#include "kernel/device.h"
#include "kernel/image.h"
#include "kernel/memory.h"
#include "kernel/port_object.h"
#include "kernel/task.h"

void handle_table_init(struct task *t)
{
    t->handle_free = INDEX_NONE;
    t->handles_used = 0;
    t->handles_left = t->handles_max;
    for (uint32_t i = t->handles_max; i-- > 0;) {
        /* Handles die with their task: the next one counts from the start again. */
        t->handles[i] = (struct handle){.index = t->handle_free};
        t->handle_free = (uint16_t)i;
    }
}

struct handle *handle_get(struct task *t, sk_handle h, uint32_t kind, uint32_t rights, sk_err *err)
{
    uint32_t index = SK_HANDLE_INDEX(h);
    struct handle *e = &t->handles[index];
    *err = SK_ERR_HANDLE;
    if (index >= t->handles_max || e->gen != SK_HANDLE_GEN(h) || e->kind != kind)
        return NULL;
    if ((e->rights & rights) != rights) {
        *err = SK_ERR_RIGHTS;
        return NULL;
    }
    if (e->in_flight) {
        *err = SK_ERR_BUSY;
        return NULL;
    }
    *err = SK_OK;
    return e;
}

struct handle *handle_any(struct task *t, sk_handle h)
{
    uint32_t index = SK_HANDLE_INDEX(h);
    struct handle *e = &t->handles[index];
    bool named = index < t->handles_max && e->gen == SK_HANDLE_GEN(h) && e->kind != SK_KIND_NONE;
    return named ? e : NULL;
}

sk_err handle_add(struct kern *k, struct task *t, const struct handle *entry, sk_handle *h)
{
    if (t->handle_free == INDEX_NONE)
        return SK_ERR_BUDGET;
    struct handle *e = &t->handles[t->handle_free];
    uint32_t gen = e->gen + 1u;
    t->handle_free = e->index;
    *e = *entry;
    e->gen = gen & SK_HANDLE_GEN_MAX;
    t->handles_used++;
    t->handles_left--;
    k->stats.handles++;
    *h = handle_name(t, e);
    return SK_OK;
}

void handle_remove(struct kern *k, struct task *t, struct handle *e)
{
    uint32_t gen = e->gen;
    *e = (struct handle){.gen = gen & SK_HANDLE_GEN_MAX, .index = t->handle_free};
    if (gen < SK_HANDLE_GEN_MAX) {
        t->handle_free = (uint16_t)(e - t->handles);
        t->handles_left++;
    }
    t->handles_used--;
    k->stats.handles--;
}

void handle_close(struct kern *k, struct task *t, struct handle *e)
{
    struct handle was = *e;
    handle_remove(k, t, e);
    switch (was.kind) {
    case SK_KIND_CHAN:
        chan_close_end(k, &k->ends[was.index]);
        break;
    case SK_KIND_PORT:
        if (was.rights & SK_RIGHT_ACCEPT)
            port_object_close(k, &k->ports[was.index]);
        break;
    case SK_KIND_REGION:
        region_close(k, &k->regions[was.index]);
        break;
    case SK_KIND_TASK:
        task_forget(k, &k->tasks[was.index]);
        break;
    case SK_KIND_DEVICE:
        if (was.rights & SK_RIGHT_MAP)
            device_close(k, was.index);
        break;
    case SK_KIND_IMAGE:
        image_close(k, was.index);
        break;
    default:
        break; /* PORT_REMOTE, CONTROL: nothing but the entry */
    }
}

struct port *handle_port(struct kern *k, const struct handle *e)
{
    struct port *p = &k->ports[e->index];
    return p->in_use && p->gen == e->obj_gen ? p : NULL;
}

struct task *handle_task(struct kern *k, const struct handle *e)
{
    return &k->tasks[e->index];
}

void handle_back(struct kern *k, struct task *t, struct handle *e)
{
    e->in_flight = 0;
    if (e->unwanted)
        handle_close(k, t, e);
}
