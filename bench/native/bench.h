/* The harness of the native benchmark: what a measured system is, and what it is given.
 *
 * A sample is one system, one measure and two sides, each pinned to a core of its own: two
 * processes that share `mem`, or two threads of one where the system is made for threads only.
 * setup runs before them, side 0 measures (of a stream the receiver, side 1). A side that finds
 * something wrong says so with bench_fail and takes the whole sample with it.
 *
 * C and C++. Times inside are ticks of isa_ticks.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef BENCH_H
#define BENCH_H

#include <isa.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BENCH_LINE      64u
#define BENCH_MSG_BYTES 64u          /* of a message: a header of 8 bytes, and 7 words of payload */
#define BENCH_WORDS     7u           /* of payload: those that are written and read */
#define BENCH_PAIRS_MAX 1040u        /* channels beside each other in one sample */
#define BENCH_CLIENTS   16u          /* most clients of one server */
#define BENCH_LAST      (1ull << 63) /* in the number of a message: no more will come */

enum bench_kind {
    KIND_RTT,     /* a message there and one back, one at a time; param: none */
    KIND_STREAM,  /* messages one way; the ring has `slots` */
    KIND_ASLEEP,  /* as RTT, both sleep while they wait */
    KIND_SOON,    /* the server sleeps, and answers at once */
    KIND_LATE,    /* the server sleeps, and answers after BENCH_THINK_NS */
    KIND_COPY,    /* payloads of `param` bytes one way, copied in and out */
    KIND_MOVE,    /* a buffer of `param` bytes handed over and back, looked at by nobody */
    KIND_TOUCH,   /* the same, written by who gives it and read by who gets it */
    KIND_RPC,     /* `param` requests outstanding */
    KIND_CLIENTS, /* `param` clients on one core, one request each; one server */
    KIND_IDLE,    /* as RTT, beside `param` channels that are armed and silent */
    KIND_COUNT
};

/* One measure: a name, and what it is. */
struct measure {
    const char *name;
    enum bench_kind kind;
    uint32_t param;
    uint32_t slots; /* of each ring */
    const char *unit;
    const char *about;
};

struct run;

struct system {
    const char *name;
    const char *about;
    bool threads; /* the sides are threads of one process */
    bool hidden;  /* no part of a run unless it is named */
    /* Of its rings, whatever a measure asks for: streams of other rings it does not have. 0: as
     * many as are asked for. */
    uint32_t slots;
    /* Before the sides: make what both use, in run->mem or inherited. NULL: nothing to do. What
     * cannot be measured here and now: bench_skip. */
    void (*setup)(struct run *run);
    /* Bytes of run->mem that one pair of rings of run->measure->slots takes. NULL: none. */
    size_t (*bytes)(const struct measure *measure);
    /* The two sides of each kind: NULL where the system does not have it. Both return when the
     * sample is over. For KIND_CLIENTS side 0 runs once for each client, run->me tells them apart.
     */
    void (*side[KIND_COUNT][2])(struct run *run);
};

/* What a side has found out. */
struct result {
    double value; /* in ticks for one operation, or bytes or messages for one tick: see sample.c */
    double p50, p99, p999; /* ticks of single operations; 0: not looked at */
    uint64_t ops;
    uint64_t steps, dropped; /* of the measurement, and those of more than a millisecond */
    double lost;             /* the share of the time that those have taken */
};

/* One sample as a side sees it: the shared part is written before the sides begin, but for what is
 * said of a field. */
struct run {
    const struct system *system;
    const struct measure *measure;
    unsigned side;         /* mine: 0 or 1 */
    unsigned me;           /* which client I am */
    uint8_t *mem;          /* shared by the sides, zero, aligned to a page */
    uint64_t ticks;        /* that the sample is to take */
    uint64_t ms;           /* ticks of one millisecond */
    struct result *result; /* shared: the measuring side writes it */
    struct board *board;   /* shared: sample.c */
    bool crowded;          /* clients share a core */
    void *own;             /* of the system: made by setup, inherited by both sides */
};

/* This side has found that the system does not do what it should: never returns. */
void bench_fail(struct run *run, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

/* This cannot be measured on this machine, for the reason said: never returns. In setup or a side.
 */
void bench_skip(struct run *run, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

#ifdef __cplusplus
}
#endif
#endif
