/* Skerry's channels as programs use them (lib/chan.h on arch/linux): messages of bytes, checked,
 * with a peer that may sleep, close or die. Rings have 16 slots, whatever a measure asks for.
 * Polled by attempts, as the other systems are; asleep and adaptive by calls that wait.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "skerry_area.h"
#include "systems.h"

struct sky_end {
    struct sk_chan chan __attribute__((aligned(BENCH_LINE)));
    struct sk_in in;
    struct run *run;
    sk_ns deadline;
};

static void look_open(struct sky_end *e, struct run *run, unsigned pair)
{
    (void)pair;
    e->run = run;
    sky_begin(run, sky_looks(run));
    if (run->side == 0)
        sky_connect(run, &e->chan);
    else
        sky_accept(run, sky_serve(run), &e->chan);
    e->deadline = sk_in_ms(SKY_WAIT_MS);
}

LOOP struct sk_out sky_out(uint64_t *word, uint64_t number)
{
    msg_fill(word, number);
    return (struct sk_out){
        .label = number & 0xfffu, .len = BENCH_WORDS * sizeof *word, .bytes = word};
}

LOOP void sky_judge(struct sky_end *e, uint64_t expect, uint64_t *bad)
{
    *bad |= e->in.label ^ (expect & 0xfffu);
    msg_check(e->in.w64, expect, bad);
}

LOOP uint64_t look_send(void *end, uint64_t number, uint64_t count)
{
    struct sky_end *e = end;
    uint64_t word[BENCH_WORDS];
    if (!count)
        return 0;
    struct sk_out out = sky_out(word, number);
    sk_err err = sk_send_try(&e->chan, &out);
    if (err == SK_ERR_FULL)
        return 0;
    sky_must(e->run, err, "send");
    return 1;
}

LOOP uint64_t look_recv(void *end, uint64_t expect, uint64_t max, uint64_t *bad)
{
    struct sky_end *e = end;
    (void)max;
    sk_err err = sk_recv_try(&e->chan, &e->in);
    if (err == SK_ERR_EMPTY)
        return 0;
    sky_must(e->run, err, "receive");
    sky_judge(e, expect, bad);
    return 1;
}

#define nap_open look_open

LOOP uint64_t nap_send(void *end, uint64_t number, uint64_t count)
{
    struct sky_end *e = end;
    uint64_t word[BENCH_WORDS];
    if (!count)
        return 0;
    struct sk_out out = sky_out(word, number);
    sky_must(e->run, sk_send_until(&e->chan, &out, e->deadline), "send");
    return 1;
}

LOOP uint64_t nap_recv(void *end, uint64_t expect, uint64_t max, uint64_t *bad)
{
    struct sky_end *e = end;
    (void)max;
    sky_must(e->run, sk_recv_until(&e->chan, &e->in, e->deadline), "receive");
    sky_judge(e, expect, bad);
    return 1;
}

static void nap_wait(void *end)
{
    sky_must(((struct sky_end *)end)->run, SK_ERR_STATE, "what waits has not");
}

QUEUE_POLLED_SIDES(look, sky_end)
QUEUE_POLLED_SIDES(nap, sky_end)
QUEUE_SLEEPING_SIDES(nap, sky_end)

#define SKY_SIDES(a, b)                                                                            \
    {                                                                                              \
        sky_##a##_side, sky_##b##_side                                                             \
    }

const struct system skerry = {
    .name = "skerry",
    .about = "Skerry's channels and calls by name, polled; rings of 16",
    .slots = SK_CHAN_SLOTS,
    .setup = sky_setup,
    .side = {[KIND_RTT] = QUEUE_RTT(look),
             [KIND_STREAM] = QUEUE_STREAM(look),
             [KIND_RPC] = SKY_SIDES(window, serve),
             [KIND_CLIENTS] = SKY_SIDES(client, clients),
             [KIND_IDLE] = SKY_SIDES(idle, serve),
             [KIND_COPY] = SKY_SIDES(give, get),
             [KIND_MOVE] = SKY_SIDES(hand, back),
             [KIND_TOUCH] = SKY_SIDES(hand, back)},
};

const struct system skerry_sleep = {
    .name = "skerry-sleep",
    .about = "the same, whoever waits sleeps at once",
    .setup = sky_setup,
    .side = {[KIND_ASLEEP] = QUEUE_ASLEEP(nap),
             [KIND_SOON] = QUEUE_SOON(nap),
             [KIND_LATE] = QUEUE_LATE(nap),
             [KIND_RPC] = SKY_SIDES(window, serve),
             [KIND_CLIENTS] = SKY_SIDES(client, clients)},
};

const struct system skerry_adaptive = {
    .name = "skerry-adaptive",
    .about = "the same, who waits looks for 150 us, then sleeps",
    .slots = SK_CHAN_SLOTS,
    .setup = sky_setup,
    .side = {[KIND_RTT] = QUEUE_RTT(nap),
             [KIND_STREAM] = QUEUE_STREAM(nap),
             [KIND_SOON] = QUEUE_SOON(nap),
             [KIND_LATE] = QUEUE_LATE(nap),
             [KIND_RPC] = SKY_SIDES(window, serve),
             [KIND_CLIENTS] = SKY_SIDES(client, clients)},
};
