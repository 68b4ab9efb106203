/* See device.h. The system table is the same for every core: whichever kernel's init opens a
 * device has it; that only one does is the image builder's check (one owner for each device).
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/device.h"
#include "kernel/handle.h"
#include "kernel/log.h"
#include "kernel/sched.h"

#define DEVICE_PAGES_MAX 16u /* room for one in PORT_AREA_DEVICE */

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
    if (d->owner != NULL)
        return SK_ERR_BUSY;
    struct handle entry = {
        .kind = SK_KIND_DEVICE, .rights = SK_RIGHT_MAP | SK_RIGHT_MOVE, .index = (uint16_t)index};
    sk_err err = handle_add(k, t, &entry, h);
    if (err == SK_OK)
        d->owner = t;
    return err;
}

void device_move(struct kern *k, uint32_t index, struct task *to)
{
    k->device[index].owner = to;
}

static void unmap(struct kern *k, struct device *d, uint32_t pages)
{
    for (uint32_t n = 0; n < pages; n++)
        port_unmap(k, d->owner, d->addr + (uint64_t)n * SK_PAGE_BYTES);
    d->addr = 0;
}

void device_close(struct kern *k, uint32_t index)
{
    struct device *d = &k->device[index];
    if (d->bound)
        port_irq_disable(k->cpu, d->irq);
    if (d->addr != 0)
        unmap(k, d, system_dev(k->tpl->sys, index)->size_bytes / SK_PAGE_BYTES);
    d->bound = false;
    d->owner = NULL;
}

sk_err device_map(struct kern *k, uint32_t index, uint64_t *addr)
{
    struct device *d = &k->device[index];
    const struct sk_sys_dev *dev = system_dev(k->tpl->sys, index);
    if (d->addr != 0)
        return SK_ERR_STATE;
    uint64_t base = port_area_addr(k->cpu, PORT_AREA_DEVICE, index, dev->base);
    uint32_t pages = dev->size_bytes / SK_PAGE_BYTES;
    if (pages > DEVICE_PAGES_MAX)
        return SK_ERR_TOO_BIG;
    for (uint32_t n = 0; n < pages; n++) {
        uint64_t offset = (uint64_t)n * SK_PAGE_BYTES;
        sk_err err = port_map_device(k, d->owner, base + offset, dev->base + offset);
        if (err == SK_OK)
            continue;
        d->addr = base;
        unmap(k, d, n);
        return err;
    }
    d->addr = *addr = base;
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
