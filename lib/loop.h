/* The event loop of a service: clients of its ports, answers of others, events, timers. One task,
 * no threads; a handler runs to its end and must not block for long.
 *
 * All memory is the caller's: the loop, an array of clients, timers, asynchronous calls. Channels
 * that are idle are armed and cost nothing; busy ones are polled in turn, a few messages each.
 * A client on this core is woken for its reply, or where kernels copy the reply itself is sent,
 * with the loop's next sleep, in one kernel entry.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_LOOP_H
#define LIB_LOOP_H

#include "lib/rpc.h"
#include "lib/self.h"

struct sk_loop;
struct sk_client;
struct sk_server;

/* A channel as the loop sees it. */
struct sk_source {
    struct sk_chan chan;
    struct sk_source *next_bit;    /* in the list of its ready bit */
    struct sk_source *next_active; /* in the ring of those that are polled */
    bool active, attached, is_client;
    sys_looks idle; /* rounds in which it was found empty */
    /* Of an attached channel: it is over, its calls have ended, it is detached; the owner closes
     * it. May be NULL. */
    void (*on_end)(struct sk_loop *loop, struct sk_source *source);
    void *user;
};

/* What a handler answers with. Fill bytes (zeroed up to 56) and len, and up to three handles. */
struct sk_answer {
    union {
        struct sk_msg first;
        struct {
            uint32_t ctl;
            uint16_t label;
            uint16_t token;
            union {
                uint8_t bytes[SK_PAYLOAD_MAX];
                uint32_t w32[SK_PAYLOAD_MAX / 4u];
                uint64_t w64[SK_PAYLOAD_MAX / 8u];
            };
        };
    };
    uint32_t len;
    uint32_t handles;
    sk_handle handle[SK_MSG_HANDLES];
};

#define SK_ANSWER_LATER 1 /* the handler has kept a ticket and will call sk_answer */

/* Handle one request. Returns SK_OK or an error, which is the answer (with *answer's bytes in both
 * cases), or SK_ANSWER_LATER. Handles in *in are the handler's: what it does not take (setting
 * in->handle[i] to SK_HANDLE_NONE) is closed afterwards. */
typedef sk_err sk_method_fn(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                            struct sk_answer *answer);

struct sk_method {
    uint16_t label;
    uint16_t min_len; /* shorter requests are answered SK_ERR_ARG by the loop */
    uint16_t handles; /* exactly so many, else SK_ERR_ARG */
    bool one_way;     /* no answer is sent, whatever the handler returns */
    sk_method_fn *handle;
};

/* An interface that is served. The caller's memory, constant after sk_serve. */
struct sk_server {
    const struct sk_method *methods;
    uint32_t method_count;
    sk_handle port; /* SK_HANDLE_NONE: clients only by sk_client_adopt */
    uint32_t port_bit;
    /* A client has come: return an error to turn it away. May be NULL. */
    sk_err (*on_open)(struct sk_loop *loop, struct sk_client *client);
    /* A client is gone, its channel not yet closed; tickets of it are void already
     * (sk_ticket_client is NULL). May be NULL. */
    void (*on_close)(struct sk_loop *loop, struct sk_client *client);
    void *user;
    struct sk_server *next;
};

struct sk_client {
    struct sk_source source; /* first */
    const struct sk_server *server;
    uint32_t gen;   /* changes when the client goes */
    uint16_t index; /* in the loop's array */
    bool in_use;
    void *user; /* the service's own; NULL when a client comes */
};

/* Whom to answer later. Harmless when the client is gone. */
struct sk_ticket {
    uint16_t client;
    uint16_t token;
    uint32_t gen;
};

struct sk_timer {
    struct sk_timer *next;
    sk_ns when; /* absolute; the loop's while set */
    bool set;
    void (*fn)(struct sk_loop *loop, struct sk_timer *timer);
    void *user;
};

/* A call whose answer is handled by a function. */
struct sk_async {
    struct sk_call call; /* first */
    struct sk_timer timer;
    struct sk_loop *loop;
    struct sk_source *source;
    bool pending;
    /* err: of the server or the channel. in: the answer if err is SK_OK (it may be NULL else);
     * handles that it does not take (sets to SK_HANDLE_NONE) are closed afterwards. The async may
     * be used again inside. */
    void (*fn)(struct sk_loop *loop, struct sk_async *async, sk_err err, struct sk_in *in);
    void *user;
};

/* An event bit that a function waits for. */
struct sk_loop_event {
    struct sk_loop_event *next;
    uint32_t bit;
    void (*fn)(struct sk_loop *loop, void *user);
    void *user;
};

/* Lists of sources by ready bit: one for each bit, fewer where a task can have few ends. */
#define SK_LOOP_LISTS (SK_TASK_ENDS_MAX / 4u < 64u ? SK_TASK_ENDS_MAX / 4u : 64u)

struct sk_loop {
    struct sk_client *clients;
    uint32_t client_count;
    struct sk_server *servers;
    struct sk_source *by_bit[SK_LOOP_LISTS];
    struct sk_source *active; /* the last of the ring of active ones; NULL: none */
    struct xport_late late;   /* of an answer: what waits for the next sleep */
    struct sk_timer *timers;  /* by time */
    struct sk_loop_event *events;
    uint32_t event_mask;
    uint32_t rounds; /* since the kernel was last asked for events */
    bool stop;
    bool accept_again; /* a connection waits for a place or a handle */
    void *user;        /* the service's state */
};

/* An empty loop with room for `count` clients (all zero, or as a loop left them). */
void sk_loop_init(struct sk_loop *loop, struct sk_client *clients, uint32_t count, void *user);

/* Run until sk_loop_stop. */
void sk_loop_run(struct sk_loop *loop);
void sk_loop_stop(struct sk_loop *loop);

/* Handle what there is; if nothing, wait for something until deadline and handle that. */
void sk_loop_step(struct sk_loop *loop, sk_ns deadline);

/* Take every message that is in the ring of any client now (sk_loop_run does so by turns). Not from
 * inside a handler of the same client's request, unless more than one at a time does no harm. */
void sk_loop_drain(struct sk_loop *loop);

/* Serve: create a port with that event bit (SK_EV_PORT for the first) and depth, and take its
 * clients. server->methods, method_count, on_open, on_close, user are set. The port's handle is
 * then server->port, to be registered by names_register. SK_ERR_BUDGET, SK_ERR_NO_MEMORY. */
sk_err sk_serve(struct sk_loop *loop, struct sk_server *server, uint32_t bit, uint32_t depth);

/* Take the clients of a port that exists (init's core port), or none (port SK_HANDLE_NONE). */
void sk_serve_port(struct sk_loop *loop, struct sk_server *server, sk_handle port, uint32_t bit);

/* Make a client of the unused channel end `end`. SK_ERR_FULL: no free client; else as
 * sk_chan_open: the handle is still the caller's. */
sk_err sk_client_adopt(struct sk_loop *loop, struct sk_server *server, sk_handle end, void *user,
                       struct sk_client **client);

/* Let go of a client: on_close is called, the channel closed. */
void sk_client_close(struct sk_loop *loop, struct sk_client *client);

/* The ticket of the request that is being handled. */
static inline struct sk_ticket sk_ticket(const struct sk_client *client, const struct sk_in *in)
{
    return (struct sk_ticket){.client = client->index, .token = in->token, .gen = client->gen};
}

/* The client of a ticket; NULL: gone. */
struct sk_client *sk_ticket_client(struct sk_loop *loop, struct sk_ticket ticket);

/* Answer now what was put off. Handles are moved if SK_OK. SK_ERR_PEER_DEAD: the client is gone. */
sk_err sk_answer(struct sk_loop *loop, struct sk_ticket ticket, sk_err err, const void *bytes,
                 uint32_t len, const sk_handle *handle, uint32_t handles);

/* Channels on which this service asks: attach an opened one, ask, detach before closing it. The
 * end of the channel ends each call with SK_ERR_PEER_DEAD; then detach, close and connect anew. */
void sk_source_attach(struct sk_loop *loop, struct sk_source *source);
void sk_source_detach(struct sk_loop *loop, struct sk_source *source);

/* Ask; async->fn is called once, later, if this returns SK_OK. async is the caller's, in place and
 * not used otherwise while async->pending. SK_ERR_FULL: too much is outstanding; others as
 * sk_call_begin. */
sk_err sk_call_async(struct sk_loop *loop, struct sk_source *source, struct sk_async *async,
                     struct sk_out *out, uint32_t reply_max, sk_ns deadline);

/* From now on call event->fn(loop, event->user) when event bit event->bit (0..31) is set. */
void sk_loop_on_event(struct sk_loop *loop, struct sk_loop_event *event);

/* Call timer->fn once, at `when` or later. A set timer is moved. */
void sk_timer_set(struct sk_loop *loop, struct sk_timer *timer, sk_ns when);
void sk_timer_cancel(struct sk_loop *loop, struct sk_timer *timer);

#endif
