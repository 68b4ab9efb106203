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
    if (loop->wake_client == client)
        loop_flush_wake(loop);
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

/* --- Answers --------------------------------------------------------------------------------- */

/* After an answer was sent: wake the client, at the next sleep if it is on this core. */
static void wake_later(struct sk_loop *loop, struct sk_client *client)
{
    if (!sk_chan_same_core(&client->source.chan)) {
        sys_wake(client->source.chan.handle);
        return;
    }
    loop_flush_wake(loop);
    loop->wake_client = client;
}

/* A client that has not kept room for its answer breaks the rules. */
static void answered(struct sk_loop *loop, struct sk_client *client, sk_err err, bool wake)
{
    if (wake)
        wake_later(loop, client);
    if (err == SK_ERR_FULL || err == SK_ERR_TIMED_OUT)
        sk_client_close(loop, client);
}

static void answer_now(struct sk_loop *loop, struct sk_client *client, uint16_t token, sk_err err,
                       struct sk_answer *a)
{
    bool wake;
    sk_err sent;
    if (a->len <= SK_PAYLOAD_BYTES && a->handles == 0) {
        a->ctl = sk_ctl_make(a->len, 0, 0, true);
        a->label = (uint16_t)-err;
        a->token = token;
        sent = xport_send(&client->source.chan, &a->first, 1, &wake);
    } else {
        sent = sk_reply(&client->source.chan, token, err, a->bytes, a->len, a->handle, a->handles,
                        &wake);
    }
    if (sent != SK_OK)
        for (uint32_t i = 0; i < a->handles; i++)
            sys_close(a->handle[i]); /* those that have gone are stale here */
    answered(loop, client, sent, wake);
}

static const struct sk_method *find_method(const struct sk_server *server, uint16_t label)
{
    const struct sk_method *m = server->methods;
    uint32_t guess = label - 1u; /* labels mostly count from 1 */
    if (guess < server->method_count && m[guess].label == label)
        return &m[guess];
    for (uint32_t i = 0; i < server->method_count; i++)
        if (m[i].label == label)
            return &m[i];
    return NULL;
}

void loop_client_message(struct sk_loop *loop, struct sk_client *client, struct sk_in *in)
{
    struct sk_answer answer;
    uint16_t token = in->token;
    uint32_t gen = client->gen;
    const struct sk_method *method = find_method(client->server, in->label);
    answer.len = answer.handles = 0;
    answer.w64[0] = answer.w64[1] = answer.w64[2] = answer.w64[3] = 0;
    answer.w64[4] = answer.w64[5] = answer.w64[6] = 0;
    sk_err err;
    if (method == NULL)
        err = SK_ERR_UNSUPPORTED;
    else if (in->len < method->min_len || in->handles != method->handles || sk_in_reply(in))
        err = SK_ERR_ARG;
    else
        err = method->handle(loop, client, in, &answer);
    if (in->handles != 0)
        sk_in_drop_handles(in);
    if (err == SK_ANSWER_LATER || !client->in_use || client->gen != gen ||
        (method != NULL && method->one_way))
        return;
    answer_now(loop, client, token, err, &answer);
}

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
    sk_err sent =
        sk_reply(&client->source.chan, ticket.token, err, bytes, len, handle, handles, &wake);
    answered(loop, client, sent, wake);
    return sent;
}
