/* See log.h. Byte number n of the log is at log[n % k->log_bytes].
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/log.h"
#include "base/fmt.h"

#define LINE_BYTES 192u

static void append(struct kern *k, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        k->log[k->log_end++ % k->log_bytes] = text[i];
}

static void append_time(struct kern *k)
{
    char stamp[32];
    uint64_t t = port_now(k->cpu);
    (void)fmt_divide(&t, 1000);
    unsigned us = fmt_divide(&t, 1000);
    unsigned ms = fmt_divide(&t, 1000);
    size_t n = fmt_print(stamp, sizeof(stamp), "[%5u.%03u%03u] ", (unsigned)t, ms, us);
    append(k, stamp, n);
}

void klog(struct kern *k, const char *format, ...)
{
    char line[LINE_BYTES];
    va_list args;
    va_start(args, format);
    size_t n = fmt_vprint(line, sizeof(line), format, args);
    va_end(args);
    append_time(k);
    append(k, line, n);
    append(k, "\n", 1);
}

void klog_text(struct kern *k, const char *name, const char *text, size_t len)
{
    char head[SK_NAME_BYTES + 4];
    append_time(k);
    append(k, head, fmt_print(head, sizeof(head), "%s: ", name));
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '\n' && i + 1 == len)
            break;
        if ((unsigned char)c < ' ' || c == 0x7f)
            c = '?';
        append(k, &c, 1);
    }
    append(k, "\n", 1);
}

size_t klog_read(const struct kern *k, uint64_t *position, char *buf, size_t len)
{
    uint64_t oldest = k->log_end > k->log_bytes ? k->log_end - k->log_bytes : 0;
    if (*position < oldest)
        *position = oldest;
    size_t n = 0;
    while (n < len && *position < k->log_end) {
        buf[n++] = k->log[*position % k->log_bytes];
        (*position)++;
    }
    return n;
}
