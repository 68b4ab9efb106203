/* A small printf into a buffer, for kernel logs and early user code. No state, no floating point.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_FMT_H
#define BASE_FMT_H

#include <stdarg.h>
#include <stddef.h>

/* Write at most size bytes to buf, the terminating zero included (nothing if size is 0), and return
 * the length that was written without it: text that does not fit is cut.
 * %s %c %d %i %u %x %X %p %%, lengths l ll z, flags - and 0, a width of digits or *, and .precision
 * for %s. A null %s is "(null)". An unknown conversion is copied as it stands; its argument is not
 * taken, so what follows it is meaningless but safe only if it takes no pointer: do not. */
size_t fmt_vprint(char *buf, size_t size, const char *format, va_list args);
size_t fmt_print(char *buf, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
