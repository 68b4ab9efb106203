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
/* A shared word was stored (the seam of rings). */
void sim_stored(const uint32_t *word, uint32_t v);
/* The memory of cpu begins anew: nobody has a page of it. */
void ledger_begin(sk_paddr ram, uint32_t pages);

void rings_begin(sk_paddr ram, uint32_t pages);

/* By the wrappers around the kernel's functions (ledger_wrap.c), after and before these. */
void ledger_taken(struct kern *k, uint32_t use, uint32_t count, sk_paddr first);
/* They are said to be zeroed. */
void ledger_clean(struct kern *k, uint32_t count, sk_paddr first);
void ledger_given(struct kern *k, uint32_t count, sk_paddr first);
/* A page that core might have touched is given back: it must not be able to any more. */
void ledger_fenced(struct kern *k, sk_core core, sk_paddr page);

/* A page is about to be a channel's, or is not any more. */
void rings_forget(sk_paddr page);
/* A page has lost its memory: what its ends do is nobody's business any more. */
void rings_lost(sk_paddr page);
/* Of this channel's side: how many messages were published, and how many are not given back. */
uint32_t rings_published(sk_paddr page, uint32_t side);
uint32_t rings_waiting(sk_paddr page, uint32_t side);

#endif
