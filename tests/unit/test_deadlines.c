/* Calls that block, of kernels that map rings into tasks.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "deadline_cases.h"

int main(void)
{
    const struct CMUnitTest tests[] = {
        DEADLINE_CASES,
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
