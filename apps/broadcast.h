/* What `broadcast` sends and `listen` hears.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef APPS_BROADCAST_H
#define APPS_BROADCAST_H

#define BROADCAST_NAME "broadcast"

enum {
    BROADCAST_SUBSCRIBE = 1
}; /* uint32_t enum sk_cast_policy, and the unused end of a channel */

#endif
