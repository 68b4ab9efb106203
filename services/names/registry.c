/* See registry.h.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "registry.h"

#include <string.h>

/* Which client, for ever: its tickets' generation says which tenant of its place. */
static uint64_t via_of(uint32_t index, uint32_t gen)
{
    return (uint64_t)gen << 16 | index;
}

void registry_drop(struct name_table *t, uint32_t index)
{
    (void)sys_close(name_table_remove(t, index));
}

sk_err registry_register(struct sk_loop *loop, struct name_table *t, const struct sk_client *c,
                         struct sk_in *in, sk_tid owner)
{
    const struct names_request *r = registry_request(in);
    if (!names_valid(r->name) || owner == SK_TID_NONE)
        return SK_ERR_ARG;
    if (in->handle[0] == SK_HANDLE_NONE)
        return SK_ERR_BUDGET;
    int32_t at = name_table_find(t, r->name);
    if (at >= 0 && t->entry[at].owner == owner) {
        registry_drop(t, (uint32_t)at); /* told again: the newer port counts */
    } else if (at >= 0) {
        struct sk_client *via = &loop->clients[t->entry[at].via & 0xffffu];
        if (via != c && sk_chan_peer_closed(&via->source.chan))
            sk_client_close(loop, via); /* it is gone, and we have not looked yet */
    }
    struct name_entry e = {.owner = owner, .via = via_of(c->index, c->gen), .port = in->handle[0]};
    memcpy(e.name, r->name, sizeof e.name);
    sk_err err = name_table_add(t, &e);
    if (err == SK_OK)
        in->handle[0] = SK_HANDLE_NONE;
    return err;
}

sk_err registry_unregister(struct name_table *t, const struct sk_in *in, sk_tid owner)
{
    const struct names_request *r = registry_request(in);
    if (!names_valid(r->name))
        return SK_ERR_ARG;
    int32_t at = name_table_find(t, r->name);
    if (at < 0)
        return SK_ERR_NOT_FOUND;
    if (t->entry[at].owner != owner)
        return SK_ERR_RIGHTS;
    registry_drop(t, (uint32_t)at);
    return SK_OK;
}

sk_err registry_list(const struct name_table *t, const struct sk_in *in, struct sk_answer *a)
{
    const struct names_request *r = registry_request(in);
    if (!memchr(r->name, 0, sizeof r->name))
        return SK_ERR_ARG;
    int32_t at = name_table_next(t, r->name, r->index);
    if (at < 0)
        return SK_ERR_NOT_FOUND;
    const struct name_entry *e = &t->entry[at];
    struct names_entry reply = {.owner = e->owner, .next = (uint32_t)at + 1u};
    memcpy(reply.name, e->name, sizeof reply.name);
    memcpy(a->bytes, &reply, sizeof reply);
    a->len = sizeof reply;
    return SK_OK;
}

void registry_forget(struct name_table *t, const struct sk_client *c)
{
    for (uint32_t i = t->count; i-- > 0;)
        if (t->entry[i].via == via_of(c->index, registry_gen(c)))
            registry_drop(t, i);
}
