/* Handing objects over: from a task's handle into an escrow, a port's queue or another core's init
 * port. On one core it is done at once. A channel end that changes core is moved by its channel's
 * home (docs/adr/0004): GIVE to the new core, REPEER to whoever holds the other end, then the
 * answer to whoever asked. At each moment exactly one core has the end, or one answer in flight
 * decides who.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_GIVE_H
#define KERNEL_GIVE_H

#include "kernel/kern.h"

/* Give what he names to dest on `core`; the task waits for the answer if it is not here. */
sk_err give_begin(struct kern *k, struct task *t, struct handle *he, sk_core core,
                  struct sk_link_dest dest, sk_ns deadline_ns);

/* DEV_CALL of a device that another core's kernel has: t waits for the answer. */
sk_err give_device_call(struct kern *k, struct task *t, uint32_t index, uint32_t where,
                        uint32_t value, sk_ns deadline_ns);

/* The oldest item of e's escrow becomes t's. SK_ERR_EMPTY, SK_ERR_BUDGET. */
sk_err give_take(struct kern *k, struct task *t, struct end *e, sk_handle *h);

/* An item that nobody took. */
void give_item_close(struct kern *k, const struct item *item);

/* Requests from core `from`, and the answers to ours. The message was copied; its words are
 * checked here. A reply goes back through link_reply. */
void give_request(struct kern *k, struct link *l, const struct sk_msg *m);
void give_reply(struct kern *k, struct link *l, const struct sk_msg *m);

/* Send what waits for credit on l. */
void give_pump(struct kern *k, struct link *l);

/* l's far end is gone: what waits for it ends with SK_ERR_PEER_DEAD. */
void give_link_down(struct kern *k, struct link *l);

/* t, whose operation is set, waits for its answer; he is in flight. CALL_BLOCKED. */
sk_err give_op_wait(struct kern *k, struct task *t, struct handle *he, sk_ns deadline_ns);

/* The operation of t is over. */
void give_op_done(struct kern *k, struct task *t, sk_err err);

#endif
