/* Broadcast: one sender, many receivers, each over a channel of its own that the receiver has made
 * and pays for (its unused far end comes to the sender with a request to subscribe). A receiver
 * takes messages by sk_shape_recv_try and _until (lib/shape.h), which tell it what it has missed.
 *
 * The sender keeps up to `depth` messages for each receiver whose ring is full. What happens when
 * that is full too is the receiver's policy, said when it subscribes; no receiver makes another one
 * wait longer than the sender's own deadline, or miss anything:
 *
 *   OVERWRITE   the oldest that is kept goes; the receiver is told how many it has missed
 *   WAIT        the sender waits for room, up to the deadline of that send; then this message is
 *               not for this receiver, which is told so with the next one, as the sender is at once
 *   DISCONNECT  the receiver leaves: its channel is closed; it gets what it was sent, and then
 *               SK_ERR_PEER_DEAD
 *
 * A receiver that has died, or closed its end, leaves when that is noticed: by the next send or
 * sk_cast_pump. All memory is the caller's; a subscriber costs the sender one channel end.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_CAST_H
#define LIB_CAST_H

#include "lib/shape.h"

enum sk_cast_policy { SK_CAST_OVERWRITE, SK_CAST_WAIT, SK_CAST_DISCONNECT, SK_CAST_POLICIES };

struct sk_cast_member {
    struct sk_chan chan;
    struct sk_shape_tx tx; /* tx.dropped: what it has missed so far */
    uint8_t policy;
    bool in_use;
    bool owed; /* sk_cast_send waits for its room */
    void *user;
};

struct sk_cast {
    struct sk_cast_member *member;
    struct sk_shape_msg *keep; /* depth for each member */
    uint16_t room, depth;
    uint8_t bit;
    /* A receiver has left by itself or by its policy, for that reason: SK_ERR_PEER_DEAD (gone),
     * SK_ERR_FULL (DISCONNECT). Its channel is closed already. May be NULL. */
    void (*on_leave)(struct sk_cast *cast, struct sk_cast_member *member, sk_err why);
    void *user;
};

/* What became of one message. */
struct sk_cast_result {
    uint32_t sent;   /* receivers that have it in their ring, or will get it from what is kept */
    uint32_t missed; /* of policy WAIT, without room by the deadline */
    uint32_t left;   /* that were found dead, or were disconnected */
};

/* An empty set: room for `room` receivers in member, and `depth` (1 at least) messages for each of
 * them in keep. bit is the event bit of all their channels: one of the program's own
 * (SK_EV_FREE..31); where there is an event loop, sk_loop_on_event calls sk_cast_pump for it. */
void sk_cast_init(struct sk_cast *cast, struct sk_cast_member *member, uint16_t room,
                  struct sk_shape_msg *keep, uint16_t depth, uint32_t bit);

/* The unused channel end `end` is a receiver from now on. It gets what is sent from here on.
 * SK_ERR_FULL: no place; SK_ERR_ARG: no such policy; else as sk_chan_open: the handle is still the
 * caller's. *member (may be NULL) is valid until it leaves; its user is NULL. */
sk_err sk_cast_add(struct sk_cast *cast, sk_handle end, enum sk_cast_policy policy,
                   struct sk_cast_member **member);

/* Let a receiver go: it gets what is in its ring, then PEER_DEAD. on_leave is not called. */
void sk_cast_remove(struct sk_cast *cast, struct sk_cast_member *member);

/* Send to all. Waits, for receivers of policy WAIT without room only, until deadline (absolute; in
 * the past: not at all). *result may be NULL. SK_OK also without receivers; SK_ERR_TOO_BIG: nothing
 * was done. An event that cancels (sk_cancel_on) is a deadline. Cost: one send for each receiver.
 * Not from on_leave. */
sk_err sk_cast_send(struct sk_cast *cast, uint16_t label, const void *bytes, uint32_t len,
                    sk_ns deadline, struct sk_cast_result *result);

/* Send on what is kept, and let those go that have died. SK_OK: nothing is kept for anyone;
 * SK_ERR_FULL: something is, the event comes when there is room. */
sk_err sk_cast_pump(struct sk_cast *cast);

/* The same, waiting until deadline (absolute; in the past: one attempt). SK_ERR_TIMED_OUT,
 * SK_ERR_CANCELLED: something is still kept. */
sk_err sk_cast_flush_until(struct sk_cast *cast, sk_ns deadline);

/* Let all go. */
void sk_cast_end(struct sk_cast *cast);

#endif
