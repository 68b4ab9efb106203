/* The systems, each in a file of its own; systems.c has the list of those that are built.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef BENCH_SYSTEMS_H
#define BENCH_SYSTEMS_H

#include "bench.h"

#ifdef __cplusplus
extern "C" {
#endif

#define BENCH_SYSTEM(name) extern const struct system name;
#include <systems.list>
#undef BENCH_SYSTEM

#ifdef __cplusplus
}
#endif
#endif
