/* See link.h and skerry/link.h. The rule that ties bits and messages together: level bits that
 * were flipped before a message was sent are read before the message is handled. What one doorbell
 * makes this kernel do is bounded by the words, and by the ring's slots.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/link.h"
#include "base/level.h"
#include "kernel/boot.h"
#include "kernel/chan.h"
#include "kernel/core.h"
#include "kernel/give.h"
#include "kernel/log.h"
#include "kernel/region_move.h"
#include "kernel/ring.h"

#define LINK_RING_EACH SK_LINK_SLOTS

/* The epoch of the kernel that runs at the far end; 0: none does, or one of another version. */
static uint32_t epoch_of(const struct sk_link *in)
{
    if (seam_load_acquire(&in->magic) != SK_LINK_MAGIC || in->version != SK_LINK_VERSION ||
        in->size_bytes != sizeof(struct sk_link))
        return 0;
    uint32_t epoch = seam_load_acquire(&in->epoch);
    return seam_load_relaxed(&in->check) == ~epoch && epoch <= SK_EPOCH_MOST ? epoch : 0;
}

/* What was just read is of the epoch that the link is with. All that is read is read with acquire
 * or stronger, and a booting kernel stores its epoch before it clears anything: the pair. */
static bool still(const struct link *l)
{
    return seam_load_acquire(&l->in->epoch) == l->peer_epoch;
}

static void clear_ring(struct sk_link *page)
{
    for (uint32_t i = 0; i < SK_LINK_SLOTS; i++)
        seam_store_release(&page->slot[i].ctl, 0);
}

/* Of this kernel's own page all below peer_epoch. */
static void clear(struct sk_link *out)
{
    uint32_t *word = (uint32_t *)out;
    for (size_t i = offsetof(struct sk_link, dead) / 4u; i < offsetof(struct sk_link, slot) / 4u;
         i++)
        seam_store_release(&word[i], 0);
    clear_ring(out);
}

void link_init(struct kern *k)
{
    for (sk_core c = 0; c < k->cores; c++) {
        struct link *l = &k->link[c];
        l->core = c;
        if (c == k->core)
            continue;
        struct sk_link *out = l->out = port_link(k->cpu, k->core, c);
        l->in = port_link(k->cpu, c, k->core);
        /* Not there; speaking to nobody; another one: in this order, and before anything changes.
         */
        seam_store_release(&out->magic, 0);
        seam_store_release(&out->peer_epoch, 0);
        seam_store_release(&out->epoch, k->epoch);
        clear(out);
        out->version = SK_LINK_VERSION;
        out->parent = k->parent;
        out->size_bytes = sizeof(struct sk_link);
        out->check = ~k->epoch;
        seam_store_release(&out->magic, SK_LINK_MAGIC);
    }
    for (sk_core c = 0; c < k->cores && k->epoch != 1; c++)
        (void)link_use(k, c);
}

bool link_held(const struct kern *k)
{
    for (sk_core c = 0; c < k->cores; c++) {
        const struct sk_link *in = k->link[c].in;
        uint32_t epoch = in ? epoch_of(in) : 0;
        uint32_t to = epoch != 0 ? seam_load_acquire(&in->peer_epoch) : 0;
        if (to != 0 && to != k->epoch && seam_load_relaxed(&in->dead) != epoch &&
            !port_core_off(k->cpu, c))
            return true;
    }
    return false;
}

/* --- Beginning ------------------------------------------------------------------------------- */

void link_soon(struct kern *k)
{
    if (k->retry_ns != SK_FOREVER)
        return;
    k->retry_ns = k->since_ns + LINK_RETRY_NS; /* soon enough, and no look at the clock */
    if (k->retry_ns < k->tick_ns)
        k->tick_ns = k->retry_ns;
}

static void ring(struct kern *k, const struct link *l)
{
    port_doorbell(k->cpu, l->core);
    k->stats.doorbells_sent++;
    link_soon(k);
}

/* Speak to that epoch. */
static void hello(struct kern *k, struct link *l, uint32_t epoch)
{
    const size_t kept = offsetof(struct link, peer_epoch);
    __builtin_memset((uint8_t *)l + kept, 0, sizeof(*l) - kept);
    l->state = LINK_HELLO;
    l->peer_epoch = epoch;
    l->least = epoch + 1u;
    l->child = l->starting || l->in->parent == k->core;
    l->starting |= l->again; /* another kernel was faster: who waits for its start waits for this */
    l->ordered = l->again = false;
    l->silent = 0;
    clear(l->out);
    clear_ring(l->in); /* marks of this kernel's, for the epoch before */
    ring_tx_init(&l->tx, l->out->slot, SK_LINK_SLOTS, &l->out->ctl, &l->in->ctl, k->epoch);
    ring_rx_init(&l->rx, l->in->slot, SK_LINK_SLOTS, &l->out->ctl, &l->in->ctl, epoch);
    chan_core_anew(k, l->core);
    region_core_anew(k, l->core);
    level_count(&l->out->bell, &l->bell); /* there is something to read */
    seam_store_release(&l->out->peer_epoch, epoch);
    klog(k, "link to core %u, epoch %u", l->core, epoch);
    ring(k, l); /* whatever it has acknowledged */
}

/* Acquire: the far side's page is clear, and it marks nothing more for the epoch before. */
static void hear(const struct kern *k, struct link *l)
{
    if (l->state == LINK_HELLO && seam_load_acquire(&l->in->peer_epoch) == k->epoch)
        l->state = LINK_UP;
}

/* Nothing has changed, as nearly always. */
static inline bool unchanged(const struct link *l, bool want)
{
    if ((seam_load_relaxed(&l->in->dead) | seam_load_relaxed(&l->in->over)) != 0)
        return false;
    return l->state == LINK_UP ? still(l)
                               : l->state == LINK_NONE && !want && !l->starting &&
                                     seam_load_relaxed(&l->in->peer_epoch) == 0;
}

/* An epoch that was there before the one that was started here. */
static bool before_start(const struct link *l, uint32_t epoch)
{
    return l->starting && epoch < l->least;
}

/* See what the far kernel says of itself, and go where that leads. want: speak to it if it runs. */
static __attribute__((noinline)) void look_closely(struct kern *k, struct link *l, bool want)
{
    const struct sk_link *in = l->in;
    core_look_at_over(k, l); /* who is given up speaks to nobody any more */
    uint32_t epoch = epoch_of(in);
    bool dead = epoch != 0 && seam_load_relaxed(&in->dead) == epoch;
    if (l->state >= LINK_HELLO && epoch != l->peer_epoch)
        link_down(k, l, "it begins anew");
    if (dead && !before_start(l, epoch))
        link_down(k, l, "it has halted"); /* an end here may know of it, though no link does */
    else if (!dead && l->state < LINK_HELLO && epoch != 0 && epoch >= l->least &&
             (want || l->starting || l->state == LINK_DOWN ||
              seam_load_relaxed(&in->peer_epoch) == k->epoch))
        hello(k, l, epoch);
    hear(k, l);
}

static inline void look(struct kern *k, struct link *l, bool want)
{
    if (!unchanged(l, want))
        look_closely(k, l, want);
}

/* After this no link is with an older epoch than anything that was read before: who names an object
 * of a kernel has met its epoch. */
static void look_all(struct kern *k)
{
    for (sk_core c = 0; c < k->cores; c++)
        if (c != k->core)
            look(k, &k->link[c], false);
}

/* Takes no link down that is in use: it is called in the middle of things. */
sk_err link_use(struct kern *k, sk_core core)
{
    if (core >= k->cores || core == k->core)
        return SK_ERR_NOT_FOUND;
    struct link *l = &k->link[core];
    if (l->state < LINK_HELLO)
        look(k, l, true);
    else
        hear(k, l);
    return l->state >= LINK_HELLO ? SK_OK : SK_ERR_CORE_DOWN;
}

bool link_outlived(const struct kern *k, const struct place *p)
{
    return p->core < k->cores && k->link[p->core].state >= LINK_HELLO &&
           !GEN_OF(p->gen, k->link[p->core].peer_epoch);
}

bool link_reaches(struct kern *k, const struct place *p)
{
    if (p->core < k->cores && k->link[p->core].state == LINK_UP)
        return GEN_OF(p->gen, k->link[p->core].peer_epoch);
    return link_use(k, p->core) == SK_OK && !link_outlived(k, p);
}

void link_look(struct kern *k, struct link *l)
{
    look(k, l, false);
}

uint32_t link_epoch_there(const struct link *l)
{
    return epoch_of(l->in);
}

uint32_t link_epoch(const struct kern *k, sk_core core)
{
    if (core == k->core)
        return k->epoch;
    return core < k->cores ? seam_load_relaxed(&k->link[core].in->epoch) : 0;
}

/* --- Level state, writing -------------------------------------------------------------------- */

/* Before the far side is known to read: the ring of hello is still unanswered. */
static void bell(struct kern *k, struct link *l)
{
    if (l->state != LINK_UP || !level_count_once(&l->out->bell, &l->bell, &l->in->bell_ack))
        return; /* the last one is still unanswered: the far side will look after it */
    ring(k, l);
}

void link_retry(struct kern *k)
{
    link_doorbell(k);
    k->retry_ns = SK_FOREVER;
    for (sk_core c = 0; c < k->cores; c++) {
        struct link *l = &k->link[c];
        /* What it has acknowledged before it said hello was another epoch's. */
        if (l->state == LINK_HELLO ||
            (l->state == LINK_UP && l->bell != seam_load_relaxed(&l->in->bell_ack)))
            ring(k, l);
    }
    if (k->retry_ns != SK_FOREVER)
        k->retry_ns = port_now(k->cpu) + LINK_RETRY_NS;
}

void link_flip(struct kern *k, const struct place *p, unsigned kind, uint32_t side)
{
    static const uint32_t none;
    struct link *l = &k->link[p->core];
    uint32_t bit = kind == SK_LINK_RELEASE ? p->index * 2u + side : p->index;
    uint32_t w = bit / 32u, mask = 1u << (bit % 32u);
    if (!link_reaches(k, p) || w >= SK_LINK_WORDS)
        return;
    const uint32_t *ack = l->state == LINK_UP ? &l->in->wake_ack[w] : &none;
    if (kind != SK_LINK_WAKE)
        level_flip(&l->out->flip[kind][w], &l->flip[kind][w], mask);
    else if (!level_hint(&l->out->flip[kind][w], &l->flip[kind][w], ack, mask))
        return;
    level_count(&l->out->flips[kind], &l->flips[kind]);
    bell(k, l);
}

/* --- Requests and replies -------------------------------------------------------------------- */

bool link_has_credit(const struct link *l)
{
    return l->state == LINK_UP && l->in_flight < SK_LINK_CREDIT;
}

static void send(struct kern *k, struct link *l, const struct sk_msg *m)
{
    bool wake;
    if (l->state != LINK_UP)
        return;
    if (kring_send(&l->tx, m, 1, &wake) != SK_OK) {
        link_down(k, l, "it takes nothing from its ring"); /* credit bounds what is in flight */
        return;
    }
    bell(k, l);
}

void link_request(struct kern *k, struct link *l, const struct sk_msg *m)
{
    struct sk_msg line = *m;
    line.ctl = sk_ctl_make(SK_PAYLOAD_BYTES, 0, 0, false);
    l->in_flight++;
    send(k, l, &line);
}

void link_reply(struct kern *k, struct link *l, uint16_t label, uint16_t token,
                const struct sk_link_given *given)
{
    struct sk_msg m = {
        .ctl = sk_ctl_make(SK_PAYLOAD_BYTES, 0, 0, true), .label = label, .token = token};
    __builtin_memcpy(m.bytes, given, sizeof(*given));
    send(k, l, &m);
}

/* --- Reading --------------------------------------------------------------------------------- */

static void read_levels(struct kern *k, struct link *l)
{
    static void (*const flipped[])(struct kern *, sk_core, uint32_t) = {
        chan_wake_flipped, chan_close_flipped, chan_release_flipped, region_flipped};
    for (unsigned kind = 0; kind < SK_LINK_BITS; kind++) {
        if (!level_read(&l->in->flips[kind], &l->flips_seen[kind], NULL))
            continue;
        uint32_t most = kind == SK_LINK_REGION ? k->region_count : k->end_count;
        for (uint32_t w = 0; w * 32u < most && w < SK_LINK_WORDS; w++) {
            uint32_t *ack = kind == SK_LINK_WAKE ? &l->out->wake_ack[w] : NULL;
            uint32_t bits = level_read(&l->in->flip[kind][w], &l->flip_seen[kind][w], ack);
            if (bits != 0 && !still(l))
                return;
            for (; bits != 0; bits &= bits - 1u)
                flipped[kind](k, l->core, w * 32u + (uint32_t)__builtin_ctz(bits));
        }
    }
}

void link_read_levels(struct kern *k)
{
    for (sk_core c = 0; c < k->cores; c++)
        if (k->link[c].state == LINK_UP)
            read_levels(k, &k->link[c]);
}

static void read_ring(struct kern *k, struct link *l)
{
    struct sk_msg m;
    uint32_t slots;
    uint32_t with = l->peer_epoch;
    bool wake;
    for (uint32_t n = 0; n < LINK_RING_EACH && l->state == LINK_UP; n++) {
        m.ctl = 0;
        sk_err err = kring_recv(&l->rx, &m, 1, &slots, &wake);
        if (err == SK_ERR_EMPTY)
            break;
        if (err != SK_OK) {
            link_down(k, l, "garbage in its ring");
            return;
        }
        link_read_levels(k);
        look_all(k);
        if (l->state != LINK_UP || l->peer_epoch != with)
            return;
        if (!(m.ctl & SK_CTL_REPLY)) {
            give_request(k, l, &m);
        } else if (l->in_flight == 0) {
            link_down(k, l, "an answer that nobody asked for");
        } else {
            l->in_flight--;
            give_reply(k, l, &m);
        }
    }
    if (l->queued)
        give_pump(k, l);
}

void link_doorbell(struct kern *k)
{
    if (k->held) {
        look_all(k);
        if (!boot_init(k))
            return; /* no answer before there is somebody to speak to */
    }
    for (sk_core c = 0; c < k->cores; c++) {
        struct link *l = &k->link[c];
        if (c == k->core)
            continue;
        look(k, l, false);
        if (l->state != LINK_UP)
            continue;
        bool first = l->bell_seen == 0;
        if (!level_read(&l->in->bell, &l->bell_seen, &l->out->bell_ack) && !l->starting)
            continue;
        if (first)
            bell(k, l); /* for who waits for this first answer, and what was flipped since hello */
        k->stats.doorbells_taken++;
        if (l->starting)
            core_check_started(k, l);
        /* It answers when nobody holds its memory any more (boot_init): all have met its epoch, and
         * what they flipped before can be read now. */
        if (!l->settled && seam_load_seq(&l->in->bell_ack) != 0) {
            l->settled = true;
            link_read_levels(k);
            chan_core_settled(k, c);
        }
        read_levels(k, l);
        read_ring(k, l);
    }
}

/* --- The end of a link ----------------------------------------------------------------------- */

void link_down(struct kern *k, struct link *l, const char *why)
{
    /* One that was started and ended before it could speak is lost again. */
    if (l->state == LINK_DOWN && !l->starting)
        return;
    klog(k, "core %u is lost: %s", l->core, why);
    uint32_t epoch = epoch_of(l->in);
    bool dead = epoch != 0 && !before_start(l, epoch) && seam_load_relaxed(&l->in->dead) == epoch;
    if (l->state < LINK_HELLO)
        l->least += l->starting;
    l->state = LINK_DOWN;
    l->starting = false;
    l->fate = dead ? SK_CORE_DEAD : SK_CORE_SUSPECT;
    if (!l->ordered) /* also to one that says it has halted: that may be an accident */
        seam_store_release(&l->out->over, l->peer_epoch);
    give_link_down(k, l); /* which may meet its next epoch */
    chan_core_lost(k, l->core);
    core_lost(k, l);
}

void link_announce_death(struct kern *k)
{
    for (sk_core c = 0; c < k->cores; c++) {
        struct link *l = &k->link[c];
        if (c == k->core || l->out == NULL)
            continue;
        seam_store_release(&l->out->dead, k->epoch);
        l->bell++;
        seam_store_seq(&l->out->bell, l->bell);
        if (seam_load_acquire(&l->in->magic) == SK_LINK_MAGIC)
            port_doorbell(k->cpu, c);
    }
}
