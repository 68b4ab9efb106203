/* A service that keeps a table for each client, in memory that the client donates: it needs none of
 * its own for a client, however many there are. With an argument it serves under that name.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "apps/tables.h"
#include "lib/loop.h"
#include "lib/names.h"
#include "lib/session.h"

#include <stdio.h>
#include <string.h>

#define CLIENTS 8u

/* In the client's own memory. */
struct table {
    uint32_t room, used;
    struct tables_entry entry[];
};

/* The first request makes the table: of one page. */
static struct table *table_of(struct sk_client *client, sk_err *err)
{
    void *memory;
    *err = SK_OK;
    if (client->user == NULL) {
        *err = sk_session_memory(&client->source.chan, SK_PAGE_BYTES, &memory);
        if (*err == SK_OK) {
            struct table *t = client->user = memory;
            t->room = (uint32_t)((SK_PAGE_BYTES - sizeof *t) / sizeof t->entry[0]);
        }
    }
    return client->user;
}

static sk_err on_put(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                     struct sk_answer *answer)
{
    sk_err err;
    struct table *t = table_of(client, &err);
    (void)loop, (void)answer;
    if (t == NULL)
        return err;
    if (t->used == t->room)
        return SK_ERR_FULL;
    t->entry[t->used++] = (struct tables_entry){in->w64[0], in->w64[1]};
    return SK_OK;
}

static sk_err on_get(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                     struct sk_answer *answer)
{
    const struct table *t = client->user;
    (void)loop;
    for (uint32_t i = 0; t != NULL && i < t->used; i++)
        if (t->entry[i].key == in->w64[0]) {
            answer->w64[0] = t->entry[i].value;
            answer->len = sizeof answer->w64[0];
            return SK_OK;
        }
    return SK_ERR_NOT_FOUND;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : TABLES_NAME;
    static const struct sk_method methods[] = {
        {.label = TABLES_PUT, .min_len = 16, .handle = on_put},
        {.label = TABLES_GET, .min_len = 8, .handle = on_get}};
    struct sk_client client[CLIENTS];
    struct sk_server server = {.methods = methods, .method_count = 2};
    struct sk_loop loop;
    memset(client, 0, sizeof client);
    sk_loop_init(&loop, client, CLIENTS, NULL);
    sk_err err = sk_serve(&loop, &server, SK_EV_PORT, SK_PORT_DEPTH_MAX);
    if (err == SK_OK)
        err = names_register(name, server.port);
    if (err) {
        printf("tables: %s: %s\n", name, sk_err_text(err));
        return 1;
    }
    sk_loop_run(&loop);
    return 0;
}
