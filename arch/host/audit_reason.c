/* See audit_reason.h.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "arch/host/audit_reason.h"
#include "kernel/loan.h"

static bool bit_in(uint32_t mask, uint32_t bit)
{
    return (mask >> bit) & 1u;
}

/* Is r, at home here, being given away for t? One in doubt is not: its giver was told. */
static bool region_moves(const struct region *r, const struct task *t)
{
    return r->in_use && !r->foreign && (r->move == MOVE_QUEUED || r->move == MOVE_GIVEN) &&
           r->requester == INDEX_NONE && r->request_token == t->slot;
}

/* Can the answer come that it waits for? */
static bool operation(const struct kern *k, const struct task *t)
{
    switch (t->op.state) {
    case OP_QUEUED:
    case OP_SENT:
    case OP_CORE_START:
        return t->op.state == OP_CORE_START || k->link[t->op.link].state >= LINK_HELLO;
    case OP_HOME_MOVE:
        for (uint32_t i = 0; i < k->chan_count; i++)
            if (k->chans[i].in_use && k->chans[i].move != MOVE_NONE &&
                k->chans[i].requester == INDEX_NONE && k->chans[i].request_token == t->slot)
                return true;
        for (uint32_t i = 0; i < k->region_count; i++)
            if (region_moves(&k->regions[i], t))
                return true;
        return false;
    default:
        return t->op.state != OP_IDLE;
    }
}

/* An end from which something may still come, ports, devices, children: with a bit of the mask. */
static bool event(const struct kern *k, const struct task *t, uint32_t mask)
{
    if (t->event_timer.next != NULL && bit_in(mask, t->timer_bit))
        return true;
    for (uint32_t i = 0; i < k->end_count; i++)
        if (k->ends[i].owner == t && k->ends[i].used && !k->ends[i].peer_closed &&
            bit_in(mask, k->ends[i].event_bit))
            return true;
    for (uint32_t i = 0; i < k->port_count; i++)
        if (k->ports[i].in_use && k->ports[i].owner == t && bit_in(mask, k->ports[i].event_bit))
            return true;
    for (uint32_t i = 0; i < k->device_count; i++)
        if (k->device[i].owner == t && k->device[i].bound && bit_in(mask, k->device[i].event_bit))
            return true;
    for (uint32_t i = 0; i < k->task_count; i++)
        if (k->tasks[i].state != 0 && k->tasks[i].creator == t &&
            bit_in(mask, k->tasks[i].event_bit))
            return true;
    return false;
}

bool audit_reason(const struct kern *k, const struct task *t)
{
    if (t->wait_timer.next != NULL)
        return true;
    if (t->op.waiting)
        return operation(k, t);
    if (t->calling != NULL)
        return !t->calling->peer_closed;
    if (t->state == TASK_LENDING) /* told of the end, it would not be lending any more */
        return true;
    return event(k, t, t->mask);
}
