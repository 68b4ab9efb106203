/* The torture of the Linux port: a survivor and a victim talk in every way that the port has; the
 * victim is killed, stopped or ends; then what the survivor was told is compared with the victim's
 * own account, which lies in memory of its own and is written ahead: `begun` before something is
 * done, `done` after it.
 *
 * What is done in a round follows from seed and number alone; when it is killed likewise, where
 * that is a point of its work (points.h), and as far as time repeats itself, where it is a time.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TORTURE_H
#define TORTURE_H

#include "lib/chan.h"
#include "lib/names.h"
#include "lib/rpc.h"
#include "lib/self.h"
#include "points.h"
#include <skerry_linux.h>
#include <string.h>

#define SUBS      24u /* channels besides the three of a round */
#define REGIONS   8u
#define CALLS     8u
#define ROUND_OPS 24u
#define PAGE      4096u

extern uint32_t patience_ms; /* only a hang takes so long */

/* --- Chance ---------------------------------------------------------------------------------- */

struct chance {
    uint64_t state;
};
static inline uint32_t chance_next(struct chance *c)
{
    uint64_t z = (c->state += 0x9e3779b97f4a7c15u);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)(z >> 32);
}
static inline uint32_t chance_below(struct chance *c, uint32_t n)
{
    return chance_next(c) % n;
}

/* --- Messages -------------------------------------------------------------------------------- */

/* What a message begins with; the rest of it follows from the number. */
struct note {
    uint32_t round, number, what, id;
};
enum { NOTE_PLAIN = 0, NOTE_END, NOTE_REGION, NOTE_PORT, NOTE_BOTH }; /* both: end and region */

/* Fill bytes with the message, return its length. */
static inline uint32_t note_write(uint8_t *bytes, const struct note *n)
{
    uint32_t len = 16u + (n->number * 37u + n->round) % (SK_PAYLOAD_MAX - 15u);
    memcpy(bytes, n, sizeof(*n));
    for (uint32_t i = 16; i < len; i++)
        bytes[i] = (uint8_t)(n->number + i * 3u + n->round);
    return len;
}

/* Is this message number `number` of the round, whole? */
static inline bool note_read(const struct sk_in *in, uint32_t round, uint32_t number,
                             struct note *n)
{
    uint8_t expected[SK_PAYLOAD_MAX];
    if (in->len < sizeof(*n))
        return false;
    memcpy(n, in->bytes, sizeof(*n));
    return n->round == round && n->number == number && in->len == note_write(expected, n) &&
           memcmp(expected, in->bytes, in->len) == 0;
}

/* What a call with this number is answered. */
static inline uint32_t answer_to(uint32_t round, uint32_t number)
{
    return number * 2654435761u ^ round;
}

#define NAME_OF_SURVIVOR "torture.survivor"
#define NAMES_OF_VICTIM  "torture.victim."

/* --- Accounts -------------------------------------------------------------------------------- */

/* Of the victim: written by it alone, ahead; read by the survivor when it is dead. */
struct account {
    uint32_t stage;                           /* 1: at work, 2: at its end */
    uint32_t bad;                             /* the line at which something was wrong, 0: none */
    sk_err err;                               /* and the error there */
    uint32_t sent_begun, sent_done;           /* to the survivor */
    uint32_t got;                             /* from the survivor */
    uint32_t asked, answered;                 /* its calls */
    uint32_t served_begun, served_done;       /* the survivor's calls */
    uint32_t find_begun, find_done;           /* connections by name, and the first message there */
    uint32_t names_begun, names_done;         /* registered */
    uint32_t connect_begun, connect_done;     /* at the survivor's port */
    uint32_t subs;                            /* channels that it has made */
    uint32_t sub_begun[SUBS], sub_done[SUBS]; /* messages sent on each */
    uint32_t sub_connected[SUBS];             /* 1: connecting, 2: it is queued, 3: refused */
};

/* What both know of a round. */
struct round {
    uint64_t seed;
    uint32_t number;
    struct account *account;
    struct points *points; /* the victim's */
    uint32_t at;           /* the point, from the beginning of its work on; 0: chosen already */
    uint32_t *left;        /* the survivor has closed everything: errors are right from now on */
};

#define LOOK(word)       __atomic_load_n(&(word), __ATOMIC_ACQUIRE)
#define SAY(word, value) __atomic_store_n(&(word), (value), __ATOMIC_RELEASE)

/* victim.c: given the far ends of msg, ask and serve, and the survivor's port. arg: the round. */
int victim_main(void *arg);

/* --- The survivor ---------------------------------------------------------------------------- */

struct sub {
    struct sk_chan chan;
    bool used, over;
    uint32_t id, next; /* number of the victim's channel; number of the next message */
    bool own;          /* made here: connected to the victim's port */
};

struct survivor {
    struct round round;
    struct sk_linux_area *area;
    struct sk_chan msg, ask, serve;
    bool msg_over, ask_over, serve_over;
    sk_handle port;
    uint32_t got, sent, answered;
    struct sub sub[2u * SUBS];
    uint32_t accepted; /* at the port */
    struct chance chance;
    sk_handle pending; /* a region that finds no room in the escrow */
    uint32_t pending_id;
    struct {
        sk_handle handle;
        uintptr_t at;
        uint32_t id;
    } region[REGIONS];
    struct sk_call call[CALLS];
    struct sk_in call_in[CALLS];
    bool call_on[CALLS];
    uint32_t call_number[CALLS];
    uint32_t calls, calls_answered, calls_dead;
    bool left;         /* it has closed everything before the victim's end */
    const char *wrong; /* NULL: nothing */
    uint32_t wrong_line;
    int64_t wrong_a, wrong_b;
};

/* Once something is wrong the first of it is kept. */
#define WRONG(s, why, a, b)                                                                        \
    do {                                                                                           \
        if ((s)->wrong == NULL) {                                                                  \
            (s)->wrong = (why);                                                                    \
            (s)->wrong_line = __LINE__;                                                            \
            (s)->wrong_a = (int64_t)(a);                                                           \
            (s)->wrong_b = (int64_t)(b);                                                           \
        }                                                                                          \
    } while (0)

/* survivor.c */
/* Channels and port of a new round; far[0..4): what the victim is given. */
bool survivor_begin(struct survivor *s, sk_handle far[4]);
/* All that can be done without waiting. True: something was done. */
bool survivor_turn(struct survivor *s);
/* Nothing was there to do: sleep until there is. False: it is `until`. */
bool survivor_sleep(struct survivor *s, sk_ns until);
/* Wait a moment for an answer of the victim, which is stopped. */
void survivor_waits(struct survivor *s);
/* Are the victim's names gone, soon? */
void survivor_names(struct survivor *s);
/* Have all channels of the round ended? */
bool survivor_over(const struct survivor *s);
/* The victim is dead, or stopped for good: take what is still in the port; close everything. */
void survivor_end(struct survivor *s);

/* guard.c: channels of the survivor with itself, as many as there are, each with a message in it
 * that nobody else may touch. */
#define GUARDS 64u
struct guard {
    uint32_t count;
    struct sk_chan chan[GUARDS][2];
};
void guard_begin(struct guard *g);
/* Are the messages still there? Closes all. */
bool guard_end(struct guard *g);

/* verdict.c: the victim is dead and all is closed: is what the survivor was told true? */
void verdict(struct survivor *s);

/* audit.c: nothing in the area belongs to somebody who is gone, and in use is what `base` says. */
void audit(struct survivor *s, const struct sk_linux_use *base);

/* bystander.c: a process that serves everybody else and has its own watchers. */
struct bystander {
    struct sk_linux_child child;
    struct sk_chan chan;
    struct points *points;
    uint32_t number; /* of the next question */
    bool threads;    /* it is no process, and neither is the victim */
};
bool bystander_begin(struct bystander *b, struct sk_linux_area *area);
/* Another one, which serves names, and is not touched. */
bool names_begin(struct bystander *b, struct sk_linux_area *area);
/* Does it answer? */
bool bystander_serves(struct bystander *b);
/* Wait for its end, after it was killed. */
bool bystander_end(struct bystander *b);

#endif
