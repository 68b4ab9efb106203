/* What the manifest says to init: the system table. The boot kernel has checked it before it froze
 * it, so offsets and references in it are trusted here.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef INIT_MANIFEST_H
#define INIT_MANIFEST_H

#include <skerry/errors.h>
#include <skerry/system.h>

struct manifest {
    const struct sk_sys_header *sys;
};

/* table: as the start block says. SK_ERR_IMAGE: it is none, or not of this version. */
sk_err manifest_open(struct manifest *m, const void *table);

/* Program number i, or NULL beyond the last. */
const struct sk_sys_prog *manifest_prog(const struct manifest *m, uint32_t i);

/* The program of that name, or NULL. */
const struct sk_sys_prog *manifest_find(const struct manifest *m, const char *name);

/* May p do that (SK_PERM_*) with name? name is terminated. */
bool manifest_permits(const struct manifest *m, const struct sk_sys_prog *p, uint32_t perm,
                      const char *name);

/* What the system gives that core, or NULL if it has no such core. */
const struct sk_sys_core *manifest_core(const struct manifest *m, sk_core core);

/* Is core started at boot? */
bool manifest_core_starts(const struct manifest *m, sk_core core);

/* On which core is boot program p started? Its place; the last core that starts at boot if the
 * place is beyond it; core 0 if any will do. cores: how many this machine gives to the system.
 * Every init gets the same answer, whatever is started later. */
sk_core manifest_place(const struct manifest *m, const struct sk_sys_prog *p, uint32_t cores);

#endif
