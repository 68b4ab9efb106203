/* Port conformance of armv8m on a core with a floating-point unit: two tasks that use it and one
 * that does not. What a task had in the registers does not show in the next one.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "fpswitch.h"
#include "tests/port/check.h"

int main(void)
{
    struct checks c = {0, 0};
    for (unsigned i = 0; i < 3; i++) {
        sk_tid tid;
        struct proc_exit how = {0};
        check(&c, check_spawn("fpchild", "", "", sk_my_core(), &tid), "a child starts");
        check(&c, fp_rounds(1, 100) == 0, "registers are the task's own");
        check(&c, check_wait(tid, &how) && how.cause == SK_CAUSE_EXITED && how.status != 1,
              "nothing of another task is in the registers");
        check(&c, how.status == 0, "nor later");
    }
    return check_end(&c);
}
