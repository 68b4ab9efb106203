/* What happened last: kernel entries and exits, doorbells, messages, acts of the plan and what
 * programs of tests were told. Kept in a ring for the report of a failure; with --trace each is
 * printed as it comes. Costs no step and no chance: a run is the same with and without.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef HOST_HISTORY_H
#define HOST_HISTORY_H

#include <skerry/types.h>

#define HISTORY_TEXT 96u
#define HISTORY_LAST 40u

enum history_what {
    HISTORY_CALL,    /* a: number, b: first argument, c: second */
    HISTORY_RETURN,  /* a: r0 */
    HISTORY_FAULT,   /* a: kind, b: address */
    HISTORY_BELL,    /* taken by the core */
    HISTORY_TIMER,   /* taken */
    HISTORY_IRQ,     /* a: number */
    HISTORY_RING,    /* a: the core that is rung */
    HISTORY_PUBLISH, /* a: page, b: side << 32 | number, c: label << 32 | header */
    HISTORY_TAKE,    /* a: page, b: side << 32 | number given back */
    HISTORY_NOTE,
};

void history_reset(void);
void history_add(enum history_what what, uint64_t a, uint64_t b, uint64_t c);
void history_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The last HISTORY_LAST, oldest first, to stderr. */
void history_print(void);

#endif
