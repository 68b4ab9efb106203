/* The explorer: runs a scenario of two threads in every order of their steps, with every choice
 * that the memory (model.h) leaves to a load or a store, and every choice that the scenario makes.
 * Depth first; a run is repeated from its beginning along the choices made so far. A state that was
 * seen is not explored again (by a hash of 64 bits; two states that share one would hide a run).
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ORDER_EXPLORE_H
#define ORDER_EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scenario {
    const char *name, *says;
    void (*begin)(void);     /* in order, before there are threads */
    void (*thread[2])(void); /* coroutines; their memory is `kept` and their stacks */
    void (*end)(void);       /* both are done */
};

/* Each ends with a name of NULL. The first is of kernels, which have no asymmetric variant. */
extern const struct scenario *const scenario_lists[];

/* The memory of the scenarios: kept at the end of begin, put back at the start of each run. */
extern struct kept {
    _Alignas(8) uint8_t bytes[2048];
} kept;

/* Counts that are part of the state, whoever changes them. */
extern struct tally {
    int32_t asked[2]; /* of a thread: how often it asked to be woken, less how often it was */
} tally;

/* Any of 0..n-1; all are tried. What a thread chooses is part of what it has learnt; what is picked
 * for it shows in the state by itself. */
unsigned ex_choose(unsigned n);
unsigned ex_pick(unsigned n);

/* What the running thread does from here on depends on these bytes (and shared words) alone. */
#define ex_settle(p, bytes) ex_settle_at(__LINE__, p, bytes)
void ex_settle_at(uint32_t line, const void *p, size_t bytes);

/* Sleep until woken; a wake-up that came before is not lost. Neither orders any memory. */
void ex_sleep(void);
void ex_wake(unsigned thread);
/* The running thread has been woken, and takes note of it now rather than when it sleeps. */
bool ex_interrupt(void);

/* What ought to hold does not: this run is a failure. Does not return. */
void ex_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* For the model: the thread is about to make its next step; the state goes with what it has read;
 * a line of the trace. */
void ex_step(void);
void ex_learn(uint64_t what);
bool ex_tracing(void);
void ex_trace(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
