/* Lends its memory to the broker (apps/broker.c):
 *   lend BYTES        has them kept, and fetches them again
 *   lend offer BYTES  waits until somebody takes them
 *   lend take BYTES   takes what another lend offers
 *   lend keep MS      is not answered; gives up after so long
 *   lend last         what became of that loan, as the broker saw it
 *   lend twice        what the kernel refuses: the same bytes, lent twice, once to be written
 * SPDX-License-Identifier: BSD-2-Clause */
#include "broker.h"
#include "lib/loan.h"
#include "lib/names.h"
#include "lib/self.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 20000u

struct client {
    struct sk_chan chan;
    uint8_t *memory;
    uint32_t bytes;
};

static sk_err ask(struct client *c, uint16_t label, uint32_t access, uint32_t ms)
{
    struct sk_in in;
    struct sk_out out = {.label = label};
    struct sk_loan loan = sk_loan_of(c->memory, c->bytes, access);
    return sk_call_lend(&c->chan, &out, &loan, 1, &in, 0, 0, sk_in_ms(ms));
}

static void fill(struct client *c)
{
    for (uint32_t i = 0; i < c->bytes; i++)
        c->memory[i] = (uint8_t)(i + (i >> 8) + 1u);
}

static bool filled(const struct client *c)
{
    for (uint32_t i = 0; i < c->bytes; i++)
        if (c->memory[i] != (uint8_t)(i + (i >> 8) + 1u))
            return false;
    return true;
}

static int told(const char *what, sk_err err)
{
    printf("lend: %s: %s\n", what, sk_err_text(err));
    return err == SK_OK ? 0 : 1;
}

static int there_and_back(struct client *c)
{
    fill(c);
    sk_err err = ask(c, BROKER_PUT, SK_LOAN_READ, PATIENCE_MS);
    if (err != SK_OK)
        return told("put", err);
    memset(c->memory, 0, c->bytes);
    err = ask(c, BROKER_GET, SK_LOAN_WRITE, PATIENCE_MS);
    if (err != SK_OK || !filled(c))
        return told("get", err != SK_OK ? err : SK_ERR_PROTOCOL);
    printf("lend: %u bytes there and back on core %u\n", (unsigned)c->bytes,
           (unsigned)sk_my_core());
    return 0;
}

static int offer(struct client *c)
{
    fill(c);
    return told("offer", ask(c, BROKER_OFFER, SK_LOAN_READ, PATIENCE_MS));
}

static int take(struct client *c)
{
    sk_err err = ask(c, BROKER_TAKE, SK_LOAN_READ | SK_LOAN_WRITE, PATIENCE_MS);
    return told("take", err == SK_OK && !filled(c) ? SK_ERR_PROTOCOL : err);
}

static int keep(struct client *c, uint32_t ms)
{
    c->bytes = 1;
    c->memory[0] = 0;
    sk_err err = ask(c, BROKER_KEEP, SK_LOAN_READ | SK_LOAN_WRITE, ms);
    printf("lend: keep: %s, the byte is %s\n", sk_err_text(err), c->memory[0] ? "changed" : "0");
    return err == SK_ERR_TIMED_OUT ? 0 : 1;
}

static int last(struct client *c)
{
    struct broker_last l = {0};
    sk_err err = sk_call(&c->chan, BROKER_LAST, NULL, 0, &l, sizeof l, NULL, sk_in_ms(PATIENCE_MS));
    if (err != SK_OK)
        return told("last", err);
    printf("lend: last: used %s, %s: %s\n", l.uses != 0 ? "well" : "never",
           l.err != SK_OK ? "then over" : "goes on", sk_err_text(l.err));
    return 0;
}

/* Nobody can have what another writes: not even by one call. */
static int twice(struct client *c)
{
    struct sk_in in;
    struct sk_out out = {.label = BROKER_PUT};
    struct sk_loan both[2] = {sk_loan_of(c->memory, 8, SK_LOAN_READ),
                              sk_loan_of(c->memory + 7, 1, SK_LOAN_WRITE)};
    return told("twice", sk_call_lend(&c->chan, &out, both, 2, &in, 0, 0, sk_in_ms(PATIENCE_MS)));
}

static int run(struct client *c, const char *what)
{
    if (strcmp(what, "offer") == 0)
        return offer(c);
    if (strcmp(what, "take") == 0)
        return take(c);
    if (strcmp(what, "last") == 0)
        return last(c);
    if (strcmp(what, "twice") == 0)
        return twice(c);
    return there_and_back(c);
}

int main(int argc, char **argv)
{
    struct client c;
    const char *what = argc > 1 ? argv[1] : "1000";
    bool kept = strcmp(what, "keep") == 0;
    unsigned long number = strtoul(argv[argc > 1 ? argc - 1 : 0], NULL, 10);
    if (argc < 2)
        number = 1000;
    c.bytes = kept || number == 0 ? 8u : (uint32_t)number;
    c.memory = calloc(1, c.bytes);
    if (c.memory == NULL)
        return told(what, SK_ERR_NO_MEMORY);
    sk_err err = names_connect(BROKER_NAME, sk_in_ms(PATIENCE_MS), &c.chan);
    if (err != SK_OK)
        return told(BROKER_NAME, err);
    return kept ? keep(&c, (uint32_t)number) : run(&c, what);
}
