/* Broadcast where rings are shared memory.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/cast_cases.h"

int main(void)
{
    return run_cast_cases("lib_cast");
}
