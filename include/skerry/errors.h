/* Every error that a system call, library call or service can return.
 * 0 is success, negative is an error. Each says whether trying again makes sense.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef SKERRY_ERRORS_H
#define SKERRY_ERRORS_H

#include <stdint.h>

typedef int32_t sk_err;

/* X(name, value, text, retry). "retry": never = the same call fails the same way for ever;
 * wait = when something else has changed (room, memory, a name); again = with a new connection;
 * unsure = the operation may have run: only the caller knows whether it may run twice. */
#define SK_ERRORS(X)                                                                               \
    X(OK, 0, "ok", "-")                                                                            \
    X(ERR_ARG, -1, "bad argument", "never")                                                        \
    X(ERR_SYSCALL, -2, "no such system call", "never")                                             \
    X(ERR_HANDLE, -3, "stale handle or wrong kind of object", "never")                             \
    X(ERR_RIGHTS, -4, "not permitted", "never")                                                    \
    X(ERR_FAULT, -5, "memory range not accessible", "never")                                       \
    X(ERR_NO_MEMORY, -6, "core out of memory", "wait")                                             \
    X(ERR_BUDGET, -7, "budget exhausted", "wait")                                                  \
    X(ERR_FULL, -8, "full", "wait")                                                                \
    X(ERR_EMPTY, -9, "empty", "wait")                                                              \
    X(ERR_TIMED_OUT, -10, "timed out", "unsure")                                                   \
    X(ERR_PEER_DEAD, -11, "peer is dead", "again, unsure")                                         \
    X(ERR_BUSY, -12, "busy", "never (a used end cannot move)")                                     \
    X(ERR_NOT_FOUND, -13, "not found", "wait")                                                     \
    X(ERR_EXISTS, -14, "exists already", "wait")                                                   \
    X(ERR_CORE_DOWN, -15, "core is not running", "wait")                                           \
    X(ERR_PROTOCOL, -16, "malformed data from peer", "again")                                      \
    X(ERR_UNSUPPORTED, -17, "not supported here", "never")                                         \
    X(ERR_TOO_BIG, -18, "too big", "never")                                                        \
    X(ERR_CANCELLED, -19, "cancelled", "unsure")                                                   \
    X(ERR_IMAGE, -20, "damaged program or archive", "never")                                       \
    X(ERR_STATE, -21, "not possible in this state", "wait")                                        \
    X(ERR_LOAN, -22, "no such loan, or it is over", "never")

enum {
#define X(name, value, text, retry) SK_##name = (value),
    SK_ERRORS(X)
#undef X
        SK_ERR_LAST = -22
};

/* The error's text; "unknown error" for a value that is not in the table. Static storage. */
static inline const char *sk_err_text(sk_err e)
{
    switch (e) {
#define X(name, value, text, retry)                                                                \
    case value:                                                                                    \
        return text;
        SK_ERRORS(X)
#undef X
    default:
        return "unknown error";
    }
}

#endif
