/* Payloads larger than a message: marks that tell whether a copy is the one that was sent.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef BENCH_BULK_H
#define BENCH_BULK_H

#include "bench.h"
#include <string.h>

#define BULK_STEP 4096u /* between stamps; sizes are multiples of it */

/* Buffers of a pool for payloads of `size`: at most 4 MiB together. */
static inline uint32_t bulk_depth(uint32_t size)
{
    return size <= 65536u ? 16u : 4u;
}

static inline void bulk_stamp(uint8_t *at, uint32_t size, uint64_t number)
{
    for (uint32_t i = 0; i < size; i += BULK_STEP) {
        memcpy(at + i, &number, sizeof number);
        memcpy(at + i + BULK_STEP - sizeof number, &number, sizeof number);
    }
}

/* Is this a whole copy of number `number`? Fails the sample if not. */
static inline void bulk_check(struct run *run, const uint8_t *at, uint32_t size, uint64_t number)
{
    uint64_t bad = 0, word;
    for (uint32_t i = 0; i < size; i += BULK_STEP) {
        memcpy(&word, at + i, sizeof word);
        bad |= word ^ number;
        memcpy(&word, at + i + BULK_STEP - sizeof word, sizeof word);
        bad |= word ^ number;
    }
    if (bad)
        bench_fail(run, "payload %llu is not what was sent", (unsigned long long)number);
}

/* A word of each line. */
static inline void bulk_write(uint8_t *at, uint32_t size, uint64_t number)
{
    for (uint32_t i = 0; i < size; i += BENCH_LINE)
        memcpy(at + i, &number, sizeof number);
}

static inline void bulk_read(struct run *run, const uint8_t *at, uint32_t size, uint64_t number)
{
    uint64_t bad = 0, word;
    for (uint32_t i = 0; i < size; i += BENCH_LINE) {
        memcpy(&word, at + i, sizeof word);
        bad |= word ^ number;
    }
    if (bad)
        bench_fail(run, "buffer %llu is not what was handed over", (unsigned long long)number);
}

#endif
