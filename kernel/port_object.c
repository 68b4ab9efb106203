/* See port_object.h. The queue is part of the object: a connection that comes before the service
 * looks waits there, and one that does not fit is refused to the connector.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/port_object.h"
#include "kernel/chan.h"
#include "kernel/sched.h"

void port_table_init(struct kern *k)
{
    k->port_free = INDEX_NONE;
    for (uint32_t i = k->port_count; i-- > 0;) {
        k->ports[i].index = (uint16_t)i;
        k->ports[i].gen = GEN_FIRST(k->epoch);
        k->ports[i].next = k->port_free;
        k->port_free = (uint16_t)i;
    }
    k->core_port = INDEX_NONE;
}

sk_err port_object_create(struct kern *k, struct task *t, uint32_t event_bit, uint32_t depth,
                          struct port **out)
{
    if (depth == 0 || depth > SK_PORT_DEPTH_MAX || event_bit > 31)
        return SK_ERR_ARG;
    if (k->port_free == INDEX_NONE)
        return SK_ERR_NO_MEMORY;
    struct port *p = &k->ports[k->port_free];
    k->port_free = p->next;
    p->in_use = true;
    p->owner = t;
    p->event_bit = (uint8_t)event_bit;
    p->depth = (uint8_t)depth;
    p->count = p->first = 0;
    k->stats.ports++;
    *out = p;
    return SK_OK;
}

sk_err port_object_push(struct kern *k, struct port *p, struct end *e)
{
    if (p->count == p->depth)
        return SK_ERR_FULL;
    p->queue[(p->first + p->count) % SK_PORT_DEPTH_MAX] = e->index;
    p->count++;
    chan_end_at(k, e, p->owner);
    sched_event(k, p->owner, 1u << p->event_bit, false);
    return SK_OK;
}

sk_err port_object_accept(struct kern *k, struct port *p, sk_handle *h)
{
    if (p->count == 0)
        return SK_ERR_EMPTY;
    sk_err err = chan_end_adopt(k, p->owner, &k->ends[p->queue[p->first]], h);
    if (err != SK_OK)
        return err;
    p->first = (uint8_t)((p->first + 1u) % SK_PORT_DEPTH_MAX);
    p->count--;
    return SK_OK;
}

void port_object_close(struct kern *k, struct port *p)
{
    for (; p->count != 0; p->count--) {
        chan_close_end(k, &k->ends[p->queue[p->first]]);
        p->first = (uint8_t)((p->first + 1u) % SK_PORT_DEPTH_MAX);
    }
    p->in_use = false;
    p->owner = NULL;
    p->gen = GEN_NEXT(p->gen);
    p->next = k->port_free;
    k->port_free = p->index;
    k->stats.ports--;
}
