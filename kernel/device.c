/* See device.h. The system table is the same for every core: whichever kernel's init opens a
 * device has it; that only one does is the image builder's check (one owner for each device).
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/device.h"
#include "kernel/handle.h"
#include "kernel/log.h"
#include "kernel/sched.h"

#define DEVICE_BYTES_MAX (16u * SK_PAGE_BYTES) /* room for one in PORT_AREA_DEVICE */
#define CALL_WRITE       (1u << 31)

void device_init(struct kern *k)
{
    k->device_count = k->tpl->sys->dev_count;
    for (uint32_t i = 0; i < k->device_count; i++)
        k->device[i].irq = system_dev(k->tpl->sys, i)->irq;
}

sk_err device_open(struct kern *k, struct task *t, uint32_t index, sk_handle *h)
{
    if (index >= k->device_count)
        return SK_ERR_NOT_FOUND;
    struct device *d = &k->device[index];
    bool call = (system_dev(k->tpl->sys, index)->flags & SK_SYS_DEV_CALL) != 0;
    if (d->owner != NULL)
        return SK_ERR_BUSY;
    struct handle entry = {.kind = SK_KIND_DEVICE,
                           .rights = SK_RIGHT_MOVE | (call ? SK_RIGHT_CALL : SK_RIGHT_MAP),
                           .index = (uint16_t)index};
    sk_err err = handle_add(k, t, &entry, h);
    if (err == SK_OK && !call)
        d->owner = t;
    return err;
}

void device_move(struct kern *k, uint32_t index, struct task *to)
{
    struct device *d = &k->device[index];
    if (d->owner != NULL)
        d->owner = to;
}

void device_close(struct kern *k, uint32_t index)
{
    struct device *d = &k->device[index];
    if (d->bound)
        port_irq_disable(k->cpu, d->irq);
    if (d->addr != 0)
        port_unmap(k, d->owner, d->addr, system_dev(k->tpl->sys, index)->size_bytes);
    d->addr = 0;
    d->bound = false;
    d->owner = NULL;
}

sk_err device_map(struct kern *k, uint32_t index, sk_uaddr *addr)
{
    struct device *d = &k->device[index];
    const struct sk_sys_dev *dev = system_dev(k->tpl->sys, index);
    if (d->addr != 0)
        return SK_ERR_STATE;
    sk_paddr base = (sk_paddr)dev->base;
    if (dev->size_bytes > DEVICE_BYTES_MAX)
        return SK_ERR_TOO_BIG;
    sk_uaddr at = port_area_addr(k->cpu, PORT_AREA_DEVICE, index, base);
    sk_err err = port_map_device(k, d->owner, at, base, dev->size_bytes);
    if (err == SK_OK)
        d->addr = *addr = at;
    return err;
}

sk_core device_home(const struct kern *k, uint32_t index)
{
    return system_dev(k->tpl->sys, index)->core;
}

sk_err device_access(struct kern *k, uint32_t index, uint32_t where, uint32_t *value)
{
    uint32_t offset = where & ~CALL_WRITE;
    if (index >= k->device_count)
        return SK_ERR_PROTOCOL;
    const struct sk_sys_dev *dev = system_dev(k->tpl->sys, index);
    if (!(dev->flags & SK_SYS_DEV_CALL) || dev->core != k->core)
        return SK_ERR_PROTOCOL;
    if (offset % 4u != 0 || offset >= dev->size_bytes)
        return SK_ERR_ARG;
    *value =
        port_device_access(k->cpu, index, (sk_paddr)dev->base, offset, where != offset, *value);
    return SK_OK;
}

sk_err device_irq_bind(struct kern *k, uint32_t index, uint32_t bit)
{
    struct device *d = &k->device[index];
    if (bit > 31)
        return SK_ERR_ARG;
    if (d->irq == 0)
        return SK_ERR_NOT_FOUND;
    d->event_bit = (uint8_t)bit;
    d->bound = true;
    return port_irq_enable(k->cpu, d->irq);
}

sk_err device_irq_ack(struct kern *k, uint32_t index)
{
    struct device *d = &k->device[index];
    return d->bound ? port_irq_enable(k->cpu, d->irq) : SK_ERR_STATE;
}

void device_irq(struct kern *k, uint32_t irq)
{
    for (uint32_t i = 0; i < k->device_count; i++) {
        struct device *d = &k->device[i];
        if (d->bound && d->irq == irq) {
            sched_event(k, d->owner, 1u << d->event_bit, false);
            return;
        }
    }
    klog(k, "interrupt %u has no owner", irq);
}
