/* Handle tables: what a task may name.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_HANDLE_H
#define KERNEL_HANDLE_H

#include "kernel/kern.h"

/* Empty table of t, handles_max entries. */
void handle_table_init(struct task *t);

/* The entry that h names, if it is of that kind with all those rights and not in flight. NULL with
 * *err: SK_ERR_HANDLE, SK_ERR_RIGHTS, SK_ERR_BUSY (in flight). */
struct handle *handle_get(struct task *t, sk_handle h, uint32_t kind, uint32_t rights, sk_err *err);

/* The entry that h names, of whatever kind and in whatever state; NULL: none. */
struct handle *handle_any(struct task *t, sk_handle h);

/* handle_get for the common case, open-coded: a channel end to send on. *err only if NULL. */
static inline struct handle *handle_get_chan(struct task *t, sk_handle h, sk_err *err)
{
    uint32_t index = SK_HANDLE_INDEX(h);
    struct handle *e = &t->handles[index];
    if (index < t->handles_max && e->word == SK_HANDLE_GEN(h) && e->kind == SK_KIND_CHAN &&
        (e->rights & SK_RIGHT_SEND))
        return e;
    return handle_get(t, h, SK_KIND_CHAN, SK_RIGHT_SEND, err);
}

/* Enter an object; generation and place are filled in here. SK_ERR_BUDGET: the table is full. */
sk_err handle_add(struct kern *k, struct task *t, const struct handle *entry, sk_handle *h);

/* The entry is unused again; its object is the caller's business. */
void handle_remove(struct kern *k, struct task *t, struct handle *e);

/* CLOSE: the object loses this holder, and the entry is unused. */
void handle_close(struct kern *k, struct task *t, struct handle *e);

/* It was on its way and is t's again; closed if CLOSE was called meanwhile. */
void handle_back(struct kern *k, struct task *t, struct handle *e);

static inline sk_handle handle_name(const struct task *t, const struct handle *e)
{
    return SK_HANDLE_MAKE((uint32_t)(e - t->handles), e->gen);
}

static inline bool handle_has_room(const struct task *t)
{
    return t->handle_free != INDEX_NONE;
}

/* Local objects behind an entry; NULL if the object has died since (ports only: others die with
 * their handle). */
struct port *handle_port(struct kern *k, const struct handle *e);

/* A task behind a TASK handle, alive or dead but not forgotten. */
struct task *handle_task(struct kern *k, const struct handle *e);

#endif
