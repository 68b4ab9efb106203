/* Many writers, one screen: a line is never mixed with another one's.
 *
 * One client at a time owns the unfinished line at the cursor; its characters appear at once. What
 * another one writes meanwhile is kept until its line is finished: then the owner's line is left,
 * the finished one shown, and the owner's shown again below. A prompt so stays at the bottom.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "console.h"

static void put_text(struct console *c, const char *text, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        uart_put(c, text[i]);
}

static void put_newline(struct console *c)
{
    put_text(c, "\r\n", 2);
}

static char *line_of(const struct console *c, uint32_t client)
{
    return &c->line[client * c->line_max];
}

/* The part of the client's line that is remembered, shown at the cursor. */
static void put_line(struct console *c, uint32_t client)
{
    uint32_t len = c->writer[client].len;
    if (len <= c->line_max)
        put_text(c, line_of(c, client), len);
}

/* Remember ch as part of the unfinished line. */
static void remember(struct console *c, uint32_t client, char ch)
{
    struct writer *w = &c->writer[client];
    if (ch == '\b') {
        w->len -= w->len > 0 && w->len <= c->line_max ? 1u : 0u;
    } else if (ch == '\r') {
        w->len = 0;
    } else if (ch != '\a') {
        if (w->len < c->line_max)
            line_of(c, client)[w->len] = ch;
        w->len += w->len <= c->line_max ? 1u : 0u;
    }
}

static void own(struct console *c, uint32_t client)
{
    if (c->owner != NOBODY)
        put_newline(c);
    c->owner = client;
    put_line(c, client);
}

/* A line that was kept is finished: show it above the owner's. */
static void show_kept(struct console *c, uint32_t client)
{
    if (c->writer[c->owner].len != 0)
        put_newline(c);
    put_line(c, client);
    put_newline(c);
    c->writer[client].len = 0;
    put_line(c, c->owner);
}

static void write_char(struct console *c, uint32_t client, char ch)
{
    struct writer *w = &c->writer[client];
    if (c->owner == client) {
        if (ch == '\n') {
            put_newline(c);
            w->len = 0;
            c->owner = NOBODY;
        } else {
            uart_put(c, ch);
            remember(c, client, ch);
        }
    } else if (ch == '\n') {
        show_kept(c, client);
    } else {
        remember(c, client, ch);
        if (w->len == c->line_max) /* a line too long to keep is shown in pieces */
            show_kept(c, client);
    }
}

void screen_write(struct console *c, uint32_t client, const uint8_t *text, uint32_t len, bool seize)
{
    for (uint32_t i = 0; i < len; i++) {
        if (c->owner != client && (c->owner == NOBODY || seize))
            own(c, client);
        write_char(c, client, (char)text[i]);
    }
}

void screen_show(struct console *c, uint32_t client)
{
    if (c->owner != client && c->writer[client].len != 0)
        own(c, client);
}

void screen_leave(struct console *c, uint32_t client, uint32_t next)
{
    if (c->owner == NOBODY) /* what was kept will not be finished */
        screen_show(c, client);
    else if (c->owner != client && c->writer[client].len != 0)
        show_kept(c, client);
    if (c->owner == client) {
        put_newline(c);
        c->owner = NOBODY;
    }
    c->writer[client].len = 0;
    if (c->owner == NOBODY && next != NOBODY && c->writer[next].len != 0)
        own(c, next);
}
