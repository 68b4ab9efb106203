/* Two kernels at work, and a third core that writes anything into what it shares with them: they
 * never panic, their tables stay sound, and when that core begins anew everything comes back.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "peer.h"

#define STEPS_MAX 300u

static void hostile(struct input *in, sk_core core)
{
    struct sk_msg m = {.ctl = 0};
    switch (input_below(in, 12)) {
    case 0:
        peer_hello(core, peer[core].epoch);
        break;
    case 1:
        peer_hello(core, peer[core].epoch + 1u + input_below(in, 3));
        break;
    case 2:
        peer_presence(in, core);
        break;
    case 3:
        peer_flip(in, core);
        break;
    case 4:
        peer_scribble(in, core);
        break;
    case 5:
    case 6:
    case 7:
        some_request(in, core, &m);
        peer_send(core, &m, false);
        break;
    case 8:
        peer_take(core);
        break;
    case 9:
        peer_take(core);
        peer_answer(in, core);
        break;
    case 10:
        page_to(core)->bell_ack = fake_link[core][PEER].bell;
        break;
    default:
        page_to(core)->dead = page_to(core)->epoch;
        break;
    }
}

static void step(struct input *in)
{
    uint64_t args[6];
    uint8_t b = input_u8(in);
    sk_core core = b >> 7;
    switch (b % 16u) {
    case 0:
        fake_now += input_u8(in) * 100000u;
        break;
    case 1:
        settle();
        break;
    case 2:
        enter_bell(core);
        break;
    case 3:
        enter_timer(core);
        break;
    case 4:
        new_task(in, core);
        break;
    case 5:
    case 6:
    case 7:
        (void)any_call(in, core, args);
        break;
    case 8:
    case 9:
        new_channel(in, core);
        break;
    case 10:
        take_channel(in, core);
        break;
    case 11:
        scribble_ring(in, core);
        break;
    default:
        hostile(in, core);
        break;
    }
    (void)step_core(core);
}

/* Core PEER is only bytes: its kernel is taken away, its memory stays. */
static void begin(void)
{
    machine_begin(3);
    machine.cores = PEER;
    machine.steady = true;
    memset(peer, 0, sizeof(peer));
    for (sk_core c = 0; c < PEER; c++)
        peer_hello(c, 2);
    settle();
}

/* An honest kernel begins there: what the one before had of others comes back. False: it cannot,
 * because the one before has used up the epochs. */
static bool begin_anew(void)
{
    for (sk_core c = 0; c < PEER; c++)
        if (kern_of(c)->link[PEER].least > SK_EPOCH_MOST)
            return false;
    for (sk_core c = 0; c < PEER; c++) {
        uint32_t epoch = kern_of(c)->link[PEER].least;
        peer_hello(c, epoch == 0 ? 1 : epoch);
        page_to(c)->bell_ack = 1;
    }
    settle();
    return true;
}

/* A kernel whose only link is with that core may believe it that its epoch is over. */
static bool given_up(void)
{
    for (sk_core c = 0; c < PEER; c++)
        if (fake_cpu[c].halted && fake_crash[c].cause != SK_CRASH_GIVEN_UP)
            return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = input_of(data, size);
    if (setjmp(fake_halt) != 0) {
        if (!given_up())
            halted();
        fake_free();
        return 0;
    }
    begin();
    some_channels(&in);
    for (unsigned n = 0; n < STEPS_MAX && in.left != 0; n++)
        step(&in);
    if (begin_anew())
        machine_end();
    else
        fake_free();
    return 0;
}
