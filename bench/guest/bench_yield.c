/* Yields for ever: the other side of a measured change of tasks.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/sys.h"

int main(void)
{
    for (;;)
        sys_yield();
}
