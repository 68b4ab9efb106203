/* See cast.h: a set of senders (lib/shape.h) that are given the same messages.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/cast.h"
#include "lib/self.h"

void sk_cast_init(struct sk_cast *cast, struct sk_cast_member *member, uint16_t room,
                  struct sk_shape_msg *keep, uint16_t depth, uint32_t bit)
{
    *cast = (struct sk_cast){
        .member = member, .keep = keep, .room = room, .depth = depth, .bit = bit & 31u};
    for (uint16_t i = 0; i < room; i++)
        member[i].in_use = false;
}

static uint16_t find_place(const struct sk_cast *cast)
{
    uint16_t i = 0;
    while (i < cast->room && cast->member[i].in_use)
        i++;
    return i;
}

sk_err sk_cast_add(struct sk_cast *cast, sk_handle end, enum sk_cast_policy policy,
                   struct sk_cast_member **member)
{
    if ((uint32_t)policy >= SK_CAST_POLICIES)
        return SK_ERR_ARG;
    if (find_place(cast) == cast->room)
        (void)sk_cast_pump(cast); /* some may have died */
    uint16_t i = find_place(cast);
    if (i == cast->room)
        return SK_ERR_FULL;
    struct sk_cast_member *m = &cast->member[i];
    sk_err err = sk_chan_open(&m->chan, end, cast->bit);
    if (err != SK_OK)
        return err;
    sk_shape_tx_init(&m->tx, &m->chan, &cast->keep[(uint32_t)i * cast->depth], cast->depth);
    m->policy = (uint8_t)policy;
    m->owed = false;
    m->user = NULL;
    m->in_use = true;
    if (member != NULL)
        *member = m;
    return SK_OK;
}

void sk_cast_remove(struct sk_cast *cast, struct sk_cast_member *member)
{
    (void)cast;
    if (!member->in_use)
        return;
    member->in_use = false;
    sk_chan_close(&member->chan);
}

static void leave(struct sk_cast *cast, struct sk_cast_member *m, sk_err why)
{
    sk_cast_remove(cast, m);
    if (cast->on_leave != NULL)
        cast->on_leave(cast, m, why);
}

sk_err sk_cast_pump(struct sk_cast *cast)
{
    sk_err all = SK_OK;
    for (uint16_t i = 0; i < cast->room; i++) {
        struct sk_cast_member *m = &cast->member[i];
        if (!m->in_use)
            continue;
        sk_err err = sk_chan_peer_closed(&m->chan) ? SK_ERR_PEER_DEAD : sk_shape_pump(&m->tx);
        if (err == SK_ERR_FULL)
            all = SK_ERR_FULL;
        else if (err != SK_OK)
            leave(cast, m, SK_ERR_PEER_DEAD);
    }
    return all;
}

struct message {
    uint16_t label;
    uint32_t len;
    const void *bytes;
};

/* One message to one receiver; it may be owed afterwards, or the receiver gone. */
static void give(struct sk_cast *cast, struct sk_cast_member *m, const struct message *msg,
                 struct sk_cast_result *r)
{
    sk_err err = m->policy == SK_CAST_OVERWRITE
                     ? sk_shape_send(&m->tx, msg->label, msg->bytes, msg->len)
                     : sk_shape_send_try(&m->tx, msg->label, msg->bytes, msg->len);
    m->owed = err == SK_ERR_FULL && m->policy == SK_CAST_WAIT;
    if (err == SK_OK) {
        r->sent++;
    } else if (!m->owed) {
        r->left++;
        leave(cast, m, err == SK_ERR_FULL ? SK_ERR_FULL : SK_ERR_PEER_DEAD);
    }
}

/* Those to whom it is still owed. Returns how many are left. */
static uint32_t give_owed(struct sk_cast *cast, const struct message *msg, struct sk_cast_result *r)
{
    uint32_t owed = 0;
    for (uint16_t i = 0; i < cast->room; i++) {
        struct sk_cast_member *m = &cast->member[i];
        if (!m->in_use || !m->owed)
            continue;
        give(cast, m, msg, r);
        owed += m->in_use && m->owed;
    }
    return owed;
}

sk_err sk_cast_send(struct sk_cast *cast, uint16_t label, const void *bytes, uint32_t len,
                    sk_ns deadline, struct sk_cast_result *result)
{
    struct sk_cast_result none, *r = result != NULL ? result : &none;
    struct message msg = {label, len, bytes};
    sk_err late = SK_OK;
    *r = (struct sk_cast_result){0};
    if (len > SK_SHAPE_BYTES)
        return SK_ERR_TOO_BIG;
    for (uint16_t i = 0; i < cast->room; i++)
        cast->member[i].owed = cast->member[i].in_use;
    while (give_owed(cast, &msg, r) != 0 && late == SK_OK) {
        uint32_t events;
        late = sk_wait_events(1u << cast->bit, deadline, &events);
        (void)sk_cast_pump(cast); /* the event may have been another receiver's */
    }
    for (uint16_t i = 0; i < cast->room; i++) {
        struct sk_cast_member *m = &cast->member[i];
        if (!m->in_use || !m->owed)
            continue;
        m->owed = false;
        sk_shape_skip(&m->tx);
        r->missed++;
    }
    return SK_OK;
}

sk_err sk_cast_flush_until(struct sk_cast *cast, sk_ns deadline)
{
    sk_err late = SK_OK;
    for (;;) {
        uint32_t events;
        if (sk_cast_pump(cast) == SK_OK)
            return SK_OK;
        if (late != SK_OK)
            return late;
        late = sk_wait_events(1u << cast->bit, deadline, &events);
    }
}

void sk_cast_end(struct sk_cast *cast)
{
    for (uint16_t i = 0; i < cast->room; i++)
        sk_cast_remove(cast, &cast->member[i]);
}
