/* The ledger outside the machine: kept from what kernels and tasks do, step by step, and compared
 * with what they say. A breach ends the run.
 *
 *   pages (ledger.c)   each page has one owner at a time; what is given back is mapped by nobody
 * and in no open end's hands, of a core that is not known to be off neither; what is taken is zero
 *   rings (rings.c)    of each channel, each way: messages are published in order, one after the
 *                      other, by whoever holds that end, never over one that was not taken; what is
 *                      given back was published, in order, and is what was published
 *
 * The audit (audit.c) walks the kernels' own tables besides.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef HOST_LEDGER_H
#define HOST_LEDGER_H

#include "kernel/kern.h"

/* Pages of all cores in all their epochs, as memory.c lays them out. */
#define LEDGER_FIRST       0x200000000000u
#define LEDGER_PAGES       ((4u * SK_CORES_MAX * (64u << 20)) / SK_PAGE_BYTES)
#define LEDGER_INDEX(page) (((page)-LEDGER_FIRST) / SK_PAGE_BYTES)

void rings_reset(void);
/* The memory of cpu begins anew: nobody has a page of it. */
void ledger_begin(sk_paddr ram, uint32_t pages);

void rings_begin(sk_paddr ram, uint32_t pages);

/* By the wrappers around the kernel's functions (ledger_wrap.c), after and before these. */
void ledger_taken(struct kern *k, uint32_t use, uint32_t count, sk_paddr first);
void ledger_given(struct kern *k, uint32_t count, sk_paddr first);

/* A page is about to be a channel's, or is not any more. */
void rings_forget(sk_paddr page);
/* A page has lost its memory: what its ends do is nobody's business any more. */
void rings_lost(sk_paddr page);
/* At the end: what was published and is known not to have been taken on this channel's side. */
uint32_t rings_waiting(sk_paddr page, uint32_t side);

#endif
