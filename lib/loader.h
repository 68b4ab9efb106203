/* Loading a program into a new task, for init. Text and constants are not writable, nothing is both
 * writable and executable. One of three is linked:
 *
 * loader_elf.c: an ELF file of the boot archive, checked by base/elf.h, copied page by page. Image
 * at its link address | guard page | stack, the start block on top | guard page | heap, up to the
 * task's budget.
 * loader_fixed.c: the program lies in place, its RAM is filled. Stack, which overflows out of the
 * RAM | data | bss | start block | heap to the end. One task at a time.
 * arch/host/user: the simulation's, which finds the program in its table.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_LOADER_H
#define LIB_LOADER_H

#include "lib/sys.h"
#include <skerry/start.h>
#include <skerry/system.h>

struct sk_load {
    sk_handle task; /* in state NEW; stays the caller's */
    sk_tid tid;
    const struct sk_sys_prog *prog; /* of the system table */
    uint32_t argc;
    const char *const *argv; /* copied */
    sk_handle parent;        /* as the task knows it (sys_task_give) */
    sk_handle device[SK_START_DEVICES];
    const struct sk_start *own; /* init's start block */
};

/* Fill the task and start it. Memory is charged to the caller only while it is being written.
 * Any error: the task has not started; the caller closes it, which gives all back. *why: static
 * text for SK_ERR_IMAGE. SK_ERR_TOO_BIG: the arguments do not fit the start block.
 * SK_ERR_NOT_FOUND: there is no such program here. SK_ERR_BUSY: it runs, and can run once only.
 * SK_ERR_BUDGET, SK_ERR_NO_MEMORY. Blocks: no. Cost: one copy of the image. */
sk_err loader_start(const struct sk_load *load, const char **why);

/* ELF_MACHINE_* of programs for this machine; of the port. For the ELF loader. */
uint32_t loader_machine(void);

/* Put name, arguments and the rest into a start block. SK_ERR_TOO_BIG. For loaders. */
sk_err loader_fill_start(struct sk_start *start, const struct sk_load *load);

#endif
