/* Scenarios: small systems whose programs are made for a test. A run goes through phases:
 *
 *   warm    the system boots; the program `director` has everything used once
 *   play    the director starts the roles; faults come in this phase only (sim.window)
 *   clear   all roles but services have ended; these are killed
 *   settle  then what was in use at the beginning of `play` is in use, no more and no less
 *
 * Verdicts of the roles: witness.h. Roles end by themselves, whatever happens to others; one that
 * does not has not been told the truth, and the run fails.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef HOST_STAGE_H
#define HOST_STAGE_H

#include "arch/host/include/witness.h"

#define STAGE_ROLES 8u

struct sim_role {
    const char *program; /* of the system small; what stands before its first '_' is the file */
    sk_core core;
    bool service;    /* ends only when it is killed */
    const char *arg; /* NULL: none */
};

struct sim_scenario {
    const char *name, *about;
    sk_core cores;
    const char *system; /* of tests/sim/, NULL: small */
    const char *watch;  /* a program that roles start: it plays too; NULL: none */
    const char *plan;   /* faults that belong to it, NULL: none; at steps counted from `play` on */
    struct sim_role role[STAGE_ROLES]; /* ends with program NULL */
};

/* All there are, by the link line; ends with name NULL. */
extern const struct sim_scenario sim_scenarios[];

void stage_reset(void);
/* Every core is idle: go on to the next phase if it is time. */
void stage_idle(void);
sk_ns stage_next_ns(void);
/* What the run waits for, in words. */
const char *stage_waits_for(void);

#endif
