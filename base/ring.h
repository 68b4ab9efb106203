/* The single-producer, single-consumer ring of 64-byte messages: the only home of cross-core
 * memory order. The same file serves programs, kernels and links, on every port.
 *
 * Message number s goes into slot s % n and carries tag(s) in its header word, which is stored
 * last. So one line moves one message, and nobody shares an index. The receiver marks a slot as
 * taken (credit) at each quarter of the ring, or at every slot with RING_MARK_EVERY 1; the sender
 * looks for marks only when its credit is used up. Geometry, numbers and credit are private;
 * nothing that the peer can write is used to index. A peer that scribbles makes garbage for
 * itself: SK_ERR_PROTOCOL, never an access outside the ring.
 *
 * Sleep and wake, both directions alike: the sleeper stores its word (armed: the receiver waits
 * for tag t; want: the sender waits for the mark of tag t), then looks once more; the other side
 * publishes, then looks at that word. Of the sleeper's heavy pair and the other's light pair
 * (seam.h) at least one load sees the other's store. The publisher of exactly that tag wakes: one
 * wake for each sleep, none while both run.
 *
 * Not here: who is woken and how, death of the peer, blocking. Two-sided use needs one task (or
 * kernel) per side.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_RING_H
#define BASE_RING_H

#include <seam.h>
#include <skerry/errors.h>
#include <skerry/msg.h>

/* Slots between marks: 0 = a quarter of the ring. 1 suits machines where a receiver that also
 * writes keeps the line (Zen). */
#ifndef RING_MARK_EVERY
#define RING_MARK_EVERY 0u
#endif

/* How far ahead a receiver in a stream looks first: 1 / this of the ring; 0: not at all. 4 may suit
 * machines where a poll takes the line from who is writing it. */
#ifndef RING_FAR_PART
#define RING_FAR_PART 0u
#endif

#define RING_FLAG 0x10000u /* in armed and want: the word is set */

struct ring_tx {
    struct sk_msg *slot;
    uint32_t *want;        /* mine: written here, read by the receiver */
    const uint32_t *armed; /* the receiver's */
    uint32_t mask;         /* slots - 1 */
    uint32_t mark_mask;    /* (slots between marks) - 1 */
    uint32_t next;         /* number of the next message to send */
    uint32_t limit;        /* numbers below may be sent: slots that are known to be free */
    uint32_t epoch_tag;
};

struct ring_rx {
    struct sk_msg *slot;
    uint32_t *armed;      /* mine */
    const uint32_t *want; /* the sender's */
    uint32_t mask;
    uint32_t mark_mask;
    uint32_t next;    /* number of the next message to take */
    uint32_t vouched; /* lines before this number are known to be published (far probe) */
    uint32_t since;   /* next when the ring was last found empty */
    uint32_t epoch_tag;
};

/* Tag of message number s. Never equal for two messages that can meet in one slot: n <= 2^14. */
static inline uint32_t ring_tag(uint32_t s, uint32_t epoch_tag)
{
    return (s + epoch_tag) & SK_CTL_TAG;
}

/* An epoch's share of the tag: a slot left over from another epoch does not look like a message. */
static inline uint32_t ring_epoch_tag(uint32_t epoch)
{
    return (epoch * 0x9e37u + 1u) & SK_CTL_TAG;
}

static inline uint32_t ring_mark_mask(uint32_t slots)
{
    return (RING_MARK_EVERY ? RING_MARK_EVERY : slots / 4u) - 1u;
}

/* The sending side of `slots` slots (a power of two, 8 or more) that start at `slot`. The memory
 * is zero or an older epoch's and outlives tx; mine and theirs are the two ends' control lines. */
static inline void ring_tx_init(struct ring_tx *tx, struct sk_msg *slot, uint32_t slots,
                                struct sk_chan_ctl *mine, const struct sk_chan_ctl *theirs,
                                uint32_t epoch)
{
    *tx = (struct ring_tx){.slot = slot,
                           .want = &mine->want,
                           .armed = &theirs->armed,
                           .mask = slots - 1u,
                           .mark_mask = ring_mark_mask(slots),
                           .limit = slots,
                           .epoch_tag = ring_epoch_tag(epoch)};
}

/* The receiving side of the same. */
static inline void ring_rx_init(struct ring_rx *rx, struct sk_msg *slot, uint32_t slots,
                                struct sk_chan_ctl *mine, const struct sk_chan_ctl *theirs,
                                uint32_t epoch)
{
    *rx = (struct ring_rx){.slot = slot,
                           .armed = &mine->armed,
                           .want = &theirs->want,
                           .mask = slots - 1u,
                           .mark_mask = ring_mark_mask(slots),
                           .epoch_tag = ring_epoch_tag(epoch)};
}

/* Messages sent whose slots are not yet known to be free: the oldest of them. */
static inline uint32_t ring_oldest(const struct ring_tx *tx)
{
    return tx->limit - tx->mask - 1u;
}

/* If line number `marked` has its mark: all before it are free, too. */
static inline bool ring_credit(struct ring_tx *tx, uint32_t marked)
{
    /* Acquire pairs with the mark's store in ring_mark: the receiver has finished reading before we
     * write the slot again. */
    uint32_t ctl = seam_load_acquire(&tx->slot[marked & tx->mask].ctl);
    if ((ctl & (SK_CTL_TAKEN | SK_CTL_TAG)) != (SK_CTL_TAKEN | ring_tag(marked, tx->epoch_tag)))
        return false;
    tx->limit = marked + 1u + tx->mask + 1u;
    return true;
}

/* Look for marks and extend the credit. First at the last one that was sent: when each message is
 * answered, all is taken; in a stream, that line is still in our own cache. Then at the oldest, and
 * no further than that: who leaves a distance is not soon on a line that the receiver reads. */
static inline bool ring_look_for_credit(struct ring_tx *tx)
{
    uint32_t marked = (tx->next & ~tx->mark_mask) - 1u;
    uint32_t oldest = ring_oldest(tx) | tx->mark_mask;
    for (; (int32_t)(marked - oldest) >= 0; marked = oldest) {
        if (ring_credit(tx, marked))
            return true;
        if (marked == oldest)
            return false;
    }
    return false;
}

/* Is there room for `slots` slots (1..SK_SLOTS_MAX) now? Looks at shared memory only if the known
 * credit is not enough: at 5 marks at most (2 for each slot with a mark in every slot). */
static inline bool ring_has_room(struct ring_tx *tx, uint32_t slots)
{
    while ((int32_t)(tx->limit - tx->next) < (int32_t)slots)
        if (!ring_look_for_credit(tx))
            return false;
    return true;
}

/* Loads before stores, whatever the compiler thinks of aliasing: pairs of registers; and no more of
 * them at a time than small processors have. */
static inline void ring_copy_payload(struct sk_msg *to, const struct sk_msg *from)
{
    uint64_t a = from->w64[0], b = from->w64[1], c = from->w64[2], d = from->w64[3];
    to->w64[0] = a;
    to->w64[1] = b;
    to->w64[2] = c;
    to->w64[3] = d;
    uint64_t e = from->w64[4], f = from->w64[5], g = from->w64[6];
    to->w64[4] = e;
    to->w64[5] = f;
    to->w64[6] = g;
}

/* Write one line; its ctl is stored by the caller. */
static inline struct sk_msg *ring_fill(struct ring_tx *tx, const struct sk_msg *m, uint32_t number)
{
    struct sk_msg *line = &tx->slot[number & tx->mask];
    line->label = m->label;
    line->token = m->token;
    ring_copy_payload(line, m);
    return line;
}

static inline uint32_t ring_header(const struct ring_tx *tx, uint32_t ctl, uint32_t number)
{
    return (ctl & ~SK_CTL_TAG) | SK_CTL_VALID | ring_tag(number, tx->epoch_tag);
}

/* Send m[0..slots): all or nothing. Each m[i].ctl has length, more, handles and flags; its tag and
 * valid bits are ignored. *wake: the receiver is asleep waiting for this: wake it.
 * SK_ERR_FULL: no room, *wake is false. Does not check what the caller put into ctl. */
static inline sk_err ring_send(struct ring_tx *tx, const struct sk_msg *m, uint32_t slots,
                               bool *wake)
{
    *wake = false;
    if (!ring_has_room(tx, slots))
        return SK_ERR_FULL;
    uint32_t first = tx->next;
    uint32_t last = first + slots - 1u;
    for (uint32_t s = first; s != last; s++, m++) {
        struct sk_msg *line = ring_fill(tx, m, s);
        /* Release: pairs with the acquire in ring_peek (payload before header). */
        seam_store_release(&line->ctl, ring_header(tx, m->ctl, s));
    }
    struct sk_msg *line = ring_fill(tx, m, last);
    /* Light store, light load: the pair with ring_arm_for's. Also the release of this line. */
    seam_store_light(&line->ctl, ring_header(tx, m->ctl, last));
    uint32_t armed = seam_load_light(tx->armed);
    tx->next = last + 1u;
    *wake =
        (armed & RING_FLAG) != 0 && ((armed - ring_tag(first, tx->epoch_tag)) & SK_CTL_TAG) < slots;
    return SK_OK;
}

/* The short way for a message of one line, written where it lies: the next line if there is room,
 * else NULL. The caller fills all of it but ctl, then publishes it; until then nothing has
 * happened. */
static inline struct sk_msg *ring_claim(struct ring_tx *tx)
{
    if (tx->limit == tx->next && !ring_look_for_credit(tx))
        return NULL;
    return &tx->slot[tx->next & tx->mask];
}

/* Send the claimed line with ctl as in ring_send. True: the receiver sleeps, wake it. */
static inline bool ring_publish(struct ring_tx *tx, struct sk_msg *line, uint32_t ctl)
{
    uint32_t header = ring_header(tx, ctl, tx->next++);
    /* Light store, light load: the pair with ring_arm_for's. Also the release of this line. */
    seam_store_light(&line->ctl, header);
    return seam_load_light(tx->armed) == (RING_FLAG | (header & SK_CTL_TAG));
}

/* Several messages of one line each, with one look at armed, which is the most that a short send
 * costs. n = ring_room(tx, most): that many may be claimed one after the other; all but the last
 * are posted, the last is published by ring_publish_batch. Between the two a sleeper is not woken:
 * what is posted must not wait for anything but the rest of its batch.
 * A loop is faster on a copy of *tx that is written back after it. */
static inline uint32_t ring_room(struct ring_tx *tx, uint32_t most)
{
    if (tx->limit == tx->next)
        (void)ring_look_for_credit(tx);
    uint32_t n = tx->limit - tx->next;
    return n < most ? n : most;
}

/* The receiver may take the claimed line from now on. */
static inline void ring_post(struct ring_tx *tx, struct sk_msg *line, uint32_t ctl)
{
    /* Release: pairs with the acquire in ring_front and ring_peek (payload before header). */
    seam_store_release(&line->ctl, ring_header(tx, ctl, tx->next++));
}

/* ring_publish, after `posted` lines were posted. */
static inline bool ring_publish_batch(struct ring_tx *tx, struct sk_msg *line, uint32_t ctl,
                                      uint32_t posted)
{
    uint32_t first = ring_tag(tx->next - posted, tx->epoch_tag);
    /* Light store, light load: the pair with ring_arm_for's. Also the release of this line. */
    seam_store_light(&line->ctl, ring_header(tx, ctl, tx->next++));
    uint32_t armed = seam_load_light(tx->armed);
    return (armed & RING_FLAG) != 0 && ((armed - first) & SK_CTL_TAG) <= posted;
}

/* The sender is about to sleep until there is room for `slots` slots. True: it may sleep, and the
 * receiver will wake it (perhaps when there is some room but not enough: look, and want again).
 * False: there is room now. */
static inline bool ring_want(struct ring_tx *tx, uint32_t slots)
{
    while (!ring_has_room(tx, slots)) {
        uint32_t marked = ring_oldest(tx) | tx->mark_mask;
        uint32_t tag = ring_tag(marked, tx->epoch_tag);
        /* Heavy store, heavy load: the pair with the mark and the look at want in ring_mark. */
        seam_store_heavy(tx->want, RING_FLAG | tag);
        uint32_t ctl = seam_load_heavy(&tx->slot[marked & tx->mask].ctl);
        if ((ctl & (SK_CTL_TAKEN | SK_CTL_TAG)) != (SK_CTL_TAKEN | tag))
            return true;
        seam_store_relaxed(tx->want, 0);
    }
    return false;
}

enum ring_state { RING_EMPTY, RING_MESSAGE, RING_GARBAGE };

/* What does a header word say about message number s? Not published yet is: zero (fresh memory),
 * the mark or the unmarked header of the message n before. All else is not a sender's work. */
static inline enum ring_state ring_judge(const struct ring_rx *rx, uint32_t ctl, uint32_t s)
{
    uint32_t tag = ctl & SK_CTL_TAG;
    if (tag == ring_tag(s, rx->epoch_tag) && (ctl & (SK_CTL_VALID | SK_CTL_TAKEN)) == SK_CTL_VALID)
        return (ctl & SK_CTL_RESERVED) || sk_ctl_len(ctl) > SK_PAYLOAD_BYTES ? RING_GARBAGE
                                                                             : RING_MESSAGE;
    return ctl == 0 || tag == ring_tag(s - rx->mask - 1u, rx->epoch_tag) ? RING_EMPTY
                                                                         : RING_GARBAGE;
}

/* Is line number s known to be published? */
static inline bool ring_vouched(const struct ring_rx *rx, uint32_t s)
{
    return RING_FAR_PART != 0 && (int32_t)(rx->vouched - s) > 0;
}

/* More than a ring full was taken since there was nothing. */
static inline bool ring_in_stream(const struct ring_rx *rx)
{
    return RING_FAR_PART != 0 && rx->next - rx->since > rx->mask;
}

static inline void ring_not_in_stream(struct ring_rx *rx)
{
    if (RING_FAR_PART != 0)
        rx->since = rx->next;
}

/* Look at the header of the line `ahead` lines after the next one, ahead < slots. */
static inline enum ring_state ring_peek(const struct ring_rx *rx, uint32_t ahead, uint32_t *ctl)
{
    uint32_t s = rx->next + ahead;
    const uint32_t *word = &rx->slot[s & rx->mask].ctl;
    /* Acquire pairs with the header's store in ring_send (payload after header). Relaxed where an
     * acquired later header vouches: publication is in order. */
    *ctl = ring_vouched(rx, s) ? seam_load_relaxed(word) : seam_load_acquire(word);
    return ring_judge(rx, *ctl, s);
}

/* In a stream, look far ahead first: one header there vouches for all before it, and the two sides
 * stop sharing a line. */
static inline void ring_probe_far(struct ring_rx *rx)
{
    uint32_t ctl;
    if (!ring_in_stream(rx) || ring_vouched(rx, rx->next))
        return;
    uint32_t ahead = (rx->mask + 1u) / (RING_FAR_PART ? RING_FAR_PART : 1u) - 1u;
    if (ring_peek(rx, ahead, &ctl) == RING_MESSAGE)
        rx->vouched = rx->next + ahead + 1u;
}

/* Line number s has been read: give its slot back if it is one that is marked. True: the sender
 * sleeps for this mark, wake it. */
static inline bool ring_mark(struct ring_rx *rx, uint32_t s)
{
    if ((s & rx->mark_mask) != rx->mark_mask)
        return false;
    if (RING_FAR_PART != 0 && !ring_vouched(rx, s))
        rx->vouched = s; /* it says nothing, and stays near while numbers wrap */
    uint32_t tag = ring_tag(s, rx->epoch_tag);
    /* Light store (with it: release, all reads above are done; pairs with ring_look_for_credit),
     * light load: the pair with ring_want's. */
    seam_store_light(&rx->slot[s & rx->mask].ctl, SK_CTL_TAKEN | tag);
    return seam_load_light(rx->want) == (RING_FLAG | tag);
}

/* Copy line number s out and give its slot back. *wake becomes true as said above. */
static inline void ring_take_slot(struct ring_rx *rx, uint32_t s, uint32_t ctl, struct sk_msg *m,
                                  bool *wake)
{
    const struct sk_msg *line = &rx->slot[s & rx->mask];
    m->ctl = ctl;
    m->label = line->label;
    m->token = line->token;
    ring_copy_payload(m, line);
    *wake |= ring_mark(rx, s);
}

/* The short way for a message of one line, read where it lies: the next line with its checked
 * header in *ctl; NULL if there is none or something else: ask ring_recv. The line is in the peer's
 * hands still: read each part of it once. */
static inline const struct sk_msg *ring_front(const struct ring_rx *rx, uint32_t *ctl)
{
    const struct sk_msg *line = &rx->slot[rx->next & rx->mask];
    /* Acquire pairs with the header's store in ring_send (payload after header). */
    *ctl = seam_load_acquire(&line->ctl);
    uint32_t fixed = SK_CTL_TAG | SK_CTL_MORE | SK_CTL_VALID | SK_CTL_TAKEN | SK_CTL_RESERVED;
    uint32_t want = SK_CTL_VALID | ring_tag(rx->next, rx->epoch_tag);
    return (*ctl & fixed) == want && sk_ctl_len(*ctl) <= SK_PAYLOAD_BYTES ? line : NULL;
}

/* Done with the line that ring_front returned. True: the sender sleeps, wake it. */
static inline bool ring_pop(struct ring_rx *rx)
{
    return ring_mark(rx, rx->next++);
}

/* The rest of ring_recv for a message of several lines; ctl[0] is the first one's header. */
static inline sk_err ring_recv_long(struct ring_rx *rx, uint32_t first, struct sk_msg *m,
                                    uint32_t max, uint32_t *slots, bool *wake)
{
    uint32_t ctl[SK_SLOTS_MAX] = {first};
    uint32_t n = sk_ctl_more(first) + 1u;
    for (uint32_t i = 1; i < n; i++) {
        enum ring_state state = ring_peek(rx, i, &ctl[i]);
        if (state == RING_EMPTY)
            return SK_ERR_EMPTY;
        if (state == RING_GARBAGE || sk_ctl_more(ctl[i]) != n - 1u - i)
            return SK_ERR_PROTOCOL;
    }
    if (n > max)
        return SK_ERR_TOO_BIG;
    for (uint32_t i = 0; i < n; i++)
        ring_take_slot(rx, rx->next + i, ctl[i], &m[i], wake);
    rx->next += n;
    *slots = n;
    return SK_OK;
}

/* Take one message of *slots lines into m (room for max lines, 1..SK_SLOTS_MAX). m[i].ctl is the
 * checked copy of the header. *wake: as above; false if not.
 * SK_ERR_EMPTY: none, or not all its lines are there yet. SK_ERR_TOO_BIG: more than max lines; it
 * stays. SK_ERR_PROTOCOL: garbage; the ring is of no use any more. */
static inline sk_err ring_recv(struct ring_rx *rx, struct sk_msg *m, uint32_t max, uint32_t *slots,
                               bool *wake)
{
    uint32_t ctl;
    *wake = false;
    ring_probe_far(rx);
    enum ring_state state = ring_peek(rx, 0, &ctl);
    if (state != RING_MESSAGE) {
        ring_not_in_stream(rx);
        return state == RING_EMPTY ? SK_ERR_EMPTY : SK_ERR_PROTOCOL;
    }
    if (sk_ctl_more(ctl) != 0)
        return ring_recv_long(rx, ctl, m, max, slots, wake);
    ring_take_slot(rx, rx->next++, ctl, m, wake);
    *slots = 1;
    return SK_OK;
}

/* Ask to be woken for line number s. False: it is there, or garbage. */
static inline bool ring_arm_for(struct ring_rx *rx, uint32_t s)
{
    /* Heavy store, heavy load: the pair with ring_send's and ring_publish's. */
    seam_store_heavy(rx->armed, RING_FLAG | ring_tag(s, rx->epoch_tag));
    if (ring_judge(rx, seam_load_heavy(&rx->slot[s & rx->mask].ctl), s) == RING_EMPTY)
        return true;
    seam_store_relaxed(rx->armed, 0);
    return false;
}

/* Arm for the reply to a request that is not yet sent, the ring being drained: there is nothing to
 * look for, what is awaited cannot come before. The store is in order before the request, by the
 * release of ring_publish; whoever takes the request sees it. A peer that sends something unasked
 * may make us miss a wake-up, not more. */
static inline void ring_arm_reply(struct ring_rx *rx)
{
    ring_not_in_stream(rx);
    seam_store_relaxed(rx->armed, RING_FLAG | ring_tag(rx->next, rx->epoch_tag));
}

/* The receiver is about to sleep. True: the ring holds nothing to take, and the sender of the next
 * line will wake us. False: look again (a message, or garbage). */
static inline bool ring_arm(struct ring_rx *rx)
{
    /* What is awaited is the first line that is missing: of a long message some may be there. */
    uint32_t ahead = 0;
    uint32_t ctl;
    enum ring_state state;
    ring_not_in_stream(rx);
    if (!ring_vouched(rx, rx->next) && ring_arm_for(rx, rx->next))
        return true;
    while ((state = ring_peek(rx, ahead, &ctl)) == RING_MESSAGE) {
        if (sk_ctl_more(ctl) == 0 || ++ahead == SK_SLOTS_MAX)
            return false;
    }
    return state == RING_EMPTY && ring_arm_for(rx, rx->next + ahead);
}

#endif
