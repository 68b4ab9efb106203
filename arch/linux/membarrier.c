/* The system call itself, in a file of its own: tests put another function in its place.
 * SPDX-License-Identifier: BSD-2-Clause */
#include <skerry_linux.h>
#include <sys/syscall.h>
#include <unistd.h>

int sk_linux_membarrier(int command)
{
    return (int)syscall(SYS_membarrier, command, 0, 0);
}
