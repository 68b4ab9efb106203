/* Broadcast where the kernels keep the rings.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/cast_cases.h"

int main(void)
{
    return run_cast_cases("copy_lib_cast");
}
