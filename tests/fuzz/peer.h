/* A kernel that is not one: core PEER of a machine whose other cores run kernels. It knows how to
 * speak over a link, and may write anything wherever a peer may write. Included by one file.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef FUZZ_PEER_H
#define FUZZ_PEER_H

#include "calls.h"
#include "kernel/give.h"

#define PEER 2u

/* What it keeps of its link to a core. */
static struct {
    uint32_t epoch;
    struct ring_tx tx;
    struct ring_rx rx;
    struct sk_msg asked; /* the last request that it took */
} peer[PEER];

static struct sk_link *page_to(sk_core core)
{
    return &fake_link[PEER][core];
}

static void peer_ring(sk_core core)
{
    page_to(core)->bell++;
    fake_cpu[core].bell = true;
}

/* Say what a kernel of that epoch says when it meets the other one. */
static void peer_hello(sk_core core, uint32_t epoch)
{
    struct sk_link *out = page_to(core), *in = &fake_link[core][PEER];
    memset(out, 0, sizeof(*out));
    for (uint32_t i = 0; i < SK_LINK_SLOTS; i++)
        in->slot[i].ctl = 0;
    out->version = SK_LINK_VERSION;
    out->size_bytes = sizeof(*out);
    out->epoch = epoch;
    out->check = ~epoch;
    out->peer_epoch = kern_of(core)->epoch;
    out->magic = SK_LINK_MAGIC;
    ring_tx_init(&peer[core].tx, out->slot, SK_LINK_SLOTS, &out->ctl, &in->ctl, epoch);
    ring_rx_init(&peer[core].rx, in->slot, SK_LINK_SLOTS, &out->ctl, &in->ctl, out->peer_epoch);
    peer[core].epoch = epoch;
    peer_ring(core);
}

static void peer_send(sk_core core, const struct sk_msg *m, bool reply)
{
    struct sk_msg line = *m;
    bool wake;
    line.ctl = sk_ctl_make(SK_PAYLOAD_BYTES, 0, 0, reply);
    (void)ring_send(&peer[core].tx, &line, 1, &wake);
    peer_ring(core);
}

/* --- What requests are made of: names that mean something, most of the time ------------------ */

static uint32_t some_gen(struct input *in, sk_core core)
{
    uint8_t b = input_u8(in);
    return b == 0xff ? input_u32(in) : GEN_FIRST(kern_of(core)->epoch) + b % 8u;
}

static uint32_t some_index(struct input *in)
{
    uint8_t b = input_u8(in);
    return b < 0xf0 ? b % 10u : input_u16(in);
}

static struct sk_link_dest some_dest(struct input *in, sk_core core)
{
    return (struct sk_link_dest){.kind = (uint16_t)input_below(in, 5),
                                 .index = (uint16_t)some_index(in),
                                 .gen = some_gen(in, core)};
}

static uint64_t some_page(struct input *in)
{
    uint8_t b = input_u8(in);
    uintptr_t ram = (uintptr_t)fake_cpu[b < 0xf0 ? PEER : b % 3u].ram;
    return b == 0xff ? input_u64(in) : ram + b % FAKE_PAGES * SK_PAGE_BYTES;
}

static void some_request(struct input *in, sk_core core, struct sk_msg *m)
{
    static const uint8_t kind[] = {SK_KIND_PORT_REMOTE, SK_KIND_REGION, SK_KIND_CHAN, SK_KIND_CHAN};
    struct sk_link_give give = {.dest = some_dest(in, core),
                                .kind = kind[input_below(in, 4)],
                                .index = some_index(in),
                                .gen = some_gen(in, core),
                                .side = input_below(in, 3),
                                .slots = input_below(in, 8) ? 8 : 16,
                                .paddr = some_page(in),
                                .epoch = input_below(in, 4),
                                .home = input_below(in, 8) ? PEER : input_below(in, 4),
                                .peer_core = (uint16_t)input_below(in, 4),
                                .peer_index = (uint16_t)some_index(in),
                                .peer_gen = some_gen(in, core)};
    if (give.kind == SK_KIND_REGION) /* at home there */
        give.gen = GEN_FIRST(peer[core].epoch) | (give.gen & 7u);
    struct sk_link_move move = {.dest = give.dest,
                                .core = give.peer_core,
                                .index = give.index,
                                .gen = give.gen,
                                .side = give.side};
    struct sk_link_repeer repeer = {.index = give.index,
                                    .gen = give.gen,
                                    .core = give.side == 2 ? SK_CORE_NONE : give.peer_core,
                                    .peer_index = give.peer_index,
                                    .peer_gen = give.peer_gen};
    struct sk_link_device device = {.index = give.index, .where = give.gen, .value = give.peer_gen};
    m->label = (uint16_t)input_below(in, SK_LINK_REPEER + 1u);
    m->token = input_u8(in);
    if (m->label == SK_LINK_GIVE)
        memcpy(m->bytes, &give, sizeof(give));
    else if (m->label == SK_LINK_MOVE || m->label == SK_LINK_MOVE_REGION)
        memcpy(m->bytes, &move, sizeof(move));
    else if (m->label == SK_LINK_REPEER)
        memcpy(m->bytes, &repeer, sizeof(repeer));
    else if (m->label == SK_LINK_DEVICE)
        memcpy(m->bytes, &device, sizeof(device));
    else
        input_bytes(in, m->bytes, sizeof(m->bytes));
}

/* Take what the kernel has sent, and keep the last request. */
static void peer_take(sk_core core)
{
    struct sk_msg m;
    uint32_t slots;
    bool wake;
    for (unsigned n = 0; n < SK_LINK_SLOTS; n++) {
        if (ring_recv(&peer[core].rx, &m, 1, &slots, &wake) != SK_OK)
            return;
        if (!(m.ctl & SK_CTL_REPLY))
            peer[core].asked = m;
    }
}

/* Answer what was asked last, or something else. */
static void peer_answer(struct input *in, sk_core core)
{
    struct sk_msg m = {.label = peer[core].asked.label, .token = peer[core].asked.token};
    uint8_t b = input_u8(in);
    struct sk_link_given given = {.err = b < 160 ? SK_OK : -(int32_t)(b % 24u),
                                  .core = b % 4u,
                                  .index = some_index(in),
                                  .gen = some_gen(in, core)};
    if (b % 16u == 15u)
        m.token = input_u16(in);
    memcpy(m.bytes, &given, sizeof(given));
    peer_send(core, &m, true);
}

/* --- Writing where a peer may write ---------------------------------------------------------- */

static void peer_presence(struct input *in, sk_core core)
{
    static const uint16_t word[] = {
        offsetof(struct sk_link, magic),      offsetof(struct sk_link, version),
        offsetof(struct sk_link, size_bytes), offsetof(struct sk_link, epoch),
        offsetof(struct sk_link, check),      offsetof(struct sk_link, peer_epoch),
        offsetof(struct sk_link, dead),       offsetof(struct sk_link, bell),
        offsetof(struct sk_link, bell_ack),   offsetof(struct sk_link, flips)};
    uint8_t *out = (uint8_t *)page_to(core);
    uint32_t which = input_below(in, sizeof(word) / sizeof(word[0]));
    uint8_t b = input_u8(in);
    uint32_t value = b < 0xf0 ? b : input_u32(in);
    memcpy(out + word[which], &value, sizeof(value));
    if (word[which] == offsetof(struct sk_link, epoch) && b % 4u != 3u)
        page_to(core)->check = ~value;
}

static void peer_flip(struct input *in, sk_core core)
{
    struct sk_link *out = page_to(core);
    uint32_t kind = input_below(in, SK_LINK_BITS);
    uint8_t b = input_u8(in);
    uint32_t bit = b < 0xc0 ? b % 24u : (b * 7u) % SK_LINK_ENDS;
    out->flip[kind][bit / 32u] ^= b == 0xff ? input_u32(in) : 1u << bit % 32u;
    out->flips[kind]++;
}

static void peer_scribble(struct input *in, sk_core core)
{
    uint32_t *out = (uint32_t *)page_to(core), value = input_u32(in);
    uint32_t words = sizeof(struct sk_link) / sizeof(uint32_t), at = input_u16(in);
    uint32_t *ram = (uint32_t *)(void *)fake_cpu[PEER].ram;
    switch (at >> 14) {
    case 0:
        out[at % words] = value;
        break;
    case 1: /* the marks on what it was sent */
        fake_link[core][PEER].slot[at % SK_LINK_SLOTS].ctl = value;
        break;
    case 2: /* a header that looks right, the rest does not matter */
        page_to(core)->slot[at % SK_LINK_SLOTS].ctl =
            (value & ~SK_CTL_TAG) | ring_tag(peer[core].tx.next, peer[core].tx.epoch_tag);
        break;
    default: /* what it has lent */
        ram[at % (FAKE_PAGES * SK_PAGE_BYTES / sizeof(uint32_t))] = value;
        break;
    }
}

#endif
