/* The link: what two kernels share. One page for each direction; page (i -> j) is written by
 * kernel i, except that j marks the slots it has taken. A link carries level state, which cannot
 * overflow (wake, close, release: one bit each, flipped by the writer), and a ring for the rest.
 * Bytes from a peer are hostile: every field is read once, checked, then used; nonsense takes the
 * link down, never the kernel. kernel/link.c is the only reader and writer.
 *
 * A link is between two epochs. Each side, when it meets a new epoch of the other: clears its own
 * page below peer_epoch and the header words of the other's ring, then names that epoch in
 * peer_epoch (release). It takes nothing from the other's page, and sends nothing in its own ring,
 * until the other names its epoch; level bits it may flip from then on. Before it acts on what it
 * has read it looks at epoch once more. So nothing passes between epochs that do not name each
 * other, in whatever order they come (docs/adr/0011).
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef SKERRY_LINK_H
#define SKERRY_LINK_H

#include <skerry/msg.h>

#define SK_LINK_MAGIC   0x534b4c31u /* "SKL1" */
#define SK_LINK_VERSION 4u
#define SK_LINK_ENDS    (SK_LINK_WORDS * 32u) /* most channel ends of a core */
#define SK_LINK_CHANS   (SK_LINK_ENDS / 2u)   /* most channels at home on a core */

#define SK_LINK_REGIONS (SK_LINK_WORDS * 32u) /* most regions of a core that can be moved */

/* Level bits, by the reader's objects. */
enum {
    SK_LINK_WAKE,    /* its end: flipped when level with wake_ack */
    SK_LINK_CLOSE,   /* its end: each side flips once a binding */
    SK_LINK_RELEASE, /* 2 * channel + side, at home there */
    SK_LINK_REGION,  /* its region: given up, to its home; no longer in doubt, to a holder */
    SK_LINK_BITS
};

#define SK_EPOCH_MOST 0x7fffffffu /* more is nonsense, and what is counted on from it wraps */

struct sk_link {
    /* Presence: a kernel fills its pages when it boots, magic last (release). A new epoch is proof
     * that the kernel before it is gone. The ring's tags are made from the writer's epoch. */
    uint32_t magic;
    uint32_t version;
    uint32_t size_bytes; /* sizeof(struct sk_link) */
    uint32_t epoch;  /* the writer's boot epoch, 1 to SK_EPOCH_MOST; each is greater than the one
                      * before */
    uint32_t check;  /* ~epoch: no accident looks like a new one */
    uint32_t parent; /* the core that started the writer: it orders the writer off */
    uint32_t peer_epoch; /* the epoch of the peer that this page speaks to; 0 = none yet */
    uint32_t dead;       /* = epoch once the writer has halted */
    uint32_t beat;       /* changes once a heartbeat of the writer, while it speaks to the peer */
    uint32_t over;       /* the epoch of the peer that the writer has given up; 0: none */
    uint32_t pad0[6];
    /* Doorbell: the writer rings only when the peer has acknowledged the last one. */
    uint32_t bell;                /* counts rings of the writer */
    uint32_t bell_ack;            /* the peer's bell as last seen by the writer */
    uint32_t flips[SK_LINK_BITS]; /* count of flips in flip[], so that the reader need not scan */
    uint32_t pad1[10];
    uint32_t flip[SK_LINK_BITS][SK_LINK_WORDS];
    uint32_t wake_ack[SK_LINK_WORDS]; /* the peer's wake bits as last seen by the writer */
    struct sk_chan_ctl ctl; /* ring lines are unused between kernels: they poll on a bell */
    struct sk_msg slot[SK_LINK_SLOTS];
};
_Static_assert(offsetof(struct sk_link, flip) == 128, "wire layout");
_Static_assert(offsetof(struct sk_link, slot) % SK_LINE_BYTES == 0, "wire layout");
_Static_assert(2u * SK_LINK_CREDIT <= SK_LINK_SLOTS, "an answer always has room");

/* Operations: msg.label; msg.token matches the reply. Words are of w32 unless said. */
enum {
    SK_LINK_GIVE = 1, /* here is an object: struct sk_link_give -> struct sk_link_given */
    SK_LINK_MOVE,   /* to a channel's home: move an end you gave me: struct sk_link_move -> given */
    SK_LINK_DEVICE, /* a register of a device of yours: struct sk_link_device -> given, core = value
                     */
    SK_LINK_LEND,   /* a task lends to your end: struct sk_link_lend -> given */
    SK_LINK_UNLEND, /* that is over, and you touch the window no more: the same */
    SK_LINK_ASK,    /* to a child: end as asked: struct sk_link_ask -> given */
    SK_LINK_MOVE_REGION, /* to a region's home: move one that I hold: struct sk_link_move -> given;
                            with SK_ERR_PEER_DEAD, index 1: in doubt, see SK_LINK_REGION */
    SK_LINK_REPEER, /* your end's peer now lives there: struct sk_link_repeer -> w32[0] error */
};

enum { SK_TO_ESCROW = 1, SK_TO_PORT, SK_TO_CORE_PORT };

struct sk_link_dest { /* where an object goes on the receiving core */
    uint16_t kind;    /* SK_TO_* */
    uint16_t index;   /* end or port */
    uint32_t gen;
};

struct sk_link_give {
    struct sk_link_dest dest;
    uint32_t kind;        /* SK_KIND_CHAN, SK_KIND_PORT_REMOTE or SK_KIND_REGION */
    uint32_t index, gen;  /* port: on core peer_core. channel, region: at its home */
    uint16_t side, slots; /* channel; region: slots is its pages */
    uint64_t paddr;       /* channel: its page; region: its first */
    uint32_t epoch;       /* channel: seed of its tags; port: boot epoch of peer_core */
    uint16_t home, peer_core;
    uint16_t peer_index;
    uint16_t quota; /* channel: pages donated to this end */
    uint32_t peer_gen;
};
_Static_assert(sizeof(struct sk_link_give) == 48, "fits a message");

struct sk_link_given {
    int32_t err;
    uint32_t core, index, gen; /* where the end lives now */
};

struct sk_link_move {
    struct sk_link_dest dest;
    uint32_t core;             /* of dest */
    uint32_t index, gen, side; /* the channel, at its home */
};

struct sk_link_device {
    uint32_t index; /* in the system table */
    uint32_t where; /* offset | write << 31 */
    uint32_t value;
};

#define SK_LOAN_HEAD 32u /* bytes */

struct sk_link_lend {
    uint32_t index, gen; /* the receiver's end */
    uint64_t paddr;      /* the window: pages of the sender's, one behind the other */
};

/* What a window begins with. Written before LEND is sent; its reader copies it, checks it, uses it.
 * The ranges follow, without gaps. */
struct sk_link_window {
    uint32_t token, count;
    uint32_t bytes[2], access[2];
    uint32_t pad[2];
};
_Static_assert(sizeof(struct sk_link_window) == SK_LOAN_HEAD, "wire layout");

struct sk_link_ask {
    uint32_t what;  /* SK_ASK_* */
    uint32_t epoch; /* whose end is meant: the receiver's */
};

struct sk_link_repeer {
    uint32_t index, gen;                 /* the receiver's end */
    uint32_t core, peer_index, peer_gen; /* SK_CORE_NONE: the peer is gone */
};

#endif
