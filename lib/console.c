/* Client side of console.h. The connection is the task's one (sk_self()->console); when the console
 * dies it is made anew, by name, with bounded patience.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/console.h"
#include "lib/names.h"
#include "lib/self.h"

#define RETRY_MS 20u

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
    sk_ns deadline = sk_in_ms(SK_CONSOLE_MS);
    struct sk_chan *parent;
    sk_err err = sk_parent_until(deadline, &parent);
    if (err != SK_OK)
        return err == SK_ERR_HANDLE ? SK_ERR_NOT_FOUND : err; /* init has no console but the log */
    return names_connect(SK_CONSOLE_NAME, deadline, &self->console);
}

/* Is this the end of the connection, worth another one? */
static bool is_lost(sk_err err)
{
    return err == SK_ERR_PEER_DEAD || err == SK_ERR_PROTOCOL;
}

/* Will there be place soon? */
static bool is_crowded(sk_err err)
{
    return err == SK_ERR_FULL || err == SK_ERR_BUSY;
}

/* A console without place for another client closes the channel at once, which looks like its
 * death: so that is not tried for ever either. */
static sk_err write_piece(const uint8_t *bytes, uint32_t len)
{
    struct sk_chan *chan;
    struct sk_out out = {.label = CONSOLE_WRITE, .len = len, .bytes = bytes};
    sk_err err = SK_OK;
    for (uint32_t i = 0; i < SK_CONSOLE_MS / RETRY_MS; i++) {
        if (i > 0)
            sk_sleep_until(sk_in_ms(RETRY_MS));
        err = connect(&chan);
        if (err == SK_OK)
            err = sk_send_until(chan, &out, SK_FOREVER);
        if (!is_lost(err) && !is_crowded(err))
            return err;
    }
    return err;
}

/* At the end of the program. */
static void finish(void)
{
    if (sk_self()->console_used)
        (void)console_sync(); /* nobody is left to hear of an error */
}

sk_err console_write(const void *bytes, size_t len)
{
    struct sk_self *self = sk_self();
    const uint8_t *from = bytes;
    self->console_used = true;
    if (self->at_exit == NULL)
        self->at_exit = finish;
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

bool console_interrupted(void)
{
    struct sk_chan *chan;
    uint32_t yes = 0, got = 0;
    return connect(&chan) == SK_OK &&
           sk_call(chan, CONSOLE_INTERRUPT, NULL, 0, &yes, sizeof(yes), &got,
                   sk_in_ms(SK_CONSOLE_MS)) == SK_OK &&
           got == sizeof(yes) && yes != 0;
}

/* Ask for input. One request is outstanding at a time: if it is given up, so is the connection,
 * which is how the console learns that nobody waits any more. The console may die meanwhile:
 * is_lost. */
static sk_err fetch(struct sk_self *self, sk_ns deadline)
{
    struct sk_chan *chan;
    uint32_t got = 0;
    sk_err err = connect(&chan);
    if (err != SK_OK)
        return err;
    err = sk_call(chan, CONSOLE_READ, NULL, 0, self->pend, sizeof(self->pend), &got, deadline);
    self->pend_pos = 0;
    self->pend_len = err == SK_OK ? got : 0;
    if (err == SK_ERR_TIMED_OUT || err == SK_ERR_CANCELLED)
        console_disconnect();
    return err;
}

/* console_read that tells when the console has died. */
static sk_err read_some(void *bytes, size_t max, size_t *got, sk_ns deadline)
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

sk_err console_read(void *bytes, size_t max, size_t *got, sk_ns deadline)
{
    sk_err err;
    do
        err = read_some(bytes, max, got, deadline);
    while (is_lost(err));
    return err;
}

/* Is ch part of what a key like an arrow sends: ESC, '[' or 'O', digits and such, a last letter?
 * *state: 0 between keys. */
static bool is_escape(uint8_t *state, char ch)
{
    if (ch == 0x1b) {
        *state = 1;
        return true;
    }
    if (*state == 1) {
        *state = ch == '[' || ch == 'O' ? 2 : 0;
        return true;
    }
    if (*state == 2) {
        *state = ch >= '@' && ch <= '~' ? 0 : 2;
        return (unsigned char)ch >= ' '; /* what is not printable ends it and counts */
    }
    return false;
}

/* What one key does to the line; *done: the line is complete. */
static sk_err edit(char ch, char *line, size_t size, size_t *len, bool *done)
{
    const char *echo = &ch;
    size_t echo_len = 1;
    if (ch == '\r' || ch == '\n') {
        *done = true;
        echo = "\n";
    } else if (ch == '\b' || ch == 0x7f || ch == 0x15 || ch == 0x03) {
        bool all = ch == 0x15 || ch == 0x03;
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
    uint8_t escape = 0;
    bool done = false;
    while (!done) {
        char ch;
        size_t got;
        sk_err err = read_some(&ch, 1, &got, SK_FOREVER);
        if (is_lost(err))
            return SK_ERR_PEER_DEAD;
        if (err == SK_OK && len == 0 && (got == 0 || ch == 0x04))
            err = SK_ERR_EMPTY;
        else if (err == SK_OK && got == 0)
            done = true; /* the last line has no end */
        else if (err == SK_OK && !is_escape(&escape, ch))
            err = edit(ch, line, size, &len, &done);
        if (err != SK_OK)
            return err;
    }
    line[len] = '\0';
    return SK_OK;
}
