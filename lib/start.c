/* See start.h: before and after main.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/start.h"
#include "base/fmt.h"
#include <stdarg.h>

#define STATUS_NO_START 127

int sk_start_main(struct sk_start *start, int (*main)(int argc, char **argv))
{
    char *argv[SK_START_ARGS + 1u];
    if (start == NULL || start->magic != SK_START_MAGIC || start->size_bytes != SK_START_BYTES ||
        start->argc > SK_START_ARGS)
        sys_exit(STATUS_NO_START);
    start->text[sizeof(start->text) - 1u] = '\0';
    for (uint32_t i = 0; i < start->argc; i++) {
        if (start->argv_off[i] >= sizeof(start->text))
            sys_exit(STATUS_NO_START);
        argv[i] = &start->text[start->argv_off[i]];
    }
    argv[start->argc] = NULL;
    sk_self()->start = start;
    return main((int)start->argc, argv);
}

_Noreturn void sk_exit(int status)
{
    struct sk_self *self = sk_self();
    if (self->at_exit != NULL)
        self->at_exit();
    sys_exit(status);
}

void sk_log(const char *format, ...)
{
    char text[160];
    va_list args;
    va_start(args, format);
    size_t len = fmt_vprint(text, sizeof(text), format, args);
    va_end(args);
    sys_log_write(text, len);
}
