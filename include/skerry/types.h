/* Scalar types and identifiers that every floor shares.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef SKERRY_TYPES_H
#define SKERRY_TYPES_H

#include <stdbool.h>
#include <skerry/machine.h>
#include <stddef.h>
#include <stdint.h>

/* Nanoseconds on the machine's one global clock (sk_now). A deadline is an absolute sk_ns: a value
 * in the past, 0 included, means "try once, do not wait"; SK_FOREVER means "no deadline". */
typedef uint64_t sk_ns;
#define SK_FOREVER (~(sk_ns)0)
#define SK_MS(n)   ((sk_ns)(n)*1000000u)

/* A core's number, 0 .. SK_CORES_MAX-1, dense, in the order of the hardware description. */
typedef uint32_t sk_core;
#define SK_CORE_NONE (~(sk_core)0)

/* A task, for ever: never used again for another one while a core's epoch lasts. Opaque to
 * programs; 0 is no task. Kernel and init read it as core:8 | slot:24 | generation:32. */
typedef uint64_t sk_tid;
#define SK_TID_NONE ((sk_tid)0)
#define SK_TID_MAKE(core, slot, gen)                                                               \
    (((sk_tid)(core) << 56) | ((sk_tid)(slot) << 32) | (uint32_t)(gen))
#define SK_TID_CORE(tid) ((sk_core)((tid) >> 56))
#define SK_TID_SLOT(tid) ((uint32_t)((tid) >> 32) & 0xffffffu)
#define SK_TID_GEN(tid)  ((uint32_t)(tid))

/* A name for a kernel object, local to the task that holds it: index:12 | generation:20. The
 * generation is never 0, so 0 is no handle; a handle whose entry was closed is an error for ever
 * (20 bits of generation: an entry retires after 2^20-1 uses). */
typedef uint32_t sk_handle;
#define SK_HANDLE_NONE           ((sk_handle)0)
#define SK_HANDLE_MAKE(idx, gen) ((sk_handle)((idx) | ((uint32_t)(gen) << 12)))
#define SK_HANDLE_INDEX(h)       ((h)&0xfffu)
#define SK_HANDLE_GEN(h)         ((h) >> 12)
#define SK_HANDLE_GEN_MAX        0xfffffu

/* Scheduling priority: 0 (lowest) .. SK_PRIO_MAX (highest). */
#define SK_PRIO_COUNT 16u
#define SK_PRIO_MAX   (SK_PRIO_COUNT - 1u)

/* Longest name of a program, device or interface, terminating zero included. */
#define SK_NAME_BYTES 32u

#endif
