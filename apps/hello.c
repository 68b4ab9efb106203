/* Says where it runs.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/self.h"
#include <stdio.h>

int main(void)
{
    printf("hello from core %u\n", (unsigned)sk_my_core());
    return 0;
}
