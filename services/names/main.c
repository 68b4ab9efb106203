/* The service `names`: names for ports, for the whole system. Its clients are the inits, which
 * check permissions, say truthfully who owns a name, and tell when an owner has died. All state can
 * be rebuilt: after a restart every init connects again and replays what its tasks have registered.
 *
 * A name is gone with its owner, and with the connection of the init that told of it.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/take.h"
#include "registry.h"

#include <string.h>

#define CLIENTS_CORE 2u                   /* the init of a core, and one on its way out */
#define WAITS_CORE   (SK_CHAN_SLOTS / 2u) /* so many of one core's at once */
#define HANDLES_OWN  4u                   /* that are neither a client's nor a name's port */

/* Somebody waits for a name. */
struct wait {
    bool used, wants_port;
    struct sk_ticket ticket;
    struct sk_timer timer;
    struct names *names;
    char name[SK_NAME_BYTES];
};

struct names {
    struct sk_loop loop;
    struct sk_server server;
    struct name_table table;
    uint32_t waits;
    struct wait *wait;
};

/* Answer a WAIT, or a RESOLVE: then port is copied. */
static void answer_wait(struct sk_loop *loop, struct sk_ticket ticket, sk_err err, sk_handle port)
{
    if (port == SK_HANDLE_NONE)
        (void)sk_answer(loop, ticket, err, NULL, 0, NULL, 0);
    else if ((err = sk_answer(loop, ticket, SK_OK, NULL, 0, &port, 1)) != SK_OK)
        (void)sk_answer(loop, ticket, err, NULL, 0, NULL, 0);
}

static void wait_end(struct wait *w, sk_err err, sk_handle port)
{
    struct sk_loop *loop = &w->names->loop;
    sk_timer_cancel(loop, &w->timer);
    w->used = false;
    answer_wait(loop, w->ticket, err, w->wants_port ? port : SK_HANDLE_NONE);
}

static void wait_timed_out(struct sk_loop *loop, struct sk_timer *timer)
{
    (void)loop;
    wait_end(timer->user, SK_ERR_TIMED_OUT, SK_HANDLE_NONE);
}

/* WAIT and RESOLVE: answer now, or when the name exists. */
static sk_err await(struct sk_loop *loop, struct sk_client *c, struct sk_in *in, bool wants_port)
{
    struct names *n = loop->user;
    const struct names_request *r = registry_request(in);
    if (!names_valid(r->name))
        return SK_ERR_ARG;
    int32_t at = name_table_find(&n->table, r->name);
    if (at >= 0) {
        answer_wait(loop, sk_ticket(c, in), SK_OK, wants_port ? n->table.entry[at].port : 0);
        return SK_ANSWER_LATER;
    }
    if (r->deadline <= sk_now())
        return SK_ERR_NOT_FOUND;
    for (uint32_t i = 0; i < n->waits; i++) {
        struct wait *w = &n->wait[i];
        if (w->used)
            continue;
        memset(w, 0, sizeof *w);
        w->used = true;
        w->wants_port = wants_port;
        w->ticket = sk_ticket(c, in);
        w->names = n;
        memcpy(w->name, r->name, sizeof w->name);
        w->timer.fn = wait_timed_out;
        w->timer.user = w;
        if (r->deadline != SK_FOREVER)
            sk_timer_set(loop, &w->timer, r->deadline);
        return SK_ANSWER_LATER;
    }
    return SK_ERR_FULL;
}

static sk_err on_wait(struct sk_loop *loop, struct sk_client *c, struct sk_in *in,
                      struct sk_answer *a)
{
    (void)a;
    return await(loop, c, in, false);
}

static sk_err on_resolve(struct sk_loop *loop, struct sk_client *c, struct sk_in *in,
                         struct sk_answer *a)
{
    (void)a;
    return await(loop, c, in, true);
}

static sk_err on_register(struct sk_loop *loop, struct sk_client *c, struct sk_in *in,
                          struct sk_answer *a)
{
    struct names *n = loop->user;
    const struct names_request *r = registry_request(in);
    sk_handle port = in->handle[0];
    (void)a;
    sk_err err = registry_register(loop, &n->table, c, in, r->owner);
    if (err)
        return err;
    for (uint32_t i = 0; i < n->waits; i++) {
        if (n->wait[i].used && strcmp(n->wait[i].name, r->name) == 0)
            wait_end(&n->wait[i], SK_OK, port);
    }
    return SK_OK;
}

static sk_err on_unregister(struct sk_loop *loop, struct sk_client *c, struct sk_in *in,
                            struct sk_answer *a)
{
    struct names *n = loop->user;
    (void)c, (void)a;
    return registry_unregister(&n->table, in, registry_request(in)->owner);
}

static sk_err on_list(struct sk_loop *loop, struct sk_client *c, struct sk_in *in,
                      struct sk_answer *a)
{
    const struct names *n = loop->user;
    (void)c;
    return registry_list(&n->table, in, a);
}

static void on_close(struct sk_loop *loop, struct sk_client *c)
{
    struct names *n = loop->user;
    for (uint32_t i = 0; i < n->waits; i++) {
        struct wait *w = &n->wait[i];
        if (w->used && w->ticket.client == c->index && w->ticket.gen == registry_gen(c)) {
            sk_timer_cancel(loop, &w->timer);
            w->used = false;
        }
    }
    registry_forget(&n->table, c);
}

#define LEN sizeof(struct names_request)
static const struct sk_method methods[] = {
    {.label = NAMES_REGISTER, .min_len = LEN, .handles = 1, .handle = on_register},
    {.label = NAMES_UNREGISTER, .min_len = LEN, .handle = on_unregister},
    {.label = NAMES_WAIT, .min_len = LEN, .handle = on_wait},
    {.label = NAMES_LIST, .min_len = LEN, .handle = on_list},
    {.label = NAMES_RESOLVE, .min_len = LEN, .handle = on_resolve},
};

/* Tables for the cores that there are, and as many names as there can be handles of their ports. */
static bool set_up(struct names *n)
{
    const struct sk_start *start = sk_self()->start;
    uint32_t clients = start->cores * CLIENTS_CORE;
    uint32_t taken = clients + HANDLES_OWN;
    n->waits = start->cores * WAITS_CORE;
    n->table.max = start->handles > taken ? start->handles - taken : 1u;
    struct sk_client *client = sk_take(clients, sizeof *client, "clients");
    n->wait = sk_take(n->waits, sizeof *n->wait, "waits");
    n->table.entry = sk_take(n->table.max, sizeof *n->table.entry, "names");
    if (!client || !n->wait || !n->table.entry)
        return false;
    sk_loop_init(&n->loop, client, clients, n);
    return true;
}

int main(int argc, char **argv)
{
    struct names n;
    (void)argc, (void)argv;
    memset(&n, 0, sizeof n);
    if (!set_up(&n))
        return 3;
    n.server.methods = methods;
    n.server.method_count = sizeof methods / sizeof methods[0];
    n.server.on_close = on_close;
    if (sk_serve(&n.loop, &n.server, SK_EV_PORT, SK_PORT_DEPTH_MAX) != SK_OK)
        return 1;
    if (names_register("names", n.server.port) != SK_OK)
        return 2;
    sk_loop_run(&n.loop);
    return 0;
}
