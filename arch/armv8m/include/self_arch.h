/* The library's state of this program: one object in its own memory (arch/armv8m/user/libc.c).
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARMV8M_SELF_ARCH_H
#define ARMV8M_SELF_ARCH_H

extern struct sk_self sk_self_block;

static inline struct sk_self *sk_self(void)
{
    return &sk_self_block;
}

#endif
