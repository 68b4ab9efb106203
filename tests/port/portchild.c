/* What portcheck starts: `portchild core X` tells by its status where it runs, `portchild fp SEED`
 * whether its floating-point registers were its own.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/port/check.h"
#include "tests/port/fp_sums.h"

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "core") == 0)
        return 10 + (int)sk_my_core();
    if (argc == 3 && strcmp(argv[1], "fp") == 0)
        return fp_sums(argv[2][0] - '0') ? 0 : 1;
    return 2;
}
