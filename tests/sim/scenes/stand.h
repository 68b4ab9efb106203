/* What most roles need: a service with one method that counts, a connection by name.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_SIM_STAND_H
#define TESTS_SIM_STAND_H

#include "lib/loop.h"
#include "lib/names.h"
#include "lib/self.h"

#include <string.h>
#include <witness.h>

#define STAND_MS 2000u

/* Serve under name, as role number `role` of the witness, until something goes wrong. */
static inline int stand_serve(const char *name, uint32_t role, const struct sk_method *methods,
                              uint32_t count, void *user)
{
    struct sk_client client[3] = {0};
    struct sk_loop loop;
    struct sk_server server = {.methods = methods, .method_count = count};
    witness.tid[role] = sk_my_tid();
    witness.born[role]++;
    sk_loop_init(&loop, client, 3, user);
    if (W_TOLD(sk_serve(&loop, &server, SK_EV_PORT, 3), SK_TID_NONE, SK_FOREVER) != SK_OK ||
        W_TOLD(names_register(name, server.port), SK_TID_NONE, SK_FOREVER) != SK_OK)
        return 1;
    sk_loop_run(&loop);
    return 0;
}

static inline sk_err stand_connect(const char *name, struct sk_chan *chan)
{
    sk_ns until = sk_in_ms(STAND_MS);
    return W_TOLD(names_connect(name, until, chan), SK_TID_NONE, until);
}

/* A message with a number and perhaps a handle, over a channel to whoever plays role. */
static inline sk_err stand_call(struct sk_chan *chan, uint16_t label, uint64_t n, sk_handle *handle,
                                struct sk_in *in, sk_tid peer)
{
    struct sk_out out = {.label = label,
                         .len = 8,
                         .bytes = &n,
                         .handles = handle != NULL && *handle != SK_HANDLE_NONE ? 1u : 0u,
                         .handle = handle};
    return W_TOLD(sk_call_msg(chan, &out, in, 56, SK_FOREVER), peer, SK_FOREVER);
}

/* Take whatever comes on an open end until it is over, or that deadline: messages numbered from
 * *next on. */
static inline sk_err stand_drain(struct sk_chan *chan, uint64_t *next, sk_ns until)
{
    struct sk_in in;
    sk_err err;
    while ((err = sk_recv_until(chan, &in, until)) == SK_OK) {
        W_CHECK(in.len == 8 && in.w64[0] == *next);
        ++*next;
    }
    return err;
}

#endif
