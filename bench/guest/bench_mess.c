/* Takes all that its budget gives: channels with full escrows, a port with connections that nobody
 * takes, mapped regions, a timer. Then it breaks off in the middle: what it held has to be taken
 * apart by its kernel.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/self.h"

#define CHANS 12u

static uint32_t channels(sk_handle (*chan)[2])
{
    struct sk_chan_view view;
    uint32_t n = 0;
    while (n < CHANS && sys_chan_create(SK_CHAN_SLOTS_MIN, &chan[n][0], &chan[n][1]) == SK_OK)
        n++;
    for (uint32_t i = 0; i < n; i++)
        (void)sys_chan_open(chan[i][0], SK_EV_FREE, &view);
    return n;
}

/* The first half carries ports, the second waits at one. */
static void give_all(sk_handle (*chan)[2], uint32_t n, sk_handle port)
{
    for (uint32_t i = 0; i < n; i++)
        if (i % 2u)
            (void)sys_port_connect(port, chan[i][1], 0);
        else
            while (sys_send_handle(chan[i][0], port, 0) == SK_OK)
                ;
}

int main(void)
{
    static sk_handle chan[CHANS][2];
    sk_handle port, region;
    uintptr_t at = 0;
    uint32_t n = channels(chan);
    if (sys_port_create(SK_EV_FREE + 1u, SK_PORT_DEPTH_MAX, &port) == SK_OK)
        give_all(chan, n, port);
    while (sys_region_create(1, &region) == SK_OK &&
           sys_region_map(region, 0, SK_PROT_R | SK_PROT_W, &at) == SK_OK)
        *(volatile uint32_t *)at = 1;
    (void)sys_timer(SK_EV_FREE, sk_in_ms(60000));
    __builtin_trap();
}
