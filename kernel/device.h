/* Devices of the system table: one owner each, their interrupts as events.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_DEVICE_H
#define KERNEL_DEVICE_H

#include "kernel/kern.h"

void device_init(struct kern *k);

/* t owns device `index` from now on. SK_ERR_NOT_FOUND, SK_ERR_BUSY, SK_ERR_BUDGET. */
sk_err device_open(struct kern *k, struct task *t, uint32_t index, sk_handle *h);
/* The owner of an open device becomes another task (TASK_GIVE). */
void device_move(struct kern *k, uint32_t index, struct task *to);
/* The owner gives it up: interrupt masked, unmapped. */
void device_close(struct kern *k, uint32_t index);

/* DEV_CALL: the core whose kernel has the device, and the access there: where and *value as in the
 * system call, *value becomes what was read. SK_ERR_ARG: no such register; SK_ERR_PROTOCOL: not a
 * device of this kernel. */
sk_core device_home(const struct kern *k, uint32_t index);
sk_err device_access(struct kern *k, uint32_t index, uint32_t where, uint32_t *value);

/* Map all of it for its owner. SK_ERR_STATE: mapped already. */
sk_err device_map(struct kern *k, uint32_t index, sk_uaddr *addr);

/* Its interrupt sets event bit `bit` of the owner; SK_ERR_NOT_FOUND: it has none. */
sk_err device_irq_bind(struct kern *k, uint32_t index, uint32_t bit);
/* Let the interrupt come again. SK_ERR_STATE: not bound. */
sk_err device_irq_ack(struct kern *k, uint32_t index);

/* Interrupt irq has come and is masked. */
void device_irq(struct kern *k, uint32_t irq);

#endif
