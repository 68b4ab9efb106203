/* A parent starts a child, on another core or its own, and waits for its end: it learns how it
 * ended, and that truly.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/proc.h"
#include "tests/sim/scenes/stand.h"

#define CHILD 0
#define DONE  0 /* witness.count: the child has come to its end */

static int parent(sk_core core)
{
    const char *argv[1] = {"spawn_child"};
    struct proc_exit how = {0};
    sk_tid tid;
    sk_err err = proc_spawn(NULL, "spawn_child", 1, argv, core, &tid);
    if (W_TOLD(err, SK_TID_NONE, SK_FOREVER) != SK_OK)
        return 1;
    if (W_TOLD(proc_wait(NULL, tid, &how, SK_FOREVER), SK_TID_NONE, SK_FOREVER) != SK_OK)
        return 1;
    W_CHECK(!w_alive(tid));
    if (how.cause == SK_CAUSE_EXITED)
        W_CHECK(how.status == 7 && witness.count[DONE] == 1);
    else
        W_CHECK(!w_calm());
    return 0;
}

int main(int argc, char **argv)
{
    if (strcmp(argv[0], "spawn_parent") == 0)
        return parent(argc > 1 ? 1 : 0);
    witness.tid[CHILD] = sk_my_tid();
    witness.count[DONE]++;
    return 7;
}
