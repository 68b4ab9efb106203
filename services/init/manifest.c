/* See manifest.h.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "manifest.h"

#include "lib/names.h"

#include <string.h>

/* Entry number i of a table of the system table. */
static const void *table_at(const struct manifest *m, uint32_t off, size_t size, uint32_t i)
{
    return (const uint8_t *)m->sys + off + size * i;
}

sk_err manifest_open(struct manifest *m, const void *table)
{
    const struct sk_sys_header *sys = table;
    if (sys == NULL || sys->magic != SK_SYS_MAGIC || sys->version != SK_SYS_VERSION)
        return SK_ERR_IMAGE;
    *m = (struct manifest){.sys = sys};
    return SK_OK;
}

const struct sk_sys_prog *manifest_prog(const struct manifest *m, uint32_t i)
{
    if (i >= m->sys->prog_count)
        return NULL;
    return table_at(m, m->sys->prog_off, sizeof(struct sk_sys_prog), i);
}

const struct sk_sys_prog *manifest_find(const struct manifest *m, const char *name)
{
    const struct sk_sys_prog *p;
    for (uint32_t i = 0; (p = manifest_prog(m, i)) != NULL; i++) {
        if (strncmp(p->name, name, SK_NAME_BYTES) == 0)
            return p;
    }
    return NULL;
}

bool manifest_permits(const struct manifest *m, const struct sk_sys_prog *p, uint32_t perm,
                      const char *name)
{
    for (uint32_t i = 0; i < p->perm_count; i++) {
        const struct sk_sys_perm *e =
            table_at(m, m->sys->perm_off, sizeof(struct sk_sys_perm), p->perm_first + i);
        if (e->kind == perm && names_match(e->pattern, name))
            return true;
    }
    return false;
}

const struct sk_sys_core *manifest_core(const struct manifest *m, sk_core core)
{
    if (core >= m->sys->core_count)
        return NULL;
    return table_at(m, m->sys->core_off, sizeof(struct sk_sys_core), core);
}

bool manifest_core_starts(const struct manifest *m, sk_core core)
{
    const struct sk_sys_core *c = manifest_core(m, core);
    return c != NULL && (c->flags & SK_SYS_CORE_START) != 0;
}

sk_core manifest_place(const struct manifest *m, const struct sk_sys_prog *p, uint32_t cores)
{
    sk_core last = 0;
    for (sk_core c = 1; c < cores; c++) {
        if (manifest_core_starts(m, c))
            last = c;
    }
    if (p->place == SK_PLACE_ANY)
        return 0;
    return p->place < last ? p->place : last;
}
