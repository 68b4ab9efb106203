/* How the sanitizers behave in every fuzz target, so that its command line alone says it all again.
 * SPDX-License-Identifier: BSD-2-Clause */

const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=8:detect_stack_use_after_return=0";
}

const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
    return "print_stacktrace=1";
}
