/* The service `echo`: sends back what it gets. With an argument it serves under that name instead.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "echo.h"
#include "lib/loop.h"
#include "lib/names.h"
#include "lib/take.h"

#include <stdio.h>
#include <string.h>

static sk_err on_same(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                      struct sk_answer *answer)
{
    (void)loop, (void)client;
    memcpy(answer->bytes, in->bytes, in->len);
    answer->len = in->len;
    return SK_OK;
}

static const struct sk_method methods[] = {{.label = ECHO_SAME, .handle = on_same}};

int main(int argc, char **argv)
{
    struct sk_loop loop;
    struct sk_server server = {.methods = methods, .method_count = 1};
    const char *name = argc > 1 ? argv[1] : ECHO_NAME;
    uint32_t clients = sk_clients_most();
    struct sk_client *client = sk_take(clients, sizeof *client, "clients");
    if (client == NULL)
        return 2;
    sk_loop_init(&loop, client, clients, NULL);
    sk_err err = sk_serve(&loop, &server, SK_EV_PORT, SK_PORT_DEPTH_MAX);
    if (err == SK_OK)
        err = names_register(name, server.port);
    if (err) {
        printf("echo: %s: %s\n", name, sk_err_text(err));
        return 1;
    }
    sk_loop_run(&loop);
    return 0;
}
