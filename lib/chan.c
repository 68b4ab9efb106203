/* See chan.h. What is the same wherever rings live: messages from bytes and back, handles beside
 * them, waiting. A channel that broke the rules is closed at once (c->dead), its memory is not
 * touched again.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/chan.h"
#include "base/ring.h"
#include "lib/build.h"
#include "lib/rpc.h"
#include "lib/self.h"
#include "lib/xport.h"

#define HANDLE_MS 1000u /* patience with a far kernel that takes a handle */

sk_err sk_chan_open(struct sk_chan *c, sk_handle end, uint32_t bit)
{
    struct sk_chan_view view;
    *c = (struct sk_chan){.dead = SK_ERR_HANDLE};
    if (bit > 31)
        return SK_ERR_ARG;
    sk_err err = sys_chan_open(end, bit, &view);
    if (err != SK_OK)
        return err;
    err = xport_open(c, &view);
    if (err != SK_OK)
        return err;
    c->handle = end;
    c->dead = SK_OK;
    c->event_mask = 1u << bit;
    c->ready_bit = (uint8_t)(view.slot % 64u);
    /* Slots taken but not yet marked do not count as room (base/ring.h). */
    c->reply_room = (uint8_t)(view.slots - ring_mark_mask(view.slots));
    return SK_OK;
}

sk_err sk_chan_create(struct sk_chan *mine, sk_handle *theirs, uint32_t bit)
{
    return sk_chan_create_quota(mine, theirs, bit, 0);
}

sk_err sk_chan_create_quota(struct sk_chan *mine, sk_handle *theirs, uint32_t bit, size_t bytes)
{
    sk_handle end;
    *mine = (struct sk_chan){.dead = SK_ERR_HANDLE};
    if (bytes > SK_QUOTA_MAX * SK_PAGE_BYTES)
        return SK_ERR_TOO_BIG;
    uint32_t pages = (uint32_t)((bytes + SK_PAGE_BYTES - 1u) / SK_PAGE_BYTES);
    sk_err err = sys_chan_create(SK_CHAN_SLOTS | pages << 8, &end, theirs);
    if (err != SK_OK)
        return err;
    err = sk_chan_open(mine, end, bit);
    if (err != SK_OK) {
        sys_close(end);
        sys_close(*theirs);
    }
    return err;
}

static void chan_end(struct sk_chan *c, sk_err why)
{
    if (c->handle == SK_HANDLE_NONE)
        return;
    sys_close(c->handle);
    c->handle = SK_HANDLE_NONE;
    c->dead = why;
}

void sk_chan_close(struct sk_chan *c)
{
    chan_end(c, SK_ERR_HANDLE);
    sk_call_end_all(c, SK_ERR_CANCELLED);
}

bool sk_chan_peer_closed(const struct sk_chan *c)
{
    return c->dead != SK_OK || xport_closed(c);
}

bool sk_chan_same_core(const struct sk_chan *c)
{
    return c->dead == SK_OK && xport_same_core(c);
}

/* --- Sending --------------------------------------------------------------------------------- */

/* All but the last line are full. */
static void build_lines(struct sk_msg *m, const struct sk_out *out, uint32_t slots)
{
    const uint8_t *from = out->bytes;
    uint32_t left = out->len;
    for (uint32_t i = 0; i < slots; i++) {
        uint32_t len = left < SK_PAYLOAD_BYTES ? left : SK_PAYLOAD_BYTES;
        m[i].ctl = sk_ctl_make(len, slots - 1u - i, i == 0 ? out->handles : 0, out->reply);
        m[i].label = out->label;
        m[i].token = out->token;
        build_payload(&m[i], from, len);
        from += len;
        left -= len;
    }
}

static __attribute__((noinline)) sk_err send_long(struct sk_chan *c, const struct sk_out *out,
                                                  bool *wake)
{
    struct sk_msg m[SK_SLOTS_MAX];
    uint32_t slots = sk_slots_of(out->len);
    build_lines(m, out, slots);
    return xport_send(c, m, slots, wake);
}

/* Some handles are in the peer's escrow, their message will not come. */
static void drop_at_peer(struct sk_chan *c)
{
    struct sk_msg m;
    bool wake;
    build_one(&m, &(struct sk_out){.label = SK_LABEL_DROP, .handles = c->given});
    c->given = 0;
    if (c->dead == SK_OK && xport_send(c, &m, 1, &wake) == SK_OK && wake)
        sys_wake(c->handle);
}

/* First the room, then the handles, then the message: nobody else can take the room. */
static sk_err send_handles(struct sk_chan *c, const struct sk_out *out)
{
    if (out->handles > SK_MSG_HANDLES)
        return SK_ERR_ARG;
    if (!xport_room(c, sk_slots_of(out->len)))
        return xport_closed(c) ? SK_ERR_PEER_DEAD : SK_ERR_FULL;
    sk_ns deadline = sk_in_ms(HANDLE_MS);
    for (; c->given < out->handles; c->given++) {
        sk_err err = sys_send_handle(c->handle, out->handle[c->given], deadline);
        if (err == SK_OK)
            continue;
        if (err == SK_ERR_TIMED_OUT || err == SK_ERR_CANCELLED)
            chan_end(c, SK_ERR_PEER_DEAD); /* in doubt: which message would it belong to? */
        if (c->given != 0 && !c->keep)
            drop_at_peer(c);
        return err;
    }
    c->given = 0;
    return SK_OK;
}

/* All but the message itself. */
static sk_err before_send(struct sk_chan *c, const struct sk_out *out)
{
    if (c->dead != SK_OK)
        return c->dead;
    if (out->len > SK_PAYLOAD_MAX)
        return SK_ERR_TOO_BIG;
    return out->handles != 0 ? send_handles(c, out) : SK_OK;
}

sk_err chan_build(struct sk_chan *c, struct sk_in *in, const struct sk_out *out, uint32_t *slots)
{
    sk_err err = before_send(c, out);
    *slots = sk_slots_of(out->len);
    if (err == SK_OK)
        build_lines(in->line, out, *slots);
    return err;
}

static __attribute__((noinline)) sk_err send_one(struct sk_chan *c, const struct sk_out *out,
                                                 bool *wake)
{
    struct sk_msg m;
    build_one(&m, out);
    return xport_send(c, &m, 1, wake);
}

sk_err sk_send_quiet(struct sk_chan *c, const struct sk_out *out, bool *wake)
{
    *wake = false;
    sk_err err = before_send(c, out);
    if (err != SK_OK)
        return err;
    if (out->len > SK_PAYLOAD_BYTES)
        return send_long(c, out, wake);
    return XPORT_IN_PLACE ? xport_send_out(c, out, wake) : send_one(c, out, wake);
}

sk_err sk_send_try(struct sk_chan *c, const struct sk_out *out)
{
    bool wake;
    sk_err err = sk_send_quiet(c, out, &wake);
    if (wake)
        sys_wake(c->handle); /* dead already: in the ring is what was promised */
    return err;
}

bool chan_spin_over(const struct sk_chan *c, sk_ns deadline)
{
    uint32_t events;
    return xport_closed(c) || sk_now() >= deadline ||
           sk_wait_events(0, 0, &events) == SK_ERR_CANCELLED;
}

static sk_err send_until(struct sk_chan *c, const struct sk_out *out, sk_ns deadline)
{
    uint32_t slots = sk_slots_of(out->len);
    sys_looks looks = 0, most = sys_spin_room();
    for (;;) {
        uint32_t events;
        sk_err err = sk_send_try(c, out);
        if (err != SK_ERR_FULL || deadline == 0)
            return err;
        if (xport_room(c, slots)) { /* the escrow is full: nobody tells when it is not */
            if (sk_now() >= deadline)
                return err;
            if (sk_wait_events(0, sk_in_ms(1), &events) == SK_ERR_CANCELLED)
                return SK_ERR_CANCELLED;
            continue;
        }
        if (looks < most && !xport_same_core(c)) {
            if (++looks % CHAN_CHECK_LOOKS == 0 && chan_spin_over(c, deadline))
                most = 0;
            sk_relax();
            continue;
        }
        if (xport_self(c))
            return SK_ERR_STATE;
        if (!xport_want(c, slots))
            continue;
        sk_err late = sk_wait_events(c->event_mask, deadline, &events);
        if (late != SK_OK) {
            err = sk_send_try(c, out);
            return err == SK_ERR_FULL && late == SK_ERR_CANCELLED ? late : err;
        }
    }
}

/* If the escrow has no room for all of the handles it goes on from there. */
sk_err sk_send_until(struct sk_chan *c, const struct sk_out *out, sk_ns deadline)
{
    c->keep = true;
    sk_err err = send_until(c, out, deadline);
    c->keep = false;
    if (c->given != 0)
        drop_at_peer(c);
    return err;
}

/* --- Receiving ------------------------------------------------------------------------------- */

/* Make one message of the lines, which lie one behind the other with their headers. */
static sk_err join_lines(struct sk_in *in, uint32_t slots)
{
    uint32_t len = sk_ctl_len(in->ctl);
    for (uint32_t i = 1; i < slots; i++) {
        if (len != i * SK_PAYLOAD_BYTES)
            return SK_ERR_PROTOCOL;         /* all but the last are full */
        len += sk_ctl_len(in->line[i].ctl); /* before what follows goes over it */
        build_copy(&in->bytes[i * SK_PAYLOAD_BYTES], in->line[i].bytes, SK_PAYLOAD_BYTES);
    }
    in->len = len;
    return SK_OK;
}

/* One from the escrow; *h NONE: no room for it in the handle table, it will be dropped later. */
static sk_err take_one(struct sk_chan *c, sk_handle *h)
{
    *h = SK_HANDLE_NONE;
    sk_err err = c->drop != 0 ? SK_ERR_BUDGET : sys_take_handle(c->handle, h);
    if (err == SK_ERR_BUDGET) {
        if (c->drop < SK_ESCROW_MAX)
            c->drop++;
        return SK_OK;
    }
    return err == SK_OK ? SK_OK : SK_ERR_PROTOCOL;
}

static sk_err take_handles(struct sk_chan *c, struct sk_in *in)
{
    sk_handle h;
    while (c->drop != 0 && sys_take_handle(c->handle, &h) == SK_OK) {
        sys_close(h);
        c->drop--;
    }
    uint32_t n = sk_ctl_handles(in->ctl);
    for (uint32_t i = 0; i < n; i++) {
        sk_err err = take_one(c, &in->handle[i]);
        if (err != SK_OK) {
            sk_in_drop_handles(in);
            return err;
        }
        in->handles = i + 1u;
    }
    return SK_OK;
}

void sk_in_drop_handles(struct sk_in *in)
{
    for (uint32_t i = 0; i < in->handles; i++)
        if (in->handle[i] != SK_HANDLE_NONE)
            sys_close(in->handle[i]);
    in->handles = 0;
}

void chan_break(struct sk_chan *c)
{
    chan_end(c, SK_ERR_PROTOCOL);
    sk_call_end_all(c, SK_ERR_PROTOCOL);
}

/* A message with handles, or of several lines; or an error, which may end the channel. */
static sk_err recv_rest(struct sk_chan *c, struct sk_in *in, sk_err err, uint32_t slots)
{
    if (err == SK_ERR_TOO_BIG)
        err = xport_recv(c, in->line, SK_SLOTS_MAX, &slots);
    if (err == SK_OK)
        err = join_lines(in, slots);
    in->handles = 0;
    if (err == SK_OK && sk_ctl_handles(in->ctl) != 0)
        err = take_handles(c, in);
    if (err == SK_ERR_PROTOCOL)
        chan_break(c);
    return err;
}

sk_err chan_recv_rest(struct sk_chan *c, struct sk_in *in, sk_err err, uint32_t slots)
{
    for (;;) {
        err = recv_rest(c, in, err, slots);
        if (err != SK_OK || in->label != SK_LABEL_DROP)
            return err;
        sk_in_drop_handles(in);
        err = xport_recv(c, in->line, XPORT_RECV_LINES, &slots);
    }
}

sk_err sk_recv_try(struct sk_chan *c, struct sk_in *in)
{
    return c->dead != SK_OK ? c->dead : chan_recv(c, in);
}

sk_err sk_recv_until(struct sk_chan *c, struct sk_in *in, sk_ns deadline)
{
    sys_looks looks = 0, most = sys_spin();
    for (;;) {
        uint32_t events;
        sk_err err = sk_recv_try(c, in);
        if (err != SK_ERR_EMPTY)
            return err;
        if (deadline == 0)
            return SK_ERR_TIMED_OUT;
        if (looks < most && !xport_same_core(c)) {
            do {
                if (++looks % CHAN_CHECK_LOOKS == 0 && chan_spin_over(c, deadline))
                    most = 0;
                sk_relax();
            } while (looks < most && !xport_end_look(&c->end));
            continue;
        }
        if (xport_self(c))
            return SK_ERR_STATE;
        if (!xport_arm(c))
            continue;
        sk_err late = sk_wait_events(c->event_mask, deadline, &events);
        if (late != SK_OK) {
            err = sk_recv_try(c, in);
            return err == SK_ERR_EMPTY ? late : err;
        }
    }
}

bool sk_chan_arm(struct sk_chan *c)
{
    return c->dead == SK_OK && xport_arm(c);
}
