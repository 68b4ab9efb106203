/* Shapes of a channel, for one direction of it. FIFO is the channel itself (lib/chan.h): nothing is
 * lost, a sender without room waits or is refused. Here are the others, for senders that must not
 * wait: overwriting ring, latest value, event counter; broadcast stands on them (lib/cast.h).
 *
 * A message is one line: a number of 64 bits, which only grows, and up to 48 bytes. A struct is its
 * owner's memory, used by one task, in place while it is in use; the channel stays the caller's,
 * who opens it before and closes it after. No kernel entry beyond those of sending and receiving.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_SHAPE_H
#define LIB_SHAPE_H

#include "lib/chan.h"

/* What does not fit the channel's ring is kept in the sender's own memory and overwritten there;
 * what is in the ring (up to 16 messages) is the receiver's and stays. So a slow receiver gets
 * those first, then the gap, then the newest. The shape is in how the two sides are used:
 *
 *   overwriting ring  room for N: the newest N outlive a full ring; sk_shape_recv_* tell how many
 *                     before this one were overwritten
 *   latest value      room for 1; sk_latest_recv_* skip to the newest that has come
 *   event counter     room for 1; the number is the sum of the increments, so none is lost, however
 *                     slow the receiver is
 *
 * When the sender ends, or closes the channel, what it still kept is lost; what it had put into the
 * ring can be received: sk_shape_flush_until first, if that matters. */

#define SK_SHAPE_BYTES (SK_PAYLOAD_BYTES - 8u) /* of one message: 48 */

/* A message: kept by its sender, or received. */
struct sk_shape_msg {
    uint64_t number;
    uint16_t label;
    uint16_t len; /* 0..SK_SHAPE_BYTES */
    uint32_t pad;
    union {
        uint8_t bytes[SK_SHAPE_BYTES];
        uint32_t w32[SK_SHAPE_BYTES / 4u];
        uint64_t w64[SK_SHAPE_BYTES / 8u];
    };
};
_Static_assert(sizeof(struct sk_shape_msg) == SK_SHAPE_BYTES + 16u, "no holes");

/* The sending side. Read number and dropped at will. */
struct sk_shape_tx {
    struct sk_chan *chan;
    struct sk_shape_msg *keep; /* room for so many: the caller's */
    uint16_t room, first, count;
    uint64_t number;  /* of the last message; of a counter, the sum */
    uint64_t dropped; /* messages that were overwritten; of a counter, sums told by a later one */
};

/* The receiving side. */
struct sk_shape_rx {
    struct sk_chan *chan;
    uint64_t number; /* of the last message received */
};

/* Begin on an open channel. keep is room for `room` messages, 1 at least: how many of the newest
 * survive a full ring; 1 for a latest value and for a counter. */
void sk_shape_tx_init(struct sk_shape_tx *tx, struct sk_chan *chan, struct sk_shape_msg *keep,
                      uint16_t room);
void sk_shape_rx_init(struct sk_shape_rx *rx, struct sk_chan *chan);

/* Send a message, never waiting: into the ring, or else it is kept, over the oldest that is kept if
 * there is no place (tx->dropped counts them). What is kept goes on its way with the next send, or
 * by sk_shape_pump. bytes are copied.
 * SK_ERR_TOO_BIG  more than SK_SHAPE_BYTES; nothing was done
 * SK_ERR_PEER_DEAD, SK_ERR_PROTOCOL, SK_ERR_HANDLE  the channel is over: as sk_send_try */
sk_err sk_shape_send(struct sk_shape_tx *tx, uint16_t label, const void *bytes, uint32_t len);

/* The same, but what is kept stays: SK_ERR_FULL, nothing was done, if there is no place. Then
 * sk_shape_skip counts a message that will not be sent, for the receiver to be told with the next.
 */
sk_err sk_shape_send_try(struct sk_shape_tx *tx, uint16_t label, const void *bytes, uint32_t len);
void sk_shape_skip(struct sk_shape_tx *tx);

/* Event counter: count `events` more. The receiver is told the sum, so it loses none, whatever is
 * overwritten. Errors as sk_shape_send; the sum (tx->number) counts them all the same. */
sk_err sk_count_add(struct sk_shape_tx *tx, uint32_t events);

/* Send what is kept, as far as there is room. SK_OK: nothing is kept any more. SK_ERR_FULL: some
 * is, and the channel's event will come when there is room: call this again. Others as
 * sk_shape_send. An event loop calls it by sk_loop_on_event, the channel having been opened with an
 * event bit of its own. */
sk_err sk_shape_pump(struct sk_shape_tx *tx);

/* The same, waiting for room until deadline (absolute; in the past: one attempt).
 * SK_ERR_TIMED_OUT: something is still kept. */
sk_err sk_shape_flush_until(struct sk_shape_tx *tx, sk_ns deadline);

/* Receive the next message. *missed (may be NULL): how many were sent after the last one received
 * and before this one, and overwritten. To sleep on an event of one's own: sk_chan_arm(rx->chan)
 * after SK_ERR_EMPTY, as for any channel.
 * SK_ERR_EMPTY  none now      SK_ERR_PEER_DEAD  none, and none will come
 * SK_ERR_PROTOCOL  not a message of this kind, or one that is older than the last: the channel is
 *                  closed, SK_ERR_PROTOCOL from now on */
sk_err sk_shape_recv_try(struct sk_shape_rx *rx, struct sk_shape_msg *m, uint64_t *missed);

/* The same, waiting until deadline (absolute; in the past: one attempt). SK_ERR_TIMED_OUT: none by
 * then. */
sk_err sk_shape_recv_until(struct sk_shape_rx *rx, struct sk_shape_msg *m, uint64_t *missed,
                           sk_ns deadline);

/* Latest value: the newest that has come, dropping what lies before it; never one that is older
 * than what was received before. At most one ring of messages is looked at, so a fast sender cannot
 * hold the caller. Errors as above; *m is not touched then. */
sk_err sk_latest_recv_try(struct sk_shape_rx *rx, struct sk_shape_msg *m);
sk_err sk_latest_recv_until(struct sk_shape_rx *rx, struct sk_shape_msg *m, sk_ns deadline);

/* Event counter: *events = increments since the last time, all of them, at least 1. Errors as
 * above. rx->number is the sum. */
sk_err sk_count_recv_try(struct sk_shape_rx *rx, uint64_t *events);
sk_err sk_count_recv_until(struct sk_shape_rx *rx, uint64_t *events, sk_ns deadline);

#endif
