/* Memory that a service takes once, when it starts: its tables, as large as its budget and the
 * system allow. It is given back when the task ends. For programs: it is the C library's memory.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_TAKE_H
#define LIB_TAKE_H

#include "lib/self.h"
#include "lib/start.h"

#include <stdlib.h>

/* Most clients that this service can have: each takes a channel end, and one is for init. */
static inline uint32_t sk_clients_most(void)
{
    uint32_t ends = sk_self()->start->ends;
    return ends > 1u ? ends - 1u : 1u;
}

/* `count` things of `bytes` each, zero. NULL: they do not fit the program's memory; the log says
 * so. */
static inline void *sk_take(uint32_t count, size_t bytes, const char *what)
{
    void *p = calloc(count != 0 ? count : 1u, bytes);
    if (p == NULL)
        sk_log("%s: no memory for %u %s of %u bytes\n", sk_self()->start->name, (unsigned)count,
               what, (unsigned)bytes);
    return p;
}

#endif
