/* The shapes of a channel where the kernels keep the rings.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/shape_cases.h"

int main(void)
{
    return run_shape_cases("copy_lib_shape");
}
