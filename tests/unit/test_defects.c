/* The defects of defect_cases.h where rings are mapped into tasks.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "defect_cases.h"

int main(void)
{
    const struct CMUnitTest tests[] = {
        DEFECT_CASES,
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
