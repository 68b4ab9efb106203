/* Client side of names.h, and the rules of names themselves.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/names.h"
#include "lib/self.h"

bool names_valid(const char name[SK_NAME_BYTES])
{
    for (uint32_t i = 0; i < SK_NAME_BYTES; i++) {
        if (name[i] == '\0')
            return i > 0;
        if (name[i] <= ' ' || name[i] > '~' || name[i] == '*')
            return false;
    }
    return false;
}

bool names_match(const char *pattern, const char *name)
{
    for (; *pattern != '\0' && *pattern != '*'; pattern++, name++)
        if (*pattern != *name)
            return false;
    return *pattern == '*' || *name == '\0';
}

/* SK_ERR_ARG: not a name. An empty one is allowed as a prefix. */
static sk_err fill(struct names_request *q, const char *name, bool prefix)
{
    size_t len = __builtin_strlen(name);
    if (len >= SK_NAME_BYTES)
        return SK_ERR_ARG;
    *q = (struct names_request){0};
    __builtin_memcpy(q->name, name, len);
    return names_valid(q->name) || (prefix && len == 0) ? SK_OK : SK_ERR_ARG;
}

/* The name service may answer up to its deadline; some time for the way. */
static sk_ns answer_by(sk_ns now, sk_ns deadline)
{
    sk_ns least = now + SK_MS(SK_NAMES_MS);
    if (deadline < least)
        return least;
    return deadline > SK_FOREVER - SK_MS(SK_NAMES_MS) ? SK_FOREVER : deadline + SK_MS(SK_NAMES_MS);
}

/* One call; *in is the answer. */
static sk_err ask(uint16_t label, const struct names_request *q, const sk_handle *handle,
                  struct sk_in *in, uint32_t reply_max)
{
    struct sk_chan *parent;
    sk_ns now = sk_now(), by = answer_by(now, q->deadline);
    bool own = label == NAMES_CONNECT || label == NAMES_WAIT; /* a deadline of its own */
    sk_err err = sk_parent_until(own ? q->deadline : by, &parent);
    if (err == SK_ERR_TIMED_OUT && own && q->deadline <= now)
        return SK_ERR_NOT_FOUND; /* nobody serves names: there are none */
    if (err != SK_OK)
        return err;
    struct sk_out out = {.label = label,
                         .len = sizeof(*q),
                         .bytes = q,
                         .handles = handle != NULL ? 1 : 0,
                         .handle = handle};
    err = sk_call_msg(parent, &out, in, reply_max, by);
    if (err == SK_OK)
        sk_in_drop_handles(in);
    return err;
}

sk_err names_register(const char *name, sk_handle port)
{
    struct names_request q;
    struct sk_in in;
    sk_err err = fill(&q, name, false);
    return err != SK_OK ? err : ask(NAMES_REGISTER, &q, &port, &in, 0);
}

sk_err names_unregister(const char *name)
{
    struct names_request q;
    struct sk_in in;
    sk_err err = fill(&q, name, false);
    return err != SK_OK ? err : ask(NAMES_UNREGISTER, &q, NULL, &in, 0);
}

sk_err names_connect(const char *name, sk_ns deadline, struct sk_chan *chan)
{
    return names_connect_quota(name, deadline, chan, 0);
}

sk_err names_connect_quota(const char *name, sk_ns deadline, struct sk_chan *chan, size_t bytes)
{
    struct names_request q;
    struct sk_in in;
    sk_handle far;
    sk_err err = fill(&q, name, false);
    *chan = (struct sk_chan){.dead = SK_ERR_HANDLE};
    if (err == SK_OK)
        err = sk_chan_create_quota(chan, &far, SK_EV_CHAN, bytes);
    if (err != SK_OK)
        return err;
    q.deadline = deadline;
    err = ask(NAMES_CONNECT, &q, &far, &in, 0);
    if (err == SK_OK)
        return SK_OK;
    sk_chan_close(chan);
    sys_close(far); /* stale if it went on its way: no harm */
    return err;
}

sk_err names_wait(const char *name, sk_ns deadline)
{
    struct names_request q;
    struct sk_in in;
    sk_err err = fill(&q, name, false);
    q.deadline = deadline;
    return err != SK_OK ? err : ask(NAMES_WAIT, &q, NULL, &in, 0);
}

sk_err names_list(const char *prefix, uint32_t *index, struct names_entry *entry)
{
    struct names_request q;
    struct sk_in in;
    sk_err err = fill(&q, prefix, true);
    q.index = *index;
    if (err == SK_OK)
        err = ask(NAMES_LIST, &q, NULL, &in, sizeof(*entry));
    if (err != SK_OK)
        return err;
    if (in.len < sizeof(*entry))
        return SK_ERR_PROTOCOL;
    __builtin_memcpy(entry, in.bytes, sizeof(*entry));
    entry->name[SK_NAME_BYTES - 1u] = '\0';
    if (entry->next <= *index)
        return SK_ERR_PROTOCOL; /* it would never end */
    *index = entry->next;
    return SK_OK;
}
