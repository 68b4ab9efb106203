/* See text.h.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "text.h"

#include <stdio.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

uint32_t text_split(char *line, char **word, uint32_t max)
{
    uint32_t n = 0;
    char *p = line;
    for (;;) {
        while (is_blank(*p))
            *p++ = 0;
        if (!*p)
            return n;
        if (n < max)
            word[n] = p;
        n++;
        while (*p && !is_blank(*p))
            p++;
    }
}

/* Digits at *s, which moves past them. */
static bool take_number(const char **s, uint32_t max, uint32_t *v)
{
    uint64_t n = 0;
    const char *p = *s;
    while (*p >= '0' && *p <= '9') {
        n = n * 10u + (uint64_t)(*p++ - '0');
        if (n > max)
            return false;
    }
    if (p == *s)
        return false;
    *s = p;
    *v = (uint32_t)n;
    return true;
}

bool text_number(const char *s, uint32_t max, uint32_t *v)
{
    return take_number(&s, max, v) && *s == 0;
}

void text_from_tid(char out[TEXT_TID_BYTES], sk_tid tid)
{
    snprintf(out, TEXT_TID_BYTES, "%u.%u.%u", (unsigned)SK_TID_CORE(tid),
             (unsigned)SK_TID_SLOT(tid), (unsigned)SK_TID_GEN(tid));
}

bool text_to_tid(const char *s, sk_tid *tid)
{
    uint32_t core, slot, gen;
    if (!take_number(&s, 0xffu, &core) || *s++ != '.' || !take_number(&s, 0xffffffu, &slot) ||
        *s++ != '.' || !take_number(&s, 0xffffffffu, &gen) || *s != 0)
        return false;
    *tid = SK_TID_MAKE(core, slot, gen);
    return true;
}
