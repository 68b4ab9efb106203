/* The library's state of one task. It is no global variable: <self_arch.h> of the port defines,
 * static inline, struct sk_self *sk_self(void): arm64 a reserved section of the program, host the
 * running coroutine's. Zero when the task starts.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_SELF_H
#define LIB_SELF_H

#include "lib/chan.h"
#include "lib/rpc.h"
#include <skerry/start.h>

/* Event bits as the library uses them. */
enum {
    SK_EV_CORE_PORT = 0, /* init only: a connection from another core's init */
    SK_EV_CHAN = 1,      /* traffic of every channel that the library opens */
    SK_EV_PORT = 2,      /* connections at a server's port */
    SK_EV_TASK = 3,      /* init: a task has ended */
    SK_EV_IRQ = 4,
    SK_EV_FREE = 8 /* from here on they are the program's own */
};

struct sk_self {
    struct sk_start *start;
    uint64_t ready;         /* ends told ready by the kernel, not yet polled by the loop */
    struct sk_chan parent;  /* to this core's init; opened at the first use */
    struct sk_chan console; /* handle NONE: not connected */
    void (*at_exit)(void);  /* of what was used and has to be put in order at the end, or NULL */
    bool console_used;      /* something was written since the last sync */
    bool told_log;          /* that there is no console */
    uint32_t line_len;      /* of stdout, not yet sent */
    char line[SK_TEXT_LINE];
    uint32_t in_len, in_pos; /* of the input line being read by stdin */
    char in_line[SK_TEXT_LINE];
    uint32_t pend_len, pend_pos; /* input that the console sent and nobody has taken */
    char pend[SK_PAYLOAD_BYTES];
    uint64_t heap_break;  /* bytes of the heap in use */
    uint64_t heap_mapped; /* bytes of the heap that are memory */
};

#include <self_arch.h>

/* This task's name of itself, its core, and the cores of this system on this machine. */
static inline sk_tid sk_my_tid(void)
{
    return sk_self()->start->tid;
}
static inline sk_core sk_my_core(void)
{
    return sk_self()->start->core;
}
static inline uint32_t sk_cores(void)
{
    return sk_self()->start->cores;
}

/* The channel to this core's init, opened at the first use; NULL in init itself, or if it cannot be
 * opened. Does not wait. */
struct sk_chan *sk_parent(void);

/* The same in *parent; where tasks may run before there is anybody to ask (Linux: who serves
 * names), it waits until deadline for him, and looks each millisecond. With an init it never waits.
 * SK_ERR_TIMED_OUT: nobody by the deadline; one in the past is one look. SK_ERR_CANCELLED.
 * SK_ERR_HANDLE: this is init. Else what sk_chan_open says. */
sk_err sk_parent_until(sk_ns deadline, struct sk_chan **parent);

/* Wait for events, as sys_wait; what becomes ready is noted in sk_self()->ready too. */
sk_err sk_wait_events(uint32_t mask, sk_ns deadline, uint32_t *events);

/* From now on these events end whatever blocks, in the library too, with SK_ERR_CANCELLED in place
 * of SK_ERR_TIMED_OUT, and what follows, until they are taken: sk_wait_events(mask, 0, ..). For
 * programs that have no event loop: sk_loop_step returns, and leaves them. 0: none. */
static inline void sk_cancel_on(uint32_t mask)
{
    (void)sys_cancel_on(mask);
}

/* Sleep until then, or until it is cancelled. */
void sk_sleep_until(sk_ns deadline);

#endif
