/* Memory of a session: what a client has donated with its connection (sk_chan_create_quota,
 * names_connect_quota), as the service uses it. It costs the service a handle and nothing of its
 * budget; it is memory of the service's own core, zeroed, readable and writable. It ends with the
 * service's end of the channel, whoever closes that and why: nothing is to be given back.
 *
 * The client may die at any time: the service learns it as always (SK_ERR_PEER_DEAD), and the
 * memory stays its own until it closes its end.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_SESSION_H
#define LIB_SESSION_H

#include "lib/chan.h"

/* At least `bytes` bytes of the quota that came with c, mapped: *memory. Blocks for no one; costs
 * two kernel entries and the zeroing.
 * SK_ERR_BUDGET: the client has donated less, or no handle is left; SK_ERR_NO_MEMORY: this core has
 * no such run of pages; SK_ERR_TOO_BIG: a region has at most SK_REGION_PAGES_MAX pages;
 * SK_ERR_PEER_DEAD: the client is gone. */
sk_err sk_session_memory(struct sk_chan *c, size_t bytes, void **memory);

#endif
