/* System calls from the input's bytes: mostly with arguments that mean something to the task that
 * runs, now and then with any at all. Without the few that end the test: HALT, and the end of init
 * or of its first two handles.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef FUZZ_CALLS_H
#define FUZZ_CALLS_H

#include "kernels.h"

/* What an argument is. H_*: a handle of that kind. */
enum arg {
    A_ANY,
    A_SMALL, /* 0..17 */
    A_SLOTS, /* of a channel */
    A_BIT,   /* 0..33 */
    A_MASK,
    A_WHEN, /* a deadline */
    A_ADDR, /* of the task's memory */
    A_LEN,
    A_LINES,  /* A_ADDR, with a message there */
    A_PARAMS, /* A_ADDR, with parameters of a task there */
    A_LEND,   /* A_ADDR, with a struct sk_lend there */
    A_COPY,   /* A_ADDR, with a struct sk_loan_copy there */
    A_LOAN,   /* what a loan is called */
    A_PROT,
    A_CALL, /* slots | max << 8 */
    A_OFFSET,
    H_ANY,
    H_CHAN,
    H_PORT,
    H_REGION,
    H_TASK,
    H_CONTROL,
    H_DEVICE,
};

/* In the order of the arguments; what is not here is A_ANY. */
static const uint8_t call_args[SK_CALL_COUNT][6] = {
    [SK_CALL_WAIT] = {A_MASK, A_WHEN},
    [SK_CALL_CANCEL_ON] = {A_MASK},
    [SK_CALL_WAKE] = {H_CHAN},
    [SK_CALL_WAKE_WAIT] = {H_CHAN, A_MASK, A_WHEN},
    [SK_CALL_TIMER] = {A_BIT, A_WHEN},
    [SK_CALL_LOG_WRITE] = {A_ADDR, A_LEN},
    [SK_CALL_CLOSE] = {H_ANY},
    [SK_CALL_DUP] = {H_PORT, A_SMALL},
    [SK_CALL_INFO] = {H_ANY, A_ADDR},
    [SK_CALL_SEND_HANDLE] = {H_CHAN, H_ANY, A_WHEN},
    [SK_CALL_TAKE_HANDLE] = {H_CHAN},
    [SK_CALL_CHAN_CREATE] = {A_SLOTS},
    [SK_CALL_CHAN_OPEN] = {H_CHAN, A_BIT, A_ADDR},
    [SK_CALL_CHAN_SEND] = {H_CHAN, A_LINES, A_SMALL},
    [SK_CALL_CHAN_RECV] = {H_CHAN, A_ADDR, A_SMALL},
    [SK_CALL_CHAN_ARM] = {H_CHAN},
    [SK_CALL_CHAN_WANT] = {H_CHAN, A_SMALL},
    [SK_CALL_PORT_CREATE] = {A_BIT, A_SMALL},
    [SK_CALL_PORT_ACCEPT] = {H_PORT},
    [SK_CALL_PORT_CONNECT] = {H_PORT, H_CHAN, A_WHEN},
    [SK_CALL_REGION_CREATE] = {A_SMALL},
    [SK_CALL_REGION_MAP] = {H_REGION, A_ADDR, A_PROT},
    [SK_CALL_REGION_UNMAP] = {H_REGION},
    [SK_CALL_TASK_CREATE] = {H_CONTROL, A_PARAMS},
    [SK_CALL_TASK_MAP] = {H_TASK, H_REGION, A_ADDR, A_PROT},
    [SK_CALL_TASK_GIVE] = {H_TASK, H_ANY},
    [SK_CALL_TASK_START] = {H_TASK},
    [SK_CALL_TASK_KILL] = {H_TASK},
    [SK_CALL_TASK_INFO] = {H_TASK, A_ADDR},
    [SK_CALL_CORE_START] = {H_CONTROL, A_SMALL, A_WHEN},
    [SK_CALL_CORE_INFO] = {H_CONTROL, A_SMALL, A_ADDR},
    [SK_CALL_CORE_CONNECT] = {H_CONTROL, A_SMALL, H_CHAN, A_WHEN},
    [SK_CALL_LOG_READ] = {H_CONTROL, A_ADDR, A_LEN, A_LEN},
    [SK_CALL_HALT] = {H_CHAN},
    [SK_CALL_STATS] = {H_CONTROL, A_ADDR},
    [SK_CALL_DEV_OPEN] = {H_CONTROL, A_SMALL},
    [SK_CALL_DEV_MAP] = {H_DEVICE},
    [SK_CALL_IRQ_BIND] = {H_DEVICE, A_BIT},
    [SK_CALL_IRQ_ACK] = {H_DEVICE},
    [SK_CALL_CHAN_CALL] = {H_CHAN, A_LINES, A_CALL, A_WHEN},
    [SK_CALL_CHAN_SEND_WAIT] = {H_CHAN, A_LINES, A_SMALL, A_MASK, A_WHEN},
    [SK_CALL_IMAGE_OPEN] = {H_CONTROL, A_SMALL},
    [SK_CALL_CORE_RESTART] = {H_CONTROL, A_SMALL, A_WHEN},
    [SK_CALL_LEND] = {H_CHAN, A_LEND, A_MASK, A_WHEN},
    [SK_CALL_LOAN_READ] = {H_CHAN, A_LOAN, A_SMALL, A_ADDR, A_LEN},
    [SK_CALL_LOAN_WRITE] = {H_CHAN, A_LOAN, A_SMALL, A_ADDR, A_LEN},
    [SK_CALL_LOAN_COPY] = {A_COPY},
    [SK_CALL_DEV_CALL] = {H_DEVICE, A_OFFSET, A_ANY, A_WHEN},
};

static bool is_kind(const struct handle *h, enum arg wanted)
{
    switch (wanted) {
    case H_CHAN:
        return h->kind == SK_KIND_CHAN;
    case H_PORT:
        return h->kind == SK_KIND_PORT || h->kind == SK_KIND_PORT_REMOTE;
    case H_REGION: /* and what may be mapped instead of one */
        return h->kind == SK_KIND_REGION || h->kind == SK_KIND_IMAGE;
    case H_TASK:
        return h->kind == SK_KIND_TASK;
    case H_CONTROL:
        return h->kind == SK_KIND_CONTROL;
    case H_DEVICE:
        return h->kind == SK_KIND_DEVICE;
    default:
        return h->kind != SK_KIND_NONE;
    }
}

static uint64_t pick_handle(struct input *in, const struct task *t, enum arg wanted)
{
    uint8_t which = input_u8(in);
    if (which == 0xff)
        return input_u32(in);
    if (which >= 0xf0)
        wanted = H_ANY;
    uint32_t found[64], n = 0;
    for (uint32_t i = 0; i < t->handles_max && n < 64; i++)
        if (is_kind(&t->handles[i], wanted))
            found[n++] = i;
    if (n == 0)
        return SK_HANDLE_NONE;
    return handle_name(t, &t->handles[found[which % n]]);
}

static uint64_t pick_addr(struct input *in)
{
    uint8_t b = input_u8(in);
    if (b == 0xff)
        return input_u64(in);
    if (b >= 0xf8) /* across the end */
        return (uintptr_t)fake_user + sizeof(fake_user) - b % 8u * 24u;
    if (b >= 0xf0)
        return (uintptr_t)fake_user + b * 64u + b % 16u;
    return b == 0 ? 0 : (uintptr_t)fake_user + b * 256u;
}

static uint64_t pick_lines(struct input *in)
{
    uint8_t slots = input_u8(in);
    uint64_t at = pick_addr(in);
    if (slots % 8u >= 1 && slots % 8u <= SK_SLOTS_MAX && at >= (uintptr_t)fake_user &&
        at <= (uintptr_t)fake_user + sizeof(fake_user) - SK_SLOTS_MAX * sizeof(struct sk_msg))
        for (uint32_t i = 0; i < slots % 8u; i++) {
            struct sk_msg m = {.ctl = sk_ctl_make(slots / 4u, slots % 8u - 1u - i, 0, slots >> 7),
                               .label = slots};
            memcpy((void *)(uintptr_t)(at + i * sizeof(m)), &m, sizeof(m));
        }
    return at;
}

/* Copy what was made to where the call will look for it, if that is memory. */
static uint64_t put_at(uint64_t at, const void *from, size_t n)
{
    if (at >= (uintptr_t)fake_user && at <= (uintptr_t)fake_user + sizeof(fake_user) - n)
        memcpy((void *)(uintptr_t)at, from, n);
    return at;
}

static uint64_t pick_params(struct input *in)
{
    uint64_t at = pick_addr(in);
    uint8_t b = input_u8(in);
    struct sk_task_params p = {.name = "task",
                               .priority = b % 4u ? 12 : b / 4u % 18u,
                               .event_bit = b % 32u,
                               .pages = input_below(in, 20),
                               .handles = input_below(in, 20),
                               .ends = input_below(in, 14)};
    return put_at(at, &p, sizeof(p));
}

static uint32_t pick_loan(struct input *in)
{
    uint8_t b = input_u8(in);
    return b < 0xf0 ? b % 4u | (uint32_t)(b / 4u % 3u) << 16 : input_u32(in);
}

static uint64_t pick_lend(struct input *in)
{
    uint64_t at = pick_addr(in);
    uint8_t b = input_u8(in);
    struct sk_lend l = {.count = b % 4u, .token = b / 4u % 4u, .send = b / 16u % 4u};
    for (unsigned i = 0; i < SK_LENDS_MAX; i++)
        l.loan[i] = (struct sk_loan){
            .addr = pick_addr(in), .bytes = input_u16(in) % 3000u, .access = input_below(in, 5)};
    l.msg.ctl = sk_ctl_make(b % 60u, 0, 0, false);
    l.receive = input_below(in, 4);
    return put_at(at, &l, sizeof(l));
}

static uint64_t pick_copy(struct input *in, const struct task *t)
{
    uint64_t at = pick_addr(in);
    struct sk_loan_copy c = {.len = input_u8(in)};
    c.from = (struct sk_loan_place){.chan = (sk_handle)pick_handle(in, t, H_CHAN),
                                    .loan = pick_loan(in),
                                    .offset = input_u8(in)};
    c.to = (struct sk_loan_place){.chan = (sk_handle)pick_handle(in, t, H_CHAN),
                                  .loan = pick_loan(in),
                                  .offset = input_u8(in)};
    return put_at(at, &c, sizeof(c));
}

static uint64_t pick_when(struct input *in)
{
    uint8_t b = input_u8(in);
    return b < 2 ? b : b < 128 ? fake_now + b * 50000u : SK_FOREVER;
}

static uint64_t pick_arg(struct input *in, const struct task *t, enum arg what)
{
    switch (what) {
    case A_ANY: {
        uint64_t v = input_u8(in);
        return v < 0xf0 ? v : input_u64(in);
    }
    case A_SMALL: {
        uint32_t v = input_u8(in);
        return v < 0xf0 ? v % 18u : input_u32(in);
    }
    case A_SLOTS: {
        uint8_t v = input_u8(in);
        return v >= 0xf0 ? v : v % 2u ? SK_CHAN_SLOTS_MIN : SK_CHAN_SLOTS_MAX;
    }
    case A_BIT:
        return input_below(in, 34);
    case A_MASK:
        return input_u8(in) * 0x01010101u |
               1u << 31; /* one that sleeps on 0 for ever has no reason */
    case A_WHEN:
        return pick_when(in);
    case A_ADDR:
        return pick_addr(in);
    case A_LEN:
        return input_u8(in) % 2u ? input_u8(in) : input_u64(in);
    case A_LINES:
        return pick_lines(in);
    case A_PARAMS:
        return pick_params(in);
    case A_LEND:
        return pick_lend(in);
    case A_COPY:
        return pick_copy(in, t);
    case A_LOAN:
        return pick_loan(in);
    case A_PROT:
        return input_below(in, 9);
    case A_CALL: {
        uint8_t v = input_u8(in);
        return v % 6u | v / 6u % 6u << 8;
    }
    case A_OFFSET:
        return input_u16(in) | (uint32_t)(input_u8(in) & 1u) << 31;
    default:
        return pick_handle(in, t, what);
    }
}

/* Would it end the test and not only the task? */
static bool is_last(sk_core core, uint32_t nr, const uint64_t args[6])
{
    bool init = runner(core) == init_of(core);
    return (nr == SK_CALL_HALT && (uint32_t)args[0] == CONTROL && init) ||
           (nr == SK_CALL_EXIT && init) ||
           ((nr == SK_CALL_CORE_START || nr == SK_CALL_CORE_RESTART) && machine.steady) ||
           (nr == SK_CALL_CLOSE && init &&
            ((uint32_t)args[0] == CONTROL || (uint32_t)args[0] == PORT));
}

/* The task that runs on that core makes a call. Returns its number, SK_CALL_COUNT: none. */
static uint32_t any_call(struct input *in, sk_core core, uint64_t args[6])
{
    uint32_t nr = input_below(in, SK_CALL_COUNT + 1);
    memset(args, 0, 6 * sizeof(args[0]));
    if (runner(core) == NULL)
        return SK_CALL_COUNT;
    for (unsigned i = 0; i < 6 && nr < SK_CALL_COUNT; i++)
        if (call_args[nr][i] != A_ANY || i == 0)
            args[i] = pick_arg(in, runner(core), (enum arg)call_args[nr][i]);
    if (is_last(core, nr, args))
        return SK_CALL_COUNT;
    enter_call(core, nr, args);
    return nr;
}

/* Make a task of init's, give it some of init's handles, start it. */
static void new_task(struct input *in, sk_core core)
{
    struct task *init = init_of(core);
    if (runner(core) != init)
        return;
    uint64_t args[6] = {CONTROL, (uintptr_t)fake_user};
    struct sk_task_params p = {.name = "child",
                               .priority = 12,
                               .event_bit = input_below(in, 32),
                               .pages = 8,
                               .handles = 8,
                               .ends = 6};
    memcpy(fake_user, &p, sizeof(p));
    enter_call(core, SK_CALL_TASK_CREATE, args);
    if (last_result(init) != SK_OK)
        return;
    sk_handle task = (sk_handle)init->port.reg[1];
    for (unsigned n = 1u + input_below(in, 3); n > 0 && runner(core) == init; n--) {
        const uint64_t give[6] = {task, pick_handle(in, init, n % 2u ? H_CHAN : H_ANY)};
        enter_call(core, SK_CALL_TASK_GIVE, give);
    }
    const uint64_t start[6] = {task};
    if (runner(core) == init)
        enter_call(core, SK_CALL_TASK_START, start);
}

/* The inits of two cores get a channel between them, made on the first; opened as `open` says: bit
 * 0 there, bit 1 on the other core. */
static void join(sk_core a, sk_core b, uint32_t open)
{
    struct task *init = init_of(a);
    if (init_call(a, SK_CALL_CHAN_CREATE, 8, 0, 0) != SK_OK)
        return;
    sk_handle near = (sk_handle)init->port.reg[1], far = (sk_handle)init->port.reg[2];
    (void)init_call(a, SK_CALL_CORE_CONNECT, CONTROL, b, far);
    settle();
    if (open & 1u)
        (void)init_call(a, SK_CALL_CHAN_OPEN, near, 1, (uintptr_t)fake_user);
    if (b >= machine.cores || init_call(b, SK_CALL_PORT_ACCEPT, PORT, 0, 0) != SK_OK)
        return;
    far = (sk_handle)init_of(b)->port.reg[1];
    if (open & 2u)
        (void)init_call(b, SK_CALL_CHAN_OPEN, far, 2, (uintptr_t)fake_user);
}

/* What there is when the input begins: its first byte says which channels between cores. */
static void some_channels(struct input *in)
{
    uint8_t b = input_u8(in);
    if (b & 1u)
        join(0, 1, 3);
    if (b & 2u)
        join(0, 1, b >> 6);
    if (b & 4u)
        join(1, 0, 3);
    if (b & 8u)
        join(1, 0, b >> 6);
    for (sk_core c = 0; c < 2; c++)
        if (b & 16u << c)
            new_task(in, c);
}

/* The task that runs makes a channel and gives one end away: over a channel that it has, or, if it
 * is init, to the init of another core. */
static void new_channel(struct input *in, sk_core core)
{
    struct task *t = runner(core);
    uint64_t args[6] = {SK_CHAN_SLOTS_MIN};
    if (t == NULL)
        return;
    enter_call(core, SK_CALL_CHAN_CREATE, args);
    if (last_result(t) != SK_OK || runner(core) != t)
        return;
    sk_handle end = (sk_handle)t->port.reg[1 + input_below(in, 2)];
    if (t == init_of(core) && input_below(in, 2)) {
        const uint64_t connect[6] = {CONTROL, input_below(in, 3), end, pick_when(in)};
        enter_call(core, SK_CALL_CORE_CONNECT, connect);
    } else {
        const uint64_t send[6] = {pick_handle(in, t, H_CHAN), end, pick_when(in)};
        enter_call(core, SK_CALL_SEND_HANDLE, send);
    }
}

/* Where tasks see the rings they may write anything into them. */
static inline void scribble_ring(struct input *in, sk_core core)
{
    struct kern *k = kern_of(core);
    struct chan *c = &k->chans[input_below(in, k->chan_count)];
    uint16_t at = input_u16(in);
    uint32_t v = input_u32(in), *words = (uint32_t *)c->page;
    if (!PORT_COPY_MODE && c->in_use)
        words[at % (sizeof(struct sk_chan_mem) / sizeof(*words))] = v;
}

/* init takes the oldest of its port's queue, or whoever runs takes what came over a channel. */
static void take_channel(struct input *in, sk_core core)
{
    struct task *t = runner(core);
    uint8_t b = input_u8(in);
    if (t == NULL)
        return;
    uint64_t args[6] = {t == init_of(core) ? PORT : pick_handle(in, t, H_PORT)};
    if (b % 2u)
        args[0] = pick_handle(in, t, H_CHAN);
    enter_call(core, b % 2u ? SK_CALL_TAKE_HANDLE : SK_CALL_PORT_ACCEPT, args);
    const uint64_t open[6] = {t->port.reg[1], b / 4u % 32u, (uintptr_t)fake_user};
    if (b % 4u >= 2u && last_result(t) == SK_OK && runner(core) == t)
        enter_call(core, SK_CALL_CHAN_OPEN, open);
}

#endif
