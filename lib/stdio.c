/* Characters of stdout and stdin, under the C library of the port. Output is collected by lines;
 * where there is no console (init, before it runs, or not permitted) it goes to the kernel's log,
 * which first is told why.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/console.h"
#include "lib/start.h"

void sk_stdout_flush(void)
{
    struct sk_self *self = sk_self();
    uint32_t len = self->line_len;
    if (len == 0)
        return;
    self->line_len = 0;
    sk_err err = console_write(self->line, len);
    if (err == SK_OK)
        return;
    if (sk_parent() != NULL && !self->told_log)
        sk_log("%s: no console: %s\n", self->start->name, sk_err_text(err));
    self->told_log = true;
    sys_log_write(self->line, len);
}

/* At the end of the program. */
static void finish(void)
{
    sk_stdout_flush();
    if (sk_self()->console_used)
        (void)console_sync(); /* nobody is left to hear of an error */
}

void sk_stdout_put(char ch)
{
    struct sk_self *self = sk_self();
    self->at_exit = finish;
    self->line[self->line_len++] = ch;
    if (ch == '\n' || self->line_len == sizeof(self->line))
        sk_stdout_flush();
}

int sk_stdin_get(void)
{
    struct sk_self *self = sk_self();
    if (self->in_pos == self->in_len) {
        sk_stdout_flush(); /* the question before the answer */
        sk_err err;
        do
            err = console_read_line(self->in_line, sizeof(self->in_line) - 1u);
        while (err == SK_ERR_PEER_DEAD);
        if (err != SK_OK)
            return -1;
        self->in_pos = 0;
        self->in_len = (uint32_t)__builtin_strlen(self->in_line);
        self->in_line[self->in_len++] = '\n';
    }
    return (unsigned char)self->in_line[self->in_pos++];
}
