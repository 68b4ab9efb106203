/* Functions of the library that block, between tasks whose rings they share.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib_deadline_cases.h"

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIB_DEADLINE_CASES,
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
