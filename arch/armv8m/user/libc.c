/* What picolibc asks of the system: standard streams, the end of the program, memory to grow into.
 * The only writable objects of the library's side: they belong to the one program in this address
 * space.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/start.h"
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

struct sk_self sk_self_block;

static int put(char c, FILE *file)
{
    (void)file;
    sk_stdout_put(c);
    return (unsigned char)c;
}

static int get(FILE *file)
{
    (void)file;
    int c = sk_stdin_get();
    return c < 0 ? _FDEV_EOF : c;
}

static int flush(FILE *file)
{
    (void)file;
    sk_stdout_flush();
    return 0;
}

static FILE console = FDEV_SETUP_STREAM(put, get, flush, _FDEV_SETUP_RW);
FILE *const stdin = &console;
FILE *const stdout = &console;
FILE *const stderr = &console;

_Noreturn void _exit(int status)
{
    sk_exit(status);
}

void *sbrk(ptrdiff_t bytes)
{
    void *before = sk_heap_grow(bytes);
    if (before != NULL)
        return before;
    errno = ENOMEM;
    return (void *)-1;
}
