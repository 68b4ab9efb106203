/* Loans: a call that lends ranges of the caller's memory until it is answered, and what the service
 * does with them (docs/adr/0014). The caller's task sleeps meanwhile, all of it: nobody else writes
 * what it has lent. The service reads, writes and copies by calls that check each byte's place: a
 * loan that is over, or whose lender has died, is an error. Works the same on one core and across;
 * across cores it costs two copies and two messages each way.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_LOAN_H
#define LIB_LOAN_H

#include "lib/rpc.h"

/* bytes at p, to be lent: access is SK_LOAN_READ, SK_LOAN_WRITE or both. */
static inline struct sk_loan sk_loan_of(const void *p, uint32_t bytes, uint32_t access)
{
    return (struct sk_loan){.addr = (uintptr_t)p, .bytes = bytes, .access = access};
}

/* Ask as sk_call_msg does – without handles, a request of at most 56 bytes – and lend
 * loan[0..count) to who answers: at most SK_LENDS_MAX ranges and SK_LOAN_BYTES together, none
 * overlapping another if either may be written. The loan is over when this returns. deadline is
 * absolute; cancel is a mask of events, 0 for none, that end the call: they stay set. Returns the
 * service's answer, or
 *
 *   SK_ERR_TIMED_OUT, SK_ERR_PEER_DEAD, SK_ERR_CANCELLED
 *             it may have been carried out; what was lent for writing is as before if the service
 *             is on another core, and anything if it is on this one
 *   SK_ERR_FULL   no room for the request by the deadline
 *   SK_ERR_BUSY   the far kernel has not let go of an earlier loan of this task by then
 *   SK_ERR_ARG, SK_ERR_FAULT, SK_ERR_TOO_BIG, SK_ERR_BUDGET, SK_ERR_NO_MEMORY
 *             as LEND (skerry/syscall.h); nothing was sent
 *
 * A deadline in the past: SK_ERR_TIMED_OUT, nothing was sent. */
sk_err sk_call_lend(struct sk_chan *c, struct sk_out *out, const struct sk_loan *loan,
                    uint32_t count, struct sk_in *in, uint32_t reply_max, uint32_t cancel,
                    sk_ns deadline);

/* One range of what came with a request: of its channel, its token (in->token, or a ticket's), and
 * the range's index. A service may put the answer off and go on using the loan until it answers. */
struct sk_loan_ref {
    const struct sk_chan *chan;
    uint16_t token;
    uint16_t index;
};

/* Bytes of the range. Errors of all four: SK_ERR_LOAN  there is no such loan, or it is over
 * SK_ERR_PEER_DEAD  the client is gone   SK_ERR_RIGHTS  not lent for this   SK_ERR_ARG  not inside
 * Steps of SK_LOAN_STEP bytes: what was copied before an error stays copied. */
sk_err sk_loan_size(struct sk_loan_ref loan, uint32_t *bytes);
sk_err sk_loan_read(struct sk_loan_ref loan, uint32_t offset, void *to, uint32_t len);
sk_err sk_loan_write(struct sk_loan_ref loan, uint32_t offset, const void *from, uint32_t len);

/* From one client's memory to another's (or to another range of the same): neither is mapped. */
sk_err sk_loan_copy(struct sk_loan_ref from, uint32_t from_offset, struct sk_loan_ref to,
                    uint32_t to_offset, uint32_t len);

#endif
