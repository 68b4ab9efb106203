/* Answers whose last step waits for the next sleep, where rings belong to the kernels: all of it.
 *
 * xport_send_late: send an answer of one line to a client with as few kernel entries as can be:
 * what is left to do waits in *late (which must be empty). The errors of xport_send may so come
 * later; SK_ERR_FULL among them.
 * xport_wake_late: what another send has left to the caller: wake the peer, at the next sleep if
 * that does. *late is empty.
 * xport_late_flush: do what waits; the error of the send. *late is empty then.
 * xport_late_wait: sys_wait, and what waits in *late, in one kernel entry; *late is empty then. An
 * error of the send returns at once.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_COPY_XPORT_LATE_H
#define LIB_COPY_XPORT_LATE_H

static inline void xport_wake_late(struct xport_late *late, struct sk_chan *c)
{
    (void)late, (void)c; /* the kernel does it with the send */
}

static inline sk_err xport_send_late(struct xport_late *late, struct sk_chan *c,
                                     const struct sk_msg *m)
{
    late->chan = c;
    late->msg = *m;
    return SK_OK;
}

static inline sk_err xport_late_flush(struct xport_late *late)
{
    struct sk_chan *c = late->chan;
    late->chan = NULL;
    return c != NULL ? sys_chan_send(c->handle, &late->msg, 1) : SK_OK;
}

static inline sk_err xport_late_wait(struct xport_late *late, uint32_t mask, sk_ns deadline,
                                     uint32_t *events, uint64_t *ready)
{
    struct sk_chan *c = late->chan;
    late->chan = NULL;
    return c != NULL ? sys_chan_send_wait(c->handle, &late->msg, 1, mask, deadline, events, ready)
                     : sys_wait(mask, deadline, events, ready);
}

#endif
