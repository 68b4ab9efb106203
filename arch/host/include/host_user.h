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

/* The running task's own HOST_SELF_BYTES, zero at its start. */
#define HOST_SELF_BYTES 8192u
void *host_self(void);

/* Its arena of malloc (arch/host/user/heap_host.c), NULL at its start. */
void *host_heap(void);
void host_heap_set(void *heap);

/* Where a task begins (arch/host/user/start_host.c); program: of host_programs. */
struct host_program;
_Noreturn void host_task_begin(const struct host_program *program, uint64_t arg);

#endif
