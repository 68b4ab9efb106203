/* Regions between cores: the right to their pages moves, the bytes stay (docs/adr/0015). The home,
 * whose pages they are, knows who holds each; the holder's core has an entry that says where they
 * are. One move of a region at a time.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_REGION_MOVE_H
#define KERNEL_REGION_MOVE_H

#include "kernel/kern.h"

#define REGION_TOKEN 0x4000u /* with MOVE_TOKEN, of regions; else of channels */

/* Give the region that he of t names to dest on `core` (give_begin). */
sk_err region_give(struct kern *k, struct task *t, struct handle *he, sk_core core,
                   struct sk_link_dest dest, sk_ns deadline_ns);

/* One that waits in an escrow becomes t's. SK_ERR_BUDGET: it stays; SK_ERR_PEER_DEAD: it is gone.
 */
sk_err region_adopt(struct kern *k, struct task *t, const struct item *item, sk_handle *h);

/* The holder's core lets go of one that is at home elsewhere. */
void region_send_home(struct kern *k, struct region *r);

/* The holder's side of a move: what t asks, and the home's answer. */
void region_message(const struct kern *k, const struct task *t, struct sk_msg *m);
void region_answered(struct kern *k, struct task *t, struct handle *he,
                     const struct sk_link_given *given);

/* The new holder's side: a region comes. */
sk_err region_arrive(struct kern *k, const struct link *l, const struct sk_link_give *give,
                     struct sk_link_given *given);

/* The home's side. CALL_BLOCKED: it will be answered. */
sk_err region_request(struct kern *k, struct link *l, const struct sk_link_move *move,
                      uint16_t token);
void region_reply(struct kern *k, struct link *l, uint16_t index, uint16_t label,
                  const struct sk_link_given *answer);
void region_pump(struct kern *k, struct link *l);

/* core flipped the bit of region index: to its home, the holder has let go; to a holder, what was
 * in doubt is its own again. */
void region_flipped(struct kern *k, sk_core core, uint32_t index);

/* The kernel of l's core is lost: what waits for it ends. */
void region_link_down(struct kern *k, struct link *l);
/* Nothing of core's earlier epochs runs any more: what it held comes home. */
void region_core_fenced(struct kern *k, sk_core core);
/* A new kernel runs on core: regions at home there are gone, and unmapped when this returns. Cost:
 * as many pages as can be mapped. */
void region_core_anew(struct kern *k, sk_core core);

#endif
