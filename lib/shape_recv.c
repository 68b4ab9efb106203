/* See shape.h, the receiving side. What comes is checked: a number never goes back.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/build.h"
#include "lib/self.h"
#include "lib/shape.h"

void sk_shape_rx_init(struct sk_shape_rx *rx, struct sk_chan *chan)
{
    *rx = (struct sk_shape_rx){.chan = chan};
}

/* A message has come, if err is SK_OK: take it, or end the channel. */
static sk_err take(struct sk_shape_rx *rx, struct sk_in *in, sk_err err, struct sk_shape_msg *m,
                   uint64_t *missed)
{
    if (err != SK_OK)
        return err;
    uint32_t len = in->len - 8u; /* wraps if there is no number */
    bool good = !sk_in_reply(in) && in->handles == 0 && len <= SK_SHAPE_BYTES;
    sk_in_drop_handles(in);
    if (!good || in->w64[0] <= rx->number) {
        chan_break(rx->chan);
        return SK_ERR_PROTOCOL;
    }
    if (missed != NULL)
        *missed = in->w64[0] - rx->number - 1u;
    rx->number = m->number = in->w64[0];
    m->label = in->label;
    m->len = (uint16_t)len;
    __builtin_memcpy(m->bytes, in->bytes + 8, SK_SHAPE_BYTES);
    return SK_OK;
}

sk_err sk_shape_recv_try(struct sk_shape_rx *rx, struct sk_shape_msg *m, uint64_t *missed)
{
    struct sk_in in;
    return take(rx, &in, sk_recv_try(rx->chan, &in), m, missed);
}

sk_err sk_shape_recv_until(struct sk_shape_rx *rx, struct sk_shape_msg *m, uint64_t *missed,
                           sk_ns deadline)
{
    struct sk_in in;
    return take(rx, &in, sk_recv_until(rx->chan, &in, deadline), m, missed);
}

/* One is there: on to the newest. */
static sk_err skip(struct sk_shape_rx *rx, struct sk_shape_msg *m, sk_err err)
{
    for (uint32_t i = 1; err == SK_OK && i < SK_CHAN_SLOTS_MAX; i++) {
        sk_err more = sk_shape_recv_try(rx, m, NULL);
        if (more == SK_ERR_PROTOCOL)
            return more;
        if (more != SK_OK)
            break; /* the end is told next time: this one is good */
    }
    return err;
}

sk_err sk_latest_recv_try(struct sk_shape_rx *rx, struct sk_shape_msg *m)
{
    return skip(rx, m, sk_shape_recv_try(rx, m, NULL));
}

sk_err sk_latest_recv_until(struct sk_shape_rx *rx, struct sk_shape_msg *m, sk_ns deadline)
{
    return skip(rx, m, sk_shape_recv_until(rx, m, NULL, deadline));
}

static sk_err counted(struct sk_shape_rx *rx, uint64_t before, sk_err err, uint64_t *events)
{
    if (err == SK_OK)
        *events = rx->number - before;
    return err;
}

sk_err sk_count_recv_try(struct sk_shape_rx *rx, uint64_t *events)
{
    struct sk_shape_msg m;
    uint64_t before = rx->number;
    return counted(rx, before, sk_latest_recv_try(rx, &m), events);
}

sk_err sk_count_recv_until(struct sk_shape_rx *rx, uint64_t *events, sk_ns deadline)
{
    struct sk_shape_msg m;
    uint64_t before = rx->number;
    return counted(rx, before, sk_latest_recv_until(rx, &m, deadline), events);
}
