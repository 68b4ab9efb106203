/* See loop.h: clients of a service, from their connection to their end, and what they are answered.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/build.h"
#include "lib/loop_inside.h"
#include "lib/xport.h"

/* --- Coming and going ------------------------------------------------------------------------ */

void sk_serve_port(struct sk_loop *loop, struct sk_server *server, sk_handle port, uint32_t bit)
{
    server->port = port;
    server->port_bit = bit & 31u;
    server->next = loop->servers;
    loop->servers = server;
    if (port != SK_HANDLE_NONE) {
        loop->event_mask |= 1u << server->port_bit;
        loop->accept_again = true; /* some may wait already */
    }
}

sk_err sk_serve(struct sk_loop *loop, struct sk_server *server, uint32_t bit, uint32_t depth)
{
    sk_handle port;
    sk_err err = sys_port_create(bit, depth, &port);
    if (err == SK_OK)
        sk_serve_port(loop, server, port, bit);
    return err;
}

sk_err sk_client_adopt(struct sk_loop *loop, struct sk_server *server, sk_handle end, void *user,
                       struct sk_client **result)
{
    struct sk_client *client = NULL;
    for (uint32_t i = 0; i < loop->client_count && client == NULL; i++)
        if (!loop->clients[i].in_use)
            client = &loop->clients[i];
    if (client == NULL)
        return SK_ERR_FULL;
    sk_err err = sk_chan_open(&client->source.chan, end, SK_EV_CHAN);
    if (err != SK_OK)
        return err;
    client->source.is_client = true;
    client->source.on_end = NULL;
    client->server = server;
    client->user = user;
    client->in_use = true;
    sk_source_attach(loop, &client->source);
    if (result != NULL)
        *result = client;
    return SK_OK;
}

void sk_client_close(struct sk_loop *loop, struct sk_client *client)
{
    if (!client->in_use)
        return;
    if (loop->late.chan == &client->source.chan)
        loop_flush_late(loop);
    client->in_use = false;
    client->gen++;
    if (client->server->on_close != NULL)
        client->server->on_close(loop, client);
    sk_source_detach(loop, &client->source);
    sk_chan_close(&client->source.chan);
    client->user = NULL;
    loop->accept_again = true;
}

/* The next connection at a port. False: none, or not now. */
static bool accept_one(struct sk_loop *loop, struct sk_server *server)
{
    sk_handle end;
    struct sk_client *client;
    sk_err err = sys_port_accept(server->port, &end);
    if (err != SK_OK) {
        loop->accept_again |= err == SK_ERR_BUDGET;
        return false;
    }
    if (sk_client_adopt(loop, server, end, NULL, &client) != SK_OK)
        sys_close(end); /* no place: it learns at once */
    else if (server->on_open != NULL && server->on_open(loop, client) != SK_OK)
        sk_client_close(loop, client);
    return true;
}

void loop_accept(struct sk_loop *loop, uint32_t events)
{
    bool again = loop->accept_again;
    loop->accept_again = false;
    for (struct sk_server *s = loop->servers; s != NULL; s = s->next)
        if (s->port != SK_HANDLE_NONE && (again || (events >> s->port_bit & 1u)))
            while (accept_one(loop, s))
                ;
}

/* --- Answers that were put off --------------------------------------------------------------- */

struct sk_client *sk_ticket_client(struct sk_loop *loop, struct sk_ticket ticket)
{
    if (ticket.client >= loop->client_count)
        return NULL;
    struct sk_client *client = &loop->clients[ticket.client];
    return client->in_use && client->gen == ticket.gen ? client : NULL;
}

sk_err sk_answer(struct sk_loop *loop, struct sk_ticket ticket, sk_err err, const void *bytes,
                 uint32_t len, const sk_handle *handle, uint32_t handles)
{
    bool wake;
    struct sk_client *client = sk_ticket_client(loop, ticket);
    if (client == NULL)
        return SK_ERR_PEER_DEAD;
    loop_flush_late(loop); /* first come, first served */
    sk_err sent =
        sk_reply(&client->source.chan, ticket.token, err, bytes, len, handle, handles, &wake);
    loop_answered(loop, client, sent, wake);
    return sent;
}
