/* Points of a process's work: the beginning and the end of each function of the port and of the
 * library, inlined ones included (-finstrument-functions). So between two points lies at most one
 * change of a word in the area. At a chosen one the process kills or stops itself.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TORTURE_POINTS_H
#define TORTURE_POINTS_H

#include <stdbool.h>
#include <stdint.h>

/* Shared with whoever chooses; memory that a fork shares. */
struct points {
    uint32_t watchers; /* count those of the port's watchers; else of the thread that was forked */
    uint32_t at;       /* the point at which it happens, from 1 on; 0: at none */
    uint32_t signal;   /* what happens: SIGKILL or SIGSTOP */
    uint32_t passed;
};

/* Each process that this one forks from now on counts in *p; NULL: counts nothing. */
void points_of_next(struct points *p);

/* This process counts its points no more: what follows is the test's. */
void points_off(void);

/* Is the port built with points? Known once a process has run with them. */
bool points_built(void);

#endif
