/* How a message gets from an end to its peer: in shared memory (xport_shared.c) or by copying
 * system calls (xport_copy.c). One of the two is linked. The library's own interface: programs use
 * lib/chan.h.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_XPORT_H
#define LIB_XPORT_H

#include "lib/chan.h"

/* Set up c's rings from what CHAN_OPEN said. SK_ERR_UNSUPPORTED: this port moves messages in the
 * other way. */
sk_err xport_open(struct sk_chan *c, const struct sk_chan_view *view);

/* All slots or nothing. *wake: the peer sleeps and the caller must wake it. SK_ERR_FULL,
 * SK_ERR_PEER_DEAD. */
sk_err xport_send(struct sk_chan *c, const struct sk_msg *m, uint32_t slots, bool *wake);

/* XPORT_IN_PLACE only: the same for a message of one line; its handles are in the escrow. */
sk_err xport_send_out(struct sk_chan *c, const struct sk_out *out, bool *wake);

/* Is there room for `slots` slots? May say yes where only the attempt tells. */
bool xport_room(struct sk_chan *c, uint32_t slots);

/* One message of up to max slots. SK_ERR_EMPTY, SK_ERR_TOO_BIG (stays), SK_ERR_PEER_DEAD (drained
 * and closed), SK_ERR_PROTOCOL. */
sk_err xport_recv(struct sk_chan *c, struct sk_msg *m, uint32_t max, uint32_t *slots);

/* Before sleeping: true if the event will come with the next message, or with room for `slots`. */
bool xport_arm(struct sk_chan *c);
/* The same for a peer on this core (xport_same_core), where it is likely to succeed: it has sent
 * nothing while this task was at work. False: receive again, or do not sleep. */
bool xport_arm_near(struct sk_chan *c);
bool xport_want(struct sk_chan *c, uint32_t slots);

bool xport_closed(const struct sk_chan *c);

/* Is the peer this task itself? Then nothing comes while it sleeps. */
bool xport_self(const struct sk_chan *c);

/* XPORT_CALLS only: send the lines of m, sleep until there is a message, receive it into m: up to
 * max lines. Errors as CHAN_CALL. */
sk_err xport_ask(struct sk_chan *c, struct sk_msg *m, uint32_t slots, uint32_t max, sk_ns deadline,
                 uint32_t *got);

/* The peer runs on this core: it does not run while this task does. Where programs do not poll it
 * makes no difference, and is always true. */
static inline bool xport_same_core(const struct sk_chan *c)
{
    return xport_end_near(&c->end);
}

/* The short way of a call of one line each way, while no other call is outstanding. To a peer on
 * this core: arm, send, wake the peer and sleep in one kernel entry, take the reply where it lies.
 * To one on another core: send, look for the reply for a while, then arm and sleep. head is label |
 * token << 16; request and reply as in sk_call, at most SK_PAYLOAD_BYTES. Counts c->call_seq on.
 * Where that does not do it goes on as call_long, or, the request being sent, as call_sent
 * (lib/build.h): in the last place, so that nothing is saved for it. */
sk_err xport_call(struct sk_chan *c, uint32_t head, const void *request, uint32_t len, void *reply,
                  uint32_t reply_max, uint32_t *got, sk_ns deadline);

/* LEND: send l->msg with what is lent, sleep until there is an answer. *sent: the message was sent,
 * whatever is returned. */
sk_err xport_lend(struct sk_chan *c, struct sk_lend *l, uint32_t cancel, sk_ns deadline,
                  bool *sent);

#include <xport_late.h> /* of lib/shared or lib/copy */

#endif
