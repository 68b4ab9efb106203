/* The other task of fpcheck. Status 0: its registers were zero at the first use and its own after
 * that.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "fpswitch.h"

int main(void)
{
    uint32_t first[33], nonzero = 0;
    fp_read(first);
    for (uint32_t i = 0; i < 33u; i++)
        nonzero |= first[i];
    return nonzero != 0 ? 1 : fp_rounds(2, 100) != 0 ? 2 : 0;
}
