/* Skerry's calls (lib/rpc.h): requests with tokens and deadlines to a service that is found by name
 * and answers in an event loop (lib/loop.h). Each request and each answer carries 56 bytes, made
 * and checked at both ends. A channel has room for the answers of 13 calls: more than those
 * outstanding take more channels.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "skerry_area.h"
#include "lib/loop.h"
#include <sched.h>
#include <string.h>

#define ASK       1u /* label: a request of 7 words */
#define QUIET     2u /* label: does the loop poll anybody else? */
#define CALL_MS   5000u
#define PER_CHAN  13u
#define CHANS_MAX 8u

/* --- The service ----------------------------------------------------------------------------- */

struct sky_service {
    struct sk_loop loop;
    struct sk_server server;
    struct run *run;
    uint64_t *expect; /* of each client: the number of its next request */
    unsigned open;    /* clients that have not said that it was their last one */
    unsigned clients;
    bool measures;
    uint64_t served; /* in this step */
    struct steps steps;
};

static sk_err on_ask(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                     struct sk_answer *answer)
{
    struct sky_service *s = loop->user;
    uint64_t *expect = client->user, bad = 0;
    msg_check(in->w64, *expect, &bad);
    msg_fill(answer->w64, *expect);
    answer->len = BENCH_WORDS * sizeof answer->w64[0];
    if (__builtin_expect(bad != 0, 0)) {
        tool_check_end(s->run, *expect, bad);
        if (--s->open == 0)
            sk_loop_stop(loop);
    }
    ++*expect;
    if (++s->served >= s->steps.grain && s->measures && s->open == s->clients) {
        steps_next(&s->steps, s->served);
        s->served = 0;
    }
    return SK_OK;
}

static sk_err on_quiet(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                       struct sk_answer *answer)
{
    (void)client, (void)in;
    answer->w64[0] = loop->active == NULL;
    answer->len = sizeof answer->w64[0];
    return SK_OK;
}

static sk_err on_open(struct sk_loop *loop, struct sk_client *client)
{
    struct sky_service *s = loop->user;
    client->user = &s->expect[client->index * (BENCH_LINE / sizeof *s->expect)];
    return SK_OK;
}

static const struct sk_method methods[] = {
    {.label = ASK, .min_len = BENCH_WORDS * 8u, .handle = on_ask},
    {.label = QUIET, .handle = on_quiet},
};

/* Until `last` clients have sent their last request. */
static void serve(struct run *run, unsigned clients, unsigned last, bool measures)
{
    struct sky_service *s = tool_own(run, 1, sizeof *s);
    struct sk_client *client = tool_own(run, clients, sizeof *client);
    s->run = run;
    s->expect = tool_own(run, clients, BENCH_LINE);
    s->open = last;
    s->clients = clients;
    s->measures = measures;
    s->server = (struct sk_server){.methods = methods, .method_count = 2, .on_open = on_open};
    sk_loop_init(&s->loop, client, clients, s);
    sk_serve_port(&s->loop, &s->server, sky_serve(run), SK_EV_PORT);
    steps_begin(&s->steps, run);
    sk_loop_run(&s->loop);
    if (measures)
        steps_result(&s->steps, run->result);
}

void sky_serve_side(struct run *run)
{
    const struct measure *m = run->measure;
    /* A server that polls all that it has cannot leave any alone. */
    sky_begin(run, m->kind == KIND_IDLE ? SK_LINUX_LOOKS : sky_looks(run));
    serve(run, m->kind == KIND_IDLE ? m->param + 1u : CHANS_MAX, 1, false);
}

void sky_clients_side(struct run *run)
{
    sky_begin(run, sky_looks(run));
    serve(run, run->measure->param, run->measure->param, true);
}

/* --- One call at a time ---------------------------------------------------------------------- */

struct sky_caller {
    struct sk_chan chan __attribute__((aligned(BENCH_LINE)));
    struct run *run;
    uint64_t request[BENCH_WORDS], reply[BENCH_WORDS];
};

LOOP void call(struct sky_caller *c)
{
    uint32_t got;
    sky_must(c->run,
             sk_call(&c->chan, ASK, c->request, sizeof c->request, c->reply, sizeof c->reply, &got,
                     sk_in_ms(CALL_MS)),
             "call");
    if (__builtin_expect(got != sizeof c->reply, 0))
        sky_must(c->run, SK_ERR_PROTOCOL, "answer");
}

/* The halves that loop_ping wants: the call is made by the second. */
LOOP uint64_t caller_send(void *end, uint64_t number, uint64_t count)
{
    struct sky_caller *c = end;
    msg_fill(c->request, number);
    if (count && number & BENCH_LAST)
        call(c);
    return 1;
}

LOOP uint64_t caller_recv(void *end, uint64_t expect, uint64_t max, uint64_t *bad)
{
    struct sky_caller *c = end;
    (void)max;
    call(c);
    msg_check(c->reply, expect, bad);
    return 1;
}

static struct sky_caller *caller(struct run *run)
{
    struct sky_caller *c = tool_own(run, 1, sizeof *c);
    c->run = run;
    sky_begin(run, sky_looks(run));
    sky_connect(run, &c->chan);
    return c;
}

void sky_call_side(struct run *run)
{
    struct sky_caller *c = caller(run);
    loop_ping(run, c, caller_send, caller_recv, 0);
}

void sky_idle_side(struct run *run)
{
    struct sky_caller *c = caller(run);
    struct sk_chan *silent = tool_own(run, run->measure->param + 1u, sizeof *silent);
    for (unsigned i = 0; i < run->measure->param; i++) {
        sky_connect(run, &silent[i]);
        if (!sk_chan_arm(&silent[i]))
            sky_must(run, SK_ERR_STATE, "arm");
    }
    uint64_t quiet = 0;
    while (quiet == 0)
        sky_must(run,
                 sk_call(&c->chan, QUIET, NULL, 0, &quiet, sizeof quiet, NULL, sk_in_ms(CALL_MS)),
                 "call");
    loop_ping(run, c, caller_send, caller_recv, 0);
}

/* Clients that share a core and poll give it up while they wait. */
void sky_client_side(struct run *run)
{
    struct sky_caller *c = caller(run);
    bool yields = run->crowded && sky_looks(run) == SK_LINUX_POLL;
    uint64_t number = 0, bad = 0, end = isa_ticks() + run->ticks;
    do {
        struct sk_call begun;
        struct sk_in in;
        struct sk_out out = {.label = ASK, .len = sizeof c->request, .bytes = c->request};
        msg_fill(c->request, number);
        if (!yields) {
            call(c);
            msg_check(c->reply, number, &bad);
        } else {
            sk_err err = sk_call_begin(&c->chan, &begun, &out, &in, sizeof c->reply);
            while (err == SK_OK && (err = sk_call_end(&c->chan, &begun, 0)) == SK_ERR_TIMED_OUT) {
                sched_yield();
                err = SK_OK;
            }
            sky_must(run, err, "call");
            msg_check(in.w64, number, &bad);
        }
        tool_check(run, number++, bad);
    } while (isa_ticks() < end);
    msg_fill(c->request, number | BENCH_LAST);
    call(c);
}

/* --- Several outstanding --------------------------------------------------------------------- */

struct sky_ask {
    struct sk_call call;
    struct sk_in in;
};

struct sky_window {
    struct sk_chan chan[CHANS_MAX] __attribute__((aligned(BENCH_LINE)));
    uint64_t sent[CHANS_MAX], got[CHANS_MAX]; /* on each channel */
    unsigned chans, to, from;                 /* whose turn it is */
    uint64_t window, asked, answered;
    struct sky_ask *ask; /* of `window` */
    struct run *run;
    uint64_t bad;
};

/* Ask until the window is full. */
LOOP void window_fill(struct sky_window *w)
{
    while (w->asked - w->answered != w->window) {
        uint64_t word[BENCH_WORDS];
        struct sk_out out = {.label = ASK, .len = sizeof word, .bytes = word};
        struct sky_ask *a = &w->ask[w->asked % w->window];
        msg_fill(word, w->sent[w->to]);
        sky_must(w->run, sk_call_begin(&w->chan[w->to], &a->call, &out, &a->in, sizeof word),
                 "request");
        w->sent[w->to]++;
        w->asked++;
        w->to = w->to + 1u == w->chans ? 0 : w->to + 1u;
    }
}

/* Wait for the oldest answer, and take those that are there behind it. */
LOOP void window_take(struct sky_window *w)
{
    sk_ns deadline = sk_in_ms(CALL_MS);
    while (w->answered != w->asked) {
        struct sky_ask *a = &w->ask[w->answered % w->window];
        sk_err err = sk_call_end(&w->chan[w->from], &a->call, deadline);
        if (err == SK_ERR_TIMED_OUT && deadline == 0)
            return;
        sky_must(w->run, err, "answer");
        msg_check(a->in.w64, w->got[w->from]++, &w->bad);
        w->answered++;
        w->from = w->from + 1u == w->chans ? 0 : w->from + 1u;
        deadline = 0;
    }
}

static void ask_window(struct sky_window *w)
{
    struct run *run = w->run;
    struct steps s;
    uint64_t from = 0;
    steps_begin(&s, run);
    for (;;) {
        window_fill(w);
        window_take(w);
        if (w->answered - from < s.grain)
            continue;
        tool_check(run, w->answered, w->bad);
        if (!steps_next(&s, w->answered - from))
            break;
        from = w->answered;
    }
    while (w->answered != w->asked)
        window_take(w);
    tool_check(run, w->answered, w->bad);
    steps_result(&s, run->result);
}

void sky_window_side(struct run *run)
{
    struct sky_window *w = tool_own(run, 1, sizeof *w);
    uint64_t last[BENCH_WORDS];
    if (run->measure->param == 1) {
        sky_call_side(run);
        return;
    }
    w->run = run;
    w->window = run->measure->param;
    w->chans = (run->measure->param + PER_CHAN - 1u) / PER_CHAN;
    w->ask = tool_own(run, w->window, sizeof *w->ask);
    sky_begin(run, sky_looks(run));
    for (unsigned i = 0; i < w->chans; i++)
        sky_connect(run, &w->chan[i]);
    ask_window(w);
    msg_fill(last, w->sent[0] | BENCH_LAST);
    sky_must(run, sk_call(&w->chan[0], ASK, last, sizeof last, NULL, 0, NULL, sk_in_ms(CALL_MS)),
             "last call");
}
