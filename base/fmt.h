/* Formatting of short lines, for kernels: no state, no floating point, always terminated.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_FMT_H
#define BASE_FMT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Format into buf (size bytes, at least 1), cut off where it does not fit, zero-terminated.
 * Returns the length written, without the zero. Knows %c %s %d %i %u %x %p %%, the lengths l, ll
 * and z, a width, and the flags - and 0; anything else is copied as it stands. */
size_t fmt_vprint(char *buf, size_t size, const char *format, va_list args);
size_t fmt_print(char *buf, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same without an end, in pieces to write(to, text, len). Returns how much. */
size_t fmt_vwrite(void (*write)(void *to, const char *text, size_t len), void *to,
                  const char *format, va_list args);

/* *v becomes *v / by, the rest is returned; by < 65536. By halves of a word: machines of 32 bits
 * need no library for it. */
unsigned fmt_divide(uint64_t *v, unsigned by);

#endif
