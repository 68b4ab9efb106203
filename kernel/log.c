/* See log.h. Byte number log_end of the log goes to log[log_at].
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/log.h"
#include "base/fmt.h"

static void put(struct kern *k, char c)
{
    k->log[k->log_at] = c;
    k->log_at = k->log_at + 1u < k->log_bytes ? k->log_at + 1u : 0;
    k->log_end++;
}

static void append(struct kern *k, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        put(k, text[i]);
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

/* fmt's write: no line is collected, there may be little stack. */
static void write_piece(void *k, const char *text, size_t len)
{
    append(k, text, len);
}

void klog(struct kern *k, const char *format, ...)
{
    va_list args;
    append_time(k);
    va_start(args, format);
    fmt_vwrite(write_piece, k, format, args);
    va_end(args);
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
    if (*position > k->log_end)
        return 0;
    uint32_t ahead = (uint32_t)(k->log_end - *position);
    uint32_t at = k->log_at >= ahead ? k->log_at - ahead : k->log_at + k->log_bytes - ahead;
    size_t n = ahead < len ? ahead : len;
    for (size_t i = 0; i < n; i++) {
        buf[i] = k->log[at];
        at = at + 1u < k->log_bytes ? at + 1u : 0;
    }
    *position += n;
    return n;
}
