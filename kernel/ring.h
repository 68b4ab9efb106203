/* base/ring.h as functions: for the kernel's own rings, where the call costs less than a second
 * copy of the text.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_RING_H
#define KERNEL_RING_H

#include "base/ring.h"

/* As ring_send, ring_recv and ring_arm. */
sk_err kring_send(struct ring_tx *tx, const struct sk_msg *m, uint32_t slots, bool *wake);
sk_err kring_recv(struct ring_rx *rx, struct sk_msg *m, uint32_t max, uint32_t *slots, bool *wake);
bool kring_arm(struct ring_rx *rx);

#endif
