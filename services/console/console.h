/* The service `console`: text of every program to the UART, what is typed to who reads. This header
 * has its whole state; the struct lives on main's stack. The protocol is lib/console.h's.
 *
 * All clients' text meets here, so this is where lines stay whole: see screen.c. Input waits in the
 * UART when nobody takes it.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CONSOLE_CONSOLE_H
#define CONSOLE_CONSOLE_H

#include "lib/console.h"
#include "lib/loop.h"

#define CLIENTS_MAX 60u
#define LINE_MAX    120u /* of an unfinished line, so much is remembered */
#define INPUT_MAX   256u /* a power of two */

/* What a client has written of a line that is not finished. */
struct writer {
    uint32_t len; /* LINE_MAX + 1: more than is remembered */
    char line[LINE_MAX];
};

struct reader {
    bool waits; /* ticket is to be answered */
    struct sk_ticket ticket;
    uint64_t order; /* of those that wait: lowest first */
    bool syncs;     /* sync is to be answered after the round that is under way */
    struct sk_ticket sync;
    uint64_t focus; /* 0: has not taken the focus; who took it last has it */
};

#define NOBODY CLIENTS_MAX

struct console {
    struct sk_loop loop;
    struct sk_client client[CLIENTS_MAX];
    struct sk_server server;
    struct sk_loop_event irq;
    struct writer writer[CLIENTS_MAX];
    struct reader reader[CLIENTS_MAX];
    bool draining;
    uint32_t owner; /* the client whose unfinished line is on the screen, or NOBODY */
    uint64_t count; /* of takes and waits, for their order */
    sk_handle device;
    uintptr_t uart;
    uint32_t in_first, in_count;
    uint8_t in[INPUT_MAX];
};

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

#endif
