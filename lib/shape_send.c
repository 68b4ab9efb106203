/* See shape.h, the sending side: a short queue of what did not fit the ring, oldest first. Order is
 * kept because nothing goes into the ring while something older is kept.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/build.h"
#include "lib/self.h"
#include "lib/shape.h"

void sk_shape_tx_init(struct sk_shape_tx *tx, struct sk_chan *chan, struct sk_shape_msg *keep,
                      uint16_t room)
{
    *tx = (struct sk_shape_tx){.chan = chan, .keep = keep, .room = room};
}

/* One line into the ring: the number, then the bytes. */
static sk_err put(struct sk_chan *c, uint64_t number, uint16_t label, const void *bytes,
                  uint32_t len)
{
    struct sk_msg m;
    bool wake;
    if (c->dead != SK_OK)
        return c->dead;
    m.ctl = sk_ctl_make(8u + len, 0, 0, false);
    m.label = label;
    m.token = 0;
    build_payload(&m, NULL, 0);
    m.w64[0] = number;
    build_copy(m.bytes + 8, bytes, len);
    sk_err err = xport_send(c, &m, 1, &wake);
    if (wake)
        sys_wake(c->handle);
    return err;
}

sk_err sk_shape_pump(struct sk_shape_tx *tx)
{
    while (tx->count != 0) {
        const struct sk_shape_msg *m = &tx->keep[tx->first];
        sk_err err = put(tx->chan, m->number, m->label, m->bytes, m->len);
        if (err == SK_ERR_FULL && !xport_want(tx->chan, 1))
            continue; /* there is room now */
        if (err != SK_OK)
            return err;
        tx->first = (uint16_t)((tx->first + 1u) % tx->room);
        tx->count--;
    }
    return tx->chan->dead;
}

/* Into the ring, or to what is kept; SK_ERR_FULL if there is no place and nothing may go for it. */
static sk_err send(struct sk_shape_tx *tx, uint64_t number, uint16_t label, const void *bytes,
                   uint32_t len, bool over)
{
    if (len > SK_SHAPE_BYTES)
        return SK_ERR_TOO_BIG;
    sk_err err = sk_shape_pump(tx);
    if (err == SK_OK)
        err = put(tx->chan, number, label, bytes, len);
    if (err == SK_OK)
        tx->number = number;
    if (err != SK_ERR_FULL)
        return err;
    if (tx->count == tx->room) {
        if (!over)
            return SK_ERR_FULL;
        tx->first = (uint16_t)((tx->first + 1u) % tx->room);
        tx->count--;
        tx->dropped++;
    }
    struct sk_shape_msg *m = &tx->keep[(tx->first + tx->count++) % tx->room];
    m->number = tx->number = number;
    m->label = label;
    m->len = (uint16_t)len;
    build_copy(m->bytes, bytes, len);
    /* Whoever waits for the event hears of room; if there is some by now, it has gone. */
    err = tx->count == 1 ? sk_shape_pump(tx) : SK_OK;
    return err == SK_ERR_FULL ? SK_OK : err;
}

sk_err sk_shape_send(struct sk_shape_tx *tx, uint16_t label, const void *bytes, uint32_t len)
{
    return send(tx, tx->number + 1u, label, bytes, len, true);
}

sk_err sk_shape_send_try(struct sk_shape_tx *tx, uint16_t label, const void *bytes, uint32_t len)
{
    return send(tx, tx->number + 1u, label, bytes, len, false);
}

void sk_shape_skip(struct sk_shape_tx *tx)
{
    tx->number++;
    tx->dropped++;
}

sk_err sk_count_add(struct sk_shape_tx *tx, uint32_t events)
{
    uint64_t sum = tx->number + events;
    sk_err err = events != 0 ? send(tx, sum, 0, NULL, 0, true) : SK_OK;
    tx->number = sum;
    return err;
}

sk_err sk_shape_flush_until(struct sk_shape_tx *tx, sk_ns deadline)
{
    for (;;) {
        uint32_t events;
        sk_err err = sk_shape_pump(tx);
        if (err != SK_ERR_FULL)
            return err;
        sk_err late = sk_wait_events(tx->chan->event_mask, deadline, &events);
        if (late != SK_OK) {
            err = sk_shape_pump(tx);
            return err == SK_ERR_FULL ? late : err;
        }
    }
}
