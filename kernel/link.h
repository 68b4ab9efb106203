/* Links to the other kernels: presence, doorbells, level bits, requests and replies.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_LINK_H
#define KERNEL_LINK_H

#include "kernel/kern.h"

/* At boot: fill this kernel's pages, so that others can tell that it is there. */
void link_init(struct kern *k);

/* Have a link to that core. SK_ERR_NOT_FOUND: no such core; SK_ERR_CORE_DOWN: not running, or
 * lost; SK_ERR_PROTOCOL: another version. */
sk_err link_use(struct kern *k, sk_core core);

/* SK_CORE_*, as far as this kernel can see. epoch of that core as last seen, 0: never. */
uint32_t link_core_state(struct kern *k, sk_core core);
uint32_t link_epoch(const struct kern *k, sk_core core);

/* Level state towards `core`: a wake for its end, the close of its end's peer, the release of a
 * side of its channel. No effect on a core that is down. */
void link_wake(struct kern *k, sk_core core, uint32_t end);
void link_close(struct kern *k, sk_core core, uint32_t end);
void link_release(struct kern *k, sk_core core, uint32_t chan, uint32_t side);

/* A request (m->label, token, bytes) when link_has_credit; a reply always has room. */
bool link_has_credit(const struct link *l);
void link_request(struct kern *k, struct link *l, const struct sk_msg *m);
void link_reply(struct kern *k, struct link *l, uint16_t label, uint16_t token,
                const struct sk_link_given *given);

/* Somebody rang: acknowledge, take what is new. */
void link_doorbell(struct kern *k);

/* Take the level bits of every link now. */
void link_read_levels(struct kern *k);

/* The far kernel is dead or talks nonsense: its ends close, what waits for it ends. */
void link_down(struct kern *k, struct link *l, const char *why);

/* This kernel is about to halt: say so to all. */
void link_announce_death(struct kern *k);

#endif
