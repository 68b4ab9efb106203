/* One sample: two sides (or a server and several clients) started, pinned, and what they found.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef BENCH_SAMPLE_H
#define BENCH_SAMPLE_H

#include "bench.h"

struct sample {
    struct result result; /* in nanoseconds for one operation */
    double probe[2];      /* nanoseconds of a store ping-pong before and after */
};

/* How the machine is used: cores of side 0 and 1, and of clients beyond the first. */
struct bench_cpus {
    unsigned cpu[2];
    unsigned clients, client[BENCH_CLIENTS]; /* other cores that clients may have; 0: core 0's */
};

enum sample_end { SAMPLE_OK, SAMPLE_FAILED = 1, SAMPLE_SKIPPED = 3 };

/* Measure for about ns nanoseconds. why: the reason of what is not SAMPLE_OK; at least 256 bytes.
 * Blocks; gives up after a time in which every system should have come to its end. */
enum sample_end sample_take(const struct system *system, const struct measure *measure,
                            const struct bench_cpus *cpus, uint64_t ns, struct sample *sample,
                            char *why);

/* Two cores that this process may use, not threads of one core if there are others. False: there
 * is only one. */
bool sample_choose_cpus(struct bench_cpus *cpus);

#endif
