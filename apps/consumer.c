/* The other side of apps/handover.c: a service that gets a region with each request, works on all
 * of it, and gives it back with the answer. SPDX-License-Identifier: BSD-2-Clause */
#include "handover.h"
#include "lib/loop.h"
#include "lib/names.h"
#include "lib/self.h"
#include "lib/take.h"

#include <stdio.h>

static sk_err on_work(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                      struct sk_answer *answer)
{
    uintptr_t at;
    uint32_t pages;
    (void)loop, (void)client;
    if (in->handle[0] == SK_HANDLE_NONE)
        return SK_ERR_BUDGET;
    sk_err err = sys_region_map_all(in->handle[0], SK_PROT_R | SK_PROT_W, &at, &pages);
    if (err != SK_OK)
        return err;
    for (uint32_t i = 0; i < handover_words(pages); i++)
        ((uint32_t *)at)[i]++;
    err = sys_region_unmap(in->handle[0]);
    answer->w32[0] = sk_my_core();
    answer->w32[1] = pages;
    answer->len = 8;
    answer->handle[0] = in->handle[0];
    answer->handles = 1;
    in->handle[0] = SK_HANDLE_NONE;
    return err;
}

int main(void)
{
    static const struct sk_method methods[] = {
        {.label = CONSUMER_WORK, .handles = 1, .handle = on_work}};
    struct sk_loop loop;
    struct sk_server server = {.methods = methods, .method_count = 1};
    uint32_t clients = sk_clients_most();
    struct sk_client *client = sk_take(clients, sizeof *client, "clients");
    if (client == NULL)
        return 2;
    sk_loop_init(&loop, client, clients, NULL);
    sk_err err = sk_serve(&loop, &server, SK_EV_PORT, SK_PORT_DEPTH_MAX);
    if (err == SK_OK)
        err = names_register(CONSUMER_NAME, server.port);
    if (err != SK_OK) {
        printf("consumer: %s: %s\n", CONSUMER_NAME, sk_err_text(err));
        return 1;
    }
    sk_loop_run(&loop);
    return 0;
}
