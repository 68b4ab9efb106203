/* Reader of newc cpio archives ("070701"), in place, from untrusted bytes.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_CPIO_H
#define BASE_CPIO_H

#include <skerry/errors.h>
#include <skerry/types.h>

struct cpio_entry {
    const char *name; /* zero-terminated, inside the archive */
    const void *data;
    uint64_t len_bytes;
};

/* The entry at *pos (start with 0), and *pos past it. SK_ERR_NOT_FOUND: the trailer was reached.
 * SK_ERR_IMAGE: the archive is damaged or ends early. Cost: one header. */
sk_err cpio_next(const void *archive, uint64_t len_bytes, uint64_t *pos, struct cpio_entry *e);

/* The first entry of that name. SK_ERR_NOT_FOUND, SK_ERR_IMAGE (damaged before it was found). */
sk_err cpio_find(const void *archive, uint64_t len_bytes, const char *name, struct cpio_entry *e);

#endif
