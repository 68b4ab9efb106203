/* Skerry's channels between the sides of a sample: an area for each, its name service in a thread
 * of the sample's process, asleep while it is measured; each side joins as a task and is found by
 * name, as programs do it.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef BENCH_SKERRY_AREA_H
#define BENCH_SKERRY_AREA_H

#include "queue.h"
#include "lib/chan.h"
#include "lib/names.h"
#include <skerry_linux.h>

#define SKY_NAME    "bench"
#define SKY_WAIT_MS 8000u /* less than what the harness gives a sample */
#define SKY_DEPTH   16u   /* connections that wait at the server's port */

/* Make the area and its name service: a system's setup. */
void sky_setup(struct run *run);

/* How often sides of this system look at a ring before they sleep. SKY_ADAPTIVE: so often that it
 * takes SKY_BUDGET_NS, which is longer than a wake-up and shorter than BENCH_THINK_NS: an answer of
 * who is woken comes within it, one that is thought over does not. */
#define SKY_ADAPTIVE  (SK_LINUX_POLL - 1u)
#define SKY_BUDGET_NS 150000u
uint32_t sky_looks(const struct run *run);

/* This side becomes a task. */
void sky_begin(struct run *run, uint32_t looks);

/* Connect to side 1. */
void sky_connect(struct run *run, struct sk_chan *c);

/* Side 1: serve SKY_NAME; take the next connection. */
sk_handle sky_serve(struct run *run);
void sky_accept(struct run *run, sk_handle port, struct sk_chan *c);

/* The sample ends unless err is SK_OK. */
void sky_fail(struct run *run, sk_err err, const char *what) __attribute__((noreturn, cold));
static inline void sky_must(struct run *run, sk_err err, const char *what)
{
    if (__builtin_expect(err != SK_OK, 0))
        sky_fail(run, err, what);
}

/* Sides, each in the file that is named. */
void sky_call_side(struct run *run);    /* skerry_rpc.c: calls, one at a time */
void sky_window_side(struct run *run);  /* calls, measure->param outstanding */
void sky_serve_side(struct run *run);   /* answers all of them, in an event loop */
void sky_client_side(struct run *run);  /* one of several clients */
void sky_clients_side(struct run *run); /* answers and measures them */
void sky_idle_side(struct run *run);    /* calls, beside measure->param silent channels */
void sky_give_side(struct run *run);    /* skerry_bulk.c: payloads copied through regions */
void sky_get_side(struct run *run);
void sky_hand_side(struct run *run); /* a region there and back */
void sky_back_side(struct run *run);

#endif
