/* The interface `console`: text to and from the one who sits at the machine. The service drives the
 * UART; every other program sends messages, from any core.
 *
 * Writing is flow controlled: a writer waits while the service is behind; nothing is dropped while
 * the service lives. What was sent to a console that then dies may be lost. The functions connect
 * by name at the first use, and again if the console died, waiting up to SK_CONSOLE_MS for it.
 * A line ends with \n; the service sends the terminal what it wants.
 * All: SK_ERR_TIMED_OUT or SK_ERR_NOT_FOUND (no console), SK_ERR_RIGHTS, SK_ERR_BUDGET.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_CONSOLE_H
#define LIB_CONSOLE_H

#include "lib/rpc.h"

#define SK_CONSOLE_NAME "console"
#define SK_CONSOLE_MS   2000u

/* Labels. */
enum {
    CONSOLE_WRITE = 1, /* 1..224 bytes of text; one way, no answer */
    CONSOLE_SYNC,      /* -> nothing, once all that any client wrote before is on the wire */
    CONSOLE_READ,  /* -> 1..56 bytes, as typed, to the end of a line at most; 0 bytes: the end of
                    * input. Waits. */
    CONSOLE_FOCUS, /* struct console_focus -> nothing */
    CONSOLE_INTERRUPT, /* -> uint32_t: 1 if Ctrl-C was typed and nobody has read it yet */
};

/* Input goes to the client that has the focus. take = 1: to this client, whoever had it.
 * take = 0: whoever reads next (or waits longest) gets it. A client that is gone has let go; then
 * the one that took it last before gets it back.
 *
 * Ctrl-C is input like any other for the client that has the focus; it waits for that one, and what
 * was typed after it too. CONSOLE_INTERRUPT tells whether one waits, and drops what was typed
 * before it. So a shell that has let go of the focus asks from time to time whether to end what it
 * waits for, and finds the Ctrl-C again when it reads the next line. */
struct console_focus {
    uint32_t take;
};

/* Write len bytes. Returns when all are in the console's ring. Blocks. A console that has no place
 * for another client now is tried again for SK_CONSOLE_MS. */
sk_err console_write(const void *bytes, size_t len);

/* Until everything written before, by anyone, has been output. */
sk_err console_sync(void);

/* Some input as typed, without echo: up to max bytes, *got of them; 0: the end of input. Blocks
 * until deadline. SK_ERR_TIMED_OUT: the connection, and with it the focus, is given up. */
sk_err console_read(void *bytes, size_t max, size_t *got, sk_ns deadline);

/* A line with echo, backspace, Ctrl-U or Ctrl-C (drop the line) and Ctrl-D on an empty line (end of
 * input); arrow keys and the like do nothing; without its end, zero-terminated, at most size - 1
 * characters; what is longer is refused at the keyboard. Blocks.
 * SK_ERR_EMPTY: the end of input. SK_ERR_PEER_DEAD: the console has died, and with it what had been
 * typed of the line; try again. */
sk_err console_read_line(char *line, size_t size);

/* See CONSOLE_FOCUS. */
sk_err console_focus(bool take);

/* Does a Ctrl-C wait to be read? See CONSOLE_INTERRUPT. One short call. */
bool console_interrupted(void);

/* Forget the connection, if any: the next use connects anew. */
void console_disconnect(void);

#endif
