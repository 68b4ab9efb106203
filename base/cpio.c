/* See cpio.h. newc: a header of 110 ASCII characters (magic and thirteen 8-digit hexadecimal
 * fields), the name, padding to 4 bytes from the header's start, the data, padding to 4.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "base/cpio.h"
#include <stdbool.h>

#define HEADER_BYTES 110u
#define FIELD_SIZE   6u  /* c_filesize: field number, magic not counted */
#define FIELD_NAME   11u /* c_namesize */

static bool hex_field(const char *header, unsigned field, uint64_t *value)
{
    const char *p = header + 6u + field * 8u;
    *value = 0;
    for (unsigned i = 0; i < 8; i++) {
        char c = p[i];
        unsigned digit;
        if (c >= '0' && c <= '9')
            digit = (unsigned)(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = (unsigned)(c - 'a') + 10u;
        else if (c >= 'A' && c <= 'F')
            digit = (unsigned)(c - 'A') + 10u;
        else
            return false;
        *value = *value * 16u + digit;
    }
    return true;
}

static bool same(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

static bool is_magic(const char *p)
{
    static const char magic[6] = {'0', '7', '0', '7', '0', '1'};
    for (unsigned i = 0; i < sizeof(magic); i++)
        if (p[i] != magic[i])
            return false;
    return true;
}

static uint64_t round_up(uint64_t n)
{
    return (n + 3u) & ~(uint64_t)3u;
}

sk_err cpio_next(const void *archive, uint64_t len_bytes, uint64_t *pos, struct cpio_entry *e)
{
    uint64_t name_bytes, data_bytes;
    if (*pos > len_bytes || len_bytes - *pos < HEADER_BYTES)
        return SK_ERR_IMAGE;
    uint64_t left = len_bytes - *pos;
    const char *header = (const char *)archive + *pos;
    if (!is_magic(header) || !hex_field(header, FIELD_SIZE, &data_bytes) ||
        !hex_field(header, FIELD_NAME, &name_bytes))
        return SK_ERR_IMAGE;
    /* Fields are 32 bits wide: these sums cannot wrap. */
    uint64_t data_at = round_up(HEADER_BYTES + name_bytes);
    if (name_bytes == 0 || HEADER_BYTES + name_bytes > left ||
        header[HEADER_BYTES + name_bytes - 1u] != '\0')
        return SK_ERR_IMAGE;
    if (same(header + HEADER_BYTES, "TRAILER!!!"))
        return SK_ERR_NOT_FOUND;
    if (data_at > left || data_bytes > left - data_at)
        return SK_ERR_IMAGE;
    *e = (struct cpio_entry){
        .name = header + HEADER_BYTES, .data = header + data_at, .len_bytes = data_bytes};
    *pos += round_up(data_at + data_bytes);
    return SK_OK;
}

sk_err cpio_find(const void *archive, uint64_t len_bytes, const char *name, struct cpio_entry *e)
{
    uint64_t pos = 0;
    for (;;) {
        sk_err err = cpio_next(archive, len_bytes, &pos, e);
        if (err != SK_OK || same(e->name, name))
            return err;
    }
}
