/* `names` as our tasks see it: permissions from the manifest, neighbours joined here, the rest
 * asked of the service.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "init.h"

#include <string.h>

#define HAND_OVER_MS 1000u
#define SOON_MS      5000u
#define PARK_MS      2000u /* a question that must not wait for a name waits so long for `names` */

/* The request, checked; NULL: it is none. */
static const struct names_request *request_of(const struct sk_in *req)
{
    const struct names_request *r = (const struct names_request *)(const void *)req->bytes;
    return names_valid(r->name) ? r : NULL;
}

static struct init *init_of(const struct sk_loop *loop)
{
    return loop->user;
}

static bool permits(const struct init *in, const struct sk_client *c, uint32_t perm,
                    const char *name)
{
    const struct task *t = c->user;
    return manifest_permits(&in->manifest, t->prog, perm, name);
}

sk_err names_on_register(struct sk_loop *loop, struct sk_client *c, struct sk_in *req,
                         struct sk_answer *answer)
{
    struct init *in = init_of(loop);
    const struct names_request *r = request_of(req);
    struct reg *free = NULL;
    (void)answer;
    if (r == NULL)
        return SK_ERR_ARG;
    if (!permits(in, c, SK_PERM_REGISTER, r->name))
        return SK_ERR_RIGHTS;
    if (req->handle[0] == SK_HANDLE_NONE)
        return SK_ERR_BUDGET;
    if (reg_find(in, r->name))
        return SK_ERR_EXISTS;
    for (uint32_t i = 0; i < in->room.regs && free == NULL; i++) {
        if (in->reg[i].state == REG_FREE)
            free = &in->reg[i];
    }
    if (free == NULL)
        return SK_ERR_FULL;
    *free = (struct reg){.state = REG_NEW,
                         .ticket = sk_ticket(c, req),
                         .owner = ((struct task *)c->user)->tid,
                         .port = req->handle[0]};
    req->handle[0] = SK_HANDLE_NONE;
    strcpy(free->name, r->name); /* valid: terminated within its array */
    bool is_names = strcmp(r->name, "names") == 0;
    if (is_names) { /* it cannot answer while it waits for us */
        free->answered = true;
        in->names.pause_ms = 0;
        sk_timer_cancel(loop, &in->names.timer);
        if (in->names.stale) /* its predecessor's channel is still to be taken down */
            sk_timer_set(loop, &in->names.timer, sk_now());
    }
    names_pump(in);
    return is_names ? SK_OK : SK_ANSWER_LATER;
}

/* A name is gone: `names` must hear of it, if it has heard of the name. */
static void reg_gone(struct reg *r)
{
    (void)sys_close(r->port);
    r->port = SK_HANDLE_NONE;
    r->state = REG_GONE;
}

sk_err names_on_unregister(struct sk_loop *loop, struct sk_client *c, struct sk_in *req,
                           struct sk_answer *answer)
{
    struct init *in = init_of(loop);
    const struct names_request *r = request_of(req);
    (void)answer;
    if (r == NULL)
        return SK_ERR_ARG;
    struct reg *reg = reg_find(in, r->name);
    if (reg == NULL)
        return SK_ERR_NOT_FOUND;
    if (reg->owner != ((struct task *)c->user)->tid)
        return SK_ERR_RIGHTS;
    reg_gone(reg);
    names_pump(in);
    return SK_OK;
}

void names_owner_died(struct init *in, sk_tid owner)
{
    bool some = false;
    for (uint32_t i = 0; i < in->room.regs; i++) {
        struct reg *r = &in->reg[i];
        if (r->state >= REG_NEW && r->state <= REG_KNOWN && r->owner == owner) {
            reg_gone(r);
            some = true;
        }
    }
    if (some)
        names_pump(in);
}

/* CONNECT and WAIT and LIST: an op with the client's ticket. NULL: too many. */
static struct op *op_for(struct init *in, struct sk_client *c, const struct sk_in *req,
                         const struct names_request *r, uint16_t label)
{
    bool patient = label == NAMES_WAIT || r->deadline > sk_in_ms(SOON_MS);
    struct op *op = op_take(in, c, patient && label != NAMES_LIST);
    if (op == NULL)
        return NULL;
    op->ticketed = true;
    op->ticket = sk_ticket(c, req);
    op->request = *r;
    op->request.owner = ((struct task *)c->user)->tid;
    op->label = label;
    op->once = label == NAMES_LIST || r->deadline <= sk_now();
    op->until = op->once ? sk_in_ms(PARK_MS) : r->deadline;
    return op;
}

sk_err names_on_connect(struct sk_loop *loop, struct sk_client *c, struct sk_in *req,
                        struct sk_answer *answer)
{
    struct init *in = init_of(loop);
    const struct names_request *r = request_of(req);
    (void)answer;
    if (r == NULL)
        return SK_ERR_ARG;
    /* `names` believes whoever reaches it: that is for inits only. */
    if (!permits(in, c, SK_PERM_RESOLVE, r->name) || strcmp(r->name, "names") == 0)
        return SK_ERR_RIGHTS;
    if (req->handle[0] == SK_HANDLE_NONE)
        return SK_ERR_BUDGET;
    struct op *op = op_for(in, c, req, r, NAMES_RESOLVE);
    if (op == NULL)
        return SK_ERR_FULL;
    op->connect = true;
    op->end = req->handle[0];
    req->handle[0] = SK_HANDLE_NONE;
    struct reg *local = reg_find(in, r->name);
    if (local)
        names_hand_over(in, op, local->port);
    else
        names_queue(in, op);
    return SK_ANSWER_LATER;
}

sk_err names_on_wait(struct sk_loop *loop, struct sk_client *c, struct sk_in *req,
                     struct sk_answer *answer)
{
    struct init *in = init_of(loop);
    const struct names_request *r = request_of(req);
    (void)answer;
    if (r == NULL)
        return SK_ERR_ARG;
    if (!permits(in, c, SK_PERM_RESOLVE, r->name))
        return SK_ERR_RIGHTS;
    if (reg_find(in, r->name))
        return SK_OK;
    struct op *op = op_for(in, c, req, r, NAMES_WAIT);
    if (op == NULL)
        return SK_ERR_FULL;
    names_queue(in, op);
    return SK_ANSWER_LATER;
}

sk_err names_on_list(struct sk_loop *loop, struct sk_client *c, struct sk_in *req,
                     struct sk_answer *answer)
{
    struct init *in = init_of(loop);
    const struct names_request *r = (const struct names_request *)(const void *)req->bytes;
    (void)answer;
    if (!memchr(r->name, 0, sizeof r->name))
        return SK_ERR_ARG;
    struct op *op = op_for(in, c, req, r, NAMES_LIST);
    if (op == NULL)
        return SK_ERR_FULL;
    names_queue(in, op);
    return SK_ANSWER_LATER;
}

void names_client_gone(struct init *in)
{
    struct op *op = in->names.first;
    while (op) { /* what is queued for one that is gone; what is outstanding is dropped when it is
                    answered */
        struct op *next = op->next;
        if (op_is_orphan(in, op)) {
            names_unqueue(in, op);
            op_free(in, op);
        }
        op = next;
    }
}

/* Another init wants a channel to `names`, which runs here. */
sk_err names_on_peer_connect(struct sk_loop *loop, struct sk_client *c, struct sk_in *req,
                             struct sk_answer *answer)
{
    struct init *in = init_of(loop);
    const struct names_request *r = request_of(req);
    (void)c, (void)answer;
    if (r == NULL || strcmp(r->name, "names") != 0)
        return SK_ERR_ARG;
    struct reg *local = reg_find(in, r->name);
    if (local == NULL || req->handle[0] == SK_HANDLE_NONE)
        return SK_ERR_NOT_FOUND;
    sk_err err = sys_port_connect(local->port, req->handle[0], sk_in_ms(HAND_OVER_MS));
    if (err == SK_OK)
        req->handle[0] = SK_HANDLE_NONE;
    return err;
}
