/* One ring, its two sides and a third hand: while nobody scribbles, messages arrive whole and in
 * order; after that, no call leaves the ring's memory or loops, and what it returns is in bounds.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "input.h"
#include "base/ring.h"

#include <stdlib.h>

void sim_step(void);
void sim_stored(const uint32_t *p, uint32_t v);
void sim_step(void)
{
}

void sim_stored(const uint32_t *p, uint32_t v)
{
    (void)p;
    (void)v;
}

struct world {
    struct sk_chan_ctl *line; /* of the two ends */
    struct sk_msg *slot;      /* each block is exactly as large as it has to be */
    struct ring_tx tx;
    struct ring_rx rx;
    uint32_t slots;
    bool clean;          /* nobody has scribbled */
    uint64_t sent, read; /* lines */
    uint32_t in_ring[128];
    uint32_t first, last; /* lengths of the messages in the ring */
};

static void fill(struct world *w, struct sk_msg *m, uint32_t lines, uint32_t flags)
{
    for (uint32_t i = 0; i < lines; i++) {
        m[i].ctl = sk_ctl_make(flags % 57u, lines - 1u - i, flags >> 6 & 3u, flags >> 8 & 1u);
        m[i].label = (uint16_t)flags;
        m[i].token = 7;
        for (unsigned n = 0; n < SK_PAYLOAD_BYTES / 8u; n++)
            m[i].w64[n] = w->sent + i;
    }
}

static void sent(struct world *w, uint32_t lines)
{
    w->sent += lines;
    w->in_ring[w->last++ % 128u] = lines;
}

static void got(struct world *w, const struct sk_msg *m, uint32_t lines)
{
    FUZZ_CHECK(lines >= 1 && lines <= SK_SLOTS_MAX);
    for (uint32_t i = 0; i < lines; i++) {
        FUZZ_CHECK(sk_ctl_len(m[i].ctl) <= SK_PAYLOAD_BYTES);
        FUZZ_CHECK(!(m[i].ctl & (SK_CTL_RESERVED | SK_CTL_TAKEN)));
        FUZZ_CHECK(sk_ctl_more(m[i].ctl) == lines - 1u - i);
    }
    if (!w->clean)
        return;
    FUZZ_CHECK(w->first != w->last && w->in_ring[w->first++ % 128u] == lines);
    for (uint32_t i = 0; i < lines; i++, w->read++)
        FUZZ_CHECK(m[i].w64[0] == w->read && m[i].w64[6] == w->read);
}

static void receive(struct world *w, uint32_t max)
{
    struct sk_msg m[SK_SLOTS_MAX];
    uint32_t lines = 0;
    bool wake;
    sk_err err = ring_recv(&w->rx, m, max, &lines, &wake);
    FUZZ_CHECK(err == SK_OK || err == SK_ERR_EMPTY || err == SK_ERR_TOO_BIG ||
               (err == SK_ERR_PROTOCOL && !w->clean));
    if (err == SK_OK)
        got(w, m, lines);
    if (w->clean && err == SK_ERR_EMPTY)
        FUZZ_CHECK(w->first == w->last);
    if (w->clean && err == SK_ERR_TOO_BIG)
        FUZZ_CHECK(w->in_ring[w->first % 128u] > max);
}

static void scribble(struct world *w, struct input *in)
{
    uint16_t at = input_u16(in);
    uint32_t v = input_u32(in);
    uint32_t *word = at & 0x8000u ? &w->line[at & 1u].armed + (at >> 1 & 1u)
                                  : (uint32_t *)&w->slot[at % w->slots] + (at >> 6) % 16u;
    if (at & 0x4000u) /* a header that looks right */
        v = (v & ~SK_CTL_TAG) | ring_tag(w->rx.next + (at & 7u), w->rx.epoch_tag);
    *word = v;
    w->clean = false;
}

static void front(struct world *w)
{
    uint32_t ctl;
    const struct sk_msg *line = ring_front(&w->rx, &ctl);
    if (line == NULL)
        return;
    FUZZ_CHECK(line >= w->slot && line < w->slot + w->slots);
    struct sk_msg m = *line;
    m.ctl = ctl;
    got(w, &m, 1);
    (void)ring_pop(&w->rx);
}

static void claim(struct world *w, uint32_t flags)
{
    struct sk_msg m, *line = ring_claim(&w->tx);
    if (line == NULL)
        return;
    FUZZ_CHECK(line >= w->slot && line < w->slot + w->slots);
    fill(w, &m, 1, flags);
    line->label = m.label;
    line->token = m.token;
    ring_copy_payload(line, &m);
    (void)ring_publish(&w->tx, line, m.ctl);
    sent(w, 1);
}

static void step(struct world *w, struct input *in)
{
    struct sk_msg m[SK_SLOTS_MAX];
    uint8_t b = input_u8(in);
    uint32_t lines = 1u + b / 8u % SK_SLOTS_MAX, flags = b / 32u * 61u;
    bool wake, room = ring_has_room(&w->tx, lines);
    switch (b % 8u) {
    case 0:
    case 1:
        fill(w, m, lines, flags);
        sk_err err = ring_send(&w->tx, m, lines, &wake);
        FUZZ_CHECK(err == (room ? SK_OK : SK_ERR_FULL));
        if (err == SK_OK)
            sent(w, lines);
        break;
    case 2:
        receive(w, lines);
        break;
    case 3:
        if (ring_arm(&w->rx) && w->clean)
            FUZZ_CHECK(w->first == w->last);
        break;
    case 4:
        if (ring_want(&w->tx, lines))
            FUZZ_CHECK(!room || !w->clean);
        break;
    case 5:
        front(w);
        break;
    case 6:
        claim(w, flags);
        break;
    default:
        if (b >= 0xc0)
            scribble(w, in);
        else
            receive(w, SK_SLOTS_MAX);
        break;
    }
    if (w->clean)
        FUZZ_CHECK(w->sent - w->read <= w->slots);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = input_of(data, size);
    uint8_t shape = input_u8(&in);
    struct world w = {.slots = 8u << shape % 4u, .clean = true};
    uint32_t epoch = input_u16(&in), start = shape & 0x40u ? 0xffffffe0u : 0;
    size_t ctl_bytes = 2 * sizeof(*w.line), slot_bytes = w.slots * sizeof(*w.slot);
    w.line = aligned_alloc(SK_LINE_BYTES, ctl_bytes);
    w.slot = aligned_alloc(SK_LINE_BYTES, slot_bytes);
    memset(w.line, 0, ctl_bytes);
    memset(w.slot, 0, slot_bytes);
    if (shape & 0x80u) { /* garbage to begin with */
        input_bytes(&in, w.slot, slot_bytes);
        w.clean = false;
    }
    ring_tx_init(&w.tx, w.slot, w.slots, &w.line[0], &w.line[1], epoch);
    ring_rx_init(&w.rx, w.slot, w.slots, &w.line[1], &w.line[0], epoch);
    w.tx.next = w.rx.next = start;
    w.tx.limit = start + w.slots;
    while (in.left != 0)
        step(&w, &in);
    free(w.line);
    free(w.slot);
    return 0;
}
