/* Client side of console.h. The connection is the task's one (sk_self()->console); when the console
 * dies it is made anew, by name, with bounded patience.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/console.h"
#include "lib/names.h"
#include "lib/self.h"

void console_disconnect(void)
{
    sk_chan_close(&sk_self()->console);
}

static sk_err connect(struct sk_chan **chan)
{
    struct sk_self *self = sk_self();
    *chan = &self->console;
    if (self->console.handle != SK_HANDLE_NONE && !sk_chan_peer_closed(&self->console))
        return SK_OK;
    console_disconnect();
    if (sk_parent() == NULL)
        return SK_ERR_NOT_FOUND; /* init has no console but the log */
    return names_connect(SK_CONSOLE_NAME, sk_in_ms(SK_CONSOLE_MS), &self->console);
}

/* Is this the end of the connection, worth another one? */
static bool is_lost(sk_err err)
{
    return err == SK_ERR_PEER_DEAD || err == SK_ERR_PROTOCOL;
}

static sk_err write_piece(const uint8_t *bytes, uint32_t len)
{
    struct sk_chan *chan;
    struct sk_out out = {.label = CONSOLE_WRITE, .len = len, .bytes = bytes};
    for (;;) {
        sk_err err = connect(&chan);
        if (err != SK_OK)
            return err;
        err = sk_send_until(chan, &out, SK_FOREVER);
        if (!is_lost(err))
            return err;
    }
}

sk_err console_write(const void *bytes, size_t len)
{
    const uint8_t *from = bytes;
    sk_self()->console_used = true;
    while (len > 0) {
        uint32_t piece = len < SK_PAYLOAD_MAX ? (uint32_t)len : SK_PAYLOAD_MAX;
        sk_err err = write_piece(from, piece);
        if (err != SK_OK)
            return err;
        from += piece;
        len -= piece;
    }
    return SK_OK;
}

/* A call that may be made twice without harm. */
static sk_err ask(uint16_t label, const void *request, uint32_t len, sk_ns deadline)
{
    struct sk_chan *chan;
    for (;;) {
        sk_err err = connect(&chan);
        if (err != SK_OK)
            return err;
        err = sk_call(chan, label, request, len, NULL, 0, NULL, deadline);
        if (!is_lost(err))
            return err;
    }
}

sk_err console_sync(void)
{
    sk_err err = ask(CONSOLE_SYNC, NULL, 0, sk_in_ms(SK_CONSOLE_MS));
    if (err == SK_OK)
        sk_self()->console_used = false;
    return err;
}

sk_err console_focus(bool take)
{
    struct console_focus q = {.take = take};
    return ask(CONSOLE_FOCUS, &q, sizeof(q), sk_in_ms(SK_CONSOLE_MS));
}

/* Ask for input. One request is outstanding at a time: if it is given up, so is the connection,
 * which is how the console learns that nobody waits any more. */
static sk_err fetch(struct sk_self *self, sk_ns deadline)
{
    struct sk_chan *chan;
    for (;;) {
        uint32_t got;
        sk_err err = connect(&chan);
        if (err != SK_OK)
            return err;
        err = sk_call(chan, CONSOLE_READ, NULL, 0, self->pend, sizeof(self->pend), &got, deadline);
        if (is_lost(err))
            continue;
        self->pend_pos = 0;
        self->pend_len = err == SK_OK ? got : 0;
        if (err == SK_ERR_TIMED_OUT)
            console_disconnect();
        return err;
    }
}

sk_err console_read(void *bytes, size_t max, size_t *got, sk_ns deadline)
{
    struct sk_self *self = sk_self();
    *got = 0;
    if (self->pend_pos == self->pend_len) {
        sk_err err = fetch(self, deadline);
        if (err != SK_OK)
            return err;
    }
    size_t n = self->pend_len - self->pend_pos;
    n = n < max ? n : max;
    __builtin_memcpy(bytes, &self->pend[self->pend_pos], n);
    self->pend_pos += (uint32_t)n;
    *got = n;
    return SK_OK;
}

/* What one key does to the line; *done: the line is complete. */
static sk_err edit(char ch, char *line, size_t size, size_t *len, bool *done)
{
    const char *echo = &ch;
    size_t echo_len = 1;
    if (ch == '\r' || ch == '\n') {
        *done = true;
        echo = "\n";
    } else if (ch == '\b' || ch == 0x7f || ch == 0x15) {
        bool all = ch == 0x15;
        echo_len = 3;
        echo = "\b \b";
        for (; all && *len > 1; (*len)--)
            (void)console_write(echo, echo_len);
        if (*len == 0)
            return SK_OK;
        (*len)--;
    } else if ((unsigned char)ch < ' ') {
        return SK_OK;
    } else if (*len + 1u < size) {
        line[(*len)++] = ch;
    } else {
        echo = "\a";
    }
    return console_write(echo, echo_len);
}

sk_err console_read_line(char *line, size_t size)
{
    size_t len = 0;
    bool done = false;
    while (!done) {
        char ch;
        size_t got;
        sk_err err = console_read(&ch, 1, &got, SK_FOREVER);
        if (err == SK_OK && len == 0 && (got == 0 || ch == 0x04))
            err = SK_ERR_EMPTY;
        else if (err == SK_OK && got == 0)
            done = true; /* the last line has no end */
        else if (err == SK_OK)
            err = edit(ch, line, size, &len, &done);
        if (err != SK_OK)
            return err;
    }
    line[len] = '\0';
    return SK_OK;
}
