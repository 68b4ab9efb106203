/* Three shapes of a channel beside FIFO: `shapes ring|latest|count [COUNT]` has `shaper` send it
 * COUNT messages or events, receives them slowly, and looks whether what it is told adds up.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "apps/shapes.h"
#include "lib/names.h"
#include "lib/self.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_MS 5000u

static const char *const names[SHAPES] = {"ring", "latest", "count"};

/* A channel on which the sender sends; asked for over another one. */
static sk_err subscribe(struct sk_chan *chan, struct wish wish)
{
    struct sk_chan service;
    struct sk_in in;
    sk_handle theirs;
    sk_err err = names_connect(SHAPER_NAME, sk_in_ms(CONNECT_MS), &service);
    if (err != SK_OK)
        return err;
    err = sk_chan_create(chan, &theirs, SK_EV_CHAN);
    if (err == SK_OK) {
        struct sk_out out = {.label = SHAPER_SUBSCRIBE,
                             .len = sizeof(wish),
                             .bytes = &wish,
                             .handles = 1,
                             .handle = &theirs};
        err = sk_call_msg(&service, &out, &in, 0, sk_in_ms(CONNECT_MS));
        if (err != SK_OK)
            sk_chan_close(chan);
    }
    sk_chan_close(&service);
    return err;
}

static int receive(uint32_t shape, uint32_t count)
{
    struct sk_chan chan;
    struct sk_shape_rx rx;
    struct sk_shape_msg m;
    uint64_t taken = 0, told = 0; /* receptions; what they stand for */
    sk_err err = subscribe(&chan, (struct wish){shape, count});
    if (err != SK_OK) {
        printf("shapes: %s\n", sk_err_text(err));
        return 1;
    }
    sk_shape_rx_init(&rx, &chan);
    while (err == SK_OK) {
        uint64_t more = 0, before = rx.number;
        if (shape == RING)
            err = sk_shape_recv_until(&rx, &m, &more, SK_FOREVER);
        else if (shape == LATEST)
            err = sk_latest_recv_until(&rx, &m, SK_FOREVER);
        else
            err = sk_count_recv_until(&rx, &more, SK_FOREVER);
        if (err != SK_OK)
            break;
        taken++;
        told += shape == RING ? more + 1 : shape == LATEST ? rx.number - before : more;
        if (shape != COUNT && m.w64[0] != rx.number)
            err = SK_ERR_PROTOCOL;
        if (taken % 16 == 0)
            sk_sleep_until(sk_in_ms(3));
    }
    bool right = err == SK_ERR_PEER_DEAD && told == rx.number;
    printf("shapes: %s on core %u: %llu of %u in %llu receptions: %s\n", names[shape],
           (unsigned)sk_my_core(), (unsigned long long)told, (unsigned)count,
           (unsigned long long)taken,
           !right               ? "does not add up"
           : rx.number == count ? "adds up"
                                : "the sender died");
    return right ? 0 : 1;
}

int main(int argc, char **argv)
{
    for (uint32_t i = 0; i < SHAPES; i++)
        if (argc > 1 && strcmp(argv[1], names[i]) == 0)
            return receive(i, argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 500u);
    printf("usage: shapes ring|latest|count [COUNT]\n");
    return 2;
}
