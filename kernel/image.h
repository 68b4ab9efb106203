/* Programs that lie in memory, linked to fixed addresses (machines without translation): each has
 * at most one task at a time. The system table says what lies where (struct sk_sys_image).
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_IMAGE_H
#define KERNEL_IMAGE_H

#include "kernel/kern.h"

/* t owns image `index` from now on and has its RAM mapped, readable and writable. SK_ERR_NOT_FOUND
 * (none, or linked for another core), SK_ERR_BUSY, SK_ERR_BUDGET; SK_ERR_UNSUPPORTED: it needs
 * floating-point registers, this core has none. */
sk_err image_open(struct kern *k, struct task *t, uint32_t index, sk_handle *h);

/* `to` is its owner instead, with text, constants and RAM mapped as they are meant to be used.
 * SK_ERR_BUDGET, SK_ERR_EXISTS: nothing done. */
sk_err image_move(struct kern *k, uint32_t index, struct task *to);

/* Who was filling it gives it up. */
void image_close(struct kern *k, uint32_t index);

/* t has ended, its mappings are gone: what it ran can be opened again. */
void image_leave(struct kern *k, const struct task *t);

#endif
