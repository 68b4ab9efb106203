/* A witness outside the machine, for programs of tests only: what each was told is written down
 * here and checked against what happened, which the simulation knows. None of it is a step.
 * Under a plan in which peers lie (scribble) nothing that programs see is held against them.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef HOST_WITNESS_H
#define HOST_WITNESS_H

#include <skerry/errors.h>
#include <skerry/types.h>
#include <stdbool.h>

#define WITNESS_IDS 64u

/* Shared by all programs of a run, zero at its beginning. */
struct witness {
    bool ready;                                      /* director: the machine is warm */
    bool go;                                         /* the simulation: begin */
    sk_ns ready_ns;                                  /* when it was */
    sk_tid tid[WITNESS_IDS];                         /* of whoever plays that role now */
    uint64_t born[WITNESS_IDS];                      /* how often it has begun */
    uint64_t count[WITNESS_IDS];                     /* what roles agree to count */
    uint64_t served[WITNESS_IDS], told[WITNESS_IDS]; /* by number of the request */
};
extern struct witness witness;

/* The run has failed. */
void w_fail(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
#define W_CHECK(condition)                                                                         \
    do {                                                                                           \
        if (!(condition))                                                                          \
            w_fail(__FILE__, __LINE__, "not so: %s", #condition);                                  \
    } while (0)

/* A line for the history of the run. */
void w_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Has nothing at all gone wrong that was planned, so far? Then nothing may fail. */
bool w_calm(void);
/* Has nothing gone wrong but what w_plan and the scenario's plan did? */
bool w_alone(void);
/* Can a core be ordered off? Not under no-force. */
bool w_can_force(void);
/* That act of a fault plan, its step left out, comes now: "freeze:1@0+600ms". */
void w_plan(const char *act);
/* Is that task alive, on a core that nobody has reason to think dead, or has ordered off? */
bool w_alive(sk_tid tid);
/* Has a core been lost, or silent for a while, in this run? */
bool w_core_in_doubt(sk_core core);

/* What an operation has returned: with a peer (SK_TID_NONE: more than one stands between), until a
 * deadline. Fails the run if it is not the truth. Returns err. */
sk_err w_told(const char *file, int line, sk_err err, sk_tid peer, sk_ns deadline);
#define W_TOLD(err, peer, deadline) w_told(__FILE__, __LINE__, (err), (peer), (deadline))

/* For the director: the cast of the scenario, one role after the other; false: there are no more.
 */
bool w_role(uint32_t n, const char **program, sk_core *core, const char **arg);

#endif
