/* What the port conformance programs share: a check is a line, the last line counts them.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_PORT_CHECK_H
#define TESTS_PORT_CHECK_H

#include "lib/proc.h"
#include "lib/self.h"
#include <stdio.h>
#include <string.h>

struct checks {
    uint32_t passed, failed;
};

static inline void check(struct checks *c, bool good, const char *what)
{
    if (good)
        c->passed++;
    else
        c->failed++;
    if (!good)
        printf("FAILED %s\n", what);
}

/* main's value. */
static inline int check_end(const struct checks *c)
{
    printf("%u checks passed, %u failed\n", (unsigned)c->passed, (unsigned)c->failed);
    return c->failed == 0 ? 0 : 1;
}

/* Start this program with two arguments on core; false if it did not start. */
static inline bool check_spawn(const char *program, const char *role, const char *arg, sk_core core,
                               sk_tid *tid)
{
    const char *argv[] = {program, role, arg};
    return proc_spawn(NULL, program, 3, argv, core, tid) == SK_OK;
}

/* How it ended, within ten seconds. */
static inline bool check_wait(sk_tid tid, struct proc_exit *how)
{
    return proc_wait(NULL, tid, how, sk_in_ms(10000)) == SK_OK;
}

#endif
