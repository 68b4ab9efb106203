/* A task's first function on the host.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "arch/host/include/host_user.h"
#include "arch/host/include/programs.h"
#include "lib/start.h"

_Noreturn void host_task_begin(const struct host_program *program, uint64_t arg)
{
    sk_exit(sk_start_main((struct sk_start *)(uintptr_t)arg, program->main));
}
