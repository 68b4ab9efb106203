/* See fmt.h.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "base/fmt.h"
#include <stdbool.h>
#include <stdint.h>

#define PIECE 32u /* of fmt_vwrite */

/* Where text goes: [begin, end); when that is full, onwards by write, or no further. */
struct out {
    char *begin, *at, *end;
    void (*write)(void *to, const char *text, size_t len);
    void *to;
    size_t written;
};

struct spec {
    bool left, zero;
    size_t width;
    unsigned longs; /* of l: 1, of ll: 2; z is l */
};

static void pass_on(struct out *o)
{
    size_t len = (size_t)(o->at - o->begin);
    if (o->write == NULL || len == 0)
        return;
    o->write(o->to, o->begin, len);
    o->written += len;
    o->at = o->begin;
}

static void put(struct out *o, char c)
{
    if (o->at == o->end)
        pass_on(o);
    if (o->at != o->end)
        *o->at++ = c;
}

static void put_padded(struct out *o, const struct spec *s, const char *text, size_t len)
{
    bool minus = s->zero && len != 0 && text[0] == '-';
    if (minus) {
        put(o, '-');
        text++;
        len--;
    }
    size_t used = len + (minus ? 1u : 0u);
    size_t pad = s->width > used ? s->width - used : 0;
    for (size_t i = 0; !s->left && i < pad; i++)
        put(o, s->zero ? '0' : ' ');
    for (size_t i = 0; i < len; i++)
        put(o, text[i]);
    for (size_t i = 0; s->left && i < pad; i++)
        put(o, ' ');
}

unsigned fmt_divide(uint64_t *v, unsigned by)
{
    uint32_t high = (uint32_t)(*v >> 32), low = (uint32_t)*v;
    uint32_t rest = high % by;
    uint32_t middle = rest << 16 | low >> 16;
    rest = middle % by;
    uint32_t last = rest << 16 | (low & 0xffffu);
    *v = (uint64_t)(high / by) << 32 | middle / by << 16 | last / by;
    return last % by;
}

static void put_number(struct out *o, const struct spec *s, uint64_t v, unsigned base, bool minus)
{
    char digits[24];
    size_t n = sizeof(digits);
    do {
        digits[--n] = "0123456789abcdef"[fmt_divide(&v, base)];
    } while (v != 0);
    if (minus)
        digits[--n] = '-';
    put_padded(o, s, &digits[n], sizeof(digits) - n);
}

static const char *parse(const char *f, struct spec *s)
{
    *s = (struct spec){0};
    for (; *f == '-' || *f == '0'; f++) {
        s->left |= *f == '-';
        s->zero |= *f == '0';
    }
    for (; *f >= '0' && *f <= '9'; f++)
        s->width = s->width * 10u + (size_t)(*f - '0');
    for (; *f == 'l' || *f == 'z'; f++)
        s->longs++;
    return f;
}

static size_t length(const char *text)
{
    size_t n = 0;
    while (text[n] != '\0')
        n++;
    return n;
}

static void print(struct out *o, const char *format, va_list args)
{
    for (const char *f = format; *f != '\0'; f++) {
        struct spec s;
        if (*f != '%') {
            put(o, *f);
            continue;
        }
        const char *start = f;
        f = parse(f + 1, &s);
        if (*f == 'd' || *f == 'i') {
            int64_t v = s.longs > 1    ? va_arg(args, long long)
                        : s.longs == 1 ? va_arg(args, long)
                                       : va_arg(args, int);
            put_number(o, &s, v < 0 ? 0u - (uint64_t)v : (uint64_t)v, 10, v < 0);
        } else if (*f == 'u' || *f == 'x') {
            uint64_t v = s.longs > 1    ? va_arg(args, unsigned long long)
                         : s.longs == 1 ? va_arg(args, unsigned long)
                                        : va_arg(args, unsigned);
            put_number(o, &s, v, *f == 'u' ? 10 : 16, false);
        } else if (*f == 'p') {
            put_number(o, &s, (uintptr_t)va_arg(args, void *), 16, false);
        } else if (*f == 's') {
            const char *text = va_arg(args, const char *);
            text = text ? text : "(null)";
            put_padded(o, &s, text, length(text));
        } else if (*f == 'c') {
            char c = (char)va_arg(args, int);
            put_padded(o, &s, &c, 1);
        } else if (*f == '%') {
            put(o, '%');
        } else {
            put(o, '%'); /* not ours: as it stands */
            f = start;
        }
    }
}

size_t fmt_vprint(char *buf, size_t size, const char *format, va_list args)
{
    struct out o = {.begin = buf, .at = buf, .end = buf + (size == 0 ? 0 : size - 1)};
    print(&o, format, args);
    if (size != 0)
        *o.at = '\0';
    return (size_t)(o.at - buf);
}

size_t fmt_vwrite(void (*write)(void *to, const char *text, size_t len), void *to,
                  const char *format, va_list args)
{
    char piece[PIECE];
    struct out o = {piece, piece, piece + PIECE, write, to, 0};
    print(&o, format, args);
    pass_on(&o);
    return o.written;
}

size_t fmt_print(char *buf, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    size_t n = fmt_vprint(buf, size, format, args);
    va_end(args);
    return n;
}
