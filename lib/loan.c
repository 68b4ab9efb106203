/* See loan.h. The kernel sends the request itself, once the loan is in place: nobody can ask for a
 * loan that is not there yet.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/loan.h"
#include "lib/build.h"
#include "lib/self.h"

#define RETRY_MS 1u /* nobody tells when a far kernel has let go */

/* --- Lending --------------------------------------------------------------------------------- */

/* LEND has refused with err, and may do it now or later. Not SK_OK: it may not. */
static sk_err clear_way(struct sk_chan *c, struct sk_in *in, sk_err err, sk_ns deadline)
{
    uint32_t events;
    sk_err got;
    switch (err) {
    case SK_ERR_STATE: /* late answers lie in the ring */
        got = call_pump(c, in, 0);
        return got == SK_ERR_TIMED_OUT ? err : got;
    case SK_ERR_FULL:
        got = xport_want(c, 1) ? sk_wait_events(c->event_mask, deadline, &events) : SK_OK;
        return got == SK_ERR_TIMED_OUT ? err : got;
    case SK_ERR_BUSY:
        if (sk_now() >= deadline)
            return err;
        got = sk_wait_events(0, sk_in_ms(RETRY_MS), &events);
        return got == SK_ERR_CANCELLED ? got : SK_OK;
    default:
        return err;
    }
}

static sk_err lend(struct sk_chan *c, struct sk_lend *l, struct sk_in *in, uint32_t cancel,
                   sk_ns deadline, bool *sent)
{
    for (;;) {
        sk_err err = c->dead != SK_OK ? c->dead : xport_lend(c, l, cancel, deadline, sent);
        if (err == SK_OK || *sent)
            return err;
        err = clear_way(c, in, err, deadline);
        if (err != SK_OK)
            return err;
    }
}

sk_err sk_call_lend(struct sk_chan *c, struct sk_out *out, const struct sk_loan *loan,
                    uint32_t count, struct sk_in *in, uint32_t reply_max, uint32_t cancel,
                    sk_ns deadline)
{
    struct sk_call call;
    bool sent = false;
    if (out->handles != 0 || count == 0 || count > SK_LENDS_MAX)
        return SK_ERR_ARG;
    if (out->len > SK_PAYLOAD_BYTES)
        return SK_ERR_TOO_BIG;
    sk_err err = call_reserve(c, &call, out, in, reply_max, deadline);
    if (err != SK_OK)
        return err;
    struct sk_lend l = {.count = count, .token = out->token};
    for (uint32_t i = 0; i < count; i++)
        l.loan[i] = loan[i];
    build_one(&l.msg, out);
    err = lend(c, &l, in, cancel, deadline, &sent);
    if (err == SK_OK)
        return call_await(c, &call, deadline);
    if (sent)
        sk_call_cancel(c, &call); /* an answer that comes now is too late: the loan was over */
    else
        call_unreserve(c, &call);
    return err;
}

/* --- Borrowing ------------------------------------------------------------------------------- */

static uint32_t name_of(struct sk_loan_ref loan)
{
    return loan.token | (uint32_t)loan.index << 16;
}

static uint32_t step(uint32_t left)
{
    return left < SK_LOAN_STEP ? left : SK_LOAN_STEP;
}

sk_err sk_loan_size(struct sk_loan_ref loan, uint32_t *bytes)
{
    return loan.chan->dead != SK_OK
               ? loan.chan->dead
               : sys_loan_read(loan.chan->handle, name_of(loan), 0, NULL, 0, bytes);
}

sk_err sk_loan_read(struct sk_loan_ref loan, uint32_t offset, void *to, uint32_t len)
{
    uint32_t bytes;
    sk_err err = loan.chan->dead;
    for (uint32_t done = 0, n; done < len && err == SK_OK; done += n) {
        n = step(len - done);
        err = sys_loan_read(loan.chan->handle, name_of(loan), offset + done, (uint8_t *)to + done,
                            n, &bytes);
    }
    return err;
}

sk_err sk_loan_write(struct sk_loan_ref loan, uint32_t offset, const void *from, uint32_t len)
{
    sk_err err = loan.chan->dead;
    for (uint32_t done = 0, n; done < len && err == SK_OK; done += n) {
        n = step(len - done);
        err = sys_loan_write(loan.chan->handle, name_of(loan), offset + done,
                             (const uint8_t *)from + done, n);
    }
    return err;
}

sk_err sk_loan_copy(struct sk_loan_ref from, uint32_t from_offset, struct sk_loan_ref to,
                    uint32_t to_offset, uint32_t len)
{
    sk_err err = from.chan->dead != SK_OK ? from.chan->dead : to.chan->dead;
    for (uint32_t done = 0, n; done < len && err == SK_OK; done += n) {
        n = step(len - done);
        struct sk_loan_copy copy = {.from = {from.chan->handle, name_of(from), from_offset + done},
                                    .to = {to.chan->handle, name_of(to), to_offset + done},
                                    .len = n};
        err = sys_loan_copy(&copy);
    }
    return err;
}
