/* Typed wrappers of every system call, one line each; the contracts are in skerry/syscall.h.
 * <sys_arch.h> of the port (arch/arm64/include, arch/host/include) defines, static inline,
 *   sk_err sys_call(uint32_t nr, uintptr_t a0, .. a5, struct sys_result *res)  the instruction
 *   sk_ns sys_now(void)     the machine's clock, readable without a kernel entry
 *   void sys_relax(void)    a pause in a loop that polls another core
 *   sys_looks               a type that counts looks at a ring of a peer on another core
 *   sys_looks sys_spin(void)       so many of them before a task sleeps that waits for a message
 *   sys_looks sys_spin_room(void)  so many before one sleeps that waits for room
 *   sys_looks sys_spin_loop(void)  so many before an event loop arms a source that has run dry
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_SYS_H
#define LIB_SYS_H

#include <skerry/errors.h>
#include <skerry/msg.h>
#include <skerry/syscall.h>
#include <skerry/types.h>

struct sys_result {
    uintptr_t r1, r2, r3; /* r0 is the error */
};

/* A value of 64 bits as the last argument, and as the last result: one word or two. */
#define SYS_WIDE(v)                                                                                \
    (uintptr_t)(v), sizeof(uintptr_t) == 4 ? (uintptr_t)((uint64_t)(v) >> 32) : (uintptr_t)0
#define SYS_WIDE_RESULT(res)                                                                       \
    (sizeof(uintptr_t) == 4 ? (uint64_t)(res).r2 | (uint64_t)(res).r3 << 32 : (uint64_t)(res).r2)

#include <sys_arch.h>

/* Now, on the machine's one clock, in nanoseconds. */
static inline sk_ns sk_now(void)
{
    return sys_now();
}

/* The deadline that lies `ms` milliseconds ahead. */
static inline sk_ns sk_in_ms(uint32_t ms)
{
    return sys_now() + SK_MS(ms);
}

static inline void sk_relax(void)
{
    sys_relax();
}

static inline uintptr_t sys_addr(const void *p)
{
    return (uintptr_t)p;
}

/* The last argument of a call of more than three, where a caller may have the constant 0 for it and
 * for those after the third: sys_call leaves out registers that it knows to be 0 (it takes the call
 * for one of three), and the kernel would read what is left in them. */
#define SYS_SAID(v) __asm__("" : "+r"(v))

static inline sk_err sys_call_2(uint32_t nr, uintptr_t a0, uintptr_t a1)
{
    struct sys_result res;
    return sys_call(nr, a0, a1, 0, 0, 0, 0, &res);
}

/* A call with one result of 32 bits, which is stored only if it succeeds. */
static inline sk_err sys_call_handle(uint32_t nr, uintptr_t a0, uintptr_t a1, uint32_t *r1)
{
    struct sys_result res;
    sk_err err = sys_call(nr, a0, a1, 0, 0, 0, 0, &res);
    if (err == SK_OK)
        *r1 = (uint32_t)res.r1;
    return err;
}

static inline sk_err sys_nop(void)
{
    return sys_call_2(SK_CALL_NOP, 0, 0);
}

_Noreturn static inline void sys_exit(int32_t status)
{
    for (;;)
        sys_call_2(SK_CALL_EXIT, (uint32_t)status, 0);
}

static inline sk_err sys_yield(void)
{
    return sys_call_2(SK_CALL_YIELD, 0, 0);
}

static inline sk_err sys_wait(uint32_t mask, sk_ns deadline, uint32_t *events, uint64_t *ready)
{
    struct sys_result res;
    sk_err err = sys_call(SK_CALL_WAIT, mask, SYS_WIDE(deadline), 0, 0, 0, &res);
    *events = err == SK_OK ? (uint32_t)res.r1 : 0;
    *ready = err == SK_OK ? SYS_WIDE_RESULT(res) : 0;
    return err;
}

static inline sk_err sys_wake(sk_handle chan)
{
    return sys_call_2(SK_CALL_WAKE, chan, 0);
}

static inline sk_err sys_wake_wait(sk_handle chan, uint32_t mask, sk_ns deadline, uint32_t *events,
                                   uint64_t *ready)
{
    struct sys_result res;
    sk_err err = sys_call(SK_CALL_WAKE_WAIT, chan, mask, SYS_WIDE(deadline), 0, 0, &res);
    *events = err == SK_OK ? (uint32_t)res.r1 : 0;
    *ready = err == SK_OK ? SYS_WIDE_RESULT(res) : 0;
    return err;
}

static inline sk_err sys_timer(uint32_t bit, sk_ns deadline)
{
    struct sys_result res;
    return sys_call(SK_CALL_TIMER, bit, SYS_WIDE(deadline), 0, 0, 0, &res);
}

static inline sk_err sys_cancel_on(uint32_t mask)
{
    return sys_call_2(SK_CALL_CANCEL_ON, mask, 0);
}

static inline sk_err sys_log_write(const char *text, size_t len)
{
    return sys_call_2(SK_CALL_LOG_WRITE, sys_addr(text), len);
}

static inline sk_err sys_close(sk_handle h)
{
    return sys_call_2(SK_CALL_CLOSE, h, 0);
}

static inline sk_err sys_dup(sk_handle h, uint32_t rights, sk_handle *copy)
{
    return sys_call_handle(SK_CALL_DUP, h, rights, copy);
}

static inline sk_err sys_info(sk_handle h, struct sk_handle_info *info)
{
    return sys_call_2(SK_CALL_INFO, h, sys_addr(info));
}

static inline sk_err sys_send_handle(sk_handle chan, sk_handle h, sk_ns deadline)
{
    struct sys_result res;
    return sys_call(SK_CALL_SEND_HANDLE, chan, h, SYS_WIDE(deadline), 0, 0, &res);
}

static inline sk_err sys_take_handle(sk_handle chan, sk_handle *h)
{
    return sys_call_handle(SK_CALL_TAKE_HANDLE, chan, 0, h);
}

/* slots | quota << 8: pages donated with end 1. */
static inline sk_err sys_chan_create(uint32_t slots, sk_handle *end0, sk_handle *end1)
{
    struct sys_result res;
    sk_err err = sys_call(SK_CALL_CHAN_CREATE, slots, 0, 0, 0, 0, 0, &res);
    if (err == SK_OK) {
        *end0 = (sk_handle)res.r1;
        *end1 = (sk_handle)res.r2;
    }
    return err;
}

static inline sk_err sys_chan_open(sk_handle chan, uint32_t bit, struct sk_chan_view *view)
{
    struct sys_result res;
    return sys_call(SK_CALL_CHAN_OPEN, chan, bit, sys_addr(view), 0, 0, 0, &res);
}

static inline sk_err sys_chan_send(sk_handle chan, const struct sk_msg *m, uint32_t slots)
{
    struct sys_result res;
    return sys_call(SK_CALL_CHAN_SEND, chan, sys_addr(m), slots, 0, 0, 0, &res);
}

/* *armed: the end is dry now, and armed. */
static inline sk_err sys_chan_recv(sk_handle chan, struct sk_msg *m, uint32_t max, uint32_t *slots,
                                   bool *armed)
{
    struct sys_result res;
    sk_err err = sys_call(SK_CALL_CHAN_RECV, chan, sys_addr(m), max, 0, 0, 0, &res);
    if (err == SK_OK)
        *slots = (uint32_t)res.r1;
    *armed = err == SK_ERR_EMPTY || (err == SK_OK && res.r2 != 0);
    return err;
}

static inline sk_err sys_chan_arm(sk_handle chan)
{
    return sys_call_2(SK_CALL_CHAN_ARM, chan, 0);
}

static inline sk_err sys_chan_want(sk_handle chan, uint32_t slots)
{
    return sys_call_2(SK_CALL_CHAN_WANT, chan, slots);
}

static inline sk_err sys_chan_call(sk_handle chan, struct sk_msg *m, uint32_t slots, uint32_t max,
                                   sk_ns deadline, uint32_t *got)
{
    struct sys_result res;
    sk_err err = sys_call(SK_CALL_CHAN_CALL, chan, sys_addr(m), slots | max << 8,
                          SYS_WIDE(deadline), 0, &res);
    if (err == SK_OK)
        *got = (uint32_t)res.r1;
    return err;
}

static inline sk_err sys_chan_send_wait(sk_handle chan, const struct sk_msg *m, uint32_t slots,
                                        uint32_t mask, sk_ns deadline, uint32_t *events,
                                        uint64_t *ready)
{
    struct sys_result res;
    sk_err err =
        sys_call(SK_CALL_CHAN_SEND_WAIT, chan, sys_addr(m), slots, mask, SYS_WIDE(deadline), &res);
    *events = err == SK_OK ? (uint32_t)res.r1 : 0;
    *ready = err == SK_OK ? SYS_WIDE_RESULT(res) : 0;
    return err;
}

static inline sk_err sys_port_create(uint32_t bit, uint32_t depth, sk_handle *port)
{
    return sys_call_handle(SK_CALL_PORT_CREATE, bit, depth, port);
}

static inline sk_err sys_port_accept(sk_handle port, sk_handle *chan)
{
    return sys_call_handle(SK_CALL_PORT_ACCEPT, port, 0, chan);
}

static inline sk_err sys_port_connect(sk_handle port, sk_handle chan, sk_ns deadline)
{
    struct sys_result res;
    return sys_call(SK_CALL_PORT_CONNECT, port, chan, SYS_WIDE(deadline), 0, 0, &res);
}

static inline sk_err sys_region_create(uint32_t pages, sk_handle *region)
{
    return sys_call_handle(SK_CALL_REGION_CREATE, pages, 0, region);
}

/* Against the quota that came with the open end chan. */
static inline sk_err sys_session_region(uint32_t pages, sk_handle chan, sk_handle *region)
{
    return sys_call_handle(SK_CALL_REGION_CREATE, pages, chan, region);
}

static inline sk_err sys_region_map(sk_handle region, uintptr_t addr, uint32_t prot, uintptr_t *at)
{
    struct sys_result res;
    sk_err err = sys_call(SK_CALL_REGION_MAP, region, addr, prot, 0, 0, 0, &res);
    if (err == SK_OK)
        *at = res.r1;
    return err;
}

/* Where the kernel chooses; *pages: how many it has, whoever it comes from. */
static inline sk_err sys_region_map_all(sk_handle region, uint32_t prot, uintptr_t *at,
                                        uint32_t *pages)
{
    struct sys_result res;
    sk_err err = sys_call(SK_CALL_REGION_MAP, region, 0, prot, 0, 0, 0, &res);
    if (err == SK_OK) {
        *at = res.r1;
        *pages = (uint32_t)res.r2;
    }
    return err;
}

static inline sk_err sys_region_unmap(sk_handle region)
{
    return sys_call_2(SK_CALL_REGION_UNMAP, region, 0);
}

static inline sk_err sys_task_create(sk_handle ctl, const struct sk_task_params *params,
                                     sk_handle *task, sk_tid *tid)
{
    struct sys_result res;
    sk_err err = sys_call(SK_CALL_TASK_CREATE, ctl, sys_addr(params), 0, 0, 0, 0, &res);
    if (err == SK_OK) {
        *task = (sk_handle)res.r1;
        *tid = SYS_WIDE_RESULT(res);
    }
    return err;
}

static inline sk_err sys_task_map(sk_handle task, sk_handle region, uintptr_t addr, uint32_t prot)
{
    struct sys_result res;
    return sys_call(SK_CALL_TASK_MAP, task, region, addr, prot, 0, 0, &res);
}

/* An image opened by sys_image_open, filled. */
static inline sk_err sys_task_map_image(sk_handle task, sk_handle image)
{
    struct sys_result res;
    return sys_call(SK_CALL_TASK_MAP, task, image, 0, 0, 0, 0, &res);
}

static inline sk_err sys_image_open(sk_handle ctl, uint32_t index, sk_handle *image)
{
    return sys_call_handle(SK_CALL_IMAGE_OPEN, ctl, index, image);
}

static inline sk_err sys_task_give(sk_handle task, sk_handle h, sk_handle *theirs)
{
    return sys_call_handle(SK_CALL_TASK_GIVE, task, h, theirs);
}

static inline sk_err sys_task_start(sk_handle task, uintptr_t entry, uintptr_t sp, uintptr_t arg)
{
    struct sys_result res;
    SYS_SAID(arg);
    return sys_call(SK_CALL_TASK_START, task, entry, sp, arg, 0, 0, &res);
}

static inline sk_err sys_task_kill(sk_handle task)
{
    return sys_call_2(SK_CALL_TASK_KILL, task, 0);
}

static inline sk_err sys_task_info(sk_handle task, struct sk_task_info *info)
{
    return sys_call_2(SK_CALL_TASK_INFO, task, sys_addr(info));
}

static inline sk_err sys_core_start(sk_handle ctl, sk_core core, sk_ns deadline)
{
    struct sys_result res;
    return sys_call(SK_CALL_CORE_START, ctl, core, SYS_WIDE(deadline), 0, 0, &res);
}

static inline sk_err sys_core_restart(sk_handle ctl, sk_core core, sk_ns deadline)
{
    struct sys_result res;
    return sys_call(SK_CALL_CORE_RESTART, ctl, core, SYS_WIDE(deadline), 0, 0, &res);
}

static inline sk_err sys_core_info(sk_handle ctl, sk_core core, struct sk_core_info *info)
{
    struct sys_result res;
    return sys_call(SK_CALL_CORE_INFO, ctl, core, sys_addr(info), 0, 0, 0, &res);
}

static inline sk_err sys_core_ask(sk_handle ctl, sk_core core, uint32_t what, sk_ns deadline)
{
    struct sys_result res;
    return sys_call(SK_CALL_CORE_ASK, ctl, core, what, SYS_WIDE(deadline), 0, &res);
}

static inline sk_err sys_core_record(sk_handle ctl, sk_core core, void *buf, size_t len,
                                     uint32_t from, size_t *got)
{
    struct sys_result res;
    sk_err err = sys_call(SK_CALL_CORE_RECORD, ctl, core, sys_addr(buf), len, from, 0, &res);
    *got = err == SK_OK ? (size_t)res.r1 : 0;
    return err;
}

static inline sk_err sys_core_connect(sk_handle ctl, sk_core core, sk_handle chan, sk_ns deadline)
{
    struct sys_result res;
    SYS_SAID(deadline);
    return sys_call(SK_CALL_CORE_CONNECT, ctl, core, chan, SYS_WIDE(deadline), 0, &res);
}

static inline sk_err sys_log_read(sk_handle ctl, uint64_t from, char *buf, size_t len, size_t *got,
                                  uint64_t *next)
{
    struct sys_result res;
    SYS_SAID(from);
    sk_err err = sys_call(SK_CALL_LOG_READ, ctl, sys_addr(buf), len, SYS_WIDE(from), 0, &res);
    *got = err == SK_OK ? (size_t)res.r1 : 0;
    *next = err == SK_OK ? SYS_WIDE_RESULT(res) : from;
    return err;
}

/* Returns only with an error. */
static inline sk_err sys_halt(sk_handle ctl, uint32_t status)
{
    return sys_call_2(SK_CALL_HALT, ctl, status);
}

static inline sk_err sys_stats(sk_handle ctl, struct sk_stats *stats)
{
    return sys_call_2(SK_CALL_STATS, ctl, sys_addr(stats));
}

static inline sk_err sys_dev_open(sk_handle ctl, uint32_t index, sk_handle *device)
{
    return sys_call_handle(SK_CALL_DEV_OPEN, ctl, index, device);
}

static inline sk_err sys_dev_map(sk_handle device, uintptr_t *at)
{
    struct sys_result res;
    sk_err err = sys_call(SK_CALL_DEV_MAP, device, 0, 0, 0, 0, 0, &res);
    if (err == SK_OK)
        *at = res.r1;
    return err;
}

/* Registers of a device that a kernel has: offset in bytes, a multiple of 4. */
static inline sk_err sys_dev_read(sk_handle device, uint32_t offset, uint32_t *value,
                                  sk_ns deadline)
{
    struct sys_result res;
    sk_err err = sys_call(SK_CALL_DEV_CALL, device, offset, 0, SYS_WIDE(deadline), 0, &res);
    if (err == SK_OK)
        *value = (uint32_t)res.r1;
    return err;
}

static inline sk_err sys_dev_write(sk_handle device, uint32_t offset, uint32_t value,
                                   sk_ns deadline)
{
    struct sys_result res;
    return sys_call(SK_CALL_DEV_CALL, device, offset | 1u << 31, value, SYS_WIDE(deadline), 0,
                    &res);
}

/* *sent: the message was (it may have been carried out, whatever is returned). */
static inline sk_err sys_lend(sk_handle chan, const struct sk_lend *lend, uint32_t mask,
                              sk_ns deadline, bool *sent)
{
    struct sys_result res = {0, 0, 0};
    SYS_SAID(deadline);
    sk_err err = sys_call(SK_CALL_LEND, chan, sys_addr(lend), mask, SYS_WIDE(deadline), 0, &res);
    *sent = res.r1 == 1;
    return err;
}

/* loan is token | index << 16. *bytes: the size of the loan. */
static inline sk_err sys_loan_read(sk_handle chan, uint32_t loan, uint32_t offset, void *to,
                                   uint32_t len, uint32_t *bytes)
{
    struct sys_result res;
    SYS_SAID(len);
    sk_err err = sys_call(SK_CALL_LOAN_READ, chan, loan, offset, sys_addr(to), len, 0, &res);
    if (err == SK_OK)
        *bytes = (uint32_t)res.r1;
    return err;
}

static inline sk_err sys_loan_write(sk_handle chan, uint32_t loan, uint32_t offset,
                                    const void *from, uint32_t len)
{
    struct sys_result res;
    SYS_SAID(len);
    return sys_call(SK_CALL_LOAN_WRITE, chan, loan, offset, sys_addr(from), len, 0, &res);
}

static inline sk_err sys_loan_copy(const struct sk_loan_copy *copy)
{
    return sys_call_2(SK_CALL_LOAN_COPY, sys_addr(copy), 0);
}

static inline sk_err sys_irq_bind(sk_handle device, uint32_t bit)
{
    return sys_call_2(SK_CALL_IRQ_BIND, device, bit);
}

static inline sk_err sys_irq_ack(sk_handle device)
{
    return sys_call_2(SK_CALL_IRQ_ACK, device, 0);
}

#endif
