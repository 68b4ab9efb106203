/* The system table: what a manifest (systems/BOARD/NAME.toml) becomes when the image is built. It is the
 * file `system.bin` of the boot archive, read-only, the same for every core; kernels size their
 * tables from it and init starts programs by it. Little-endian, naturally aligned, offsets in
 * bytes from the start of the table. tools/skerry_image writes it; kernel/system.c checks it.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef SKERRY_SYSTEM_H
#define SKERRY_SYSTEM_H

#include <skerry/types.h>

#define SK_SYS_MAGIC   0x53595353u /* "SSYS" */
#define SK_SYS_VERSION 1u
#define SK_SYS_FILE    "system.bin"

struct sk_sys_header {
    uint32_t magic, version;
    uint32_t size_bytes;           /* of the whole table */
    uint32_t cores;                /* the most cores that this system uses, 1..SK_CORES_MAX */
    uint32_t core_off, core_count; /* struct sk_sys_core [cores] */
    uint32_t prog_off, prog_count; /* struct sk_sys_prog */
    uint32_t dev_off, dev_count;   /* struct sk_sys_dev */
    uint32_t perm_off, perm_count; /* struct sk_sys_perm */
    char name[SK_NAME_BYTES];      /* the manifest's name: "demo" */
    char board[SK_NAME_BYTES];     /* "virt-arm64" */
};
_Static_assert(sizeof(struct sk_sys_header) == 112, "wire layout");

struct sk_sys_core {
    uint32_t ram_kib; /* RAM budget of this core's kernel and tasks */
    uint16_t tasks;   /* table sizes, all >= 1 */
    uint16_t ends;    /* channel ends; two for each channel inside the core */
    uint16_t ports;
    uint16_t regions;
    uint16_t handles; /* most handles of one task, <= 4096 */
    uint16_t flags;   /* SK_SYS_CORE_* */
};
_Static_assert(sizeof(struct sk_sys_core) == 16, "wire layout");
#define SK_SYS_CORE_START 1u /* started at boot; otherwise by `core start N` */

enum { SK_RESTART_NEVER = 0, SK_RESTART_ON_FAULT = 1, SK_RESTART_ALWAYS = 2 };

/* Where a program runs when nothing else is said. A number beyond the last running core means the
 * last one; SK_PLACE_ANY means the core of whoever starts it. */
#define SK_PLACE_ANY 0xffu

struct sk_sys_prog {
    char name[SK_NAME_BYTES]; /* also its file in the archive: bin/NAME */
    uint8_t place;            /* core, or SK_PLACE_ANY */
    uint8_t priority;         /* 0..SK_PRIO_MAX */
    uint8_t restart;          /* SK_RESTART_* */
    uint8_t restart_limit;    /* restarts in a row before giving up; 0 = no limit */
    uint32_t backoff_ms;      /* pause before a restart; doubles each time, up to 64-fold */
    uint32_t mem_kib;         /* most memory: image, stack, heap, page tables, its channels */
    uint32_t stack_kib;
    uint16_t handles;                /* most handles, <= the core's */
    uint16_t ends;                   /* most channel ends */
    uint32_t flags;                  /* SK_SYS_PROG_* */
    uint16_t perm_first, perm_count; /* its name permissions */
    uint16_t dev_first, dev_count;   /* the devices that it owns */
};
_Static_assert(sizeof(struct sk_sys_prog) == 64, "wire layout");
#define SK_SYS_PROG_BOOT 1u /* started at boot on its place */
#define SK_SYS_PROG_PROC 2u /* may spawn, kill and list tasks on any core */
#define SK_SYS_PROG_CORE 4u /* may start cores, read logs, halt the machine */

struct sk_sys_dev {
    char name[SK_NAME_BYTES];
    uint64_t base;                     /* physical address, page aligned */
    uint32_t size_bytes;               /* multiple of a page */
    uint32_t irq;                      /* interrupt number at the controller; 0 = none */
} __attribute__((packed, aligned(4))); /* the archive aligns its files to 4 bytes only */
_Static_assert(sizeof(struct sk_sys_dev) == 48, "wire layout");

/* One permission: pattern is a name, or a prefix followed by '*'. */
struct sk_sys_perm {
    char pattern[SK_NAME_BYTES];
    uint32_t kind; /* SK_PERM_* */
};
_Static_assert(sizeof(struct sk_sys_perm) == 36, "wire layout");
enum { SK_PERM_REGISTER = 1, SK_PERM_RESOLVE = 2 };

#endif
