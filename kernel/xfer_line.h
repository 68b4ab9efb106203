/* A message of one line between tasks whose kernels keep the rings: the way that nearly all go,
 * spelled out for xfer_copy.c. What does not fit goes the long way there; nothing happens here
 * then.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_XFER_LINE_H
#define KERNEL_XFER_LINE_H

#include "kernel/sched_fast.h"

/* All but ctl, in as few instructions as the machine has for it. */
static inline void line_copy(struct sk_msg *to, const struct sk_msg *from)
{
    struct body {
        uint32_t w[SK_MSG_BYTES / 4u - 1u];
    };
    *(struct body *)&to->label = *(const struct body *)&from->label;
}

/* Does the header of a message that a task sends make sense? */
static inline bool line_ok(uint32_t ctl)
{
    return (ctl & (SK_CTL_RESERVED | SK_CTL_TAKEN | SK_CTL_MORE)) == 0 &&
           sk_ctl_len(ctl) <= SK_PAYLOAD_BYTES;
}

/* m, of a task, into the ring. SK_ERR_FULL, SK_ERR_ARG. */
static inline sk_err line_send(struct end *e, const struct sk_msg *m, bool *wake)
{
    uint32_t ctl = m->ctl;
    if (!line_ok(ctl))
        return SK_ERR_ARG;
    struct sk_msg *line = ring_claim(&e->tx);
    if (line == NULL)
        return SK_ERR_FULL;
    line_copy(line, m);
    *wake = ring_publish(&e->tx, line, ctl & ~(SK_CTL_TAG | SK_CTL_VALID));
    return SK_OK;
}

/* The next message into m, if it is one of one line. */
static inline bool line_take(struct end *e, struct sk_msg *m, bool *wake)
{
    uint32_t ctl;
    const struct sk_msg *line = ring_front(&e->rx, &ctl);
    if (line == NULL)
        return false;
    m->ctl = ctl;
    line_copy(m, line);
    *wake = ring_pop(&e->rx);
    return true;
}

/* Arm, if nothing is there. False: ask ring_arm. */
static inline bool line_arm(struct end *e)
{
    ring_not_in_stream(&e->rx);
    return !ring_vouched(&e->rx, e->rx.next) && ring_arm_for(&e->rx, e->rx.next);
}

/* m straight to the task that sleeps in CHAN_CALL at the far end of e, on this core, with its ring
 * empty: from buffer to buffer. to: its buffer for one line. It is ready then, before others of its
 * priority. */
static inline void line_answer(struct kern *k, struct task *u, struct sk_msg *to,
                               const struct sk_msg *m, uint32_t ctl)
{
    to->ctl = (ctl & ~SK_CTL_TAG) | SK_CTL_VALID;
    line_copy(to, m);
    u->calling = NULL;
    fast_cancel(&u->wait_timer);
    u->state = SK_TASK_READY;
    port_result(&u->port, 0, SK_OK);
    port_result(&u->port, 1, 1);
    fast_push(k, u, true);
}

#endif
