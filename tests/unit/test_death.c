/* The death of a task where rings are mapped into tasks.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "death_cases.h"

int main(void)
{
    const struct CMUnitTest tests[] = {
        DEATH_CASES,
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
