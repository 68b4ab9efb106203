/* The death of a core under load, checked (docs/reliability.md).
 *
 * Every client asks in numbers that are its own, one after another. Who serves a request tells the
 * witness its number before it answers. The client tells the witness what it was told of each
 * number; the witness says where the two do not agree. So for every number that was ever asked:
 *   answered               it ran exactly once
 *   refused before it went it never runs
 *   may have run           it ran once or not
 * and nothing runs after it was settled.
 *
 *   death          drives: crashes, hangs and stops the last core, again and again
 *   death_witness  core 0; also serves death_guest
 *   death_server   the last core; ends and comes back with it
 *   death_guest    the last core: a client that dies with it
 *   death_client   one on every other core: calls death_server
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_PORT_DEATH_H
#define TESTS_PORT_DEATH_H

#include "lib/names.h"
#include "lib/rpc.h"

#define DEATH_WITNESS "death.witness"
#define DEATH_SERVER  "death.server"

#define DEATH_CLIENTS SK_CORES_MAX /* 0: the guest */
#define DEATH_FLIGHTS 4u           /* calls that a client has under way */
#define DEATH_WINDOW  64u          /* a client is never further ahead of what it has settled */

/* Labels of both; requests are struct death_word, answers too unless said. */
enum {
    DEATH_RUN = 1, /* to a server: run number. To the witness: it ran (a guest: run it) */
    DEATH_BEGIN,   /* a client begins, or begins again: number becomes the first it may use */
    DEATH_SETTLE,  /* number: verdict */
    DEATH_LOOK,    /* nothing but the answer's go */
    DEATH_GO,      /* from death: verdict 1: clients play, 0: they end */
    DEATH_STATUS,  /* -> struct death_status */
};

enum { VERDICT_NONE, VERDICT_ANSWERED, VERDICT_REFUSED, VERDICT_DEAD, VERDICT_TIMED_OUT };

struct death_word {
    uint32_t client, number;
    uint32_t verdict;
    uint32_t go; /* in answers of the witness: clients go on */
};

/* What is wrong, the first of it. */
enum {
    WRONG_TWICE = 1, /* it ran twice */
    WRONG_LATE,      /* it ran after it was settled, or refused */
    WRONG_UNRUN,     /* answered, and it never ran */
    WRONG_RAN,       /* refused, and it ran */
    WRONG_NUMBER,    /* no number that this client can mean */
};

struct death_status {
    uint16_t wrong; /* how often */
    uint8_t what, client;
    uint32_t number;
    uint32_t refused, dead, timed_out; /* settled so; of the two last, */
    uint32_t ran;                      /* so many had run */
    uint32_t answered[DEATH_CLIENTS];
};
_Static_assert(sizeof(struct death_status) <= SK_PAYLOAD_BYTES, "one slot");

/* Ask `to` one thing and wait. */
static inline sk_err death_ask(struct sk_chan *to, uint16_t label, struct death_word *word)
{
    return sk_call(to, label, word, sizeof(*word), word, sizeof(*word), NULL, sk_in_ms(10000));
}

#endif
