/* What a task may touch: at most eight MPU regions, kept in its struct port_task as the processor
 * wants them, and loaded when the task is. There is no translation. The same list answers what the
 * kernel may touch for the task (port_user).
 *
 * Regions that may be written are at the front, where port_user looks first, others at the back.
 * Regions of a task never overlap: the MPU would refuse the place where two meet.
 * Facts: Armv8-M Architecture Reference Manual DDI 0553, B5 (PMSAv8), D1.2: MPU_RBAR, MPU_RLAR.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "armv8m.h"
#include "cpu.h"
#include <skerry/syscall.h>
#include <skerry/system.h>

#define ADDRESS (~(uintptr_t)(MPU_GRANULE - 1u))

static uintptr_t first_of(const struct port_region *r)
{
    return r->rbar & ADDRESS;
}

static uintptr_t last_of(const struct port_region *r)
{
    return r->rlar | (MPU_GRANULE - 1u);
}

static bool holds(const struct port_region *r, uintptr_t addr)
{
    return addr - first_of(r) <= last_of(r) - first_of(r);
}

/* The kernel touches memory for a task, never a device. */
static bool may(const struct port_region *r, uint32_t prot)
{
    return (r->rlar & (RLAR_ENABLE | RLAR_DEVICE)) == RLAR_ENABLE &&
           !((prot & SK_PROT_W) && (r->rbar & RBAR_READ_ONLY));
}

static inline void *in_region(const struct port_region *r, uintptr_t addr, size_t *len)
{
    size_t left = last_of(r) - addr;
    if (left < *len - 1u)
        *len = left + 1u;
    return (void *)addr;
}

static __attribute__((noinline)) void *in_any(const struct port_task *pt, uintptr_t addr,
                                              uint32_t prot, size_t *len)
{
    for (uint32_t i = 0; i < PORT_REGIONS; i++)
        if (holds(&pt->region[i], addr) && may(&pt->region[i], prot))
            return in_region(&pt->region[i], addr, len);
    return NULL;
}

/* Mostly it is the task's RAM, which is mapped first. */
void *port_user(struct kern *k, struct task *t, sk_uaddr addr, uint32_t prot, size_t *len)
{
    const struct port_task *pt = kern_port_task(t);
    (void)k;
    if (holds(&pt->region[0], addr) && may(&pt->region[0], SK_PROT_W))
        return in_region(&pt->region[0], addr, len);
    return in_any(pt, addr, prot, len);
}

void *space_range(const struct port_task *pt, uintptr_t addr, uint32_t prot, size_t n)
{
    size_t len = n;
    void *p = port_user(NULL, kern_task_of((struct port_task *)pt), addr, prot, &len);
    return len == n ? p : NULL;
}

/* --- Where a task stands: its frame ---------------------------------------------------------- */

/* What is at the task's stack pointer does not belong to it: results go nowhere, and the exception
 * return to the task fails. */
static void frame_lost(struct port_task *pt)
{
    pt->frame = pt->r;
}

void port_task_entry(struct port_task *pt, uintptr_t entry, uintptr_t sp, uintptr_t arg)
{
    uint32_t *frame = space_range(pt, (sp & ~(uintptr_t)7) - FRAME_BYTES, SK_PROT_W, FRAME_BYTES);
    __builtin_memset(pt->r, 0, sizeof(pt->r));
    pt->lr = EXC_RETURN_TASK;
    if (frame == NULL) {
        frame_lost(pt);
        return;
    }
    __builtin_memset(frame, 0, FRAME_BYTES);
    frame[0] = arg;
    frame[6] = entry & ~(uintptr_t)1;
    frame[7] = XPSR_THUMB;
    pt->frame = frame;
}

/* For vectors.S: where s16-s31 of a task are kept while another is loaded; NULL: it has not used
 * the unit, or there is no room, which is then its end. */
uint32_t *fp_area(struct port_task *pt);
uint32_t *fp_area(struct port_task *pt)
{
    if (pt->lr & EXC_NO_FP)
        return NULL;
    uint32_t *area =
        space_range(pt, (uintptr_t)pt->frame - FP_KEPT_BYTES, SK_PROT_W, FP_KEPT_BYTES);
    if (area == NULL)
        frame_lost(pt);
    return area;
}

/* --- Regions ----------------------------------------------------------------------------------
 */

sk_err port_space_create(struct kern *k, struct task *t)
{
    (void)k;
    (void)t; /* zeroed: no region */
    return SK_OK;
}

/* The task's regions are in the processor: change it there too. */
static void reload(const struct port_task *pt, const struct port_region *r)
{
    if (port_cpu.loaded != pt)
        return;
    mmio_write32(MPU_RNR, (uint32_t)(r - pt->region));
    mmio_write32(MPU_RLAR, 0); /* never half of the old and half of the new */
    mmio_write32(MPU_RBAR, r->rbar);
    mmio_write32(MPU_RLAR, r->rlar);
    dsb();
    isb();
}

static sk_err add(struct port_task *pt, uintptr_t base, size_t bytes, uint32_t rbar, uint32_t rlar)
{
    uintptr_t last = base + bytes - 1u;
    struct port_region *free = NULL;
    if (base % MPU_GRANULE != 0 || bytes % MPU_GRANULE != 0 || bytes == 0 || last < base)
        return SK_ERR_ARG;
    for (uint32_t i = 0; i < PORT_REGIONS; i++) {
        struct port_region *r = &pt->region[i];
        if (r->rlar != 0 && base <= last_of(r) && last >= first_of(r))
            return SK_ERR_EXISTS;
        if (r->rlar == 0 && (free == NULL || (rbar & RBAR_READ_ONLY)))
            free = r;
    }
    if (free == NULL)
        return SK_ERR_BUDGET;
    free->rbar = base | rbar;
    free->rlar = (last & ADDRESS) | rlar;
    reload(pt, free);
    return SK_OK;
}

sk_err port_map(struct kern *k, struct task *t, sk_uaddr addr, sk_paddr page, size_t bytes,
                uint32_t prot)
{
    uint32_t rbar = RBAR_TASKS;
    (void)k;
    if (addr != page || ((prot & SK_PROT_W) && (prot & SK_PROT_X)))
        return SK_ERR_ARG;
    if (!(prot & SK_PROT_W))
        rbar |= RBAR_READ_ONLY;
    if (!(prot & SK_PROT_X))
        rbar |= RBAR_NO_EXECUTE;
    dsb(); /* what was written there as data may be fetched */
    return add(kern_port_task(t), addr, bytes, rbar, RLAR_ENABLE);
}

sk_err port_map_device(struct kern *k, struct task *t, sk_uaddr addr, sk_paddr base, size_t bytes)
{
    (void)k;
    if (addr != base)
        return SK_ERR_ARG;
    return add(kern_port_task(t), addr, bytes, RBAR_TASKS | RBAR_NO_EXECUTE,
               RLAR_ENABLE | RLAR_DEVICE);
}

void port_unmap(struct kern *k, struct task *t, sk_uaddr addr, size_t bytes)
{
    struct port_task *pt = kern_port_task(t);
    (void)k;
    for (uint32_t i = 0; i < PORT_REGIONS; i++) {
        struct port_region *r = &pt->region[i];
        if (r->rlar == 0 || first_of(r) != addr || last_of(r) != addr + bytes - 1u)
            continue;
        *r = (struct port_region){0, 0};
        reload(pt, r);
        uintptr_t frame = (uintptr_t)pt->frame;
        if (frame < addr + bytes && frame + FRAME_BYTES > addr)
            frame_lost(pt);
    }
}

/* Nothing was taken. What may still be in the processor is nobody's from now on. */
bool port_space_destroy_step(struct kern *k, struct task *t)
{
    struct port_task *pt = kern_port_task(t);
    (void)k;
    __builtin_memset(pt->region, 0, sizeof(pt->region));
    frame_lost(pt);
    if (port_cpu.loaded == pt) {
        for (uint32_t i = 0; i < PORT_REGIONS; i++)
            reload(pt, &pt->region[i]);
        if (port_cpu.has_fpu)
            fp_forget();
        port_cpu.loaded = NULL;
    }
    return true;
}

sk_uaddr port_area_addr(struct port_cpu *cpu, enum port_area area, uint32_t index, sk_paddr page)
{
    (void)cpu;
    (void)area;
    (void)index;
    return page;
}
