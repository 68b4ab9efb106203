/* The service `console`: text of every program to the UART, what is typed to who reads. This header
 * has its whole state; the struct lives on main's stack, its tables are taken once, as large as
 * budget and memory allow (room.c). The protocol is lib/console.h's.
 *
 * All clients' text meets here, so this is where lines stay whole: see screen.c. Input waits in the
 * UART when nobody takes it.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CONSOLE_CONSOLE_H
#define CONSOLE_CONSOLE_H

#include "lib/console.h"
#include "lib/loop.h"

/* What a client has written of a line that is not finished: in its part of console.line. */
struct writer {
    uint32_t len; /* line_max + 1: more than is remembered */
};

struct reader {
    bool waits; /* ticket is to be answered */
    struct sk_ticket ticket;
    uint64_t order; /* of those that wait: lowest first */
    bool syncs;     /* sync is to be answered after the round that is under way */
    struct sk_ticket sync;
    uint64_t focus; /* 0: has not taken the focus; who took it last has it */
};

#define NOBODY 0xffffffffu

struct console {
    struct sk_loop loop;
    struct sk_server server;
    struct sk_loop_event irq;
    uint32_t clients;
    struct sk_client *client; /* these are tables, of so many */
    struct writer *writer;
    struct reader *reader;
    uint32_t line_max; /* of an unfinished line, so much is remembered */
    char *line;        /* line_max for each client */
    bool draining;
    uint32_t owner; /* the client whose unfinished line is on the screen, or NOBODY */
    uint64_t count; /* of takes and waits, for their order */
    sk_handle device;
    uintptr_t uart;
    uint32_t in_first, in_count, in_max; /* in_max is a power of two */
    uint8_t *in;
};

/* --- room.c ---------------------------------------------------------------------------------- */
bool room_take(struct console *c); /* false: it does not fit, and is told */

/* --- screen.c -------------------------------------------------------------------------------- */
/* len bytes of text from that client. seize: it may break into another one's line. */
void screen_write(struct console *c, uint32_t client, const uint8_t *text, uint32_t len,
                  bool seize);
/* Show what that client has written even if its line is not finished. */
void screen_show(struct console *c, uint32_t client);
/* The client has gone; next (or NOBODY) may have a line to show again. */
void screen_leave(struct console *c, uint32_t client, uint32_t next);

/* --- uart.c ---------------------------------------------------------------------------------- */
sk_err uart_open(struct console *c);
void uart_put(struct console *c, char ch); /* waits for room */
void uart_drain(struct console *c);        /* waits until all has been sent */
void uart_take_input(struct console *c);   /* into c->in, as much as fits */
/* Have the interrupt of reception on if there is room, and take what came before it was. */
void uart_listen(struct console *c);

#endif
