/* The other side of the measured calls: a service as any other, on the library's event loop, under
 * the name in its first argument. It answers at once: with nothing, or with what it was sent.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/loan.h"
#include "lib/loop.h"
#include "lib/names.h"
#include "regions.h"

#include <string.h>

#define CLIENTS 4u

static sk_err answer_nothing(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                             struct sk_answer *answer)
{
    (void)loop, (void)client, (void)in, (void)answer;
    return SK_OK;
}

static sk_err answer_same(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                          struct sk_answer *answer)
{
    (void)loop, (void)client;
    if (in->len <= SK_PAYLOAD_BYTES) {
        memcpy(answer->bytes, in->bytes, in->len);
        answer->len = in->len;
    }
    return SK_OK;
}

static sk_err read_loan(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                        struct sk_answer *answer)
{
    static uint8_t bytes[BENCH_LOAN_BYTES];
    struct sk_loan_ref loan = {.chan = &client->source.chan, .token = in->token};
    (void)loop, (void)answer;
    return in->w32[0] <= sizeof(bytes) ? sk_loan_read(loan, 0, bytes, in->w32[0]) : SK_ERR_ARG;
}

static const struct sk_method methods[] = {
    {.label = BENCH_NOTHING, .handle = answer_nothing},
    {.label = BENCH_SAME, .handle = answer_same},
    {.label = BENCH_LOAN, .min_len = 4, .handle = read_loan},
};

int main(int argc, char **argv)
{
    static struct sk_client clients[CLIENTS];
    static struct sk_loop loop;
    static struct sk_server server = {.methods = methods,
                                      .method_count = sizeof(methods) / sizeof(methods[0])};
    if (argc != 2)
        return 2;
    sk_loop_init(&loop, clients, CLIENTS, NULL);
    if (sk_serve(&loop, &server, SK_EV_PORT, 1) != SK_OK ||
        names_register(argv[1], server.port) != SK_OK)
        return 1;
    sk_loop_run(&loop);
    return 0;
}
