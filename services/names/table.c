/* See table.h.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "table.h"

#include <string.h>

/* The first index whose name is not below name. */
static uint32_t lower_bound(const struct name_table *t, const char *name)
{
    uint32_t lo = 0, hi = t->count;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2u;
        if (strcmp(t->entry[mid].name, name) < 0)
            lo = mid + 1u;
        else
            hi = mid;
    }
    return lo;
}

sk_err name_table_add(struct name_table *t, const struct name_entry *e)
{
    uint32_t at = lower_bound(t, e->name);
    if (at < t->count && strcmp(t->entry[at].name, e->name) == 0)
        return SK_ERR_EXISTS;
    if (t->count == t->max)
        return SK_ERR_FULL;
    memmove(&t->entry[at + 1u], &t->entry[at], (t->count - at) * sizeof t->entry[0]);
    t->count++;
    t->entry[at] = *e;
    return SK_OK;
}

int32_t name_table_find(const struct name_table *t, const char *name)
{
    uint32_t at = lower_bound(t, name);
    return at < t->count && strcmp(t->entry[at].name, name) == 0 ? (int32_t)at : -1;
}

int32_t name_table_next(const struct name_table *t, const char *prefix, uint32_t from)
{
    uint32_t at = lower_bound(t, prefix);
    if (at < from)
        at = from;
    return at < t->count && strncmp(t->entry[at].name, prefix, strlen(prefix)) == 0 ? (int32_t)at
                                                                                    : -1;
}

sk_handle name_table_remove(struct name_table *t, uint32_t index)
{
    sk_handle port = t->entry[index].port;
    t->count--;
    memmove(&t->entry[index], &t->entry[index + 1u], (t->count - index) * sizeof t->entry[0]);
    return port;
}
