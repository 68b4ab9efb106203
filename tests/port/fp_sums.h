/* A computation that keeps four numbers in floating-point registers over many switches of tasks.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_PORT_FP_SUMS_H
#define TESTS_PORT_FP_SUMS_H

#include "lib/sys.h"

/* True if none of them was another task's. */
static inline bool fp_sums(double seed)
{
    double a = 0, b = seed, d = 2 * seed, e = -seed;
    for (unsigned n = 0; n < 200; n++) {
        for (unsigned i = 0; i < 100; i++) {
            a += seed;
            b += 2 * seed;
            d -= seed;
            e += 3 * seed;
        }
        sys_yield();
    }
    return a == 20000 * seed && b == 40001 * seed && d == -19998 * seed && e == 59999 * seed;
}

#endif
