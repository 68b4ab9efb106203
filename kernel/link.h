/* Links to the other kernels: presence, epochs, doorbells, level bits, requests and replies.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_LINK_H
#define KERNEL_LINK_H

#include "kernel/kern.h"

/* At boot: fill this kernel's pages, so that others can tell that it is there. A kernel that is not
 * its core's first also greets all that run: they let go of what they had with the one before. */
void link_init(struct kern *k);

/* Is there a kernel that was linked to an earlier epoch of this core and not yet to this one? What
 * that epoch lent it, it may still touch. */
bool link_held(const struct kern *k);

/* Have a link to that core, or one that is about to be: requests queue until it is.
 * SK_ERR_NOT_FOUND: no such core; SK_ERR_CORE_DOWN: not running, lost, or of another version. */
sk_err link_use(struct kern *k, sk_core core);

/* Is what p names, on another core, of the epoch that the link there is with, or now begins with?
 */
bool link_reaches(struct kern *k, const struct place *p);

/* Is what p names of an epoch of another core that is gone for good: a newer one has been met? */
bool link_outlived(const struct kern *k, const struct place *p);

/* Epoch of that core as last seen, 0: never. The second: of the kernel that is there now, as its
 * page says; 0: none, or one of another version. */
uint32_t link_epoch(const struct kern *k, sk_core core);
uint32_t link_epoch_there(const struct link *l);

/* See what the far kernel says of itself: the link may go down, or begin. */
void link_look(struct kern *k, struct link *l);

/* Level state towards the core of what p names: SK_LINK_WAKE, SK_LINK_CLOSE of an end;
 * SK_LINK_RELEASE of a side of a channel. No effect where link_reaches says no. */
void link_flip(struct kern *k, const struct place *p, unsigned kind, uint32_t side);

static inline void link_wake(struct kern *k, const struct place *end)
{
    link_flip(k, end, SK_LINK_WAKE, 0);
}
static inline void link_close(struct kern *k, const struct place *end)
{
    link_flip(k, end, SK_LINK_CLOSE, 0);
}

/* A request (m->label, token, bytes) when link_has_credit; a reply always has room. */
bool link_has_credit(const struct link *l);
void link_request(struct kern *k, struct link *l, const struct sk_msg *m);
void link_reply(struct kern *k, struct link *l, uint16_t label, uint16_t token,
                const struct sk_link_given *given);

/* Somebody rang: acknowledge, take what is new. */
void link_doorbell(struct kern *k);

/* A doorbell is a hint that may be lost: when k->retry_ns has come, look at all links as if rung,
 * and ring again where the last ring is still unanswered. link_soon: let it come in 5 ms. */
#define LINK_RETRY_NS SK_MS(5)
void link_retry(struct kern *k);
void link_soon(struct kern *k);

/* Take the level bits of every link now. */
void link_read_levels(struct kern *k);

/* The far kernel is dead, replaced, or talks nonsense: its ends close, what waits for it ends. What
 * it may still touch stays untouched until a new epoch of that core is met. */
void link_down(struct kern *k, struct link *l, const char *why);

/* This kernel is about to halt: say so to all. */
void link_announce_death(struct kern *k);

#endif
