/* Channels: open, close, send, receive. Messages of 1 to 4 slots (0 to 224 bytes) and up to three
 * handles; FIFO, no gaps, no duplicates while both ends are open. Where rings are shared memory,
 * no kernel entry is made while both sides run.
 *
 * A struct sk_chan is the caller's memory and is used by one task only. It stays in place while it
 * is open. Calls and replies (lib/rpc.h) stand on these functions.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_CHAN_H
#define LIB_CHAN_H

#include "lib/sys.h"
#include <xport_end.h> /* of lib/shared or lib/copy: how messages move on this machine */

#define SK_CHAN_SLOTS  SK_CHAN_SLOTS_MAX                 /* of each ring, unless said */
#define SK_PAYLOAD_MAX (SK_SLOTS_MAX * SK_PAYLOAD_BYTES) /* bytes of one message: 224 */
#define SK_MSG_HANDLES 3u
#define SK_LABEL_DROP  0xffffu /* reserved: the library's own (handles nobody will get) */

struct sk_call;

/* One end, as its task sees it. */
struct sk_chan {
    struct xport_end end;
    sk_handle handle;    /* SK_HANDLE_NONE: closed */
    sk_err dead;         /* not SK_OK: what every call returns from now on */
    uint32_t event_mask; /* the event bit of its traffic */
    uint8_t ready_bit;   /* its bit in sk_self()->ready */
    uint8_t drop : 4;    /* handles in the escrow that came too early for the handle table */
    uint8_t given : 3;   /* of those of the message being sent are in the peer's escrow */
    uint8_t keep : 1;    /* they stay there: sk_send_until goes on with the others */
    /* Calls (lib/rpc.c). Index i is busy until its reply has come, however late. */
    uint8_t reply_room; /* slots of the receive ring that no outstanding call has reserved */
    uint8_t reply_slots[SK_CHAN_SLOTS_MAX];
    uint16_t call_busy; /* bit i: index i is outstanding, wanted or abandoned */
    uint16_t call_seq;  /* upper bits of the next token */
    struct sk_call *call[SK_CHAN_SLOTS_MAX]; /* NULL: abandoned */
};

/* A received message. It is received in place; the lines of a long one are then moved together. */
struct sk_in {
    union {
        struct sk_msg line[SK_SLOTS_MAX]; /* while it is received */
        struct {
            uint32_t ctl;
            uint16_t label;
            uint16_t token;
            union {
                uint8_t bytes[SK_PAYLOAD_MAX];
                uint32_t w32[SK_PAYLOAD_MAX / 4u];
                uint64_t w64[SK_PAYLOAD_MAX / 8u];
            };
            uint32_t len;                     /* payload bytes */
            uint32_t handles;                 /* 0..3; the receiver owns them */
            sk_handle handle[SK_MSG_HANDLES]; /* SK_HANDLE_NONE: no room in the handle table; it is
                                                 lost */
        };
    };
};
_Static_assert(sizeof(struct sk_in) == SK_SLOTS_MAX * SK_MSG_BYTES, "the lines are the largest");

/* A message to send; read during the call only. {.label = X} sends an empty one. */
struct sk_out {
    uint16_t label; /* what is asked; in a reply 0 or the negated error */
    uint16_t token;
    bool reply;
    uint32_t len; /* payload bytes, 0..224 */
    const void *bytes;
    uint32_t handles; /* 0..3 */
    const sk_handle *handle;
};

/* Is this a reply? */
static inline bool sk_in_reply(const struct sk_in *in)
{
    return (in->ctl & SK_CTL_REPLY) != 0;
}

/* Slots that a message of len bytes takes: at least one. */
static inline uint32_t sk_slots_of(uint32_t len)
{
    return len <= SK_PAYLOAD_BYTES ? 1u : (len + SK_PAYLOAD_BYTES - 1u) / SK_PAYLOAD_BYTES;
}

/* A task may hold both ends of a channel, or have connected to itself by name. Then sending and
 * receiving work as ever, and an event loop (lib/loop.h) answers its own calls; but where a call
 * would have to sleep until the peer does something, it is refused with SK_ERR_STATE, whatever its
 * deadline: nobody is there to do it. */

/* Open the unused end `end` in c; bit 0..31 is the event bit of its traffic. c owns the handle
 * from now on. One kernel entry. SK_ERR_HANDLE, SK_ERR_ARG, SK_ERR_STATE (opened before),
 * SK_ERR_BUDGET: c is closed, the handle is still the caller's. */
sk_err sk_chan_open(struct sk_chan *c, sk_handle end, uint32_t bit);

/* Make a channel, paid by the caller, and open one end. *theirs is the unused far end, which the
 * caller sends on or closes. SK_ERR_BUDGET, SK_ERR_NO_MEMORY. */
sk_err sk_chan_create(struct sk_chan *mine, sk_handle *theirs, uint32_t bit);

/* The same, with so many bytes of memory for the service's state of this connection, rounded up to
 * pages: they count against the caller's budget as long as the channel lives; whoever opens the far
 * end may use them (lib/session.h). SK_ERR_TOO_BIG: more than SK_QUOTA_MAX pages. */
sk_err sk_chan_create_quota(struct sk_chan *mine, sk_handle *theirs, uint32_t bit, size_t bytes);

/* Close the end: the peer drains what is in the ring, then sees PEER_DEAD. Outstanding calls end
 * with SK_ERR_CANCELLED. No effect on a closed one. */
void sk_chan_close(struct sk_chan *c);

/* Is the peer gone? What it sent may still be received. */
bool sk_chan_peer_closed(const struct sk_chan *c);

/* Send without waiting for room. The bytes are copied. Handles are moved or copied into the peer's
 * escrow first, each in one kernel entry that may wait for the far core; they are gone if this
 * returns SK_OK.
 * SK_ERR_FULL   no room in the ring, or in the escrow; no message was sent
 * SK_ERR_TOO_BIG, SK_ERR_ARG (handles > 3), SK_ERR_HANDLE, SK_ERR_RIGHTS, SK_ERR_BUSY
 * SK_ERR_PEER_DEAD   the other end is gone, or this one was closed
 * SK_ERR_TIMED_OUT   the far kernel did not answer for a handle: the handle is in doubt and the
 *                    channel is closed
 * If several handles are sent and not the first fails, those before it are closed at the peer, and
 * gone here; also with SK_ERR_FULL, if the escrow had no room for all of them: a second attempt
 * then says SK_ERR_HANDLE. sk_send_until has no such failure before its deadline. */
sk_err sk_send_try(struct sk_chan *c, const struct sk_out *out);

/* The same, waiting for room until deadline (absolute; in the past: one attempt). Handles that the
 * escrow has no room for follow when it has. SK_ERR_FULL: none by the deadline. SK_ERR_STATE: none,
 * and the peer is this task itself. */
sk_err sk_send_until(struct sk_chan *c, const struct sk_out *out, sk_ns deadline);

/* Receive the next message into *in; its handles are the caller's.
 * SK_ERR_EMPTY  none now      SK_ERR_PEER_DEAD  none, and none will come
 * SK_ERR_PROTOCOL  the ring held garbage, or claimed handles that are not there: this end is
 *                  closed, SK_ERR_PROTOCOL from now on */
sk_err sk_recv_try(struct sk_chan *c, struct sk_in *in);

/* The same, waiting until deadline (absolute). Polls for a moment if the peer is on another core,
 * sleeps at once if it is on this one. SK_ERR_TIMED_OUT: none by the deadline; a deadline in the
 * past is one attempt. SK_ERR_STATE: none, and the peer is this task itself. */
sk_err sk_recv_until(struct sk_chan *c, struct sk_in *in, sk_ns deadline);

/* Close what came with a message that nobody wants. */
void sk_in_drop_handles(struct sk_in *in);

/* Before sleeping on an event: true if nothing is there and the next message will set the event.
 * False: receive again. */
bool sk_chan_arm(struct sk_chan *c);

/* Send like sk_send_try, but leave the wake-up of the peer to the caller if *wake becomes true
 * (sys_wake, or sys_wake_wait to sleep in the same kernel entry). */
sk_err sk_send_quiet(struct sk_chan *c, const struct sk_out *out, bool *wake);

/* Is the peer on this core? */
bool sk_chan_same_core(const struct sk_chan *c);

#endif
