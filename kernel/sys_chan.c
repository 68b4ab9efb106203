/* System calls about channels, ports and handing over.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/chan.h"
#include "kernel/give.h"
#include "kernel/handle.h"
#include "kernel/link.h"
#include "kernel/port_object.h"
#include "kernel/sys.h"
#include "kernel/task.h"

/* The handle in argument `arg`, if it is one that may be given away; NULL with *err. */
static struct handle *givable(struct task *t, unsigned arg, sk_err *err)
{
    static const uint8_t kinds[] = {SK_KIND_CHAN, SK_KIND_PORT, SK_KIND_PORT_REMOTE,
                                    SK_KIND_REGION};
    for (unsigned i = 0; i < sizeof(kinds); i++) {
        struct handle *h = handle_get(t, sys_u32(t, arg), kinds[i], SK_RIGHT_MOVE, err);
        if (h || *err != SK_ERR_HANDLE)
            return h;
    }
    return NULL;
}

sk_err sys_chan_create(struct kern *k, struct task *t, struct handle *h)
{
    sk_handle end[2];
    (void)h;
    uint32_t slots = sys_u32(t, 0);
    sk_err err = chan_create(k, t, slots & 0xffu, slots >> 8, end);
    if (err == SK_OK)
        port_result(&t->port, 2, end[1]);
    return sys_value(t, err, end[0]);
}

sk_err sys_chan_open(struct kern *k, struct task *t, struct handle *h)
{
    struct sk_chan_view view;
    uint32_t bit = sys_u32(t, 1);
    if (bit > 31)
        return SK_ERR_ARG;
    /* Write first: an address that is no good leaves the end unused. */
    sk_err err = user_out(k, t, sys_word(t, 2), &(struct sk_chan_view){0}, sizeof(view));
    if (err == SK_OK)
        err = chan_open(k, &k->ends[h->index], bit, &view);
    if (err == SK_OK)
        err = user_out(k, t, sys_word(t, 2), &view, sizeof(view));
    return err;
}

sk_err sys_send_handle(struct kern *k, struct task *t, struct handle *via)
{
    sk_err err;
    struct handle *h = givable(t, 1, &err);
    if (h == NULL)
        return err;
    const struct end *e = &k->ends[via->index];
    if (h == via)
        return SK_ERR_ARG; /* an end cannot carry itself */
    if (e->peer_closed)
        return SK_ERR_PEER_DEAD;
    struct sk_link_dest dest = {.kind = SK_TO_ESCROW, .index = e->peer.index, .gen = e->peer.gen};
    return give_begin(k, t, h, e->peer.core, dest, sys_u64(t, 2));
}

sk_err sys_take_handle(struct kern *k, struct task *t, struct handle *h)
{
    sk_handle taken;
    sk_err err = give_take(k, t, &k->ends[h->index], &taken);
    return sys_value(t, err, taken);
}

sk_err sys_port_create(struct kern *k, struct task *t, struct handle *h)
{
    (void)h;
    struct port *p;
    sk_handle name;
    if (!handle_has_room(t))
        return SK_ERR_BUDGET;
    sk_err err = port_object_create(k, t, sys_u32(t, 0), sys_u32(t, 1), &p);
    if (err != SK_OK)
        return err;
    struct handle entry = {.kind = SK_KIND_PORT,
                           .rights = SK_RIGHT_ACCEPT | SK_RIGHT_CONNECT | SK_RIGHT_MOVE,
                           .index = p->index,
                           .obj_gen = p->gen};
    err = handle_add(k, t, &entry, &name);
    return sys_value(t, err, name);
}

sk_err sys_port_accept(struct kern *k, struct task *t, struct handle *h)
{
    sk_handle end;
    sk_err err = port_object_accept(k, &k->ports[h->index], &end);
    return sys_value(t, err, end);
}

sk_err sys_port_connect(struct kern *k, struct task *t, struct handle *none)
{
    sk_err err;
    sk_core core = k->core;
    (void)none;
    struct handle *p = handle_get(t, sys_u32(t, 0), SK_KIND_PORT, SK_RIGHT_CONNECT, &err);
    if (p == NULL && err == SK_ERR_HANDLE) {
        p = handle_get(t, sys_u32(t, 0), SK_KIND_PORT_REMOTE, SK_RIGHT_CONNECT, &err);
        core = p ? p->core : core;
    }
    if (p == NULL)
        return err;
    struct handle *h = handle_get(t, sys_u32(t, 1), SK_KIND_CHAN, SK_RIGHT_MOVE, &err);
    if (h == NULL)
        return err;
    if (p->kind == SK_KIND_PORT ? !handle_port(k, p) : link_epoch(k, core) != p->epoch)
        return SK_ERR_PEER_DEAD;
    struct sk_link_dest dest = {.kind = SK_TO_PORT, .index = p->index, .gen = p->obj_gen};
    return give_begin(k, t, h, core, dest, sys_u64(t, 2));
}

sk_err sys_core_connect(struct kern *k, struct task *t, struct handle *control)
{
    sk_err err;
    sk_core core = sys_u32(t, 1);
    (void)control;
    struct handle *h = handle_get(t, sys_u32(t, 2), SK_KIND_CHAN, SK_RIGHT_MOVE, &err);
    if (h == NULL)
        return err;
    if (core >= k->cores)
        return SK_ERR_NOT_FOUND;
    if (core != k->core && (err = link_use(k, core)) != SK_OK)
        return err;
    struct sk_link_dest dest = {.kind = SK_TO_CORE_PORT};
    return give_begin(k, t, h, core, dest, sys_u64(t, 3));
}
