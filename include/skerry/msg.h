/* The message: one line of 64 bytes, the same in user space, between kernels, on every port.
 *
 * ctl is written last by the sender (release) and is the line's sequence tag; base/ring.h alone
 * reads and writes it in shared memory. In a message that a program builds or has received, ctl
 * holds length, slots, handles and flags; the tag bits are the ring's business.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef SKERRY_MSG_H
#define SKERRY_MSG_H

#include <skerry/types.h>

#define SK_MSG_BYTES     64u
#define SK_PAYLOAD_BYTES 56u
#define SK_SLOTS_MAX     4u /* slots of one message: up to 224 bytes of payload */

/* ctl: tag 0-15 | len 16-21 | more 22-23 | handles 24-25 | reply 26 | valid 27 | 0 28-30 | taken 31
 */
#define SK_CTL_TAG           0x0000ffffu
#define SK_CTL_LEN_SHIFT     16
#define SK_CTL_LEN           (0x3fu << SK_CTL_LEN_SHIFT) /* payload bytes of this slot, 0..56 */
#define SK_CTL_MORE_SHIFT    22
#define SK_CTL_MORE          (0x3u << SK_CTL_MORE_SHIFT) /* slots of this message still to come */
#define SK_CTL_HANDLES_SHIFT 24
#define SK_CTL_HANDLES       (0x3u << SK_CTL_HANDLES_SHIFT) /* handles that wait in the escrow */
#define SK_CTL_REPLY         (1u << 26)   /* answers the request with this token */
#define SK_CTL_VALID         (1u << 27)   /* in every published line */
#define SK_CTL_RESERVED      (0x7u << 28) /* zero, else SK_ERR_PROTOCOL */
#define SK_CTL_TAKEN         (1u << 31)   /* the receiver's mark: slot is free */

struct sk_msg {
    uint32_t ctl;
    uint16_t label; /* what is asked; meaning belongs to the interface */
    uint16_t token; /* the requester's; a reply repeats it */
    union {
        uint8_t bytes[SK_PAYLOAD_BYTES];
        uint32_t w32[SK_PAYLOAD_BYTES / 4];
        uint64_t w64[SK_PAYLOAD_BYTES / 8];
    };
} __attribute__((aligned(SK_LINE_BYTES)));

_Static_assert(sizeof(struct sk_msg) == SK_MSG_BYTES, "a message is one line");
_Static_assert(offsetof(struct sk_msg, bytes) == 8, "header is 8 bytes");

static inline uint32_t sk_ctl_len(uint32_t ctl)
{
    return (ctl & SK_CTL_LEN) >> SK_CTL_LEN_SHIFT;
}
static inline uint32_t sk_ctl_more(uint32_t ctl)
{
    return (ctl & SK_CTL_MORE) >> SK_CTL_MORE_SHIFT;
}
static inline uint32_t sk_ctl_handles(uint32_t ctl)
{
    return (ctl & SK_CTL_HANDLES) >> SK_CTL_HANDLES_SHIFT;
}
static inline uint32_t sk_ctl_make(uint32_t len, uint32_t more, uint32_t handles, bool reply)
{
    return (len << SK_CTL_LEN_SHIFT) | (more << SK_CTL_MORE_SHIFT) |
           (handles << SK_CTL_HANDLES_SHIFT) | (reply ? SK_CTL_REPLY : 0u);
}

/* Memory of one channel, one page shared by exactly its two ends (MMU ports) or kept by the
 * kernels (MPU ports). line[side] is written by end `side` alone. Geometry is private to each end;
 * nothing here is used as an index. */
struct sk_chan_ctl {
    uint32_t armed; /* receiver: wake me for the message with this tag (RING_FLAG | tag), or 0 */
    uint32_t want;  /* sender: wake me when the slot with this tag is taken, or 0 */
} __attribute__((aligned(SK_LINE_BYTES)));
_Static_assert(sizeof(struct sk_chan_ctl) == SK_LINE_BYTES, "one writer a line");

#define SK_CHAN_SLOTS_MIN 8u /* 8 or SK_CHAN_SLOTS_MAX: two rings and two lines fit one page */

struct sk_chan_mem {
    struct sk_chan_ctl line[2];
    struct sk_msg slot[2 * SK_CHAN_SLOTS_MAX]; /* [0, n): side 0 sends; [n, 2n): side 1 sends */
};
_Static_assert(sizeof(struct sk_chan_mem) <= SK_PAGE_BYTES, "a channel is one page");

/* One end's status line: written by that end's kernel, read by the task (MMU ports). */
struct sk_chan_status {
    uint32_t state;      /* SK_CHAN_OPEN, ... */
    uint32_t peer_core;  /* core where the other end was last known */
    uint32_t peer_epoch; /* boot epoch of that core's kernel */
    uint32_t same_core;  /* not 0: the peer shares this core: never spin on it; SK_CHAN_SELF: it is
                            this very task */
    uint32_t pad[12];
};
_Static_assert(sizeof(struct sk_chan_status) == 64, "one line");
#define SK_CHAN_SELF 2u
/* OPEN: the peer may still send. CLOSED: it closed, died, or its core did: drain, then
 * SK_ERR_PEER_DEAD. LOST: the core that the memory was at home on has begun anew: nothing is left,
 * and what was read before this was seen may be torn. */
enum { SK_CHAN_OPEN = 1, SK_CHAN_CLOSED, SK_CHAN_LOST };

#endif
