/* The C library's memory and string functions that compilers and libfdt expect of a freestanding
 * kernel. Linked into kernels only: programs have picolibc, the simulation the host's library.
 * SPDX-License-Identifier: BSD-2-Clause */
#include <stdint.h>
#include <string.h>

/* Loops here must not become calls of the very functions that they implement. */
#ifndef __clang__
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

typedef uint64_t __attribute__((may_alias)) word;

unsigned long strtoul(const char *text, char **end, int base);

void *memset(void *to, int value, size_t len)
{
    uint8_t *p = to;
    word fill = 0x0101010101010101u * (uint8_t)value;
    for (; len != 0 && (uintptr_t)p % sizeof(word) != 0; len--)
        *p++ = (uint8_t)value;
    for (; len >= 8 * sizeof(word); len -= 8 * sizeof(word), p += 8 * sizeof(word))
        for (unsigned i = 0; i < 8; i++)
            ((word *)p)[i] = fill;
    for (; len >= sizeof(word); len -= sizeof(word), p += sizeof(word))
        *(word *)p = fill;
    for (; len != 0; len--)
        *p++ = (uint8_t)value;
    return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
    uint8_t *d = to;
    const uint8_t *s = from;
    if ((((uintptr_t)d | (uintptr_t)s) % sizeof(word)) == 0) {
        for (; len >= 4 * sizeof(word); len -= 4 * sizeof(word)) {
            word a = ((const word *)s)[0], b = ((const word *)s)[1];
            word c = ((const word *)s)[2], e = ((const word *)s)[3];
            ((word *)d)[0] = a;
            ((word *)d)[1] = b;
            ((word *)d)[2] = c;
            ((word *)d)[3] = e;
            d += 4 * sizeof(word);
            s += 4 * sizeof(word);
        }
        for (; len >= sizeof(word); len -= sizeof(word), d += sizeof(word), s += sizeof(word))
            *(word *)d = *(const word *)s;
    }
    for (; len != 0; len--)
        *d++ = *s++;
    return to;
}

void *memmove(void *to, const void *from, size_t len)
{
    uint8_t *d = to;
    const uint8_t *s = from;
    if ((uintptr_t)d - (uintptr_t)s >= len)
        return memcpy(to, from, len);
    while (len-- != 0)
        d[len] = s[len];
    return to;
}

int memcmp(const void *a, const void *b, size_t len)
{
    const uint8_t *x = a;
    const uint8_t *y = b;
    for (; len != 0; len--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}

void *memchr(const void *in, int value, size_t len)
{
    const uint8_t *p = in;
    for (; len != 0; len--, p++)
        if (*p == (uint8_t)value)
            return (void *)(uintptr_t)p;
    return NULL;
}

size_t strnlen(const char *text, size_t max)
{
    size_t n = 0;
    while (n < max && text[n] != '\0')
        n++;
    return n;
}

size_t strlen(const char *text)
{
    return strnlen(text, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t max)
{
    for (; max != 0; max--, a++, b++)
        if (*a != *b || *a == '\0')
            return (uint8_t)*a - (uint8_t)*b;
    return 0;
}

int strcmp(const char *a, const char *b)
{
    return strncmp(a, b, SIZE_MAX);
}

char *strchr(const char *text, int c)
{
    for (;; text++) {
        if (*text == (char)c)
            return (char *)(uintptr_t)text;
        if (*text == '\0')
            return NULL;
    }
}

char *strrchr(const char *text, int c)
{
    char *last = NULL;
    for (;; text++) {
        if (*text == (char)c)
            last = (char *)(uintptr_t)text;
        if (*text == '\0')
            return last;
    }
}

unsigned long strtoul(const char *text, char **end, int base)
{
    unsigned long v = 0;
    for (;; text++) {
        unsigned digit;
        if (*text >= '0' && *text <= '9')
            digit = (unsigned)(*text - '0');
        else if ((*text | 0x20) >= 'a' && (*text | 0x20) <= 'z')
            digit = (unsigned)((*text | 0x20) - 'a') + 10u;
        else
            break;
        if (digit >= (unsigned)base)
            break;
        v = v * (unsigned)base + digit;
    }
    if (end)
        *end = (char *)(uintptr_t)text;
    return v;
}
