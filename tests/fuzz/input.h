/* The fuzzer's bytes as a stream of choices. Past the end everything is 0, so that a prefix of an
 * input means the same as before.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h> /* of tests/fuzz/include: FUZZ_CHECK */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *at;
    size_t left;
};

static inline struct input input_of(const uint8_t *data, size_t size)
{
    return (struct input){data, size};
}

static inline void input_bytes(struct input *in, void *to, size_t n)
{
    size_t have = n < in->left ? n : in->left;
    memset(to, 0, n);
    if (have != 0)
        memcpy(to, in->at, have);
    in->at += have;
    in->left -= have;
}

static inline uint8_t input_u8(struct input *in)
{
    uint8_t v;
    input_bytes(in, &v, sizeof(v));
    return v;
}

static inline uint16_t input_u16(struct input *in)
{
    uint16_t v;
    input_bytes(in, &v, sizeof(v));
    return v;
}

static inline uint32_t input_u32(struct input *in)
{
    uint32_t v;
    input_bytes(in, &v, sizeof(v));
    return v;
}

static inline uint64_t input_u64(struct input *in)
{
    uint64_t v;
    input_bytes(in, &v, sizeof(v));
    return v;
}

/* 0 .. n - 1; n <= 256. */
static inline uint32_t input_below(struct input *in, uint32_t n)
{
    return input_u8(in) % n;
}

#endif
