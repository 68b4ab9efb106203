/* The start block: what a task finds when it starts, at the address in its first argument
 * register. Written by whoever loads the task (init; for init, the kernel), read by the start-up
 * code; the task's own memory from then on.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef SKERRY_START_H
#define SKERRY_START_H

#include <skerry/types.h>

#define SK_START_MAGIC   0x534b5331u /* "SKS1" */
#define SK_START_DEVICES 4u

/* init only: the event bit that says that something has become of a core. */
#define SK_EVENT_CORES 5u

struct sk_start {
    uint32_t magic;
    uint32_t size_bytes; /* SK_START_BYTES */
    sk_tid tid;
    sk_core core;
    uint32_t cores;                     /* cores that this system can use on this machine */
    uint32_t epoch;                     /* of this core's kernel */
    sk_handle parent;                   /* unused end of a channel to this core's init; 0 in init */
    sk_handle control;                  /* init only: SK_RIGHT_TASK | SK_RIGHT_CORE */
    sk_handle core_port;                /* init only: where CORE_CONNECT arrives; event bit 0 */
    sk_handle device[SK_START_DEVICES]; /* in the order of the manifest; 0 = none */
    uint64_t system_addr;  /* init only: the system table (skerry/system.h), mapped read-only */
    uint64_t archive_addr; /* init only: the boot archive (newc cpio), mapped read-only; 0: none */
    uint64_t archive_bytes;
    uint64_t heap_addr;     /* where the heap may grow from; 0: behind the program */
    uint64_t heap_bytes;    /* most that it may grow to */
    uint16_t handles, ends; /* the most that the task may have */
    uint32_t argc;
    uint16_t argv_off[SK_START_ARGS]; /* offset of each argument in text, zero-terminated */
    char name[SK_NAME_BYTES];
    char text[SK_START_BYTES - 136 - 2 * SK_START_ARGS];
};
_Static_assert(sizeof(struct sk_start) == SK_START_BYTES, "layout");

#endif
