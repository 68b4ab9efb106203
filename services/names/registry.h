/* What a name service does with its table for its clients, wherever it runs: the service `names`
 * (main.c) for the inits of a system, and that of the tasks of one Linux machine
 * (arch/linux/names). Requests and answers are those of lib/names.h.
 *
 * A name is gone with its owner, and with the client that told of it. Nothing here blocks. Requests
 * are checked; handles that are not taken stay in the message.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef NAMES_REGISTRY_H
#define NAMES_REGISTRY_H

#include "lib/loop.h"
#include "lib/names.h"
#include "table.h"

/* The request in a message of at least that size; the message's. */
static inline const struct names_request *registry_request(const struct sk_in *in)
{
    return (const struct names_request *)(const void *)in->bytes;
}

/* Remove the name at index < t->count, and close its port. */
void registry_drop(struct name_table *t, uint32_t index);

/* REGISTER by client c of loop for the task `owner`: in->handle[0], the port, is the table's from
 * now on. What the same owner registered before goes; so does what a client told that is dead, and
 * has not been looked at since. SK_ERR_ARG: no valid name, no owner. SK_ERR_BUDGET: the port did
 * not come. SK_ERR_EXISTS, SK_ERR_FULL: of the table. */
sk_err registry_register(struct sk_loop *loop, struct name_table *t, const struct sk_client *c,
                         struct sk_in *in, sk_tid owner);

/* UNREGISTER. SK_ERR_ARG, SK_ERR_NOT_FOUND; SK_ERR_RIGHTS: the name is not owner's. */
sk_err registry_unregister(struct name_table *t, const struct sk_in *in, sk_tid owner);

/* LIST: the next entry goes into *a. SK_ERR_ARG; SK_ERR_NOT_FOUND: there are no more. */
sk_err registry_list(const struct name_table *t, const struct sk_in *in, struct sk_answer *a);

/* In on_close (lib/loop.h): the generation that c's tickets had, and that its names are under. */
static inline uint32_t registry_gen(const struct sk_client *c)
{
    return c->gen - 1u; /* its tickets are void already */
}

/* In on_close: drop what c told. */
void registry_forget(struct name_table *t, const struct sk_client *c);

#endif
