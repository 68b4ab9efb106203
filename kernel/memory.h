/* Regions: runs of pages with one owner.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_MEMORY_H
#define KERNEL_MEMORY_H

#include "kernel/kern.h"

void region_table_init(struct kern *k);

/* A region of zeroed pages for t; the caller enters the handle. */
sk_err region_create(struct kern *k, struct task *t, uint32_t pages, struct region **r);

/* Map r for its owner. addr 0: the kernel chooses. All pages or none. */
sk_err region_map(struct kern *k, struct region *r, sk_uaddr addr, uint32_t prot);
void region_unmap(struct kern *k, struct region *r);

/* The owner gives r up: unmapped, its pages home, zeroed when next taken. */
void region_close(struct kern *k, struct region *r);

/* Give back the last pages of a dying task's region, zeroed; true once r is gone. */
bool region_shrink(struct kern *k, struct region *r);

/* r (unmapped) changes its owner, with the charge. SK_ERR_BUDGET: nothing done. */
sk_err region_move(struct kern *k, struct region *r, struct task *to);

#endif
