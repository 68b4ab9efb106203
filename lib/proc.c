/* Client side of proc.h: each function is one call to init.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/proc.h"
#include "lib/self.h"

/* Ask; the answer must be exactly `want` bytes, or at least that. */
static sk_err ask(struct sk_chan *chan, uint16_t label, const void *request, uint32_t len,
                  void *reply, uint32_t want, sk_ns deadline)
{
    uint32_t got;
    chan = chan != NULL ? chan : sk_parent();
    if (chan == NULL)
        return SK_ERR_HANDLE;
    sk_err err = sk_call(chan, label, request, len, reply, want, &got, deadline);
    return err == SK_OK && got != want ? SK_ERR_PROTOCOL : err;
}

sk_err proc_spawn(struct sk_chan *chan, const char *name, uint32_t argc, const char *const *argv,
                  uint32_t core, sk_tid *tid)
{
    struct proc_spawn q = {.core = core, .argc = argc};
    size_t name_len = __builtin_strlen(name);
    if (name_len == 0 || name_len >= SK_NAME_BYTES)
        return SK_ERR_NOT_FOUND;
    __builtin_memcpy(q.name, name, name_len);
    if (argc > SK_START_ARGS)
        return SK_ERR_TOO_BIG;
    for (uint32_t i = 0; i < argc; i++) {
        size_t len = __builtin_strlen(argv[i]) + 1u;
        if (len > sizeof(q.text) - q.text_len)
            return SK_ERR_TOO_BIG;
        __builtin_memcpy(&q.text[q.text_len], argv[i], len);
        q.text_len += (uint32_t)len;
    }
    uint32_t bytes = (uint32_t)offsetof(struct proc_spawn, text) + q.text_len;
    return ask(chan, PROC_SPAWN, &q, bytes, tid, sizeof(*tid), sk_in_ms(SK_PROC_MS));
}

sk_err proc_kill(struct sk_chan *chan, sk_tid tid)
{
    struct proc_one q = {.tid = tid};
    return ask(chan, PROC_KILL, &q, sizeof(q), NULL, 0, sk_in_ms(SK_PROC_MS));
}

sk_err proc_wait(struct sk_chan *chan, sk_tid tid, struct proc_exit *how, sk_ns deadline)
{
    struct proc_one q = {.tid = tid, .deadline = deadline};
    sk_ns least = sk_in_ms(SK_PROC_MS); /* it answers by the deadline: some time for the way */
    if (deadline < least)
        deadline = least;
    else if (deadline != SK_FOREVER)
        deadline += SK_MS(SK_PROC_MS);
    return ask(chan, PROC_WAIT, &q, sizeof(q), how, sizeof(*how), deadline);
}

sk_err proc_list(struct sk_chan *chan, sk_core core, uint32_t *index, struct proc_entry *entry)
{
    struct proc_at q = {.core = core, .index = *index};
    sk_err err = ask(chan, PROC_LIST, &q, sizeof(q), entry, sizeof(*entry), sk_in_ms(SK_PROC_MS));
    if (err == SK_OK) {
        if (entry->next <= *index)
            return SK_ERR_PROTOCOL; /* it would never end */
        *index = entry->next;
        entry->name[SK_NAME_BYTES - 1u] = '\0';
    }
    return err;
}

static sk_err ask_core(struct sk_chan *chan, uint16_t label, sk_core core, sk_ns deadline)
{
    struct proc_at q = {.core = core, .deadline = deadline};
    struct proc_core info;
    return ask(chan, label, &q, sizeof(q), &info, sizeof(info), deadline);
}

sk_err proc_core_start(struct sk_chan *chan, sk_core core, sk_ns deadline)
{
    return ask_core(chan, PROC_CORE_START, core, deadline);
}

sk_err proc_core_restart(struct sk_chan *chan, sk_core core, sk_ns deadline)
{
    return ask_core(chan, PROC_CORE_RESTART, core, deadline);
}

sk_err proc_core_ask(struct sk_chan *chan, sk_core core, uint32_t what, sk_ns deadline)
{
    struct proc_at q = {.core = core, .index = what, .deadline = deadline};
    return ask(chan, PROC_CORE_ASK, &q, sizeof(q), NULL, 0, deadline);
}

sk_err proc_core_record(struct sk_chan *chan, sk_core core, struct sk_crash *record)
{
    uint32_t epoch = 0;
    for (uint32_t at = 0, len; at < sizeof(*record); at += len) {
        struct proc_at q = {.core = core, .position = at};
        struct proc_record part;
        len = (uint32_t)sizeof(*record) - at;
        len = len < PROC_RECORD_CHUNK ? len : PROC_RECORD_CHUNK;
        sk_err err = ask(chan, PROC_CORE_RECORD, &q, sizeof(q), &part,
                         (uint32_t)offsetof(struct proc_record, bytes) + len, sk_in_ms(SK_PROC_MS));
        if (err != SK_OK)
            return err;
        if (at != 0 && part.epoch != epoch)
            return SK_ERR_STATE;
        epoch = part.epoch;
        __builtin_memcpy((uint8_t *)record + at, part.bytes, len);
    }
    if (record->epoch != epoch || record->regs > SK_CRASH_REGS ||
        record->log_bytes > sizeof(record->log))
        return SK_ERR_PROTOCOL;
    record->reason[SK_CRASH_REASON - 1u] = '\0';
    record->reg_name[SK_CRASH_NAMES - 1u] = '\0';
    return SK_OK;
}

sk_err proc_core_info(struct sk_chan *chan, sk_core core, struct proc_core *info)
{
    struct proc_at q = {.core = core};
    return ask(chan, PROC_CORE_INFO, &q, sizeof(q), info, sizeof(*info), sk_in_ms(SK_PROC_MS));
}

sk_err proc_log_read(struct sk_chan *chan, sk_core core, uint64_t position, struct proc_log *log)
{
    struct proc_at q = {.core = core, .position = position};
    uint32_t got;
    chan = chan != NULL ? chan : sk_parent();
    if (chan == NULL)
        return SK_ERR_HANDLE;
    sk_err err =
        sk_call(chan, PROC_LOG_READ, &q, sizeof(q), log, sizeof(*log), &got, sk_in_ms(SK_PROC_MS));
    if (err == SK_OK &&
        (got < offsetof(struct proc_log, text) || got - offsetof(struct proc_log, text) < log->len))
        return SK_ERR_PROTOCOL;
    return err;
}

sk_err proc_stats(struct sk_chan *chan, sk_core core, struct sk_stats *stats)
{
    struct proc_at q = {.core = core};
    return ask(chan, PROC_STATS, &q, sizeof(q), stats, sizeof(*stats), sk_in_ms(SK_PROC_MS));
}

sk_err proc_halt(struct sk_chan *chan, uint32_t status)
{
    struct proc_halt q = {.status = status};
    return ask(chan, PROC_HALT, &q, sizeof(q), NULL, 0, sk_in_ms(SK_PROC_MS));
}
