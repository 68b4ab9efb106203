/* See ring.h.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/ring.h"

sk_err kring_send(struct ring_tx *tx, const struct sk_msg *m, uint32_t slots, bool *wake)
{
    return ring_send(tx, m, slots, wake);
}

sk_err kring_recv(struct ring_rx *rx, struct sk_msg *m, uint32_t max, uint32_t *slots, bool *wake)
{
    return ring_recv(rx, m, max, slots, wake);
}

bool kring_arm(struct ring_rx *rx)
{
    return ring_arm(rx);
}
