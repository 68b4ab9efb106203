/* What is measured: the regions of the counter (bench/count/count.c). bench/figures reads this
 * table too: one line for each, X(name, number, text).
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef BENCH_REGIONS_H
#define BENCH_REGIONS_H

#include <marker.h>

/* clang-format off */
#define BENCH_REGIONS(X) \
    X(NOTHING, 0, "nothing: two markers side by side") \
    X(NULL_CALL, 1, "null system call") \
    X(SWITCH, 14, "yield to another task and back") \
    X(NEAR_CALL, 2, "RPC round trip, same core, 0 bytes") \
    X(NEAR_CALL_DEADLINE, 15, "the same with a deadline") \
    X(NEAR_CALL_32, 3, "the same, 32 bytes there and back") \
    X(NEAR_CALL_56, 4, "the same, 56 bytes there and back") \
    X(FAR_SEND, 5, "RPC to another core: send, receiver awake") \
    X(FAR_SEND_ASLEEP, 6, "the same, receiver asleep: it is rung") \
    X(FAR_RECEIVE, 7, "RPC from another core: receive") \
    X(FAR_CALL, 8, "RPC round trip, another core, both asleep") \
    X(FAR_CALL_POLL, 9, "the same, the caller polls first") \
    X(SPAWN_HELLO, 10, "spawn to exit of hello") \
    X(SPAWN_EMPTY, 11, "spawn to exit of a program that does nothing") \
    X(CORE_START, 12, "core start: request to init, until it runs") \
    X(KERNEL_FORK, 13, "of it, fork of a kernel: until it answers") \
    X(CORE_RESTART, 16, "core restart: request to init, until it runs") \
    X(IRQ, 17, "device interrupt to the driver's first instruction") \
    X(DEV_STUB, 18, "UART of another core: a character by the driver's stub") \
    X(DEV_SERVICE, 19, "the same, a line of 40 through the service") \
    X(DEV_CALL, 20, "register of another core's kernel: read") \
    X(NEAR_LEND_56, 21, "RPC with a loan of 56 bytes that is read, same core") \
    X(NEAR_LEND_1K, 22, "the same, 1 KiB") \
    X(FAR_LEND_56, 23, "the same with another core, both asleep, 56 bytes") \
    X(FAR_LEND_1K, 24, "the same, 1 KiB")
/* clang-format on */

/* What bench_peer can be asked. */
enum { BENCH_NOTHING = 1, BENCH_SAME, BENCH_LOAN };
#define BENCH_LOAN_BYTES 1024u /* most */

enum {
#define X(name, number, text) REGION_##name = (number),
    BENCH_REGIONS(X)
#undef X
};

#endif
