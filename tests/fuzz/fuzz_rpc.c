/* The library's channels and calls with a peer that writes anything into the channel's memory and
 * hands over what it likes: every result is one that lib/chan.h and lib/rpc.h name, what is
 * received is in bounds, and nothing is left when both have closed.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "input.h"
#include "lib/xport.h"
#include "tests/unit/fake_user.h"

#include <skerry/syscall.h>

#define CALLS 4

static struct {
    struct input in;
    struct sk_chan chan; /* the honest end, of task 0 */
    sk_handle far;       /* the other end, of task 1 */
    struct sk_chan_mem *mem;
    struct ring_tx tx; /* of the peer, as it should be */
    struct ring_rx rx;
    uint16_t asked; /* the token of the last request */
    struct sk_call call[CALLS];
    struct sk_in reply[CALLS];
    bool begun[CALLS];
} w;

/* --- The peer: one hostile step -------------------------------------------------------------- */

static void peer_message(void)
{
    struct sk_msg m[SK_SLOTS_MAX];
    bool wake;
    uint8_t b = input_u8(&w.in);
    uint32_t lines = 1u + b % SK_SLOTS_MAX;
    for (uint32_t i = 0; i < lines; i++) {
        uint8_t c = input_u8(&w.in);
        m[i] = (struct sk_msg){.ctl = sk_ctl_make(c % 57u, lines - 1u - i, c >> 6, b >> 7),
                               .label = (uint16_t)(c < 250 ? c / 4u : SK_LABEL_DROP),
                               .token = b & 0x40u ? input_u16(&w.in) : w.asked};
        memset(m[i].bytes, c, sizeof(m[i].bytes));
    }
    (void)ring_send(&w.tx, m, lines, &wake);
}

static void peer_takes(void)
{
    struct sk_msg m[SK_SLOTS_MAX];
    uint32_t lines;
    bool wake;
    if (ring_recv(&w.rx, m, SK_SLOTS_MAX, &lines, &wake) == SK_OK)
        w.asked = m[0].token;
}

static void peer_scribbles(void)
{
    uint32_t *mem = (uint32_t *)w.mem;
    uint16_t at = input_u16(&w.in);
    uint32_t v = input_u32(&w.in);
    if (at & 0x8000u)
        v = (v & ~SK_CTL_TAG) | ring_tag(w.tx.next - (at >> 12 & 1u), w.tx.epoch_tag);
    mem[at % (sizeof(*w.mem) / sizeof(*mem))] = v;
}

static void peer_hands_over(void)
{
    uint64_t r[4];
    if (fake_create(r) != SK_OK)
        return;
    fake_close(fake_end_of(r[1]));
    if (fake_send_handle(fake_end_of(w.far), r[2]) != SK_OK)
        fake_close(fake_end_of(r[2]));
}

static void peer_step(void)
{
    bool there = fake_end_of(w.far) >= 0;
    struct fake_task *before = fake.current;
    if (!there || w.mem == NULL)
        return;
    fake.current = &fake.task[1];
    switch (input_below(&w.in, 8)) {
    case 0:
    case 1:
        peer_message();
        break;
    case 2:
    case 3:
        peer_takes();
        break;
    case 4:
        peer_scribbles();
        break;
    case 5:
        peer_hands_over();
        break;
    case 6:
        if (input_below(&w.in, 4) == 0)
            fake_close(fake_end_of(w.far));
        break;
    default:
        (void)fake_wake(fake_end_of(w.far));
        break;
    }
    fake.current = before;
}

/* Its turn while the honest task sleeps. */
static void peer_run(void)
{
    for (unsigned n = input_below(&w.in, 4); n > 0; n--)
        peer_step();
}

/* --- The honest side ------------------------------------------------------------------------- */

static void check_in(struct sk_in *in)
{
    FUZZ_CHECK(in->len <= SK_PAYLOAD_MAX);
    FUZZ_CHECK(in->handles <= SK_MSG_HANDLES);
    sk_in_drop_handles(in);
}

static void check_err(sk_err err)
{
    FUZZ_CHECK(err <= SK_OK && err >= SK_ERR_LAST);
}

static void begin(uint32_t i)
{
    struct sk_out out = {.label = 3, .len = input_u8(&w.in), .bytes = w.mem};
    static uint8_t bytes[256];
    out.bytes = bytes;
    if (w.begun[i])
        return;
    sk_err err = sk_call_begin(&w.chan, &w.call[i], &out, &w.reply[i], input_u8(&w.in));
    check_err(err);
    w.begun[i] = err == SK_OK;
}

static void end(uint32_t i)
{
    if (!w.begun[i])
        return;
    sk_err err = sk_call_end(&w.chan, &w.call[i], fake.now + 3000);
    if (w.call[i].ended || err != SK_ERR_TIMED_OUT) {
        w.begun[i] = false;
        if (err == SK_OK)
            check_in(&w.reply[i]);
    }
}

static void call(void)
{
    uint8_t request[SK_PAYLOAD_MAX] = {1}, reply[SK_PAYLOAD_MAX];
    uint32_t got = 0, max = input_u8(&w.in) % (SK_PAYLOAD_MAX + 1u);
    uint8_t *exact = malloc(max == 0 ? 1 : max);
    sk_err err = sk_call(&w.chan, 5, request, input_u8(&w.in) % (SK_PAYLOAD_MAX + 1u), exact, max,
                         &got, fake.now + 5000);
    if (err == SK_OK)
        FUZZ_CHECK(got <= max);
    memcpy(reply, exact, max);
    free(exact);
}

static void receive(void)
{
    struct sk_in in;
    sk_err err = input_below(&w.in, 2) ? sk_recv_try(&w.chan, &in)
                                       : sk_recv_until(&w.chan, &in, fake.now + 3000);
    check_err(err);
    if (err != SK_OK)
        return;
    FUZZ_CHECK(in.len <= SK_PAYLOAD_MAX && in.handles <= SK_MSG_HANDLES);
    if (sk_in_reply(&in))
        check_err(sk_call_deliver(&w.chan, &in));
    else if (input_below(&w.in, 2))
        check_err(sk_reply(&w.chan, in.token, SK_OK, in.bytes, in.len, NULL, 0, NULL));
    if (!sk_in_reply(&in))
        sk_in_drop_handles(&in);
}

static void send(void)
{
    static uint8_t bytes[256];
    struct sk_out out = {.label = 9, .len = input_u8(&w.in), .bytes = bytes};
    check_err(input_below(&w.in, 2) ? sk_send_try(&w.chan, &out)
                                    : sk_send_until(&w.chan, &out, fake.now + 3000));
}

static void step(void)
{
    uint8_t b = input_u8(&w.in);
    switch (b % 12u) {
    case 0:
        begin(b / 16u % CALLS);
        break;
    case 1:
        end(b / 16u % CALLS);
        break;
    case 2:
        call();
        break;
    case 3:
        receive();
        break;
    case 4:
        send();
        break;
    case 5:
        (void)sk_chan_arm(&w.chan);
        break;
    case 6:
        if (w.begun[b / 16u % CALLS])
            sk_call_cancel(&w.chan, &w.call[b / 16u % CALLS]);
        w.begun[b / 16u % CALLS] = false;
        break;
    case 7:
        fake.task[0].handles_left = b / 16u % 4u;
        break;
    default:
        peer_step();
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    memset(&w, 0, sizeof(w));
    w.in = input_of(data, size);
    fake_start();
    fake.far_cores = input_below(&w.in, 2);
    fake.task[1].run = peer_run;
    FUZZ_CHECK(sk_chan_create(&w.chan, &w.far, 1) == SK_OK);
    struct sk_chan_view view;
    fake.current = &fake.task[1];
    FUZZ_CHECK(fake_open(fake_end_of(w.far), 1, &view) == SK_OK);
    fake.current = &fake.task[0];
    w.mem = (struct sk_chan_mem *)(uintptr_t)view.mem;
    uint32_t slots = view.slots, mine = view.side * slots, theirs = (1u - view.side) * slots;
    ring_tx_init(&w.tx, &w.mem->slot[mine], slots, &w.mem->line[view.side],
                 &w.mem->line[1u - view.side], view.epoch);
    ring_rx_init(&w.rx, &w.mem->slot[theirs], slots, &w.mem->line[view.side],
                 &w.mem->line[1u - view.side], view.epoch);
    while (w.in.left != 0)
        step();
    sk_chan_close(&w.chan);
    if (fake_end_of(w.far) >= 0)
        fake_close(fake_end_of(w.far));
    FUZZ_CHECK(fake_ends_open() == 0);
    return 0;
}
