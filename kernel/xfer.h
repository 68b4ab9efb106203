/* How a message gets from task to task: in rings that are mapped into them (xfer_shared.c), or by
 * system calls that copy through rings which the kernels keep (xfer_copy.c). One of the two is
 * linked; both also have the system calls of their way, and refuse those of the other.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_XFER_H
#define KERNEL_XFER_H

#include "kernel/kern.h"

/* Make the ring of e, which has an owner and a slot, usable; fills in what view says of memory.
 * SK_ERR_BUDGET, SK_ERR_NO_MEMORY, SK_ERR_EXISTS: nothing done. */
sk_err xfer_open(struct kern *k, struct end *e, struct sk_chan_view *view);
/* Its owner lets go of an end that was opened. */
void xfer_close(struct kern *k, struct end *e);

/* The state of e has changed: tell its owner. */
void xfer_update(struct kern *k, struct end *e);

/* The memory of e's channel is a new kernel's: neither this kernel nor the owner touches it from
 * now on. What was in the rings is lost. */
void xfer_lost(struct kern *k, struct end *e);

/* e was rung and its owner sleeps in CHAN_CALL on it: complete the call if the answer is there.
 * True: nobody else need hear of it. */
bool xfer_answer(struct kern *k, struct end *e, bool front);

/* For a task that sleeps, or is about to, in LEND: its rings are the kernel's meanwhile.
 * SK_OK: l->msg can be sent on e, and nothing is in the ring to be received. SK_ERR_ARG (of the
 * message), SK_ERR_FULL, SK_ERR_STATE (a message is there). */
sk_err xfer_lend_ready(struct kern *k, struct end *e, const struct sk_lend *l);
/* Send it, and wake the peer. SK_ERR_PEER_DEAD. */
sk_err xfer_lend_send(struct kern *k, struct end *e, const struct sk_lend *l);
/* Nothing has come yet, and what comes will ring e. */
bool xfer_lend_quiet(struct kern *k, struct end *e, const struct sk_lend *l);

#endif
