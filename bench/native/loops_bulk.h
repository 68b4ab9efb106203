/* Loops of payloads larger than a message. The queue carries descriptors of buffers in shared
 * memory, which lie behind the rings.
 *
 * By copy: the sender copies from memory of its own into a buffer, the receiver from there into
 * its own, and says that the buffer is free. Each page of the source is written before, and each
 * page of the copy is looked at.
 * By hand-over: one buffer goes there and back; half of the round trip is counted. Touched: who
 * hands it over has written every line of it, who gets it reads every line.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef BENCH_LOOPS_BULK_H
#define BENCH_LOOPS_BULK_H

#include "bulk.h"
#include "loops.h"

/* Side 0 of copies. */
LOOP void loop_give(struct run *run, void *q, queue_send *send, queue_recv *recv)
{
    struct steps s;
    uint32_t size = run->measure->param, depth = bulk_depth(size);
    uint8_t *pool = tool_behind(run, 1), *own = (uint8_t *)tool_own(run, 1, size);
    uint64_t sent = 0, free = 0, bad = 0;
    steps_begin(&s, run);
    do {
        for (uint64_t i = s.grain; i != 0; i--, sent++) {
            while (sent - free == depth)
                free += loop_take(q, recv, 0, free, depth, &bad);
            bulk_stamp(own, size, sent);
            memcpy(pool + (sent % depth) * size, own, size);
            loop_put(q, send, 0, sent);
        }
        tool_check(run, free, bad);
    } while (steps_next(&s, s.grain));
    loop_put(q, send, 0, sent | BENCH_LAST);
}

/* Side 1 of copies. */
LOOP void loop_get(struct run *run, void *q, queue_send *send, queue_recv *recv)
{
    struct steps s;
    uint32_t size = run->measure->param, depth = bulk_depth(size);
    uint8_t *pool = tool_behind(run, 1), *own = (uint8_t *)tool_own(run, 1, size);
    uint64_t got = 0, bad = 0;
    steps_begin(&s, run);
    for (;;) {
        for (uint64_t i = s.grain; i != 0; i--, got++) {
            loop_take(q, recv, 0, got, 1, &bad);
            if (bad != 0)
                goto end;
            memcpy(own, pool + (got % depth) * size, size);
            bulk_check(run, own, size, got);
            loop_put(q, send, 0, got);
        }
        steps_next(&s, s.grain);
    }
end:
    tool_check_end(run, got, bad);
    steps_result(&s, run->result);
}

/* Side 0 of hand-overs. */
LOOP void loop_hand(struct run *run, void *q, queue_send *send, queue_recv *recv)
{
    struct steps s;
    bool touch = run->measure->kind == KIND_TOUCH;
    uint32_t size = run->measure->param;
    uint8_t *buffer = tool_behind(run, 1);
    uint64_t number = 0, bad = 0;
    steps_begin(&s, run);
    do {
        for (uint64_t i = s.grain; i != 0; i--, number++) {
            if (touch)
                bulk_write(buffer, size, number);
            loop_put(q, send, 0, number);
            loop_take(q, recv, 0, number, 1, &bad);
            if (touch)
                bulk_read(run, buffer, size, ~number);
        }
        tool_check(run, number, bad);
    } while (steps_next(&s, 2u * s.grain));
    loop_put(q, send, 0, number | BENCH_LAST);
    steps_result(&s, run->result);
}

/* Side 1 of hand-overs. */
LOOP void loop_hand_back(struct run *run, void *q, queue_send *send, queue_recv *recv)
{
    bool touch = run->measure->kind == KIND_TOUCH;
    uint32_t size = run->measure->param;
    uint8_t *buffer = tool_behind(run, 1);
    uint64_t number = 0, bad = 0;
    for (;; number++) {
        loop_take(q, recv, 0, number, 1, &bad);
        if (bad != 0)
            break;
        if (touch) {
            bulk_read(run, buffer, size, number);
            bulk_write(buffer, size, ~number);
        }
        loop_put(q, send, 0, number);
    }
    tool_check_end(run, number, bad);
}

#endif
