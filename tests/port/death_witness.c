/* See death.h: what ran, what the clients were told, and whether the two agree.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "death.h"
#include "lib/loop.h"
#include "lib/take.h"

#include <string.h>

struct stream {
    uint32_t base;                 /* numbers below it are settled */
    uint8_t runs[DEATH_WINDOW];    /* of number n at n % DEATH_WINDOW, base <= n < base + WINDOW */
    uint8_t verdict[DEATH_WINDOW]; /* VERDICT_* */
};

struct witness {
    struct stream stream[DEATH_CLIENTS];
    struct death_status status;
    uint32_t go;
};

static void wrong(struct witness *w, uint8_t what, const struct death_word *word)
{
    if (w->status.wrong == UINT16_MAX || w->status.wrong++ != 0)
        return;
    w->status.what = what;
    w->status.client = (uint8_t)word->client;
    w->status.number = word->number;
}

static void ran(struct witness *w, const struct death_word *word)
{
    struct stream *s = &w->stream[word->client];
    uint32_t at = word->number % DEATH_WINDOW;
    if (word->number - s->base >= DEATH_WINDOW)
        wrong(w, word->number < s->base ? WRONG_LATE : WRONG_NUMBER, word);
    else if (s->verdict[at] != VERDICT_NONE)
        wrong(w, WRONG_LATE, word);
    else if (s->runs[at]++ != 0)
        wrong(w, WRONG_TWICE, word);
}

static void settle(struct witness *w, const struct death_word *word)
{
    struct stream *s = &w->stream[word->client];
    struct death_status *t = &w->status;
    uint32_t at = word->number % DEATH_WINDOW;
    if (word->number - s->base >= DEATH_WINDOW || s->verdict[at] != VERDICT_NONE ||
        word->verdict == VERDICT_NONE || word->verdict > VERDICT_TIMED_OUT) {
        wrong(w, WRONG_NUMBER, word);
        return;
    }
    s->verdict[at] = (uint8_t)word->verdict;
    if (word->verdict == VERDICT_ANSWERED) {
        t->answered[word->client]++;
        if (s->runs[at] != 1)
            wrong(w, WRONG_UNRUN, word);
    } else if (word->verdict == VERDICT_REFUSED) {
        t->refused++;
        if (s->runs[at] != 0)
            wrong(w, WRONG_RAN, word);
    } else {
        t->dead += word->verdict == VERDICT_DEAD;
        t->timed_out += word->verdict == VERDICT_TIMED_OUT;
        t->ran += s->runs[at] != 0;
    }
    for (; s->verdict[s->base % DEATH_WINDOW] != VERDICT_NONE; s->base++) {
        s->verdict[s->base % DEATH_WINDOW] = VERDICT_NONE;
        s->runs[s->base % DEATH_WINDOW] = 0;
    }
}

/* A client's life begins: what the one before had asked and not settled is settled by this. */
static uint32_t begin(struct witness *w, uint32_t client)
{
    struct stream *s = &w->stream[client];
    uint32_t first = s->base + DEATH_WINDOW;
    memset(s, 0, sizeof(*s));
    s->base = first;
    return first;
}

static sk_err on_word(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                      struct sk_answer *answer)
{
    struct witness *w = loop->user;
    struct death_word word;
    (void)client;
    memcpy(&word, in->bytes, sizeof(word));
    if (word.client >= DEATH_CLIENTS)
        return SK_ERR_ARG;
    if (in->label == DEATH_RUN)
        ran(w, &word);
    else if (in->label == DEATH_SETTLE)
        settle(w, &word);
    else if (in->label == DEATH_GO)
        w->go = word.verdict;
    else if (in->label == DEATH_BEGIN && w->go)
        word.number = begin(w, word.client);
    word.go = w->go;
    memcpy(answer->bytes, &word, sizeof(word));
    answer->len = sizeof(word);
    return SK_OK;
}

static sk_err on_status(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                        struct sk_answer *answer)
{
    const struct witness *w = loop->user;
    (void)client, (void)in;
    memcpy(answer->bytes, &w->status, sizeof(w->status));
    answer->len = sizeof(w->status);
    return SK_OK;
}

static const struct sk_method methods[] = {
    {.label = DEATH_RUN, .min_len = sizeof(struct death_word), .handle = on_word},
    {.label = DEATH_BEGIN, .min_len = sizeof(struct death_word), .handle = on_word},
    {.label = DEATH_SETTLE, .min_len = sizeof(struct death_word), .handle = on_word},
    {.label = DEATH_LOOK, .min_len = sizeof(struct death_word), .handle = on_word},
    {.label = DEATH_GO, .min_len = sizeof(struct death_word), .handle = on_word},
    {.label = DEATH_STATUS, .handle = on_status},
};

int main(void)
{
    struct sk_loop loop;
    struct sk_server server = {.methods = methods,
                               .method_count = sizeof(methods) / sizeof(methods[0])};
    uint32_t clients = sk_clients_most();
    struct sk_client *client = sk_take(clients, sizeof(*client), "clients");
    struct witness *w = sk_take(1, sizeof(*w), "witness");
    if (client == NULL || w == NULL)
        return 2;
    sk_loop_init(&loop, client, clients, w);
    sk_err err = sk_serve(&loop, &server, SK_EV_PORT, SK_PORT_DEPTH_MAX);
    if (err == SK_OK)
        err = names_register(DEATH_WITNESS, server.port);
    if (err != SK_OK)
        return 1;
    sk_loop_run(&loop);
    return 0;
}
