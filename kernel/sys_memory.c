/* System calls about regions and devices.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/device.h"
#include "kernel/give.h"
#include "kernel/handle.h"
#include "kernel/image.h"
#include "kernel/memory.h"
#include "kernel/sys.h"

sk_err sys_region_create(struct kern *k, struct task *t, struct handle *h)
{
    struct region *r;
    struct end *e = NULL;
    sk_handle name;
    sk_err err;
    uintptr_t pages = sys_word(t, 0);
    if (sys_u32(t, 1) != SK_HANDLE_NONE) {
        h = handle_get(t, sys_u32(t, 1), SK_KIND_CHAN, SK_RIGHT_SEND, &err);
        if (h == NULL)
            return err;
        e = &k->ends[h->index];
        if (!e->used || e->peer_closed)
            return e->used ? SK_ERR_PEER_DEAD : SK_ERR_STATE;
    }
    if (!handle_has_room(t))
        return SK_ERR_BUDGET;
    if (pages > SK_REGION_PAGES_MAX)
        return SK_ERR_TOO_BIG;
    err = region_create(k, t, (uint32_t)pages, e, &r);
    if (err != SK_OK)
        return err;
    struct handle entry = {.kind = SK_KIND_REGION,
                           .rights = e ? SK_RIGHT_MAP : SK_RIGHT_MAP | SK_RIGHT_MOVE,
                           .index = r->index,
                           .obj_gen = r->gen};
    err = handle_add(k, t, &entry, &name);
    r->handle = SK_HANDLE_INDEX(name);
    return sys_value(t, err, name);
}

sk_err sys_region_map(struct kern *k, struct task *t, struct handle *h)
{
    struct region *r = &k->regions[h->index];
    sk_err err = region_map(k, r, sys_word(t, 1), sys_u32(t, 2));
    if (err == SK_OK)
        port_result(&t->port, 2, r->pages);
    return sys_value(t, err, r->addr);
}

sk_err sys_region_unmap(struct kern *k, struct task *t, struct handle *h)
{
    (void)t;
    region_unmap(k, &k->regions[h->index]);
    return SK_OK;
}

sk_err sys_dev_open(struct kern *k, struct task *t, struct handle *h)
{
    sk_handle name;
    (void)h;
    sk_err err = device_open(k, t, sys_u32(t, 1), &name);
    return sys_value(t, err, name);
}

sk_err sys_image_open(struct kern *k, struct task *t, struct handle *h)
{
    sk_handle name;
    (void)h;
    sk_err err = image_open(k, t, sys_u32(t, 1), &name);
    return sys_value(t, err, name);
}

sk_err sys_dev_call(struct kern *k, struct task *t, struct handle *h)
{
    uint32_t value = sys_u32(t, 2);
    if (device_home(k, h->index) != k->core)
        return give_device_call(k, t, h->index, sys_u32(t, 1), value, sys_u64(t, 3));
    sk_err err = device_access(k, h->index, sys_u32(t, 1), &value);
    return sys_value(t, err, value);
}

sk_err sys_dev_map(struct kern *k, struct task *t, struct handle *h)
{
    sk_uaddr addr;
    sk_err err = device_map(k, h->index, &addr);
    return sys_value(t, err, addr);
}

sk_err sys_irq_bind(struct kern *k, struct task *t, struct handle *h)
{
    return device_irq_bind(k, h->index, sys_u32(t, 1));
}

sk_err sys_irq_ack(struct kern *k, struct task *t, struct handle *h)
{
    (void)t;
    return device_irq_ack(k, h->index);
}
