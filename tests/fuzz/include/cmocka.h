/* In place of cmocka where a fuzz target uses what unit tests share (tests/unit/fake_machine.h): a
 * comparison that fails ends the run, which the fuzzer takes for a crash.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef FUZZ_CMOCKA_H
#define FUZZ_CMOCKA_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FUZZ_FAIL(...)                                                                             \
    do {                                                                                           \
        fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                                            \
        fprintf(stderr, __VA_ARGS__);                                                              \
        fputc('\n', stderr);                                                                       \
        abort();                                                                                   \
    } while (0)
/* What must hold; the text is the condition's own. */
#define FUZZ_CHECK(condition)                                                                      \
    do {                                                                                           \
        if (!(condition))                                                                          \
            FUZZ_FAIL("not so: %s", #condition);                                                   \
    } while (0)

#define assert_true(c)               FUZZ_CHECK(c)
#define assert_false(c)              FUZZ_CHECK(!(c))
#define assert_int_equal(a, b)       FUZZ_CHECK((intmax_t)(a) == (intmax_t)(b))
#define assert_int_not_equal(a, b)   FUZZ_CHECK((intmax_t)(a) != (intmax_t)(b))
#define assert_non_null(p)           FUZZ_CHECK((p) != NULL)
#define assert_memory_equal(a, b, n) FUZZ_CHECK(memcmp((a), (b), (n)) == 0)

#endif
