/* System calls about regions and devices.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/device.h"
#include "kernel/give.h"
#include "kernel/handle.h"
#include "kernel/image.h"
#include "kernel/memory.h"
#include "kernel/sys.h"

sk_err sys_region_create(struct kern *k, struct task *t)
{
    struct region *r;
    sk_handle name;
    if (!handle_has_room(t))
        return SK_ERR_BUDGET;
    uintptr_t pages = sys_word(t, 0);
    sk_err err =
        pages > SK_REGION_PAGES_MAX ? SK_ERR_TOO_BIG : region_create(k, t, (uint32_t)pages, &r);
    if (err != SK_OK)
        return err;
    struct handle entry = {.kind = SK_KIND_REGION,
                           .rights = SK_RIGHT_MAP | SK_RIGHT_MOVE,
                           .index = r->index,
                           .obj_gen = r->gen};
    err = handle_add(k, t, &entry, &name);
    if (err == SK_OK)
        port_result(&t->port, 1, name);
    return err;
}

sk_err sys_region_map(struct kern *k, struct task *t)
{
    sk_err err;
    struct handle *h = handle_get(t, sys_u32(t, 0), SK_KIND_REGION, SK_RIGHT_MAP, &err);
    if (h == NULL)
        return err;
    struct region *r = &k->regions[h->index];
    err = region_map(k, r, sys_word(t, 1), sys_u32(t, 2));
    if (err == SK_OK)
        port_result(&t->port, 1, r->addr);
    return err;
}

sk_err sys_region_unmap(struct kern *k, struct task *t)
{
    sk_err err;
    struct handle *h = handle_get(t, sys_u32(t, 0), SK_KIND_REGION, SK_RIGHT_MAP, &err);
    if (h == NULL)
        return err;
    region_unmap(k, &k->regions[h->index]);
    return SK_OK;
}

sk_err sys_dev_open(struct kern *k, struct task *t)
{
    sk_err err;
    sk_handle name;
    if (!handle_get(t, sys_u32(t, 0), SK_KIND_CONTROL, SK_RIGHT_CORE, &err))
        return err;
    err = device_open(k, t, sys_u32(t, 1), &name);
    if (err == SK_OK)
        port_result(&t->port, 1, name);
    return err;
}

sk_err sys_image_open(struct kern *k, struct task *t)
{
    sk_err err;
    sk_handle name;
    if (!handle_get(t, sys_u32(t, 0), SK_KIND_CONTROL, SK_RIGHT_TASK, &err))
        return err;
    err = image_open(k, t, sys_u32(t, 1), &name);
    if (err == SK_OK)
        port_result(&t->port, 1, name);
    return err;
}

sk_err sys_dev_call(struct kern *k, struct task *t)
{
    sk_err err;
    struct handle *h = handle_get(t, sys_u32(t, 0), SK_KIND_DEVICE, SK_RIGHT_CALL, &err);
    if (h == NULL)
        return err;
    uint32_t value = sys_u32(t, 2);
    if (device_home(k, h->index) != k->core)
        return give_device_call(k, t, h->index, sys_u32(t, 1), value, sys_u64(t, 3));
    err = device_access(k, h->index, sys_u32(t, 1), &value);
    if (err == SK_OK)
        port_result(&t->port, 1, value);
    return err;
}

sk_err sys_dev_map(struct kern *k, struct task *t)
{
    sk_err err;
    sk_uaddr addr;
    struct handle *h = handle_get(t, sys_u32(t, 0), SK_KIND_DEVICE, SK_RIGHT_MAP, &err);
    if (h == NULL)
        return err;
    err = device_map(k, h->index, &addr);
    if (err == SK_OK)
        port_result(&t->port, 1, addr);
    return err;
}

sk_err sys_irq_bind(struct kern *k, struct task *t)
{
    sk_err err;
    struct handle *h = handle_get(t, sys_u32(t, 0), SK_KIND_DEVICE, SK_RIGHT_MAP, &err);
    return h ? device_irq_bind(k, h->index, sys_u32(t, 1)) : err;
}

sk_err sys_irq_ack(struct kern *k, struct task *t)
{
    sk_err err;
    struct handle *h = handle_get(t, sys_u32(t, 0), SK_KIND_DEVICE, SK_RIGHT_MAP, &err);
    return h ? device_irq_ack(k, h->index) : err;
}
