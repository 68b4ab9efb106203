/* Loans: ranges of a sleeping task's memory that the task at the far end of one of its channels may
 * read and write through its kernel (docs/adr/0014). loan.c is the lender's side, borrow.c the
 * borrower's.
 *
 * What is lent is said by struct sk_lend in the lender's memory and by its registers: it sleeps, so
 * both stay, and there is no table. Across cores struct op has the window, which is charged to the
 * lender until the far kernel has answered that it is done with it.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_LOAN_H
#define KERNEL_LOAN_H

#include "kernel/kern.h"

/* t, which is TASK_LENDING, was told of something: if that ends its loan, it is ready now. */
void loan_event(struct kern *k, struct task *t);

/* If t lends, that is over with err; nobody waits for its answer. t is dying, or its time is up. */
void loan_over(struct kern *k, struct task *t, sk_err err);

/* Is this operation a loan across cores? */
static inline bool loan_is(const struct op *op)
{
    return (op->label == SK_LINK_LEND || op->label == SK_LINK_UNLEND) &&
           (op->state == OP_QUEUED || op->state == OP_SENT || op->state == OP_LENT);
}

/* Where u, which is TASK_LENDING, has what it lends, as it says. SK_ERR_FAULT, SK_ERR_ARG. */
sk_err loan_terms(struct kern *k, struct task *u, struct sk_lend *l);

/* The end that t, which is TASK_LENDING, lends on. */
struct end *loan_end(struct kern *k, const struct task *t);

/* Over a link. The message of t's operation; the far kernel's answer; that link is lost: what its
 * far side may still touch stays untouched (page_doubt). */
void loan_message(const struct task *t, struct sk_msg *m);
void loan_answered(struct kern *k, struct task *t, sk_err err);
void loan_link_down(struct kern *k, struct task *t);

/* LEND and UNLEND of the kernel at the far end of l: SK_OK, SK_ERR_PEER_DEAD, SK_ERR_BUSY,
 * SK_ERR_PROTOCOL. */
sk_err loan_request(struct kern *k, const struct link *l, uint32_t label,
                    const struct sk_link_lend *lend);

#endif
