/* Fault plans: what goes wrong in a run, and when. One syntax, for the command line, for reports
 * and for replaying (faults_usage says it). A plan names its acts with the step of each; or it is
 * swept: a run that does what it would do anyhow, and at every step forks one that meets the act
 * there (sweep.c).
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef HOST_FAULTS_H
#define HOST_FAULTS_H

#include <skerry/types.h>
#include <stdbool.h>
#include <stddef.h>

enum fault_act {
    ACT_KILL_TASK,     /* the task ends: by a fault where it runs, otherwise killed */
    ACT_KILL_CORE,     /* the core stops for good, in the middle of whatever it does, silently */
    ACT_PANIC_CORE,    /* its kernel breaks, and says so */
    ACT_STOP_CORE,     /* its kernel stops as if it had been asked to */
    ACT_HANG_CORE,     /* its kernel executes nothing more and is not off: it must be forced */
    ACT_RESTART_CORE,  /* it begins anew, unasked */
    ACT_FREEZE,        /* it executes nothing for so long, then goes on */
    ACT_SCRIBBLE,      /* the task fills all channel memory that it may write with garbage */
    ACT_SCRIBBLE_CORE, /* the kernel fills all that it tells the others with garbage */
    ACT_CLOCK,         /* the clock jumps ahead */
    ACT_EXHAUST,       /* the n-th request for memory or for a channel end is refused */
    ACT_COUNT
};

#define FAULT_TASK_BYTES 48u

struct fault {
    uint8_t act;
    bool ms;                     /* length is virtual milliseconds, not steps */
    bool done;                   /* it has been met */
    bool own;                    /* it belongs to the scenario */
    sk_core core;                /* *_CORE, FREEZE */
    char task[FAULT_TASK_BYTES]; /* NAME, NAME#CORE, or CORE.SLOT.GENERATION */
    uint64_t at;                 /* step; EXHAUST: which request, from 1 */
    uint64_t length;             /* FREEZE, CLOCK */
};

#define FAULTS_MAX 6u

struct fault_plan {
    struct fault fault[FAULTS_MAX];
    uint32_t count;
    uint32_t sweep; /* bits of acts that are swept */
    uint32_t rate;  /* of a sweep: one step in so many */
    bool no_force;  /* this machine cannot order a core off */
    uint32_t bells; /* one doorbell in so many is lost, or late, or rings for nothing */
};

extern const char faults_usage[];

/* NULL, or what is wrong with the text. */
const char *faults_parse(const char *text, struct fault_plan *plan);
/* As it would be typed. */
void faults_format(const struct fault *f, char *text, size_t room);
/* What a plan says besides its acts, to be written after one: ",no-force", ",bells:R", both, or
 * nothing. */
void faults_format_rest(const struct fault_plan *plan, char *text, size_t room);

/* --- while the machine runs ------------------------------------------------------------------- */

/* At every step: what is due. */
void faults_step(void);
/* A kernel asks for memory, or an end: is it to be refused? Counts. */
bool faults_refuse(void);
/* Has anything gone wrong so far that was planned? Or was not the scenario's own? */
bool faults_met(void);
bool faults_met_others(void);
/* What the scenario itself has planned comes at the next step. */
void faults_own(const char *text);
/* Is the run one in which peers may lie? */
bool faults_lies(void);

/* The task that a fault names, on a core that runs; the first that there is. */
struct port_cpu;
struct task;
struct task *faults_find_task(const char *name, struct port_cpu **cpu);

/* --- sweep.c ---------------------------------------------------------------------------------- */

struct sweep_result {
    uint64_t points; /* steps at which something was done */
    uint64_t runs, failed;
    uint64_t tasks, cores; /* runs in which a task, a core was the victim */
    uint64_t steps;        /* of all runs together */
};

/* This process will fork runs at each step; again is the command that replays one, without plan. */
void sweep_begin(const struct fault_plan *plan, const char *again);
/* In the parent: fork what this step asks for. In a child: its one fault is now in sim.faults. */
void sweep_step(void);
void sweep_refusal(uint64_t n);
/* In a child: its run is over; does not return. In the parent: nothing. */
void sweep_child_end(bool well);
/* In the parent: wait for all. */
void sweep_end(struct sweep_result *result);

#endif
