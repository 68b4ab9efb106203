/* The name service of an area: what on Skerry the inits and the service `names` do together
 * (lib/names.h has the interface), over the registry of that service. Its clients are all tasks
 * of the area; the port says truthfully who is behind a connection, and that dies with its task,
 * and with it its names.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "../inside.h"
#include "lib/take.h"
#include "services/names/registry.h"

#include <string.h>

#define NAMES_MAX    1024u
#define WAITS_CLIENT (SK_CHAN_SLOTS / 2u) /* so many of one client's at once */

/* Somebody waits for a name: to learn of it, or to have `end` queued there. */
struct wait {
    bool used;
    sk_handle end; /* NONE: to learn of it */
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

/* The task behind a connection. */
static sk_tid owner_of(const struct sk_client *c)
{
    sk_err err;
    struct linux_task *t = linux_me;
    struct linux_handle *h = handle_get(t, c->source.chan.handle, SK_KIND_CHAN, 0, &err);
    uint64_t own = h != NULL ? word_load(&area_end(t->area, h->index ^ 1u)->own) : 0;
    bool known = WORD_STATE(own) == OWN_OPEN || WORD_STATE(own) == OWN_UNUSED;
    return known ? SK_TID_MAKE(0, WORD_INDEX(own) & 0xffffffu, WORD_GEN(own)) : SK_TID_NONE;
}

/* Queue *end at the port of the name at `at`; it is gone (NONE) if that succeeds. A name whose port
 * is gone goes too: SK_ERR_NOT_FOUND. */
static sk_err connect_at(struct names *n, uint32_t at, sk_handle *end)
{
    sk_err err = sys_port_connect(n->table.entry[at].port, *end, 0);
    if (err == SK_OK)
        *end = SK_HANDLE_NONE;
    if (err != SK_ERR_PEER_DEAD)
        return err;
    registry_drop(&n->table, at);
    return SK_ERR_NOT_FOUND;
}

static void wait_end(struct wait *w, sk_err err)
{
    struct sk_loop *loop = &w->names->loop;
    sk_timer_cancel(loop, &w->timer);
    w->used = false;
    if (w->end != SK_HANDLE_NONE)
        (void)sys_close(w->end);
    (void)sk_answer(loop, w->ticket, err, NULL, 0, NULL, 0);
}

static void wait_timed_out(struct sk_loop *loop, struct sk_timer *timer)
{
    (void)loop;
    wait_end(timer->user, SK_ERR_TIMED_OUT);
}

/* Wait for the name until the request's deadline; in->handle[0], if it has one, is kept. */
static sk_err wait_begin(struct names *n, struct sk_client *c, struct sk_in *in)
{
    const struct names_request *r = registry_request(in);
    if (r->deadline <= sk_now())
        return SK_ERR_NOT_FOUND;
    for (uint32_t i = 0; i < n->waits; i++) {
        struct wait *w = &n->wait[i];
        if (w->used)
            continue;
        *w = (struct wait){.used = true, .ticket = sk_ticket(c, in), .names = n};
        memcpy(w->name, r->name, sizeof w->name);
        if (in->handles != 0) {
            w->end = in->handle[0];
            in->handle[0] = SK_HANDLE_NONE;
        }
        w->timer.fn = wait_timed_out;
        w->timer.user = w;
        if (r->deadline != SK_FOREVER)
            sk_timer_set(&n->loop, &w->timer, r->deadline);
        return SK_ANSWER_LATER;
    }
    return SK_ERR_FULL;
}

static sk_err on_wait(struct sk_loop *loop, struct sk_client *c, struct sk_in *in,
                      struct sk_answer *a)
{
    struct names *n = loop->user;
    (void)a;
    if (!names_valid(registry_request(in)->name))
        return SK_ERR_ARG;
    return name_table_find(&n->table, registry_request(in)->name) >= 0 ? SK_OK
                                                                       : wait_begin(n, c, in);
}

static sk_err on_connect(struct sk_loop *loop, struct sk_client *c, struct sk_in *in,
                         struct sk_answer *a)
{
    struct names *n = loop->user;
    (void)a;
    if (!names_valid(registry_request(in)->name))
        return SK_ERR_ARG;
    if (in->handle[0] == SK_HANDLE_NONE)
        return SK_ERR_BUDGET;
    int32_t at = name_table_find(&n->table, registry_request(in)->name);
    sk_err err = at >= 0 ? connect_at(n, (uint32_t)at, &in->handle[0]) : SK_ERR_NOT_FOUND;
    return err == SK_ERR_NOT_FOUND ? wait_begin(n, c, in) : err;
}

/* Those who have waited for the name at `at`. */
static void wake_waits(struct names *n, const char *name)
{
    for (uint32_t i = 0; i < n->waits; i++) {
        struct wait *w = &n->wait[i];
        int32_t at = name_table_find(&n->table, name);
        if (!w->used || at < 0 || strcmp(w->name, name) != 0)
            continue;
        sk_err err = w->end != SK_HANDLE_NONE ? connect_at(n, (uint32_t)at, &w->end) : SK_OK;
        if (err != SK_ERR_NOT_FOUND)
            wait_end(w, err);
    }
}

static sk_err on_register(struct sk_loop *loop, struct sk_client *c, struct sk_in *in,
                          struct sk_answer *a)
{
    struct names *n = loop->user;
    (void)a;
    sk_err err = registry_register(loop, &n->table, c, in, owner_of(c));
    if (err == SK_OK)
        wake_waits(n, registry_request(in)->name);
    return err;
}

static sk_err on_unregister(struct sk_loop *loop, struct sk_client *c, struct sk_in *in,
                            struct sk_answer *a)
{
    struct names *n = loop->user;
    (void)a;
    return registry_unregister(&n->table, in, owner_of(c));
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
        if (w->used && w->ticket.client == c->index && w->ticket.gen == registry_gen(c))
            wait_end(w, SK_ERR_PEER_DEAD);
    }
    registry_forget(&n->table, c);
}

#define LEN sizeof(struct names_request)
static const struct sk_method methods[] = {
    {.label = NAMES_REGISTER, .min_len = LEN, .handles = 1, .handle = on_register},
    {.label = NAMES_UNREGISTER, .min_len = LEN, .handle = on_unregister},
    {.label = NAMES_CONNECT, .min_len = LEN, .handles = 1, .handle = on_connect},
    {.label = NAMES_WAIT, .min_len = LEN, .handle = on_wait},
    {.label = NAMES_LIST, .min_len = LEN, .handle = on_list},
};

/* Say in the area where the service is. */
static sk_err publish(sk_handle port)
{
    sk_err err;
    struct linux_task *t = linux_me;
    struct linux_handle *h = handle_get(t, port, SK_KIND_PORT, 0, &err);
    uint64_t *at = &t->area->head->names, old = word_load(at);
    uint32_t index = WORD_INDEX(old);
    if (WORD_STATE(old) == 1u && index < t->area->ports &&
        word_load(&t->area->port[index].word) == WORD(PORT_LIVE, 0, WORD_GEN(old)))
        return SK_ERR_EXISTS;
    return word_change(at, old, WORD(1u, h->index, h->object_gen)) ? SK_OK : SK_ERR_EXISTS;
}

/* The task may live on: nobody who asks, waits or has a name may believe that it is served. */
static void leave(struct names *n, uint32_t clients)
{
    (void)sys_close(n->server.port);
    for (uint32_t i = 0; i < clients; i++)
        sk_client_close(&n->loop, &n->loop.clients[i]);
}

static void on_stop(struct sk_loop *loop, void *user)
{
    (void)user;
    sk_loop_stop(loop);
}

sk_err sk_linux_serve_names(void)
{
    struct names n = {.table.max = NAMES_MAX};
    struct sk_loop_event stop = {.bit = SK_LINUX_EV_STOP, .fn = on_stop};
    if (linux_me == NULL)
        return SK_ERR_STATE;
    uint32_t clients = linux_me->area->tasks;
    n.waits = clients * WAITS_CLIENT;
    struct sk_client *client = sk_take(clients, sizeof *client, "clients");
    n.wait = sk_take(n.waits, sizeof *n.wait, "waits");
    n.table.entry = sk_take(n.table.max, sizeof *n.table.entry, "names");
    sk_err err = client && n.wait && n.table.entry ? SK_OK : SK_ERR_NO_MEMORY;
    if (err == SK_OK) {
        sk_loop_init(&n.loop, client, clients, &n);
        sk_loop_on_event(&n.loop, &stop);
        n.server.methods = methods;
        n.server.method_count = sizeof methods / sizeof methods[0];
        n.server.on_close = on_close;
        err = sk_serve(&n.loop, &n.server, SK_EV_PORT, SK_PORT_DEPTH_MAX);
    }
    if (err == SK_OK) {
        if ((err = publish(n.server.port)) == SK_OK)
            sk_loop_run(&n.loop);
        leave(&n, clients);
    }
    free(client);
    free(n.wait);
    free(n.table.entry);
    return err;
}
