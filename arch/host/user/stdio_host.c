/* Standard streams of programs on the host: over the library's console functions. stdout and
 * stderr go the same way.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "arch/host/include/host_libc.h"
#include "lib/start.h"

#define TEXT_MAX 1024 /* longer output of one printf is cut */

static int put(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        sk_stdout_put(text[i]);
    return (int)len;
}

int host_vprintf(const char *format, va_list list)
{
    char text[TEXT_MAX];
    int len = vsnprintf(text, sizeof(text), format, list);
    if (len < 0)
        return len;
    return put(text, len < TEXT_MAX ? (size_t)len : TEXT_MAX - 1u);
}

int host_printf(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int len = host_vprintf(format, list);
    va_end(list);
    return len;
}

int host_vfprintf(FILE *f, const char *format, va_list list)
{
    (void)f;
    return host_vprintf(format, list);
}

int host_fprintf(FILE *f, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int len = host_vfprintf(f, format, list);
    va_end(list);
    return len;
}

int host_puts(const char *text)
{
    put(text, strlen(text));
    return put("\n", 1);
}

int host_fputs(const char *text, FILE *f)
{
    (void)f;
    return put(text, strlen(text));
}

int host_putchar(int c)
{
    sk_stdout_put((char)c);
    return (unsigned char)c;
}

int host_fputc(int c, FILE *f)
{
    (void)f;
    return host_putchar(c);
}

size_t host_fwrite(const void *p, size_t bytes, size_t n, FILE *f)
{
    (void)f;
    put(p, bytes * n);
    return n;
}

int host_fflush(FILE *f)
{
    (void)f;
    sk_stdout_flush();
    return 0;
}

int host_getchar(void)
{
    return sk_stdin_get();
}

int host_fgetc(FILE *f)
{
    (void)f;
    return sk_stdin_get();
}

char *host_fgets(char *text, int size, FILE *f)
{
    (void)f;
    int n = 0;
    while (n + 1 < size) {
        int c = sk_stdin_get();
        if (c < 0)
            break;
        text[n++] = (char)c;
        if (c == '\n')
            break;
    }
    text[n] = '\0';
    return n == 0 ? NULL : text;
}

_Noreturn void host_exit(int status)
{
    sk_exit(status);
}

_Noreturn void host_abort(void)
{
    sk_exit(134);
}
