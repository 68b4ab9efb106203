/* Boot archives: every entry lies inside, the walk ends, and what is found by name is what was met.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "input.h"
#include "base/cpio.h"

#include <stdlib.h>

#define HEADER 110u
#define MOST   16384u

struct archive {
    uint8_t *bytes;
    size_t len;
};

static void append(struct archive *a, const void *from, size_t n)
{
    if (n > MOST - a->len)
        n = MOST - a->len;
    if (n != 0)
        memcpy(a->bytes + a->len, from, n);
    a->len += n;
}

static void pad(struct archive *a)
{
    append(a, "\0\0\0", (4u - a->len % 4u) % 4u);
}

/* An entry as it should be, but for lengths that may lie a little. */
static void entry(struct archive *a, struct input *in, bool last)
{
    char header[HEADER + 1], name[32];
    uint8_t data[64];
    uint32_t name_len = last ? 10 : 1u + input_below(in, 20), data_len = input_below(in, 60);
    for (uint32_t i = 0; i < name_len; i++)
        name[i] = (char)(last ? "TRAILER!!!"[i] : "ab/"[input_below(in, 3)]);
    name[name_len] = '\0';
    input_bytes(in, data, data_len);
    uint32_t lie = input_u8(in);
    uint32_t said = lie == 1 ? data_len + input_u8(in) : lie == 2 ? input_u32(in) : data_len;
    uint32_t named = lie == 3 ? input_u32(in) : lie == 4 ? input_below(in, 40) : name_len + 1u;
    snprintf(header, sizeof(header), "070701%048u%08X%032u%08X%08u", 0, said, 0, named, 0);
    if (lie == 5)
        header[input_below(in, HEADER)] = (char)input_u8(in);
    append(a, header, HEADER);
    append(a, name, name_len + 1u);
    pad(a);
    append(a, data, data_len);
    pad(a);
}

static void walk(const uint8_t *archive, uint64_t len)
{
    struct cpio_entry e, found;
    uint64_t pos = 0, before = 0;
    sk_err err;
    while ((err = cpio_next(archive, len, &pos, &e)) == SK_OK) {
        const uint8_t *name = (const uint8_t *)e.name, *data = e.data;
        FUZZ_CHECK(pos > before && pos <= len + 3u);
        FUZZ_CHECK(name >= archive && name + strlen(e.name) < archive + len);
        FUZZ_CHECK(data >= archive && data <= archive + len);
        FUZZ_CHECK(e.len_bytes <= (uint64_t)(archive + len - data));
        /* The first of that name: not after this one. */
        FUZZ_CHECK(cpio_find(archive, len, e.name, &found) == SK_OK);
        FUZZ_CHECK(strcmp(found.name, e.name) == 0 && found.name <= e.name);
        before = pos;
    }
    FUZZ_CHECK(err == SK_ERR_NOT_FOUND || err == SK_ERR_IMAGE);
    FUZZ_CHECK(cpio_find(archive, len, "nobody", &found) == err);
}

/* The first byte: 0 leaves the bytes as they are, otherwise entries are made from them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = input_of(data, size);
    struct archive a = {.bytes = malloc(MOST)};
    if (input_u8(&in) == 0) {
        append(&a, in.at, in.left);
    } else {
        while (in.left != 0 && a.len < MOST)
            entry(&a, &in, false);
        entry(&a, &in, true);
    }
    uint8_t *exact = malloc(a.len == 0 ? 1 : a.len);
    memcpy(exact, a.bytes, a.len);
    walk(exact, a.len);
    free(exact);
    free(a.bytes);
    return 0;
}
