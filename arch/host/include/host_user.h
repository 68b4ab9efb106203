/* What a program's side of the host port uses of the simulation: its "instructions".
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef HOST_USER_H
#define HOST_USER_H

#include <skerry/types.h>

/* The system call instruction: args[0..5] in, r[0..3] out. Returns when the kernel resumes the
 * calling task. */
void host_syscall(uint32_t nr, const uint64_t args[6], uint64_t r[4]);

/* The machine's clock. A step. */
sk_ns host_now(void);

/* A pause in a loop that waits: a long step. */
void host_relax(void);

/* The thread register: a word of the running task, zero at its start. */
void *host_self(void);
void host_self_set(void *self);

/* Where a task begins (arch/host/user/start_host.c); program: of host_programs. */
struct host_program;
_Noreturn void host_task_begin(const struct host_program *program, uint64_t arg);

#endif
