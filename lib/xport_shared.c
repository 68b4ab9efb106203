/* Rings in memory that the two ends share (MMU ports): sending and receiving are base/ring.h, the
 * kernel is entered only to wake or to sleep.
 * Not here: what a closed or broken end means to the caller (chan.c).
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/xport.h"
#include "lib/build.h"
#include "lib/self.h"

sk_err xport_open(struct sk_chan *c, const struct sk_chan_view *view)
{
    struct sk_chan_mem *mem = (struct sk_chan_mem *)(uintptr_t)view->mem;
    uint32_t side = view->side & 1u;
    uint32_t n = view->slots;
    if (mem == NULL || view->status == 0 || n < SK_CHAN_SLOTS_MIN || n > SK_CHAN_SLOTS_MAX)
        return SK_ERR_UNSUPPORTED;
    struct sk_chan_ctl *mine = &mem->line[side];
    struct sk_chan_ctl *theirs = &mem->line[side ^ 1u];
    c->end.status = (const struct sk_chan_status *)(uintptr_t)view->status;
    c->end.lent = view->lent != 0;
    ring_tx_init(&c->end.tx, &mem->slot[side * n], n, mine, theirs, view->epoch);
    ring_rx_init(&c->end.rx, &mem->slot[(side ^ 1u) * n], n, mine, theirs, view->epoch);
    return SK_OK;
}

/* The ways that are not the short one stay out of its registers and stack. */
#define COLD __attribute__((noinline))

static COLD sk_err send_long(struct sk_chan *c, const struct sk_msg *m, uint32_t slots, bool *wake)
{
    return ring_send(&c->end.tx, m, slots, wake);
}

static COLD void wake_sender(struct sk_chan *c)
{
    sys_wake(c->handle); /* a peer that is gone does not mind */
}

bool xport_closed(const struct sk_chan *c)
{
    /* Acquire: what is looked at next in the ring is not older. */
    return __atomic_load_n(&c->end.status->state, __ATOMIC_ACQUIRE) != SK_CHAN_OPEN;
}

bool xport_self(const struct sk_chan *c)
{
    return xport_end_self(&c->end);
}

/* What was just read may be torn. */
static inline bool lost(const struct sk_chan *c)
{
    return c->end.lent && __atomic_load_n(&c->end.status->state, __ATOMIC_RELAXED) == SK_CHAN_LOST;
}

/* Label and token, together. */
static uint32_t line_head(const struct sk_msg *line)
{
    return *(const volatile uint32_t *)(const volatile void *)&line->label;
}

static void line_set_head(struct sk_msg *line, uint32_t head)
{
    *(volatile uint32_t *)(volatile void *)&line->label = head;
}

sk_err xport_send(struct sk_chan *c, const struct sk_msg *m, uint32_t slots, bool *wake)
{
    *wake = false;
    if (xport_closed(c))
        return SK_ERR_PEER_DEAD;
    if (slots != 1)
        return send_long(c, m, slots, wake);
    struct sk_msg *line = ring_claim(&c->end.tx);
    if (line == NULL)
        return SK_ERR_FULL;
    line_set_head(line, line_head(m));
    ring_copy_payload(line, m);
    *wake = ring_publish(&c->end.tx, line, m->ctl);
    return SK_OK;
}

/* Make bytes the payload of a line where it lies. A full one needs no zeroes, and goes in as few
 * stores as there can be: while the receiver looks at the line, each may have to fetch it again. */
static inline void line_set_payload(struct sk_msg *line, const void *bytes, uint32_t len)
{
    if (len != SK_PAYLOAD_BYTES)
        build_payload(line, bytes, len);
    else
        __builtin_memcpy(line->bytes, bytes, SK_PAYLOAD_BYTES);
}

sk_err xport_send_out(struct sk_chan *c, const struct sk_out *out, bool *wake)
{
    *wake = false;
    if (xport_closed(c))
        return SK_ERR_PEER_DEAD;
    struct sk_msg *line = ring_claim(&c->end.tx);
    if (line == NULL)
        return SK_ERR_FULL;
    uint32_t ctl = sk_ctl_make(out->len, 0, out->handles, out->reply);
    uint32_t head = out->label | (uint32_t)out->token << 16;
    line_set_head(line, head); /* the line is fetched from now on */
    line_set_payload(line, out->bytes, out->len);
    *wake = ring_publish(&c->end.tx, line, ctl);
    return SK_OK;
}

bool xport_room(struct sk_chan *c, uint32_t slots)
{
    return ring_has_room(&c->end.tx, slots);
}

static COLD sk_err recv_long(struct sk_chan *c, struct sk_msg *m, uint32_t max, uint32_t *slots)
{
    bool wake;
    sk_err err = ring_recv(&c->end.rx, m, max, slots, &wake);
    if (err == SK_ERR_EMPTY && xport_closed(c)) {
        /* Its last message may have come between the two looks; nothing comes after this one. */
        err = ring_recv(&c->end.rx, m, max, slots, &wake);
        if (err == SK_ERR_EMPTY)
            return SK_ERR_PEER_DEAD;
    }
    if (lost(c))
        return SK_ERR_PEER_DEAD;
    if (wake)
        wake_sender(c);
    return err;
}

/* There is no message of one line: mostly there is none at all. */
static COLD sk_err recv_other(struct sk_chan *c, struct sk_msg *m, uint32_t max, uint32_t *slots)
{
    if (xport_end_look(&c->end))
        return recv_long(c, m, max, slots);
    ring_not_in_stream(&c->end.rx);
    return SK_ERR_EMPTY;
}

sk_err xport_recv(struct sk_chan *c, struct sk_msg *m, uint32_t max, uint32_t *slots)
{
    uint32_t ctl;
    struct ring_rx *rx = &c->end.rx;
    const struct sk_msg *line = ring_front(rx, &ctl);
    if (line == NULL)
        return recv_other(c, m, max, slots);
    m->ctl = ctl;
    line_set_head(m, line_head(line));
    ring_copy_payload(m, line);
    *slots = 1;
    if (ring_pop(rx))
        wake_sender(c);
    return lost(c) ? SK_ERR_PEER_DEAD : SK_OK;
}

static COLD bool arm_long(struct sk_chan *c)
{
    return ring_arm(&c->end.rx) && !xport_closed(c);
}

/* ring_arm where nothing at all is in the ring. */
static inline bool arm_short(struct sk_chan *c)
{
    if (ring_vouched(&c->end.rx, c->end.rx.next) || !ring_arm_for(&c->end.rx, c->end.rx.next))
        return false;
    ring_not_in_stream(&c->end.rx);
    return true;
}

bool xport_arm(struct sk_chan *c)
{
    return arm_short(c) ? !xport_closed(c) : arm_long(c);
}

bool xport_arm_near(struct sk_chan *c)
{
    return arm_short(c) && !xport_closed(c);
}

bool xport_want(struct sk_chan *c, uint32_t slots)
{
    return ring_want(&c->end.tx, slots) && !xport_closed(c);
}

sk_err xport_ask(struct sk_chan *c, struct sk_msg *m, uint32_t slots, uint32_t max, sk_ns deadline,
                 uint32_t *got)
{
    (void)c, (void)m, (void)slots, (void)max, (void)deadline, (void)got;
    return SK_ERR_UNSUPPORTED;
}

/* The line at the front of the ring, if it is the plain reply with this token. */
static inline __attribute__((always_inline)) const struct sk_msg *
find_reply(struct sk_chan *c, uint32_t token, uint32_t *ctl, uint32_t *label)
{
    const struct sk_msg *line = ring_front(&c->end.rx, ctl);
    if (line == NULL || (*ctl & (SK_CTL_REPLY | SK_CTL_HANDLES)) != SK_CTL_REPLY)
        return NULL;
    uint32_t head = line_head(line);
    *label = head & 0xffffu;
    return head >> 16 == token ? line : NULL;
}

/* The answer, where it lies, is taken; the call has ended. */
static inline sk_err take_reply(struct sk_chan *c, const struct sk_msg *answer, uint32_t ctl,
                                uint32_t label, void *reply, uint32_t reply_max, uint32_t *got)
{
    uint32_t n = sk_ctl_len(ctl) < reply_max ? sk_ctl_len(ctl) : reply_max;
    n = label == SK_OK ? n : 0;
    build_copy(reply, answer->bytes, n);
    if (got != NULL)
        *got = n;
    c->call_seq++;
    if (ring_mark(&c->end.rx, c->end.rx.next++))
        wake_sender(c);
    if (lost(c))
        return SK_ERR_PEER_DEAD;
    return label <= (uint32_t)-SK_ERR_LAST ? -(sk_err)label : SK_ERR_PROTOCOL;
}

/* To a peer on another core: look for the reply for a while, then sleep. */
static COLD sk_err call_far(struct sk_chan *c, uint32_t head, const void *request, uint32_t len,
                            void *reply, uint32_t reply_max, uint32_t *got, sk_ns deadline)
{
    uint32_t events, ctl, label;
    sys_looks looks = 0, most = deadline != 0 ? sys_spin() : 0;
    const struct sk_msg *answer;
    struct sk_msg *line = NULL;
    if (!ring_vouched(&c->end.rx, c->end.rx.next) && !xport_self(c) && !xport_closed(c))
        line = ring_claim(&c->end.tx);
    if (line == NULL)
        return call_long(c, head, request, len, reply, reply_max, got, deadline);
    line_set_head(line, head);
    line_set_payload(line, request, len);
    if (ring_publish(&c->end.tx, line, sk_ctl_make(len, 0, 0, false)))
        wake_sender(c);
    while ((answer = find_reply(c, head >> 16, &ctl, &label)) == NULL) {
        if (looks == most || (++looks % CHAN_CHECK_LOOKS == 0 && chan_spin_over(c, deadline)))
            break;
        sk_relax();
    }
    if (answer == NULL && deadline != 0 && arm_short(c) && !xport_closed(c) &&
        sk_wait_events(c->event_mask, deadline, &events) == SK_OK)
        answer = find_reply(c, head >> 16, &ctl, &label);
    if (answer == NULL)
        return call_sent(c, head, NULL, reply, reply_max, got, deadline);
    return take_reply(c, answer, ctl, label, reply, reply_max, got);
}

sk_err xport_call(struct sk_chan *c, uint32_t head, const void *request, uint32_t len, void *reply,
                  uint32_t reply_max, uint32_t *got, sk_ns deadline)
{
    uint32_t events, ctl, label;
    uint64_t ready;
    if (__atomic_load_n(&c->end.status->same_core, __ATOMIC_RELAXED) != 1 ||
        ring_vouched(&c->end.rx, c->end.rx.next))
        return call_far(c, head, request, len, reply, reply_max, got, deadline);
    struct sk_msg *line = ring_claim(&c->end.tx);
    if (line == NULL)
        return call_long(c, head, request, len, reply, reply_max, got, deadline);
    ring_arm_reply(&c->end.rx);
    line_set_head(line, head);
    build_payload(line, request, len);
    /* A peer that is gone is found by the wake-up, or by looking for the reply. */
    if (!ring_publish(&c->end.tx, line, sk_ctl_make(len, 0, 0, false)))
        return call_sent(c, head, NULL, reply, reply_max, got, deadline);
    if (sys_wake_wait(c->handle, c->event_mask, deadline, &events, &ready) != SK_OK)
        return call_sent(c, head, NULL, reply, reply_max, got, deadline);
    sk_self()->ready |= ready;
    const struct sk_msg *answer = find_reply(c, head >> 16, &ctl, &label);
    if (answer == NULL)
        return call_sent(c, head, NULL, reply, reply_max, got, deadline);
    return take_reply(c, answer, ctl, label, reply, reply_max, got);
}

sk_err xport_lend(struct sk_chan *c, struct sk_lend *l, uint32_t cancel, sk_ns deadline, bool *sent)
{
    *sent = false;
    if (!ring_has_room(&c->end.tx, 1))
        return xport_closed(c) ? SK_ERR_PEER_DEAD : SK_ERR_FULL;
    l->send = c->end.tx.next;
    l->receive = c->end.rx.next;
    sk_err err = sys_lend(c->handle, l, cancel, deadline, sent);
    c->end.tx.next += *sent;
    return err;
}
