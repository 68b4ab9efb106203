/* Our own implementation of Barrelfish's UMP as its papers and manuals describe it: a message is a
 * line whose header, written last, carries an epoch bit that flips with each pass of the ring, and
 * the number of messages received in the other direction. A sender stops when a ring full is not
 * acknowledged; a receiver that sends nothing itself acknowledges half a ring by a message of its
 * own.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "queue.h"
#include "systems.h"

#define UMP_EPOCH 1u /* header: epoch bit, or'ed with */
#define UMP_ACK   2u /* nothing but an acknowledgement */
/* and what has been received, from bit 2 on */

struct ump_end {
    struct bench_msg *tx, *rx;
    uint64_t slots;
    uint64_t sent, acked;    /* lines I have sent, and of them acknowledged */
    uint64_t received, told; /* lines I have received, and of them acknowledged by me */
};

static size_t ump_bytes(const struct measure *measure)
{
    return 2u * measure->slots * sizeof(struct bench_msg);
}

static void ump_open(struct ump_end *e, struct run *run, unsigned pair)
{
    struct bench_msg *line = (struct bench_msg *)tool_pair(run, pair);
    e->slots = run->measure->slots;
    e->tx = line + run->side * e->slots;
    e->rx = line + (1u - run->side) * e->slots;
}

/* The epoch bit of line n: the memory begins as zero. */
LOOP uint64_t ump_epoch(const struct ump_end *e, uint64_t n)
{
    return (n & e->slots) == 0 ? UMP_EPOCH : 0;
}

LOOP struct bench_msg *ump_next(struct ump_end *e)
{
    return &e->tx[e->sent & (e->slots - 1u)];
}

LOOP void ump_publish(struct ump_end *e, struct bench_msg *line, uint64_t kind)
{
    e->told = e->received;
    __atomic_store_n(&line->header, ump_epoch(e, e->sent) | kind | e->received << 2,
                     __ATOMIC_RELEASE);
    e->sent++;
}

/* The next line that has come, its acknowledgement noted; NULL: none. */
LOOP struct bench_msg *ump_front(struct ump_end *e, uint64_t *header)
{
    struct bench_msg *line = &e->rx[e->received & (e->slots - 1u)];
    *header = __atomic_load_n(&line->header, __ATOMIC_ACQUIRE);
    if ((*header & UMP_EPOCH) != ump_epoch(e, e->received))
        return NULL;
    e->acked = *header >> 2;
    return line;
}

/* One line is kept for an acknowledgement, so that it can always be sent. */
LOOP bool ump_room(const struct ump_end *e, uint64_t kept)
{
    return e->sent - e->acked + kept < e->slots;
}

LOOP uint64_t ump_send(void *end, uint64_t number, uint64_t count)
{
    struct ump_end *e = end;
    uint64_t header;
    if (!count)
        return 0;
    if (!ump_room(e, 2)) {
        if (ump_front(e, &header) && (header & UMP_ACK))
            e->received++;
        if (!ump_room(e, 2))
            return 0;
    }
    struct bench_msg *line = ump_next(e);
    msg_fill(line->word, number);
    ump_publish(e, line, 0);
    return 1;
}

LOOP uint64_t ump_recv(void *end, uint64_t expect, uint64_t max, uint64_t *bad)
{
    struct ump_end *e = end;
    uint64_t header;
    const struct bench_msg *line = ump_front(e, &header);
    (void)max;
    if (!line)
        return 0;
    e->received++;
    if (header & UMP_ACK)
        return 0;
    msg_check(line->word, expect, bad);
    if (e->received - e->told >= e->slots / 2u && ump_room(e, 1))
        ump_publish(e, ump_next(e), UMP_ACK);
    return 1;
}

QUEUE_POLLED_SIDES(ump, ump_end)

const struct system ump = {
    .name = "ump",
    .about = "our own: Barrelfish's user-level message passing",
    .bytes = ump_bytes,
    .side = {[KIND_RTT] = QUEUE_RTT(ump),
             [KIND_STREAM] = QUEUE_STREAM(ump),
             [KIND_RPC] = QUEUE_RPC(ump),
             [KIND_COPY] = QUEUE_COPY(ump)},
};
