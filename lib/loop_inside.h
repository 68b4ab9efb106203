/* Between the files of the event loop; programs use lib/loop.h.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_LOOP_INSIDE_H
#define LIB_LOOP_INSIDE_H

#include "lib/loop.h"

/* A source's turn: poll it in the coming rounds. */
void loop_activate(struct sk_loop *loop, struct sk_source *source);

/* What waited for the next sleep is due now. Closes the client of that answer if it has not kept
 * room for it. */
void loop_flush_late(struct sk_loop *loop);

/* A source's turn. It is out of the ring; it gets back in unless it is dry and armed, or over.
 * Returns whether there was something. */
bool loop_poll(struct sk_loop *loop, struct sk_source *source);

/* One message of a client; the client may be gone afterwards. */
void loop_client_message(struct sk_loop *loop, struct sk_client *client, struct sk_in *in);

/* An answer has been sent, with that result: wake the client if `wake`; close one that has not kept
 * room for its answer, for it breaks the rules. */
void loop_answered(struct sk_loop *loop, struct sk_client *client, sk_err err, bool wake);

/* Take connections that wait at the servers' ports with these event bits. */
void loop_accept(struct sk_loop *loop, uint32_t events);

/* Run the timers that are due. */
void loop_timers(struct sk_loop *loop);

#endif
