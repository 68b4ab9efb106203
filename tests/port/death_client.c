/* See death.h: death_client ID. Keeps several calls under way; says of each number what it was
 * told. When the server is gone it asks once more on the dead channel, which must be refused, then
 * connects by name and goes on.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "death.h"
#include "lib/self.h"

#include <stdlib.h>

#define CALL_MS   10000u
#define SHORT_MS  2u /* every so often: nobody waits so long that a call has always run */
#define SHORT_ONE 16u

struct flight {
    struct sk_call call;
    struct sk_in in;
    uint32_t number;
};

struct player {
    struct sk_chan witness, server;
    struct flight flight[DEATH_FLIGHTS];
    struct death_word maybe[DEATH_WINDOW]; /* to be settled after the next answer */
    uint32_t maybes;
    uint32_t client, next;
    sk_err trouble; /* with the witness: the end of this program */
    uint32_t go;
};

static void settle(struct player *p, uint32_t number, uint32_t verdict)
{
    struct death_word word = {.client = p->client, .number = number, .verdict = verdict};
    sk_err err = death_ask(&p->witness, DEATH_SETTLE, &word);
    if (err != SK_OK)
        p->trouble = err;
    p->go = word.go;
}

/* It may have run, or may yet: until something that was asked later is answered. */
static void may_have_run(struct player *p, uint32_t number, sk_err err)
{
    if (p->maybes == DEATH_WINDOW) {
        p->trouble = SK_ERR_FULL;
        return;
    }
    p->maybe[p->maybes++] = (struct death_word){
        .number = number, .verdict = err == SK_ERR_TIMED_OUT ? VERDICT_TIMED_OUT : VERDICT_DEAD};
}

static void answered(struct player *p, uint32_t number)
{
    settle(p, number, VERDICT_ANSWERED);
    while (p->maybes != 0 && p->trouble == SK_OK) {
        p->maybes--;
        settle(p, p->maybe[p->maybes].number, p->maybe[p->maybes].verdict);
    }
}

static sk_err ask(struct player *p, struct flight *f)
{
    f->number = p->next++;
    struct death_word word = {.client = p->client, .number = f->number};
    struct sk_out out = {.label = DEATH_RUN, .len = sizeof(word), .bytes = &word};
    sk_err err = sk_call_begin(&p->server, &f->call, &out, &f->in, sizeof(word));
    if (err != SK_OK)
        settle(p, f->number, VERDICT_REFUSED);
    return err;
}

static sk_err take(struct player *p, struct flight *f)
{
    uint32_t ms = f->number % SHORT_ONE == 0 ? SHORT_MS : CALL_MS;
    sk_err err = sk_call_end(&p->server, &f->call, sk_in_ms(ms));
    if (err == SK_OK) {
        answered(p, f->number);
        return SK_OK;
    }
    if (err == SK_ERR_TIMED_OUT)
        sk_call_cancel(&p->server, &f->call);
    may_have_run(p, f->number, err);
    if (err == SK_ERR_TIMED_OUT && ms == CALL_MS)
        p->trouble = err; /* nobody waits so long, whatever dies */
    return err == SK_ERR_TIMED_OUT && ms == SHORT_MS ? SK_OK : err;
}

static sk_err play_turn(struct player *p)
{
    sk_err err = SK_OK;
    uint32_t asked = 0;
    while (asked < DEATH_FLIGHTS && err == SK_OK)
        err = ask(p, &p->flight[asked]), asked += err == SK_OK;
    if (err == SK_ERR_FULL) /* of calls that were given up and whose answers are still to come */
        err = SK_OK;
    for (uint32_t i = 0; i < asked; i++) {
        sk_err end = take(p, &p->flight[i]);
        err = err == SK_OK ? end : err;
    }
    return err;
}

/* On one connection, until it is over, or the game is; then nothing is left that may yet run. */
static void play(struct player *p)
{
    sk_err err = SK_OK;
    while (err == SK_OK && p->trouble == SK_OK && (p->go || p->maybes != 0))
        err = play_turn(p);
    if (err != SK_OK && ask(p, &p->flight[0]) == SK_OK)
        (void)take(p, &p->flight[0]);
}

static void look(struct player *p)
{
    struct death_word word = {.client = p->client};
    p->trouble = death_ask(&p->witness, DEATH_LOOK, &word);
    p->go = word.go;
}

int main(int argc, char **argv)
{
    struct player *p = calloc(1, sizeof(*p));
    if (p == NULL || argc != 2)
        return 2;
    p->client = (uint32_t)strtoul(argv[1], NULL, 10);
    struct death_word word = {.client = p->client};
    p->trouble = names_connect(DEATH_WITNESS, sk_in_ms(CALL_MS), &p->witness);
    if (p->trouble == SK_OK)
        p->trouble = death_ask(&p->witness, DEATH_BEGIN, &word);
    p->next = word.number;
    p->go = word.go;
    while (p->trouble == SK_OK && p->go) {
        if (names_connect(DEATH_SERVER, sk_in_ms(100), &p->server) != SK_OK) {
            look(p);
            continue;
        }
        play(p);
        sk_chan_close(&p->server);
    }
    return p->trouble == SK_OK ? 0 : 3;
}
