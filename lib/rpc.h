/* Calls over a channel: a request, its reply, matched by token; many may be outstanding.
 *
 * A call reserves room for its reply in the ring, so a server can always answer and two peers never
 * block each other; for that one side of a channel asks and the other answers. Replies take 1 slot
 * for each 56 bytes that the caller is prepared to take. A call that ended early (time, cancel)
 * keeps its token and its room until its late reply comes or the channel ends.
 * A reply's label is 0, or the server's error negated.
 *
 * Deadlines are absolute. SK_ERR_TIMED_OUT, SK_ERR_PEER_DEAD and SK_ERR_CANCELLED mean that the
 * request may have been carried out.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_RPC_H
#define LIB_RPC_H

#include "lib/chan.h"

/* One outstanding call: the caller's memory, in place until the call has ended. */
struct sk_call {
    struct sk_in *in; /* where the reply goes; the caller's, until the call has ended; or NULL */
    /* loop_call.c: called when err is set, with the reply where it was received (NULL: there is
     * none; handles that it does not take are the caller's to close). NULL otherwise. */
    void (*done)(struct sk_call *call, struct sk_in *in);
    sk_err err; /* valid once ended: of the server, or of the channel */
    uint16_t token;
    bool ended;
    uint8_t index; /* in the channel's table */
};

/* Ask and wait for the answer. request is len bytes; the reply's payload goes to *reply, cut at
 * reply_max bytes, and its length, so cut, to *got unless that is NULL. Neither is longer than 224
 * bytes; an answer of more slots than reply_max takes is a protocol error. Returns the server's
 * answer (SK_OK or its error), or
 * SK_ERR_TIMED_OUT  no answer by the deadline     SK_ERR_FULL  no room for the request by then
 * SK_ERR_PEER_DEAD, SK_ERR_PROTOCOL as receiving   SK_ERR_TOO_BIG, SK_ERR_ARG
 * SK_ERR_STATE  the peer is this task itself (lib/chan.h), which cannot answer while it waits:
 *               nothing was sent. sk_call_async and the event loop can.
 * On the same core, with nothing else ready, it costs one kernel entry. */
sk_err sk_call(struct sk_chan *c, uint16_t label, const void *request, uint32_t len, void *reply,
               uint32_t reply_max, uint32_t *got, sk_ns deadline);

/* The same with handles: out->handle go with the request, in->handle come with the reply. *in is
 * valid if the server answered SK_OK; otherwise its handles are closed. reply_max as above. */
sk_err sk_call_msg(struct sk_chan *c, struct sk_out *out, struct sk_in *in, uint32_t reply_max,
                   sk_ns deadline);

/* Send a request without waiting for its answer, which goes to *in (both the caller's, in place
 * until the call has ended; NULL: call->done is set next and takes it). SK_ERR_FULL: no room for
 * the request, or for another reply, now. */
sk_err sk_call_begin(struct sk_chan *c, struct sk_call *call, struct sk_out *out, struct sk_in *in,
                     uint32_t reply_max);

/* Wait for the answer of one that was begun; the replies of others are kept for them.
 * SK_ERR_TIMED_OUT: not yet; SK_ERR_STATE: not yet, and the peer is this task itself. The call goes
 * on, end or cancel it again. */
sk_err sk_call_end(struct sk_chan *c, struct sk_call *call, sk_ns deadline);

/* Forget a call: its reply will be dropped when it comes. It ends with SK_ERR_CANCELLED. */
void sk_call_cancel(struct sk_chan *c, struct sk_call *call);

/* Answer a request. Never blocks on the ring: the asker has kept room. SK_ERR_FULL: it has not, it
 * breaks the rules; close it. Others as sk_send_try. *wake as sk_send_quiet; NULL: wake at once. */
sk_err sk_reply(struct sk_chan *c, uint16_t token, sk_err err, const void *bytes, uint32_t len,
                const sk_handle *handle, uint32_t handles, bool *wake);

/* A message has been received: if it is a reply, hand it to its call (or drop it) and return SK_OK;
 * SK_ERR_PROTOCOL: a reply to nothing. Handles that nobody took are closed. For event loops. */
sk_err sk_call_deliver(struct sk_chan *c, struct sk_in *in);

/* The channel has ended with err: so do all its calls. */
void sk_call_end_all(struct sk_chan *c, sk_err err);

#endif
