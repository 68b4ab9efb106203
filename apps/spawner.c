/* Starts a program on another core and waits for its end: spawner CORE PROG [ARG...].
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/proc.h"
#include "lib/self.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    sk_tid tid;
    struct proc_exit how;
    if (argc < 3) {
        printf("usage: spawner CORE PROG [ARG...]\n");
        return 2;
    }
    char *rest;
    unsigned long core = strtoul(argv[1], &rest, 10);
    if (*argv[1] < '0' || *argv[1] > '9' || *rest != '\0' || core >= sk_cores()) {
        printf("spawner: no such core: %s\n", argv[1]);
        return 2;
    }
    sk_err err = proc_spawn(NULL, argv[2], (uint32_t)argc - 2u, (const char *const *)argv + 2,
                            (uint32_t)core, &tid);
    if (err == SK_OK)
        err = proc_wait(NULL, tid, &how, SK_FOREVER);
    if (err) {
        printf("spawner: %s: %s\n", argv[2], sk_err_text(err));
        return 1;
    }
    printf("spawner: %s, started on core %lu from core %u, ended with status %d\n", argv[2], core,
           (unsigned)sk_my_core(), (int)how.status);
    return how.cause == SK_CAUSE_EXITED ? (int)how.status : 1;
}
