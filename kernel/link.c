/* See link.h and skerry/link.h. The rule that ties bits and messages together: level bits that
 * were flipped before a message was sent are read before the message is handled. What one doorbell
 * makes this kernel do is bounded by the words, and by the ring's slots.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/link.h"
#include "base/level.h"
#include "kernel/chan.h"
#include "kernel/give.h"
#include "kernel/log.h"

#define LINK_RING_EACH SK_LINK_SLOTS

void link_init(struct kern *k)
{
    for (sk_core c = 0; c < k->cores; c++) {
        struct link *l = &k->link[c];
        l->core = c;
        if (c == k->core)
            continue;
        l->out = port_link(k->cpu, k->core, c);
        l->in = port_link(k->cpu, c, k->core);
        l->out->version = SK_LINK_VERSION;
        l->out->size_bytes = sizeof(struct sk_link);
        l->out->epoch = k->epoch;
        seam_store_release(&l->out->magic, SK_LINK_MAGIC);
    }
}

static void bell(struct kern *k, struct link *l)
{
    if (!level_count_once(&l->out->bell, &l->bell, &l->in->bell_ack))
        return; /* the last one is still unanswered: the far side will look after it */
    port_doorbell(k->cpu, l->core);
    k->stats.doorbells_sent++;
}

/* The far kernel is there: name its epoch and make the ring ready. */
static sk_err open_link(struct kern *k, struct link *l)
{
    struct sk_link *in = l->in;
    uint32_t epoch = seam_load_relaxed(&in->epoch);
    if (in->version != SK_LINK_VERSION || in->size_bytes != sizeof(struct sk_link) || epoch == 0)
        return SK_ERR_PROTOCOL;
    l->peer_epoch = epoch;
    ring_tx_init(&l->tx, l->out->slot, SK_LINK_SLOTS, &l->out->ctl, &in->ctl, k->epoch);
    ring_rx_init(&l->rx, in->slot, SK_LINK_SLOTS, &l->out->ctl, &in->ctl, epoch);
    l->state = LINK_UP;
    seam_store_release(&l->out->peer_epoch, epoch);
    klog(k, "link to core %u, epoch %u", l->core, epoch);
    bell(k, l);
    return SK_OK;
}

sk_err link_use(struct kern *k, sk_core core)
{
    if (core >= k->cores || core == k->core)
        return SK_ERR_NOT_FOUND;
    struct link *l = &k->link[core];
    if (l->state == LINK_UP)
        return SK_OK;
    if (l->state == LINK_DOWN || seam_load_acquire(&l->in->magic) != SK_LINK_MAGIC)
        return SK_ERR_CORE_DOWN;
    if (seam_load_relaxed(&l->in->dead) != 0) {
        link_down(k, l, "it has panicked"); /* an end here may know of it, though no link does */
        return SK_ERR_CORE_DOWN;
    }
    return open_link(k, l);
}

uint32_t link_core_state(struct kern *k, sk_core core)
{
    const struct link *l = &k->link[core];
    if (core == k->core)
        return SK_CORE_RUNNING;
    if (l->state == LINK_DOWN || seam_load_relaxed(&l->in->dead) != 0)
        return SK_CORE_DEAD;
    return seam_load_acquire(&l->in->magic) == SK_LINK_MAGIC ? SK_CORE_RUNNING : SK_CORE_OFF;
}

uint32_t link_epoch(const struct kern *k, sk_core core)
{
    if (core == k->core)
        return k->epoch;
    return core < k->cores ? seam_load_relaxed(&k->link[core].in->epoch) : 0;
}

/* --- Level state, writing -------------------------------------------------------------------- */

void link_wake(struct kern *k, sk_core core, uint32_t end)
{
    struct link *l = &k->link[core];
    if (link_use(k, core) != SK_OK || end >= SK_LINK_ENDS)
        return;
    uint32_t w = end / 32u;
    if (level_hint(&l->out->wake[w], &l->wake[w], &l->in->wake_ack[w], 1u << (end % 32u))) {
        level_count(&l->out->wakes, &l->wakes);
        bell(k, l);
    }
}

void link_close(struct kern *k, sk_core core, uint32_t end)
{
    struct link *l = &k->link[core];
    if (link_use(k, core) != SK_OK || end >= SK_LINK_ENDS)
        return;
    level_flip(&l->out->close[end / 32u], &l->close[end / 32u], 1u << (end % 32u));
    level_count(&l->out->closes, &l->closes);
    bell(k, l);
}

void link_release(struct kern *k, sk_core core, uint32_t chan, uint32_t side)
{
    struct link *l = &k->link[core];
    uint32_t bit = chan * 2u + side;
    if (link_use(k, core) != SK_OK || bit >= SK_LINK_ENDS)
        return;
    level_flip(&l->out->release[bit / 32u], &l->release[bit / 32u], 1u << (bit % 32u));
    level_count(&l->out->releases, &l->releases);
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
    if (ring_send(&l->tx, m, 1, &wake) != SK_OK) {
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

typedef void bit_fn(struct kern *k, sk_core core, uint32_t bit);

static void wake_bit(struct kern *k, sk_core core, uint32_t bit)
{
    (void)core;
    if (bit < k->end_count && k->ends[bit].state == END_OWNED)
        chan_end_ring(k, &k->ends[bit], false);
}

static void release_bit(struct kern *k, sk_core core, uint32_t bit)
{
    chan_release_flipped(k, core, bit / 2u, bit % 2u);
}

static void read_bits(struct kern *k, const struct link *l, const uint32_t *words, uint32_t *seen,
                      uint32_t *ack, bit_fn *each)
{
    for (uint32_t w = 0; w * 32u < k->end_count; w++) {
        uint32_t changed = level_read(&words[w], &seen[w], ack ? &ack[w] : NULL);
        for (; changed != 0; changed &= changed - 1u)
            each(k, l->core, w * 32u + (uint32_t)__builtin_ctz(changed));
    }
}

static void read_levels(struct kern *k, struct link *l)
{
    struct sk_link *in = l->in;
    if (level_read(&in->wakes, &l->wakes_seen, NULL))
        read_bits(k, l, in->wake, l->wake_seen, l->out->wake_ack, wake_bit);
    if (level_read(&in->closes, &l->closes_seen, NULL))
        read_bits(k, l, in->close, l->close_seen, NULL, chan_close_flipped);
    if (level_read(&in->releases, &l->releases_seen, NULL))
        read_bits(k, l, in->release, l->release_seen, NULL, release_bit);
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
    bool wake;
    for (uint32_t n = 0; n < LINK_RING_EACH && l->state == LINK_UP; n++) {
        m.ctl = 0;
        sk_err err = ring_recv(&l->rx, &m, 1, &slots, &wake);
        if (err == SK_ERR_EMPTY)
            break;
        if (err != SK_OK) {
            link_down(k, l, "garbage in its ring");
            return;
        }
        link_read_levels(k);
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

/* A core that was started and has answered its doorbell. */
static void check_started(struct kern *k, struct link *l)
{
    /* Seq load after the acknowledgement of its bell (level_read): if this misses its answer, its
     * next ring (link_doorbell, below) saw that acknowledgement and was not swallowed. */
    bool answered = l->bell != 0 && seam_load_seq(&l->in->bell_ack) != 0;
    for (uint32_t i = 0; i < k->task_count; i++) {
        struct task *t = &k->tasks[i];
        if (t->state != 0 && t->op.state == OP_CORE_START && t->op.link == l->core && answered)
            give_op_done(k, t, SK_OK);
    }
    l->starting = !answered;
}

void link_doorbell(struct kern *k)
{
    for (sk_core c = 0; c < k->cores; c++) {
        struct link *l = &k->link[c];
        if (c == k->core || l->state == LINK_DOWN)
            continue;
        if (l->state == LINK_NONE &&
            (l->starting || seam_load_acquire(&l->in->peer_epoch) == k->epoch))
            (void)link_use(k, c); /* not there, or of another version: nothing to take */
        if (l->state != LINK_UP)
            continue;
        bool first = l->bell_seen == 0;
        if (!level_read(&l->in->bell, &l->bell_seen, &l->out->bell_ack) && !l->starting)
            continue;
        if (first && !l->starting)
            bell(k, l); /* whoever waits for this core's first answer must be told to look */
        k->stats.doorbells_taken++;
        if (l->starting)
            check_started(k, l);
        if (seam_load_acquire(&l->in->dead) == l->peer_epoch) {
            link_down(k, l, "it has panicked");
            continue;
        }
        read_levels(k, l);
        read_ring(k, l);
    }
}

/* --- The end of a link ----------------------------------------------------------------------- */

void link_down(struct kern *k, struct link *l, const char *why)
{
    if (l->state == LINK_DOWN)
        return;
    klog(k, "core %u is lost: %s", l->core, why);
    l->state = LINK_DOWN;
    give_link_down(k, l);
    for (uint32_t i = 0; i < k->end_count; i++) {
        struct end *e = &k->ends[i];
        if (e->state != END_FREE && e->peer.core == l->core && !e->peer_gone)
            chan_peer_closed(k, e, true);
    }
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
