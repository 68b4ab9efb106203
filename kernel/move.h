/* The home's side of moving a channel end to another core. One move of a channel at a time.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_MOVE_H
#define KERNEL_MOVE_H

#include "kernel/kern.h"

#define MOVE_TOKEN 0x8000u /* link tokens of moves: this | channel; others are task slots */

/* Put item where dest says (give.c). SK_ERR_PEER_DEAD, SK_ERR_FULL, SK_ERR_ARG. */
sk_err give_deliver(struct kern *k, const struct sk_link_dest *dest, const struct item *item);

/* Move side of c to dest on core. Whoever asked is told when it is over: a task here (requester
 * INDEX_NONE, token its slot), or the kernel `requester` in answer to its MOVE `token`. */
void move_begin(struct kern *k, struct chan *c, uint32_t side, sk_core core,
                struct sk_link_dest dest, uint16_t requester, uint16_t token);

/* A holder's request. CALL_BLOCKED: it will be answered. */
sk_err move_request(struct kern *k, struct link *l, const struct sk_link_move *move,
                    uint16_t token);

/* An end's peer has moved (or is gone), says the kernel at the far end of l. SK_ERR_HANDLE: there
 * is no such end any more. SK_ERR_PROTOCOL: that kernel is not its channel's home. */
sk_err move_repeer(struct kern *k, const struct link *l, const struct sk_link_repeer *repeer);

void move_reply(struct kern *k, struct link *l, uint16_t chan, uint16_t label,
                const struct sk_link_given *given);
void move_pump(struct kern *k, struct link *l);
void move_link_down(struct kern *k, struct link *l);

#endif
