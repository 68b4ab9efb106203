/* Never ends, never waits, never yields.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/sys.h"

int main(void)
{
    for (;;)
        sk_relax();
}
