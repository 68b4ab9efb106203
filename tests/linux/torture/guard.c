/* See torture.h. SPDX-License-Identifier: BSD-2-Clause */
#include "torture.h"

static bool one(struct sk_chan c[2], uint32_t number)
{
    sk_handle far;
    uint8_t bytes[SK_PAYLOAD_MAX];
    struct note n = {0, number, NOTE_PLAIN, 0};
    struct sk_out out = {.label = 9, .len = note_write(bytes, &n), .bytes = bytes};
    if (sk_chan_create(&c[0], &far, SK_EV_FREE) != SK_OK)
        return false;
    if (sk_chan_open(&c[1], far, SK_EV_FREE) == SK_OK && sk_send_try(&c[0], &out) == SK_OK)
        return true;
    sk_chan_close(&c[0]);
    sk_chan_close(&c[1]);
    return false;
}

void guard_begin(struct guard *g)
{
    for (g->count = 0; g->count < GUARDS && one(g->chan[g->count], g->count); g->count++)
        ;
}

bool guard_end(struct guard *g)
{
    bool good = g->count != 0;
    for (uint32_t i = 0; i < g->count; i++) {
        struct sk_in in;
        struct note n;
        good &= sk_recv_try(&g->chan[i][1], &in) == SK_OK && note_read(&in, 0, i, &n);
        good &= sk_recv_try(&g->chan[i][1], &in) == SK_ERR_EMPTY;
        sk_chan_close(&g->chan[i][0]);
        sk_chan_close(&g->chan[i][1]);
    }
    return good;
}
