/* The last step of a kernel's beginning.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_BOOT_H
#define KERNEL_BOOT_H

#include "kernel/kern.h"

/* Make init, unless memory of this core is still held by others (link_held): then it is tried again
 * with the next doorbell. Returns whether there is an init. */
bool boot_init(struct kern *k);

#endif
