/* Message transfer where rings are mapped into tasks: user space does it all (base/ring.h), these
 * calls do not exist. The link line takes this file or xfer_copy.c.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/chan.h"
#include "kernel/sys.h"

_Static_assert(!PORT_COPY_MODE, "the port keeps rings: link xfer_copy.c");

sk_err sys_chan_send(struct kern *k, struct task *t)
{
    (void)k;
    (void)t;
    return SK_ERR_UNSUPPORTED;
}

sk_err sys_chan_recv(struct kern *k, struct task *t)
{
    return sys_chan_send(k, t);
}

sk_err sys_chan_arm(struct kern *k, struct task *t)
{
    return sys_chan_send(k, t);
}

sk_err sys_chan_want(struct kern *k, struct task *t)
{
    return sys_chan_send(k, t);
}

sk_err sys_chan_call(struct kern *k, struct task *t)
{
    return sys_chan_send(k, t);
}

sk_err sys_chan_send_wait(struct kern *k, struct task *t)
{
    return sys_chan_send(k, t);
}

bool xfer_answer(struct kern *k, struct end *e, bool front)
{
    (void)front;
    KERN_ASSERT(k, e->owner->calling == NULL);
    return false;
}
