/* The library's state of the running task (see lib/self.h): memory above its stack.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef HOST_SELF_ARCH_H
#define HOST_SELF_ARCH_H

#include <host_user.h>

_Static_assert(sizeof(struct sk_self) <= HOST_SELF_BYTES, "room above the stack");

static inline struct sk_self *sk_self(void)
{
    return host_self();
}

#endif
