/* A service that init keeps, on the last core, and a client that calls it until it has had answers
 * of two of its lives. Between them it ends: because it is asked to (restart_caller), because its
 * core is restarted (restart_orderer and restart_rider), by the plan, or because its core is silent
 * for so long that it is given up, and wakes up then (restart_late).
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/proc.h"
#include "tests/sim/scenes/stand.h"

#define KEPT  0
#define TRIES 12u

enum { CALL = 1, END };

static sk_err on_call(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                      struct sk_answer *answer)
{
    (void)client;
    if (in->label == END)
        sk_loop_stop(loop);
    witness.served[in->w64[0] % WITNESS_IDS]++;
    answer->w64[0] = witness.born[KEPT];
    answer->len = 8;
    return SK_OK;
}

static int serve(void)
{
    static const struct sk_method methods[] = {{.label = CALL, .min_len = 8, .handle = on_call},
                                               {.label = END, .min_len = 8, .handle = on_call}};
    return stand_serve("kept", KEPT, methods, 2, NULL);
}

/* One connection: calls until it ends, at most so many, and one if it is another life than first.
 * The life that answered last, 0: none. */
static uint64_t one_life(struct sk_chan *chan, uint64_t *number, bool end, uint32_t calls,
                         uint64_t first)
{
    struct sk_in in;
    uint64_t life = 0;
    sk_tid peer = witness.tid[KEPT];
    for (uint32_t n = 0; n < calls && (first == 0 || life <= first); n++) {
        uint64_t id = *number % WITNESS_IDS, before = witness.served[id];
        ++*number;
        if (stand_call(chan, end && n == 1 ? END : CALL, id, NULL, &in, peer) != SK_OK)
            break;
        W_CHECK(in.len == 8 && witness.served[id] == before + 1u);
        life = in.w64[0];
    }
    sk_chan_close(chan);
    return life;
}

static int call(bool end)
{
    struct sk_chan chan;
    uint64_t first = 0, life = 0, number = 0;
    for (uint32_t n = 0; n < TRIES && (first == 0 || life <= first); n++) {
        sk_ns until = sk_in_ms(STAND_MS);
        sk_err err = names_connect("kept", until, &chan);
        if (err == SK_OK)
            life = one_life(&chan, &number, end && first == 0, end ? 3u : 400u, first);
        else
            sk_sleep_until(sk_in_ms(20)); /* its core may be about to come back */
        if (first == 0)
            first = life;
    }
    if (w_calm())
        W_CHECK(first != 0 && (life > first || !(end || w_can_force())));
    return 0;
}

static int order(void)
{
    sk_sleep_until(sk_now() + 60000); /* let some calls begin */
    sk_err err = proc_core_restart(NULL, sk_cores() - 1u, sk_in_ms(STAND_MS));
    if (err == SK_ERR_STATE && !w_can_force())
        return 1;
    return W_TOLD(err, SK_TID_NONE, SK_FOREVER) == SK_OK ? 0 : 1;
}

/* Wait until that core is seen in that state. */
static bool core_becomes(sk_core core, uint32_t state)
{
    struct proc_core info = {.info = {.state = SK_CORE_ABSENT}};
    for (uint32_t n = 0; n < 200 && info.info.state != state; n++) {
        sk_sleep_until(sk_in_ms(10));
        if (proc_core_info(NULL, core, &info) != SK_OK)
            return false;
    }
    return info.info.state == state;
}

static int late(void)
{
    struct sk_chan chan;
    struct sk_in in;
    sk_core core = sk_cores() - 1u;
    if (stand_connect("kept", &chan) != SK_OK)
        return 1;
    sk_tid peer = witness.tid[KEPT];
    uint64_t life = witness.born[KEPT];
    sk_err err = stand_call(&chan, CALL, 0, NULL, &in, peer);
    w_plan("freeze:1@0+600ms"); /* core, as this scenario has two */
    for (uint64_t n = 1; n < 4 && err == SK_OK; n++)
        err = stand_call(&chan, CALL, n, NULL, &in, peer);
    if (w_alone())
        W_CHECK(err == SK_ERR_PEER_DEAD);
    bool seen = core_becomes(core, SK_CORE_QUARANTINED);
    if (w_alone())
        W_CHECK(seen);
    uint64_t served = witness.served[1] + witness.served[2] + witness.served[3];
    /* It wakes up, finds its epoch over, and ends by itself: nothing more is served. */
    seen = core_becomes(core, SK_CORE_FENCED);
    if (w_alone())
        W_CHECK(seen);
    W_CHECK(witness.served[1] + witness.served[2] + witness.served[3] <= served + 1u);
    sk_chan_close(&chan);
    err = W_TOLD(proc_core_start(NULL, core, sk_in_ms(STAND_MS)), SK_TID_NONE, SK_FOREVER);
    if (err == SK_OK && stand_connect("kept", &chan) == SK_OK) {
        peer = witness.tid[KEPT];
        if (stand_call(&chan, CALL, 4, NULL, &in, peer) == SK_OK)
            W_CHECK(in.w64[0] > life);
    }
    if (w_alone())
        W_CHECK(err == SK_OK && witness.served[4] == 1);
    return 0;
}

int main(int argc, char **argv)
{
    (void)argc;
    return strcmp(argv[0], "restart_kept") == 0      ? serve()
           : strcmp(argv[0], "restart_orderer") == 0 ? order()
           : strcmp(argv[0], "restart_late") == 0    ? late()
                                                     : call(strcmp(argv[0], "restart_caller") == 0);
}
