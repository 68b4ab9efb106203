/* Loans where rings are mapped into tasks.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "loan_cores.h"

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOAN_CASES,
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
