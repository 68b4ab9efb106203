/* Channels and their ends. Moves of ends between tasks and cores: give.h.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_CHAN_H
#define KERNEL_CHAN_H

#include "kernel/kern.h"

void chan_table_init(struct kern *k);

/* A channel of t, who pays, for quota pages too that whoever holds h[SK_QUOTA_SIDE] may use; both
 * ends unused and here. SK_ERR_ARG, SK_ERR_BUDGET, SK_ERR_NO_MEMORY: nothing done. */
sk_err chan_create(struct kern *k, struct task *t, uint32_t slots, uint32_t quota, sk_handle h[2]);

/* Make an end usable by its owner and tell where it is mapped. */
sk_err chan_open(struct kern *k, struct end *e, uint32_t event_bit, struct sk_chan_view *view);

/* The end's holder lets go. Tells the peer and the home; the slot is free once the far side knows.
 */
void chan_close_end(struct kern *k, struct end *e);

/* A free end slot, END_QUEUED, owned by nobody; NULL: none. */
struct end *chan_end_take(struct kern *k);
void chan_end_free(struct kern *k, struct end *e);

/* An end changes from in-transit to owned by t, entered into its handles. SK_ERR_BUDGET. */
sk_err chan_end_adopt(struct kern *k, struct task *t, struct end *e, sk_handle *h);
/* e is with t from now on, in its handles, or in the queue of its port or an escrow of its: is it
 * the peer of another end of t's? Then who sleeps until the peer does something sleeps for ever. */
void chan_end_at(struct kern *k, struct end *e, const struct task *t);
/* ... and back: t no longer owns e (whose state the caller sets). */
void chan_end_disown(struct end *e);

/* Tell e's owner that its ring moved or its state changed. front: run it first of its priority. */
void chan_end_ring(struct kern *k, struct end *e, bool front);

/* Ring the far end of e. SK_ERR_PEER_DEAD. */
sk_err chan_wake_peer(struct kern *k, struct end *e, bool front);

/* The far end will send nothing more; gone: it does not exist any more. */
void chan_peer_closed(struct kern *k, struct end *e, bool gone);

/* From a link: core flipped the wake or close bit of end `index`, or the release bit of 2 * channel
 * + side, at home here. */
void chan_wake_flipped(struct kern *k, sk_core core, uint32_t index);
void chan_close_flipped(struct kern *k, sk_core core, uint32_t index);
void chan_release_flipped(struct kern *k, sk_core core, uint32_t bit);

/* One side of a channel at home here is given up; frees it with the other. */
void chan_release(struct kern *k, struct chan *c, uint32_t side);
/* Free c if both sides are released, or their cores have begun anew, and nothing is moving. */
void chan_settle(struct kern *k, struct chan *c);

/* t is dying: channels that it paid for and that live on are from now on on nobody's account. One
 * piece, *at is its cursor; true when all were looked at. */
bool chan_leave_step(struct kern *k, struct task *t, uint32_t *at);

/* The kernel of core is lost: ends whose peer is there have none. What it may still touch stays. */
void chan_core_lost(struct kern *k, sk_core core);
/* It is off, and touches nothing any more: what it held of channels at home here is released. */
void chan_core_fenced(struct kern *k, sk_core core);
/* A new kernel runs on core: the one before touches nothing any more, and what was its memory is
 * not touched from here again. */
void chan_core_anew(struct kern *k, sk_core core);
/* Every kernel knows that now, and flips nothing more for ends whose home was there: those that are
 * closed are free. */
void chan_core_settled(struct kern *k, sk_core core);

/* Has e's channel lost its memory? What was in its rings is lost too. */
static inline bool chan_lost(const struct end *e)
{
    return e->home.core == INDEX_NONE;
}

/* The channel at home here that e belongs to; NULL if its home is elsewhere. */
struct chan *chan_of(struct kern *k, const struct end *e);

#endif
