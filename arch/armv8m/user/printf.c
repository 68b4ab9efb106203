/* What programs of integers use of the C library's printf family, in a fifth of its room: what
 * base/fmt.h knows, to standard output or into memory. Programs with floating point are linked with
 * the C library's instead.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "base/fmt.h"
#include "lib/start.h"
#include <stdio.h>

static void write_stdout(void *to, const char *text, size_t len)
{
    (void)to;
    for (size_t i = 0; i < len; i++)
        sk_stdout_put(text[i]);
}

int vprintf(const char *format, va_list args)
{
    return (int)fmt_vwrite(write_stdout, NULL, format, args);
}

int printf(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vprintf(format, args);
    va_end(args);
    return n;
}

struct memory {
    char *at;
    size_t left; /* the zero at the end included */
};

static void write_memory(void *to, const char *text, size_t len)
{
    struct memory *m = to;
    for (size_t i = 0; i < len && m->left > 1; i++) {
        *m->at++ = text[i];
        m->left--;
    }
}

int vsnprintf(char *buf, size_t size, const char *format, va_list args)
{
    struct memory m = {buf, size};
    int n = (int)fmt_vwrite(write_memory, &m, format, args);
    if (size != 0)
        *m.at = '\0';
    return n;
}

int snprintf(char *buf, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(buf, size, format, args);
    va_end(args);
    return n;
}
