/* The shapes of a channel where rings are shared memory.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/shape_cases.h"

int main(void)
{
    return run_shape_cases("lib_shape");
}
