/* Reads address 0, where nothing is.
 * SPDX-License-Identifier: BSD-2-Clause */
#include <stdint.h>

int main(void)
{
    volatile uintptr_t nowhere = 0;  /* the compiler must not know */
    return *(volatile int *)nowhere; /* NOLINT(clang-analyzer-core.NullDereference): it is meant */
}
