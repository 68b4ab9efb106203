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

/* Map r for its owner. addr 0: the kernel chooses. All pages or none. */
sk_err region_map(struct kern *k, struct region *r, sk_uaddr addr, uint32_t prot);
void region_unmap(struct kern *k, struct region *r);

/* The owner gives r up: unmapped, its pages home, zeroed when next taken. */
void region_close(struct kern *k, struct region *r);

/* e is about to be closed: so are the regions of its session, with their handles. */
void region_session_end(struct kern *k, struct end *e);

/* Give back the last pages of a dying task's region, zeroed; true once r is gone. */
bool region_shrink(struct kern *k, struct region *r);

/* r (unmapped) changes its owner, with the charge. SK_ERR_BUDGET: nothing done. */
sk_err region_move(struct kern *k, struct region *r, struct task *to);

#endif
