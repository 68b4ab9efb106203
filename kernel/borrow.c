/* See loan.h: the borrower's side. A loan is looked up at each entry, so one that is over, or whose
 * lender is gone, is an error and never memory. On one core the bytes go from task to task; of a
 * loan of another core to and from its window, of which a page at a time is in this kernel's sight.
 * What a window says of itself was written by another kernel: it is copied, checked, then used.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/handle.h"
#include "kernel/loan.h"
#include "kernel/sys.h"
#include "kernel/task.h"

/* Bytes somewhere: in a task of this core, or in a window. */
struct part {
    struct task *task; /* NULL: a window */
    sk_uaddr at;       /* in the task, or from the window's beginning */
    sk_paddr window;
    sk_core core;
    uint32_t bytes, access;
};

static struct part own(struct task *t, uintptr_t addr, uint32_t bytes)
{
    return (struct part){
        .task = t, .at = addr, .bytes = bytes, .access = SK_LOAN_READ | SK_LOAN_WRITE};
}

/* --- Finding --------------------------------------------------------------------------------- */

static sk_err find_near(struct kern *k, const struct end *e, uint32_t token, uint32_t index,
                        struct part *p)
{
    struct sk_lend l;
    const struct end *far = &k->ends[e->peer.index];
    struct task *u = far->owner;
    if (u == NULL || u->state != TASK_LENDING || loan_is(&u->op) || loan_end(k, u) != far ||
        loan_terms(k, u, &l) != SK_OK || l.token != token || index >= l.count)
        return SK_ERR_LOAN;
    const struct sk_loan *a = &l.loan[index];
    *p = (struct part){.task = u, .at = (sk_uaddr)a->addr, .bytes = a->bytes, .access = a->access};
    return SK_OK;
}

static sk_err find_far(struct kern *k, const struct end *e, uint32_t token, uint32_t index,
                       struct part *p)
{
    struct sk_link_window head;
    if (e->window == 0)
        return SK_ERR_LOAN;
    const void *window = port_window(k->cpu, 0, e->window);
    if (window == NULL)
        return SK_ERR_LOAN;
    __builtin_memcpy(&head, window, sizeof(head));
    port_window(k->cpu, 0, SK_PADDR_NONE);
    if (head.token != token || head.count > SK_LENDS_MAX || index >= head.count ||
        head.bytes[0] > SK_LOAN_BYTES || head.bytes[index] > SK_LOAN_BYTES)
        return SK_ERR_LOAN;
    *p = (struct part){.at = sizeof(head) + (index != 0 ? head.bytes[0] : 0),
                       .window = e->window,
                       .core = e->peer.core,
                       .bytes = head.bytes[index],
                       .access = head.access[index]};
    return SK_OK;
}

/* The loan `token | index << 16` of the peer of t's channel. */
static sk_err find(struct kern *k, struct task *t, sk_handle chan, uint32_t loan, struct part *p)
{
    sk_err err;
    const struct handle *h = handle_get_chan(t, chan, &err);
    if (h == NULL)
        return err;
    const struct end *e = &k->ends[h->index];
    if (e->peer_closed)
        return SK_ERR_PEER_DEAD;
    uint32_t token = loan & 0xffffu, index = loan >> 16;
    return e->peer.core == k->core ? find_near(k, e, token, index, p)
                                   : find_far(k, e, token, index, p);
}

/* Of p only len bytes from offset on, to be used for that. */
static sk_err cut(struct part *p, uint32_t offset, uint32_t len, uint32_t access)
{
    if (len != 0 && !(p->access & access))
        return SK_ERR_RIGHTS;
    if (offset > p->bytes || len > p->bytes - offset)
        return SK_ERR_ARG;
    p->at += offset;
    return SK_OK;
}

/* --- Copying --------------------------------------------------------------------------------- */

/* What of p lies in one piece at `done`; *len as with port_user. */
static uint8_t *piece(struct kern *k, const struct part *p, uint32_t done, unsigned place,
                      uint32_t prot, size_t *len)
{
    if (p->task != NULL)
        return port_user(k, p->task, p->at + done, prot, len);
    sk_uaddr at = p->at + done;
    sk_paddr page = p->window + at / SK_PAGE_BYTES * SK_PAGE_BYTES;
    at %= SK_PAGE_BYTES;
    if (*len > SK_PAGE_BYTES - at)
        *len = SK_PAGE_BYTES - at;
    uint8_t *window = port_page_of(k->cpu, p->core, page) ? port_window(k->cpu, place, page) : NULL;
    return window ? window + at : NULL;
}

static sk_err walk(struct kern *k, const struct part *from, const struct part *to, uint32_t len,
                   bool copy)
{
    for (uint32_t done = 0; done < len;) {
        size_t n = len - done;
        const uint8_t *f = piece(k, from, done, 0, SK_PROT_R, &n);
        uint8_t *t = piece(k, to, done, 1, SK_PROT_W, &n);
        if (f == NULL || t == NULL)
            return SK_ERR_FAULT;
        if (copy)
            __builtin_memmove(t, f, n); /* the two may be one page, mapped twice */
        done += (uint32_t)n;
    }
    return SK_OK;
}

static sk_err transfer(struct kern *k, const struct part *from, const struct part *to, uint32_t len)
{
    if (len > SK_LOAN_STEP)
        return SK_ERR_TOO_BIG;
    sk_err err = walk(k, from, to, len, false);
    if (err == SK_OK)
        err = walk(k, from, to, len, true);
    port_window(k->cpu, 0, SK_PADDR_NONE);
    port_window(k->cpu, 1, SK_PADDR_NONE);
    return err;
}

/* LOAN_READ and LOAN_WRITE. */
static sk_err with_own(struct kern *k, struct task *t, uint32_t access)
{
    struct part loan = {0};
    uint32_t len = sys_u32(t, 4);
    struct part mine = own(t, sys_word(t, 3), len);
    sk_err err = find(k, t, sys_u32(t, 0), sys_u32(t, 1), &loan);
    if (err == SK_OK)
        err = cut(&loan, sys_u32(t, 2), len, access);
    if (err == SK_OK)
        err = access == SK_LOAN_READ ? transfer(k, &loan, &mine, len)
                                     : transfer(k, &mine, &loan, len);
    return sys_value(t, err, loan.bytes);
}

sk_err sys_loan_read(struct kern *k, struct task *t, struct handle *h)
{
    (void)h;
    return with_own(k, t, SK_LOAN_READ);
}

sk_err sys_loan_write(struct kern *k, struct task *t, struct handle *h)
{
    (void)h;
    return with_own(k, t, SK_LOAN_WRITE);
}

sk_err sys_loan_copy(struct kern *k, struct task *t, struct handle *h)
{
    struct sk_loan_copy c;
    struct part from = {0}, to = {0};
    (void)h;
    sk_err err = user_in(k, t, &c, sys_word(t, 0), sizeof(c));
    if (err == SK_OK)
        err = find(k, t, c.from.chan, c.from.loan, &from);
    if (err == SK_OK)
        err = find(k, t, c.to.chan, c.to.loan, &to);
    if (err == SK_OK)
        err = cut(&from, c.from.offset, c.len, SK_LOAN_READ);
    if (err == SK_OK)
        err = cut(&to, c.to.offset, c.len, SK_LOAN_WRITE);
    return err == SK_OK ? transfer(k, &from, &to, c.len) : err;
}

/* --- Over a link ----------------------------------------------------------------------------- */

sk_err loan_request(struct kern *k, const struct link *l, uint32_t label,
                    const struct sk_link_lend *lend)
{
    sk_paddr window = (sk_paddr)lend->paddr;
    if (lend->index >= k->end_count || !port_page_of(k->cpu, l->core, window))
        return SK_ERR_PROTOCOL;
    struct end *e = &k->ends[lend->index];
    bool mine = e->gen == lend->gen && e->state != END_FREE && e->peer.core == l->core;
    if (label == SK_LINK_UNLEND) {
        if (mine && e->window == window)
            e->window = 0;
        return SK_OK;
    }
    if (!mine || e->state == END_ZOMBIE || e->peer_closed)
        return SK_ERR_PEER_DEAD;
    if (e->window != 0)
        return SK_ERR_BUSY;
    e->window = window;
    return SK_OK;
}
