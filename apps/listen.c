/* Hears what `broadcast` sends: `listen overwrite|wait|disconnect [PAUSE_MS]`, on any core, pauses
 * after every eighth message and says what it got, what it has missed, and whether that adds up.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "apps/broadcast.h"
#include "lib/cast.h"
#include "lib/names.h"
#include "lib/self.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_MS 5000u

static const char *const policies[SK_CAST_POLICIES] = {"overwrite", "wait", "disconnect"};

static sk_err subscribe(struct sk_chan *chan, uint32_t policy)
{
    struct sk_chan service;
    struct sk_in in;
    sk_handle theirs;
    sk_err err = names_connect(BROADCAST_NAME, sk_in_ms(CONNECT_MS), &service);
    if (err != SK_OK)
        return err;
    err = sk_chan_create(chan, &theirs, SK_EV_CHAN);
    if (err == SK_OK) {
        struct sk_out out = {.label = BROADCAST_SUBSCRIBE,
                             .len = sizeof(policy),
                             .bytes = &policy,
                             .handles = 1,
                             .handle = &theirs};
        err = sk_call_msg(&service, &out, &in, 0, sk_in_ms(CONNECT_MS));
        if (err != SK_OK)
            sk_chan_close(chan);
    }
    sk_chan_close(&service);
    return err;
}

static int hear(uint32_t policy, uint32_t pause_ms)
{
    struct sk_chan chan;
    struct sk_shape_rx rx;
    struct sk_shape_msg m;
    uint64_t heard = 0, missed = 0, gap, first = 0;
    sk_err err = subscribe(&chan, policy);
    if (err != SK_OK) {
        printf("listen: %s\n", sk_err_text(err));
        return 1;
    }
    sk_shape_rx_init(&rx, &chan);
    while ((err = sk_shape_recv_until(&rx, &m, &gap, SK_FOREVER)) == SK_OK) {
        heard++;
        missed += gap;
        first = first != 0 ? first : m.w64[0] - gap;
        if (m.w64[0] != first + heard + missed - 1)
            break; /* not what the gaps say */
        if (heard % 8 == 0)
            sk_sleep_until(sk_in_ms(pause_ms));
    }
    bool right = err == SK_ERR_PEER_DEAD;
    printf("listen: %s on core %u: %llu heard, %llu missed: %s\n", policies[policy],
           (unsigned)sk_my_core(), (unsigned long long)heard, (unsigned long long)missed,
           right ? "adds up" : "does not add up");
    return right ? 0 : 1;
}

int main(int argc, char **argv)
{
    for (uint32_t i = 0; i < SK_CAST_POLICIES; i++)
        if (argc > 1 && strcmp(argv[1], policies[i]) == 0)
            return hear(i, argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0);
    printf("usage: listen overwrite|wait|disconnect [PAUSE_MS]\n");
    return 2;
}
