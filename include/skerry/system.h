/* The system table: what a manifest (systems/BOARD/NAME.toml) becomes when the image is built. It
 * is the file `system.bin` of the boot archive, read-only, the same for every core; kernels size
 * their tables from it and init starts programs by it. Little-endian, naturally aligned, offsets in
 * bytes from the start of the table. tools/skerry_image writes it; kernel/system.c checks it.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef SKERRY_SYSTEM_H
#define SKERRY_SYSTEM_H

#include <skerry/types.h>

#define SK_SYS_MAGIC       0x53595353u /* "SSYS" */
#define SK_SYS_VERSION     3u
#define SK_SYS_FILE        "system.bin"
#define SK_SYS_DEVICES_MAX 16u
#define SK_SYS_IMAGES_MAX  256u

struct sk_sys_header {
    uint32_t magic, version;
    uint32_t size_bytes;             /* of the whole table */
    uint32_t cores;                  /* the most cores that this system uses, 1..SK_CORES_MAX */
    uint32_t core_off, core_count;   /* struct sk_sys_core [cores] */
    uint32_t prog_off, prog_count;   /* struct sk_sys_prog */
    uint32_t dev_off, dev_count;     /* struct sk_sys_dev */
    uint32_t perm_off, perm_count;   /* struct sk_sys_perm */
    uint32_t image_off, image_count; /* struct sk_sys_image: none where programs are loaded */
    char name[SK_NAME_BYTES];        /* the manifest's name: "demo" */
    char board[SK_NAME_BYTES];       /* "virt-arm64" */
    uint32_t heartbeat_ms;           /* of every kernel; 0: none, no silence is suspicious */
    uint32_t pad;
};
_Static_assert(sizeof(struct sk_sys_header) == 128, "wire layout");

struct sk_sys_core {
    uint32_t ram_bytes; /* RAM that this core's kernel has for its tables and hands out */
    uint32_t log_bytes; /* of the kernel's log, >= SK_SYS_LOG_MIN */
    uint16_t tasks;     /* table sizes, all >= 1 */
    uint16_t ends;      /* channel ends; two for each channel inside the core */
    uint16_t ports;
    uint16_t regions;
    uint16_t handles; /* most handles of one task, <= 4096 */
    uint16_t flags;   /* SK_SYS_CORE_* */
    /* What the init of core 0 does when this core is lost. */
    uint8_t restart;       /* SK_RESTART_NEVER, or ON_FAULT: but for CORE_ASK's STOP */
    uint8_t restart_limit; /* restarts in a row before giving up; 0 = no limit */
    uint16_t backoff_ms;   /* pause before a restart; doubles each time, up to 64-fold */
};
_Static_assert(sizeof(struct sk_sys_core) == 24, "wire layout");
#define SK_SYS_HEARTBEAT_MAX 60000u
#define SK_SYS_LOG_MIN       256u
#define SK_SYS_LOG_MAX       (1u << 20)
#define SK_SYS_CORE_START    1u /* started at boot; otherwise by `core start N` */

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
    uint32_t mem_bytes;       /* most that the kernel hands out to it: image, stack, heap and page
                                 tables where programs are loaded; channels and regions everywhere */
    uint32_t stack_bytes;
    uint16_t handles;                /* most handles, <= the core's */
    uint16_t ends;                   /* most channel ends */
    uint32_t flags;                  /* SK_SYS_PROG_* */
    uint16_t perm_first, perm_count; /* its name permissions */
    uint16_t dev_first, dev_count;   /* the devices that it owns */
};
_Static_assert(sizeof(struct sk_sys_prog) == 64, "wire layout");
#define SK_SYS_PROG_BOOT 1u /* started at boot on its place */
#define SK_SYS_PROG_PROC 2u /* may spawn, kill and list tasks on any core */
#define SK_SYS_PROG_CORE 4u /* may order cores, read logs, halt the machine */
#define SK_SYS_PROG_FPU  8u /* needs floating-point registers: runs on cores that have them */

struct sk_sys_dev {
    char name[SK_NAME_BYTES];
    uint64_t base;       /* physical address, a multiple of SK_DEVICE_BYTES */
    uint32_t size_bytes; /* likewise */
    uint32_t irq;        /* interrupt number at the controller; 0 = none */
    uint8_t core;        /* whose kernel owns it; SK_PLACE_ANY: whose task opens it */
    uint8_t flags;       /* SK_SYS_DEV_* */
    uint16_t pad;
} __attribute__((packed, aligned(4))); /* the archive aligns its files to 4 bytes only */
_Static_assert(sizeof(struct sk_sys_dev) == 52, "wire layout");
#define SK_SYS_DEV_CALL                                                                            \
    1u /* no task's: the owning kernel reads and writes it when asked (DEV_CALL) */

/* A program as it lies in memory, linked for one core; only where programs run in place. The RAM,
 * ascending: stack (an overflow leaves it), data, bss, start block (SK_START_BYTES), heap. */
struct sk_sys_range {
    uint32_t base, bytes;
};
struct sk_sys_image {
    uint16_t prog; /* index of its sk_sys_prog */
    uint8_t core;
    uint8_t pad;
    uint32_t entry;
    struct sk_sys_range text, rodata, ram; /* what the task may execute, read, read and write */
    uint32_t data_load;                    /* where the initial data lie (constants, read-only) */
    uint32_t data_addr, data_bytes;        /* bss follows the data */
    uint32_t bss_bytes;
    uint32_t stack_bytes;
};
_Static_assert(sizeof(struct sk_sys_image) == 52, "wire layout");

/* One permission: pattern is a name, or a prefix followed by '*'. */
struct sk_sys_perm {
    char pattern[SK_NAME_BYTES];
    uint32_t kind; /* SK_PERM_* */
};
_Static_assert(sizeof(struct sk_sys_perm) == 36, "wire layout");
enum { SK_PERM_REGISTER = 1, SK_PERM_RESOLVE = 2 };

#endif
