/* The table of system calls, and those about the caller itself and its handles.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/sys.h"
#include "kernel/chan.h"
#include "kernel/handle.h"
#include "kernel/log.h"
#include "kernel/sched.h"
#include "kernel/task.h"

#define LOG_TEXT_MAX 160u

const struct sys_call sys_table[SK_CALL_COUNT] = {
#define X(upper, lower) [SK_CALL_##upper].fn = sys_##lower,
    SK_SYSCALLS(X)
#undef X
#define NEED(upper, of, right)                                                                     \
    [SK_CALL_##upper].kind = SK_KIND_##of, [SK_CALL_##upper].rights = SK_RIGHT_##right
        NEED(SEND_HANDLE, CHAN, SEND),
    NEED(TAKE_HANDLE, CHAN, SEND),
    NEED(CHAN_OPEN, CHAN, SEND),
    NEED(PORT_ACCEPT, PORT, ACCEPT),
    NEED(REGION_MAP, REGION, MAP),
    NEED(REGION_UNMAP, REGION, MAP),
    NEED(TASK_CREATE, CONTROL, TASK),
    NEED(TASK_MAP, TASK, TASK),
    NEED(TASK_GIVE, TASK, TASK),
    NEED(TASK_START, TASK, TASK),
    NEED(TASK_KILL, TASK, TASK),
    NEED(CORE_START, CONTROL, CORE),
    NEED(CORE_RESTART, CONTROL, CORE),
    NEED(CORE_INFO, CONTROL, CORE),
    NEED(CORE_ASK, CONTROL, CORE),
    NEED(CORE_RECORD, CONTROL, CORE),
    NEED(CORE_CONNECT, CONTROL, CORE),
    NEED(LOG_READ, CONTROL, CORE),
    NEED(HALT, CONTROL, CORE),
    NEED(STATS, CONTROL, CORE),
    NEED(DEV_OPEN, CONTROL, CORE),
    NEED(IMAGE_OPEN, CONTROL, TASK),
    NEED(DEV_MAP, DEVICE, MAP),
    NEED(IRQ_BIND, DEVICE, MAP),
    NEED(IRQ_ACK, DEVICE, MAP),
    NEED(DEV_CALL, DEVICE, CALL),
    NEED(LEND, CHAN, SEND),
#undef NEED
};

sk_err sys_value(struct task *t, sk_err err, uintptr_t value)
{
    if (err == SK_OK)
        port_result(&t->port, 1, value);
    return err;
}

sk_err sys_nop(struct kern *k, struct task *t, struct handle *h)
{
    (void)k;
    (void)t;
    (void)h;
    return SK_OK;
}

sk_err sys_exit(struct kern *k, struct task *t, struct handle *h)
{
    (void)h;
    task_end(k, t, SK_CAUSE_EXITED, (int32_t)sys_u32(t, 0));
    return CALL_BLOCKED;
}

sk_err sys_yield(struct kern *k, struct task *t, struct handle *h)
{
    (void)t;
    (void)h;
    sched_rotate(k);
    return SK_OK;
}

sk_err sys_now(struct kern *k, struct task *t, struct handle *h)
{
    (void)h;
    port_result64(&t->port, 2, port_now(k->cpu));
    return SK_OK;
}

sk_err sys_timer(struct kern *k, struct task *t, struct handle *h)
{
    (void)h;
    uint32_t bit = sys_u32(t, 0);
    if (bit > 31)
        return SK_ERR_ARG;
    t->timer_bit = (uint8_t)bit;
    sched_timer_set(k, &t->event_timer, sys_u64(t, 1));
    return SK_OK;
}

sk_err sys_cancel_on(struct kern *k, struct task *t, struct handle *h)
{
    (void)k;
    (void)h;
    t->cancel = sys_u32(t, 0);
    return SK_OK;
}

sk_err sys_log_write(struct kern *k, struct task *t, struct handle *h)
{
    (void)h;
    char text[LOG_TEXT_MAX];
    uintptr_t len = sys_word(t, 1);
    if (len > sizeof(text))
        return SK_ERR_TOO_BIG;
    sk_err err = user_in(k, t, text, sys_word(t, 0), len);
    if (err == SK_OK)
        klog_text(k, t->name, text, len);
    return err;
}

sk_err sys_close(struct kern *k, struct task *t, struct handle *h)
{
    h = handle_any(t, sys_u32(t, 0));
    if (h == NULL)
        return SK_ERR_HANDLE;
    if (h->in_flight)
        h->unwanted = 1;
    else
        handle_close(k, t, h);
    return SK_OK;
}

sk_err sys_dup(struct kern *k, struct task *t, struct handle *h)
{
    h = handle_any(t, sys_u32(t, 0));
    uint32_t rights = sys_u32(t, 1);
    sk_handle copy;
    if (h == NULL)
        return SK_ERR_HANDLE;
    if (h->kind != SK_KIND_PORT && h->kind != SK_KIND_PORT_REMOTE)
        return SK_ERR_UNSUPPORTED;
    if ((rights & ~(uint32_t)h->rights) != 0 || (rights & SK_RIGHT_ACCEPT) != 0)
        return SK_ERR_RIGHTS;
    struct handle entry = *h;
    entry.rights = (uint8_t)rights;
    entry.in_flight = entry.unwanted = 0;
    sk_err err = handle_add(k, t, &entry, &copy);
    return sys_value(t, err, copy);
}

sk_err sys_info(struct kern *k, struct task *t, struct handle *h)
{
    h = handle_any(t, sys_u32(t, 0));
    if (h == NULL)
        return SK_ERR_HANDLE;
    struct sk_handle_info info = {.kind = h->kind, .rights = h->rights};
    if (h->kind == SK_KIND_CHAN) {
        const struct end *e = &k->ends[h->index];
        info.used = e->used;
        info.state = e->peer_closed ? SK_CHAN_CLOSED : SK_CHAN_OPEN;
        info.peer_core = e->peer.core;
        info.slot = e->slot;
        info.peer_self = e->self;
    }
    return user_out(k, t, sys_word(t, 1), &info, sizeof(info));
}
