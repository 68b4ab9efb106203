/* The ledger: who has which page of this kernel's RAM, and on whose account.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_PAGE_H
#define KERNEL_PAGE_H

#include "kernel/kern.h"

void page_init(struct kern *k, sk_paddr base, uint32_t pages);

/* `count` contiguous zeroed pages for `use`, charged to t (to nobody if NULL). SK_ERR_BUDGET: t's
 * budget; SK_ERR_NO_MEMORY: no such run of free pages. Cost: a scan of the map (a word for 64
 * pages) and the zeroing of those that are dirty. */
sk_err page_take(struct kern *k, struct task *t, uint32_t use, uint32_t count, sk_paddr *first);

/* The same, but not all of them zeroed yet: page_clean does it, at most `most` pages a call, true
 * when none is left. */
sk_err page_reserve(struct kern *k, struct task *t, uint32_t use, uint32_t count, sk_paddr *first);
bool page_clean(struct kern *k, sk_paddr first, uint32_t count, uint32_t most);

/* Give pages back; they are zeroed before anyone gets them: now if zero, else when taken. t's
 * account is credited (NULL: nobody's). */
void page_give(struct kern *k, struct task *t, sk_paddr first, uint32_t count, bool zero);

/* Move the charge of count pages. SK_ERR_BUDGET: `to` has no room; nothing done. */
sk_err page_charge(struct kern *k, sk_paddr first, uint32_t count, struct task *from,
                   struct task *to);

/* Pages that the kernel of `core`, which is lost, may still touch: nobody's, until page_fenced says
 * that it can no more. */
void page_doubt(struct kern *k, struct task *t, sk_paddr first, uint32_t count, sk_core core);
void page_fenced(struct kern *k, sk_core core);

#endif
