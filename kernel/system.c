/* The parts of the system table, which was checked (system_check.c, or the image builder). See
 * template.h and skerry/system.h.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/kern.h"

static const void *at(const struct sk_sys_header *sys, uint32_t off, uint32_t index, size_t size)
{
    return (const uint8_t *)sys + off + index * size;
}

const struct sk_sys_core *system_core(const struct sk_sys_header *sys, uint32_t index)
{
    return at(sys, sys->core_off, index, sizeof(struct sk_sys_core));
}

const struct sk_sys_prog *system_prog(const struct sk_sys_header *sys, uint32_t index)
{
    return at(sys, sys->prog_off, index, sizeof(struct sk_sys_prog));
}

const struct sk_sys_dev *system_dev(const struct sk_sys_header *sys, uint32_t index)
{
    return at(sys, sys->dev_off, index, sizeof(struct sk_sys_dev));
}

const struct sk_sys_image *system_image(const struct sk_sys_header *sys, uint32_t index)
{
    return at(sys, sys->image_off, index, sizeof(struct sk_sys_image));
}

const struct sk_sys_perm *system_perm(const struct sk_sys_header *sys, uint32_t index)
{
    return at(sys, sys->perm_off, index, sizeof(struct sk_sys_perm));
}
