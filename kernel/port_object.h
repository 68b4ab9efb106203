/* Port objects: queues of incoming connections. (The machine port is port/port.h.)
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_PORT_OBJECT_H
#define KERNEL_PORT_OBJECT_H

#include "kernel/kern.h"

void port_table_init(struct kern *k);

/* SK_ERR_ARG: depth; SK_ERR_NO_MEMORY: no slot. */
sk_err port_object_create(struct kern *k, struct task *t, uint32_t event_bit, uint32_t depth,
                          struct port **p);

/* Queue a connection (an END_QUEUED end). SK_ERR_FULL. */
sk_err port_object_push(struct kern *k, struct port *p, struct end *e);

/* The oldest connection becomes t's. SK_ERR_EMPTY, SK_ERR_BUDGET (it stays). */
sk_err port_object_accept(struct kern *k, struct port *p, sk_handle *h);

/* The owner gives it up: what is queued closes. */
void port_object_close(struct kern *k, struct port *p);

#endif
