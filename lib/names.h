/* The interface `names`: names for ports. A program asks its own init, which checks what the
 * manifest permits, connects to names of its own core itself, and relays the rest to the service
 * `names`; inits and the service speak the same labels.
 *
 * A name is 1 to 31 characters. It dies with its owner. All functions ask over sk_parent(), block
 * until the answer or the deadline (SK_NAMES_MS where there is none), and may return
 * SK_ERR_TIMED_OUT (also: nobody serves names by the deadline),
 * SK_ERR_PEER_DEAD (the service is gone: try again when it is back), SK_ERR_CANCELLED,
 * SK_ERR_RIGHTS (the manifest does not permit this name) and SK_ERR_ARG (not a name).
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_NAMES_H
#define LIB_NAMES_H

#include "lib/rpc.h"

#define SK_NAMES_MS 5000u

/* Labels, all with struct names_request. They share a task's channel to init with `proc`. */
enum {
    NAMES_REGISTER = 0x40, /* and one handle: the port -> nothing */
    NAMES_UNREGISTER,      /* -> nothing */
    NAMES_CONNECT,         /* and one handle: the unused far end -> nothing */
    NAMES_WAIT,            /* -> nothing, once the name exists */
    NAMES_LIST,            /* name is a prefix -> names_entry */
    NAMES_RESOLVE,         /* init to service: -> one handle, the port, once the name exists */
};

struct names_request {
    char name[SK_NAME_BYTES];
    sk_tid owner;   /* on whose behalf: written by init, ignored from others */
    sk_ns deadline; /* CONNECT, WAIT: how long to wait for the name to exist */
    uint32_t index; /* LIST: entry to begin at */
    uint32_t pad;
};
_Static_assert(sizeof(struct names_request) == SK_PAYLOAD_BYTES, "one slot");

struct names_entry {
    char name[SK_NAME_BYTES];
    sk_tid owner;  /* its core is SK_TID_CORE(owner) */
    uint32_t next; /* index to ask for next */
    uint32_t pad;
};
_Static_assert(sizeof(struct names_entry) <= SK_PAYLOAD_BYTES, "one slot");

/* Publish port under name; port stays the caller's. SK_ERR_EXISTS: somebody has it. */
sk_err names_register(const char *name, sk_handle port);

/* Take back a name of one's own. SK_ERR_NOT_FOUND. */
sk_err names_unregister(const char *name);

/* Connect to the service `name`: a new channel, paid by the caller, one end opened in *chan, its
 * far end queued at the service. Waits until deadline for a name that does not exist yet.
 * SK_ERR_NOT_FOUND: it does not exist (deadline in the past) or did not by then (else
 * SK_ERR_TIMED_OUT). SK_ERR_FULL: the service's queue is full. SK_ERR_BUDGET, SK_ERR_NO_MEMORY. */
sk_err names_connect(const char *name, sk_ns deadline, struct sk_chan *chan);

/* The same, donating memory for the service's state of this connection (sk_chan_create_quota). */
sk_err names_connect_quota(const char *name, sk_ns deadline, struct sk_chan *chan, size_t bytes);

/* Wait until name exists. SK_ERR_TIMED_OUT. SK_ERR_NOT_FOUND: it does not (deadline in the past).
 */
sk_err names_wait(const char *name, sk_ns deadline);

/* The first entry from *index on whose name begins with prefix ("" for all); *index becomes the
 * next to ask for. SK_ERR_NOT_FOUND: there are no more. */
sk_err names_list(const char *prefix, uint32_t *index, struct names_entry *entry);

/* May `name` be used under this pattern (a name, or a prefix and '*')? */
bool names_match(const char *pattern, const char *name);

/* Is this a name: 1..31 printable characters without blanks or '*', terminated within the array? */
bool names_valid(const char name[SK_NAME_BYTES]);

#endif
