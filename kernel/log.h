/* The kernel's log: the last log_bytes of text, in memory, one line a call.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_LOG_H
#define KERNEL_LOG_H

#include "kernel/kern.h"

/* Append one line (no newline in it): seconds, then the text. */
void klog(struct kern *k, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Append a task's text as it is, control characters made visible, a line end added if missing. */
void klog_text(struct kern *k, const char *name, const char *text, size_t len);

/* Copy from *position on (moved up if overwritten already) into buf; *position becomes what
 * follows. Returns the bytes copied. */
size_t klog_read(const struct kern *k, uint64_t *position, char *buf, size_t len);

#endif
