/* The template: everything about this machine and system that is computed once, by the boot
 * kernel, and inherited by every kernel, core 0's included. It is frozen before the first task;
 * after that a kernel that writes to it (its own core record) gets a copy of that page (MMU ports)
 * or holds a copy from the start. Pointers in it are valid in every kernel: same virtual address.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_TEMPLATE_H
#define KERNEL_TEMPLATE_H

#include <skerry/errors.h>
#include <skerry/system.h>
#include <skerry/types.h>

/* What one core has: never a global constant, cores may differ. */
struct core_record {
    uint64_t hw_id;                     /* as the machine numbers it (MPIDR, hart id) */
    uint32_t features;                  /* CORE_HAS_* */
    uint32_t epoch;                     /* filled by the kernel that runs there, in its own copy */
    uint8_t mpu_regions, priority_bits; /* of interrupts; where the machine has such things */
};
#define CORE_HAS_FPU 1u

struct template
{
    uint32_t cores; /* min(what the system asks for, what the machine has) */
    uint32_t frozen;
    const struct sk_sys_header *sys; /* checked */
    const void *archive;             /* newc cpio, checked */
    uint64_t archive_bytes;
    struct core_record core[SK_CORES_MAX];
};

/* Fill tpl from an archive in memory that stays readable and from what the machine has: checks the
 * archive's every header and the system table in it. SK_ERR_IMAGE: *why says what is wrong (static
 * text). Cost: one pass over the archive's headers. */
sk_err template_build(struct template *tpl, const void *archive, uint64_t archive_bytes,
                      uint32_t machine_cores, const char **why);

/* The parts of the system table; index < the header's count. */
const struct sk_sys_core *system_core(const struct sk_sys_header *sys, uint32_t index);
const struct sk_sys_prog *system_prog(const struct sk_sys_header *sys, uint32_t index);
const struct sk_sys_dev *system_dev(const struct sk_sys_header *sys, uint32_t index);
const struct sk_sys_image *system_image(const struct sk_sys_header *sys, uint32_t index);
const struct sk_sys_perm *system_perm(const struct sk_sys_header *sys, uint32_t index);

/* Check a table of len bytes: magic, version, every offset and count, every string terminated,
 * every reference. SK_ERR_IMAGE with *why. */
sk_err system_check(const void *table, uint64_t len, const char **why);

#endif
