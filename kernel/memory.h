/* Regions: runs of pages with one owner.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_MEMORY_H
#define KERNEL_MEMORY_H

#include "kernel/kern.h"

void region_table_init(struct kern *k);

/* A region for t, against its budget or, with e, its end, the quota of that session; the caller
 * enters the handle, and in the second case its index in r. A large one is not zero yet: t works,
 * TASK_WORKING, until region_clean_step, one bounded piece in each of its turns, says that it is.
 */
sk_err region_create(struct kern *k, struct task *t, uint32_t pages, struct end *e,
                     struct region **r);
bool region_clean_step(struct kern *k, struct task *t);

/* An entry of the table, for pages that are the caller's business; NULL: none. And back. */
struct region *region_take(struct kern *k, uint32_t pages);
void region_free(struct kern *k, struct region *r);

/* Is r at home on a core that has begun anew? Its pages are gone. */
static inline bool region_lost(const struct region *r)
{
    return r->foreign && r->far.core == INDEX_NONE;
}

/* Map r for its owner. addr 0: the kernel chooses. All pages or none. */
sk_err region_map(struct kern *k, struct region *r, sk_uaddr addr, uint32_t prot);
void region_unmap(struct kern *k, struct region *r);

/* The owner gives r up: unmapped, its pages home, zeroed when next taken. No effect for a dying
 * owner: region_shrink. */
void region_close(struct kern *k, struct region *r);

/* e is about to be closed: so are the regions of its session, with their handles. */
void region_session_end(struct kern *k, struct end *e);

/* A dying task gives up r: its last pages, zeroed, or what it has of one that is not here; true
 * once it has nothing of it any more. */
bool region_shrink(struct kern *k, struct region *r);

/* r (unmapped) changes its owner, with the charge. SK_ERR_BUDGET: nothing done. */
sk_err region_move(struct kern *k, struct region *r, struct task *to);

#endif
