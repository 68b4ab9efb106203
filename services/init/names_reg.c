/* The names that tasks of this core have registered: kept here, so that a restarted `names` can be
 * told again and neighbours find each other without it. An entry stays until `names` has heard that
 * it is gone.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "init.h"

#include <string.h>

struct reg *reg_find(struct init *in, const char *name)
{
    for (uint32_t i = 0; i < in->room.regs; i++) {
        struct reg *r = &in->reg[i];
        if (r->state >= REG_NEW && r->state <= REG_KNOWN && strcmp(r->name, name) == 0)
            return r;
    }
    return NULL;
}

void reg_release(struct reg *r)
{
    if (r->port != SK_HANDLE_NONE)
        (void)sys_close(r->port);
    *r = (struct reg){.state = REG_FREE};
}

static void reg_told(struct sk_loop *loop, struct sk_async *async, sk_err err, struct sk_in *reply)
{
    struct init *in = loop->user;
    struct op *op = async->user;
    struct reg *r = op->reg;
    (void)reply;
    op_free(in, op);
    if (err == SK_ERR_PEER_DEAD || err == SK_ERR_PROTOCOL || err == SK_ERR_TIMED_OUT ||
        err == SK_ERR_CANCELLED) { /* told again on the next channel */
        names_link_lost(in);
        return;
    }
    if (r->state == REG_GOING) {
        reg_release(r);
    } else if (r->state == REG_SENDING) {
        r->state = REG_KNOWN;
        if (!r->answered)
            (void)sk_answer(&in->loop, r->ticket, err, NULL, 0, NULL, 0);
        r->answered = true;
        if (err)
            reg_release(r);
    }
    names_pump(in);
}

sk_err reg_tell(struct init *in, struct reg *r)
{
    struct op *op = op_take(in, NULL, false);
    if (op == NULL)
        return SK_ERR_FULL;
    bool gone = r->state == REG_GONE;
    op->reg = r;
    op->async.fn = reg_told;
    op->request.owner = r->owner;
    memcpy(op->request.name, r->name, sizeof r->name);
    struct sk_out out = {.label = gone ? NAMES_UNREGISTER : NAMES_REGISTER,
                         .len = sizeof op->request,
                         .bytes = &op->request,
                         .handles = gone ? 0 : 1,
                         .handle = &r->port};
    sk_err err =
        sk_call_async(&in->loop, &in->names.source, &op->async, &out, 0, sk_in_ms(NAMES_ANSWER_MS));
    if (err)
        op_free(in, op);
    else
        r->state = gone ? REG_GOING : REG_SENDING;
    return err;
}
