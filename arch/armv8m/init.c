/* init, the first task of a kernel: its RAM filled as the image builder says, its regions. Besides
 * its own it can read the system table and, behind it, what the data of all programs start as.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "armv8m.h"
#include "cpu.h"
#include <skerry/syscall.h>
#include <skerry/system.h>

static const struct sk_sys_image *find_image(const struct sk_sys_header *sys, sk_core core)
{
    for (uint32_t i = 0; i < sys->image_count; i++) {
        const struct sk_sys_image *im = system_image(sys, i);
        if (im->core == core && __builtin_strcmp(system_prog(sys, im->prog)->name, "init") == 0)
            return im;
    }
    return NULL;
}

/* Bytes of the system table and of what lies behind it. */
static size_t table_bytes(const struct sk_sys_header *sys)
{
    uintptr_t base = (uintptr_t)sys, end = base + sys->size_bytes;
    for (uint32_t i = 0; i < sys->image_count; i++) {
        const struct sk_sys_image *im = system_image(sys, i);
        if (im->data_bytes != 0 && im->data_load + im->data_bytes > end)
            end = im->data_load + im->data_bytes;
    }
    return (end - base + MPU_GRANULE - 1u) / MPU_GRANULE * MPU_GRANULE;
}

static void fill(const struct sk_sys_image *im)
{
    uint8_t *data = (uint8_t *)(uintptr_t)im->data_addr;
    __builtin_memset((void *)(uintptr_t)im->ram.base, 0, im->ram.bytes);
    __builtin_memcpy(data, (const void *)(uintptr_t)im->data_load, im->data_bytes);
}

sk_err port_init_map(struct kern *k, struct task *t, struct sk_start *start, sk_uaddr *start_addr)
{
    const struct sk_sys_header *sys = kernel_template.sys;
    const struct sk_sys_image *im = find_image(sys, port_cpu.core);
    if (im == NULL)
        return SK_ERR_NOT_FOUND;
    sk_paddr table = (sk_paddr)sys;
    sk_err err = port_map(k, t, im->ram.base, im->ram.base, im->ram.bytes, SK_PROT_R | SK_PROT_W);
    if (err == SK_OK)
        err = port_map(k, t, table, table, table_bytes(sys), SK_PROT_R);
    if (err == SK_OK && im->rodata.bytes != 0)
        err = port_map(k, t, im->rodata.base, im->rodata.base, im->rodata.bytes, SK_PROT_R);
    if (err == SK_OK)
        err = port_map(k, t, im->text.base, im->text.base, im->text.bytes, SK_PROT_R | SK_PROT_X);
    if (err != SK_OK)
        return err;
    fill(im);
    *start_addr = (im->data_addr + im->data_bytes + im->bss_bytes + 7u) & ~(sk_uaddr)7;
    start->system_addr = table;
    start->heap_addr = *start_addr + SK_START_BYTES;
    start->heap_bytes = im->ram.base + im->ram.bytes - (uintptr_t)start->heap_addr;
    port_task_entry(kern_port_task(t), im->entry, im->ram.base + im->stack_bytes, *start_addr);
    return SK_OK;
}
