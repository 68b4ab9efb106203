/* A client calls a service by name. What it is told of each call is compared with what the service
 * did: answered is served once; dead or late, at most once.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/loop.h"
#include "lib/names.h"

#include <string.h>
#include <witness.h>

#define NAME    "service"
#define CALLS   3u
#define SERVER  0 /* index in witness.tid */
#define TIME_MS 2000u

static sk_err on_call(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                      struct sk_answer *answer)
{
    (void)loop, (void)client;
    uint64_t n = in->w64[0];
    if (n >= WITNESS_IDS)
        return SK_ERR_ARG;
    witness.served[n]++;
    answer->w64[0] = n * 3u + 1u;
    answer->len = 8;
    return SK_OK;
}

static int serve(void)
{
    static const struct sk_method methods[] = {{.label = 1, .min_len = 8, .handle = on_call}};
    struct sk_client client[2] = {0};
    struct sk_loop loop;
    struct sk_server server = {.methods = methods, .method_count = 1};
    witness.tid[SERVER] = sk_my_tid();
    sk_loop_init(&loop, client, 2, NULL);
    if (W_TOLD(sk_serve(&loop, &server, SK_EV_PORT, 2), SK_TID_NONE, SK_FOREVER) != SK_OK ||
        W_TOLD(names_register(NAME, server.port), SK_TID_NONE, SK_FOREVER) != SK_OK)
        return 1;
    sk_loop_run(&loop);
    return 0;
}

static int call(void)
{
    struct sk_chan chan;
    sk_ns until = sk_in_ms(TIME_MS);
    if (W_TOLD(names_connect(NAME, until, &chan), SK_TID_NONE, until) != SK_OK)
        return 1;
    for (uint64_t n = 0; n < CALLS; n++) {
        uint64_t answer = 0;
        uint32_t got = 0;
        sk_err err = sk_call(&chan, 1, &n, sizeof(n), &answer, sizeof(answer), &got, SK_FOREVER);
        witness.told[n]++;
        if (W_TOLD(err, witness.tid[SERVER], SK_FOREVER) == SK_OK) {
            W_CHECK(got == sizeof(answer) && answer == n * 3u + 1u);
            W_CHECK(witness.served[n] == 1);
        } else {
            W_CHECK(witness.served[n] <= 1);
            break;
        }
    }
    sk_chan_close(&chan);
    return 0;
}

int main(int argc, char **argv)
{
    (void)argc;
    return strcmp(argv[0], "rpc_server") == 0 ? serve() : call();
}
