/* See death.h: runs what it is asked, which is to tell the witness, then answers.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "death.h"
#include "lib/loop.h"
#include "lib/take.h"

#include <string.h>

static sk_err on_run(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                     struct sk_answer *answer)
{
    struct death_word word;
    (void)client;
    memcpy(&word, in->bytes, sizeof(word));
    sk_err err = death_ask(loop->user, DEATH_RUN, &word);
    memcpy(answer->bytes, &word, sizeof(word));
    answer->len = sizeof(word);
    return err;
}

static const struct sk_method methods[] = {
    {.label = DEATH_RUN, .min_len = sizeof(struct death_word), .handle = on_run}};

int main(void)
{
    struct sk_loop loop;
    struct sk_chan witness;
    struct sk_server server = {.methods = methods, .method_count = 1};
    uint32_t clients = sk_clients_most() - 1u;
    struct sk_client *client = sk_take(clients, sizeof(*client), "clients");
    if (client == NULL || names_connect(DEATH_WITNESS, SK_FOREVER, &witness) != SK_OK)
        return 2;
    sk_loop_init(&loop, client, clients, &witness);
    sk_err err = sk_serve(&loop, &server, SK_EV_PORT, SK_PORT_DEPTH_MAX);
    if (err == SK_OK)
        err = names_register(DEATH_SERVER, server.port);
    if (err != SK_OK)
        return 1;
    sk_loop_run(&loop);
    return 0;
}
