/* Many clients of one service in one task: portclients NAME CONNECTIONS ROUNDS
 * [quiet]. Each round asks on
 * all connections, messages of one to four slots, before it takes the first answer; every answer
 * must be what was asked. When the service dies it connects anew and goes on.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/names.h"
#include "lib/self.h"
#include "lib/take.h"
#include "services/echo/echo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST       8u
#define WORDS      (SK_PAYLOAD_MAX / 4u)
#define CONNECT_MS 20000u
#define CALL_MS    20000u

struct connection {
    struct sk_chan chan;
    struct sk_call call;
    struct sk_in in;
};

/* What connection i asks in a round, and how long it is. */
static uint32_t question(uint32_t *words, uint32_t i, uint32_t round)
{
    uint32_t len = 8u + (i * 29u + round * 53u) % (SK_PAYLOAD_MAX - 8u);
    for (uint32_t w = 0; w < WORDS; w++)
        words[w] = round * 0x9e3779b9u + i * 0x10001u + w;
    return len;
}

static sk_err ask(struct connection *c, uint32_t i, uint32_t round)
{
    uint32_t words[WORDS];
    uint32_t len = question(words, i, round);
    struct sk_out out = {.label = ECHO_SAME, .len = len, .bytes = words};
    return sk_call_begin(&c->chan, &c->call, &out, &c->in, len);
}

/* SK_ERR_PROTOCOL: not what was asked. */
static sk_err take(struct connection *c, uint32_t i, uint32_t round)
{
    uint32_t words[WORDS];
    uint32_t len = question(words, i, round);
    sk_err err = sk_call_end(&c->chan, &c->call, sk_in_ms(CALL_MS));
    if (err != SK_OK)
        return err;
    return c->in.len == len && memcmp(c->in.bytes, words, len) == 0 ? SK_OK : SK_ERR_PROTOCOL;
}

static sk_err one_round(struct connection *c, uint32_t count, uint32_t round)
{
    sk_err err = SK_OK;
    uint32_t asked = 0;
    while (asked < count && err == SK_OK)
        err = ask(&c[asked], asked, round), asked += err == SK_OK;
    for (uint32_t i = 0; i < asked; i++) {
        sk_err one = take(&c[i], i, round);
        err = err == SK_OK ? one : err;
    }
    return err;
}

static sk_err connect(struct connection *c, uint32_t count, const char *name)
{
    sk_err err = SK_OK;
    for (uint32_t i = 0; i < count && err == SK_OK; i++) {
        sk_chan_close(&c[i].chan);
        err = names_connect(name, sk_in_ms(CONNECT_MS), &c[i].chan);
    }
    return err;
}

/* The heap does not know of lines. */
static struct connection *take_connections(uint32_t count)
{
    const uintptr_t line = _Alignof(struct connection);
    uint8_t *p = sk_take(1, count * sizeof(struct connection) + line, "connections");
    return p == NULL ? NULL : (struct connection *)(((uintptr_t)p + line - 1u) & ~(line - 1u));
}

int main(int argc, char **argv)
{
    uint32_t count = argc > 2 ? (uint32_t)atoi(argv[2]) : 0;
    uint32_t rounds = argc > 3 ? (uint32_t)atoi(argv[3]) : 1;
    uint32_t deaths = 0;
    if (count == 0 || count > MOST)
        return 2;
    struct connection *c = take_connections(count);
    if (c == NULL)
        return 2;
    sk_err err = connect(c, count, argv[1]);
    for (uint32_t round = 0; err == SK_OK && round < rounds; round++) {
        err = one_round(c, count, round);
        if (err != SK_ERR_PEER_DEAD)
            continue;
        deaths++;
        do /* pages that a lost core may still touch are paid for until it has begun anew */
            err = connect(c, count, argv[1]);
        while (err == SK_ERR_BUDGET || err == SK_ERR_PEER_DEAD);
    }
    if (err != SK_OK || argc <= 4)
        printf("portclients: core %u, %u connections, %u rounds, %u deaths: %s\n",
               (unsigned)sk_my_core(), (unsigned)count, (unsigned)rounds, (unsigned)deaths,
               sk_err_text(err));
    return err == SK_OK ? 0 : 1;
}
