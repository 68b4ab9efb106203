/* The table of names, sorted. Bounded, in memory of the caller's; closes no handles: whoever
 * removes an entry gets its port back.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef NAMES_TABLE_H
#define NAMES_TABLE_H

#include <skerry/errors.h>
#include <skerry/types.h>

struct name_entry {
    char name[SK_NAME_BYTES];
    sk_tid owner;   /* the task that registered it; the name dies with it */
    uint64_t via;   /* the init that told us */
    sk_handle port; /* connect right */
};

struct name_table {
    uint32_t count, max;
    struct name_entry *entry; /* room for max, ascending by name */
};

/* Add a copy of e. SK_ERR_EXISTS, SK_ERR_FULL. e->name is a valid name. */
sk_err name_table_add(struct name_table *t, const struct name_entry *e);

/* The index of name, or -1. */
int32_t name_table_find(const struct name_table *t, const char *name);

/* The index of the first entry from `from` on that begins with prefix, or -1. */
int32_t name_table_next(const struct name_table *t, const char *prefix, uint32_t from);

/* Remove the entry at index < count; returns its port. */
sk_handle name_table_remove(struct name_table *t, uint32_t index);

#endif
