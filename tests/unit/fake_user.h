/* A kernel as the library sees it, for a few tasks in one test: channels in plain memory,
 * escrows, event words; rings of its own where the library copies. Waiting runs the other tasks'
 * functions until there is something to do. Included by one file of a test program.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_FAKE_USER_H
#define TESTS_UNIT_FAKE_USER_H

#include <stdlib.h>
#include <string.h>

#include "base/ring.h"
#include "lib/self.h"

#define FAKE_TASKS 3
#define FAKE_ENDS  64

struct fake_task {
    struct sk_self self;
    struct sk_start start;
    uint32_t events, cancel;
    uint64_t ready;
    uint32_t handles_left; /* before TAKE_HANDLE says SK_ERR_BUDGET */
    void (*run)(void);     /* a turn of this task while another one waits */
    bool running;
    unsigned entries; /* system calls made */
};

struct fake_end {
    bool in_use, used, closed, gone;
    int peer;
    struct fake_task *owner;
    uint32_t bit, slot, side;
    struct sk_chan_mem *mem; /* freed with the second end */
    struct sk_chan_status status;
    sk_handle escrow[SK_ESCROW_MAX];
    uint32_t escrowed;
    struct ring_tx tx; /* where the library has no rings */
    struct ring_rx rx;
};

static struct {
    struct fake_task task[FAKE_TASKS];
    struct fake_task *current;
    struct fake_end end[FAKE_ENDS];
    uint32_t gen[FAKE_ENDS];
    sk_ns now;
    bool far_cores; /* each task pretends to be on its own core */
    bool unserved;  /* nobody is there yet behind a task's parent */
} fake;

void sim_step(void);
void sim_step(void)
{
}

void sim_stored(const uint32_t *p, uint32_t v);
void sim_stored(const uint32_t *p, uint32_t v)
{
    (void)p;
    (void)v;
}

void host_relax(void)
{
    fake.now += 100;
}

sk_ns host_now(void)
{
    return fake.now += 10;
}

void *host_self(void)
{
    return &fake.current->self;
}

static void fake_start(void)
{
    for (unsigned i = 0; i < FAKE_ENDS; i++)
        if (fake.end[i].in_use && fake.end[i].mem != NULL)
            fake.end[i].mem = NULL; /* of a test that ended early */
    memset(&fake, 0, sizeof(fake));
    for (unsigned i = 0; i < FAKE_TASKS; i++) {
        fake.task[i].self.start = &fake.task[i].start;
        fake.task[i].handles_left = 1000;
    }
    for (unsigned i = 0; i < FAKE_ENDS; i++)
        fake.gen[i] = 1;
    fake.current = &fake.task[0];
}

static int fake_end_of(uint64_t handle)
{
    uint32_t i = SK_HANDLE_INDEX((uint32_t)handle);
    if (i >= FAKE_ENDS || !fake.end[i].in_use || fake.gen[i] != SK_HANDLE_GEN((uint32_t)handle))
        return -1;
    return (int)i;
}

static sk_handle fake_handle(int i)
{
    return SK_HANDLE_MAKE((uint32_t)i, fake.gen[i]);
}

static void fake_signal(struct fake_end *e)
{
    if (e->used) {
        e->owner->events |= 1u << e->bit;
        e->owner->ready |= (uint64_t)1 << (e->slot % 64);
    }
}

static void fake_close(int i)
{
    struct fake_end *e = &fake.end[i];
    struct fake_end *peer = &fake.end[e->peer];
    for (uint32_t n = 0; n < e->escrowed; n++)
        if (fake_end_of(e->escrow[n]) >= 0)
            fake_close(fake_end_of(e->escrow[n]));
    e->gone = true;
    e->in_use = false;
    fake.gen[i]++;
    if (peer->gone) {
        free(e->mem);
        e->mem = peer->mem = NULL;
        return;
    }
    peer->status.state = SK_CHAN_CLOSED;
    peer->closed = true;
    fake_signal(peer);
}

static sk_err fake_create(uint64_t r[4])
{
    int ends[2], n = 0;
    for (int i = 0; i < FAKE_ENDS && n < 2; i++)
        if (!fake.end[i].in_use && fake.end[i].mem == NULL)
            ends[n++] = i;
    if (n < 2)
        return SK_ERR_NO_MEMORY;
    struct sk_chan_mem *mem = aligned_alloc(64, sizeof(*mem));
    memset(mem, 0, sizeof(*mem));
    for (int s = 0; s < 2; s++) {
        fake.end[ends[s]] = (struct fake_end){.in_use = true,
                                              .peer = ends[1 - s],
                                              .owner = fake.current,
                                              .side = (uint32_t)s,
                                              .slot = (uint32_t)ends[s],
                                              .mem = mem};
        fake.end[ends[s]].status.state = SK_CHAN_OPEN;
        r[1 + s] = fake_handle(ends[s]);
    }
    return SK_OK;
}

static sk_err fake_open(int i, uint32_t bit, struct sk_chan_view *view)
{
    struct fake_end *e = &fake.end[i];
    if (e->used)
        return SK_ERR_STATE;
    e->used = true;
    e->owner = fake.current;
    e->bit = bit;
    e->status.same_core = !fake.far_cores;
    struct sk_chan_mem *mem = e->mem;
    struct sk_chan_ctl *mine = &mem->line[e->side], *theirs = &mem->line[e->side ^ 1u];
    ring_tx_init(&e->tx, &mem->slot[e->side * SK_CHAN_SLOTS_MAX], SK_CHAN_SLOTS_MAX, mine, theirs,
                 7);
    ring_rx_init(&e->rx, &mem->slot[(e->side ^ 1u) * SK_CHAN_SLOTS_MAX], SK_CHAN_SLOTS_MAX, mine,
                 theirs, 7);
    *view = (struct sk_chan_view){.mem = XPORT_CALLS ? 0 : (uintptr_t)e->mem,
                                  .status = (uintptr_t)&e->status,
                                  .slots = SK_CHAN_SLOTS_MAX,
                                  .side = e->side,
                                  .epoch = 7,
                                  .slot = e->slot,
                                  .same_core = e->status.same_core};
    fake_signal(e);
    return SK_OK;
}

/* Let the others run that have been told of something: nobody runs without its wake-up. */
static void fake_run_others(void)
{
    struct fake_task *me = fake.current;
    for (unsigned i = 0; i < FAKE_TASKS; i++) {
        struct fake_task *t = &fake.task[i];
        if (t == me || t->run == NULL || t->running || t->events == 0)
            continue;
        t->running = true;
        fake.current = t;
        t->run();
        t->running = false;
    }
    fake.current = me;
}

static sk_err fake_wait(uint32_t mask, sk_ns deadline, uint64_t r[4])
{
    struct fake_task *me = fake.current;
    if ((me->events & mask) == 0)
        fake_run_others();
    if ((me->events & mask) == 0) {
        if ((me->events & me->cancel) != 0)
            return SK_ERR_CANCELLED;
        if (deadline != SK_FOREVER && deadline > fake.now)
            fake.now = deadline;
        return SK_ERR_TIMED_OUT; /* for ever, too: the test must not hang */
    }
    r[1] = me->events & mask;
    r[2] = me->ready;
    me->events &= ~mask;
    me->ready = 0;
    return SK_OK;
}

static sk_err fake_wake(int i)
{
    if (i < 0)
        return SK_ERR_HANDLE;
    if (fake.end[i].closed)
        return SK_ERR_PEER_DEAD;
    fake_signal(&fake.end[fake.end[i].peer]);
    return SK_OK;
}

/* --- Where the library copies: what the kernel does with its rings ---------------------------- */

static sk_err fake_chan_send(struct fake_end *e, const struct sk_msg *m, uint32_t slots)
{
    bool wake = false;
    if (e->closed)
        return SK_ERR_PEER_DEAD;
    sk_err err = ring_send(&e->tx, m, slots, &wake);
    if (wake)
        fake_signal(&fake.end[e->peer]);
    return err;
}

static sk_err fake_chan_recv(struct fake_end *e, struct sk_msg *m, uint32_t max, uint64_t r[4])
{
    bool wake = false;
    uint32_t slots = 0;
    sk_err err = ring_recv(&e->rx, m, max, &slots, &wake);
    if (wake && !e->closed)
        fake_signal(&fake.end[e->peer]);
    r[1] = slots;
    if (err == SK_ERR_EMPTY && e->closed)
        return SK_ERR_PEER_DEAD;
    bool armed = (err == SK_OK || err == SK_ERR_EMPTY) && !e->closed && ring_arm(&e->rx);
    r[2] = err == SK_OK && armed;
    return err;
}

static sk_err fake_chan_call(struct fake_end *e, const uint64_t a[6], uint64_t r[4])
{
    struct sk_msg *m = (struct sk_msg *)(uintptr_t)a[1];
    sk_err err = fake_chan_send(e, m, (uint32_t)a[2] & 0xffu);
    while (err == SK_OK) {
        uint64_t events[4];
        err = fake_chan_recv(e, m, (uint32_t)a[2] >> 8, r);
        if (err != SK_ERR_EMPTY)
            return err;
        err = fake_wait(1u << e->bit, a[3], events);
    }
    return err;
}

/* SK_ERR_SYSCALL: none of these. */
static sk_err fake_copying(uint32_t nr, struct fake_end *e, const uint64_t a[6], uint64_t r[4])
{
    struct sk_msg *m = (struct sk_msg *)(uintptr_t)a[1];
    sk_err err;
    switch (nr) {
    case SK_CALL_CHAN_SEND:
        return fake_chan_send(e, m, (uint32_t)a[2]);
    case SK_CALL_CHAN_RECV:
        return fake_chan_recv(e, m, (uint32_t)a[2], r);
    case SK_CALL_CHAN_ARM:
        return !e->closed && ring_arm(&e->rx) ? SK_OK : SK_ERR_BUSY;
    case SK_CALL_CHAN_WANT:
        return !e->closed && ring_want(&e->tx, (uint32_t)a[1]) ? SK_OK : SK_ERR_BUSY;
    case SK_CALL_CHAN_CALL:
        return fake_chan_call(e, a, r);
    case SK_CALL_CHAN_SEND_WAIT:
        err = fake_chan_send(e, m, (uint32_t)a[2]);
        return err == SK_OK ? fake_wait((uint32_t)a[3], a[4], r) : err;
    default:
        return SK_ERR_SYSCALL;
    }
}

static sk_err fake_info(const struct fake_end *e, struct sk_handle_info *info)
{
    *info = (struct sk_handle_info){.kind = SK_KIND_CHAN,
                                    .used = e->used,
                                    .state = e->closed ? SK_CHAN_CLOSED : SK_CHAN_OPEN,
                                    .slot = e->slot};
    return SK_OK;
}

static sk_err fake_send_handle(int via, uint64_t handle)
{
    if (via < 0 || fake_end_of(handle) < 0)
        return SK_ERR_HANDLE;
    struct fake_end *to = &fake.end[fake.end[via].peer];
    if (fake.end[via].closed)
        return SK_ERR_PEER_DEAD;
    if (fake.end[fake_end_of(handle)].used)
        return SK_ERR_BUSY;
    for (int i = 0; i < FAKE_ENDS; i++)
        for (uint32_t n = 0; n < fake.end[i].escrowed; n++)
            if (fake.end[i].in_use && fake.end[i].escrow[n] == handle)
                return SK_ERR_HANDLE; /* it has been given away */
    if (to->escrowed == SK_ESCROW_MAX)
        return SK_ERR_FULL;
    to->escrow[to->escrowed++] = (sk_handle)handle;
    return SK_OK;
}

static sk_err fake_take(int i, uint64_t r[4])
{
    if (i < 0)
        return SK_ERR_HANDLE;
    struct fake_end *e = &fake.end[i];
    if (e->escrowed == 0)
        return SK_ERR_EMPTY;
    if (fake.current->handles_left == 0)
        return SK_ERR_BUDGET;
    r[1] = e->escrow[0];
    e->escrowed--;
    memmove(e->escrow, e->escrow + 1, e->escrowed * sizeof(e->escrow[0]));
    return SK_OK;
}

void host_syscall(uint32_t nr, const uint64_t a[6], uint64_t r[4])
{
    int i = fake_end_of(a[0]);
    sk_err err = SK_ERR_SYSCALL;
    fake.current->entries++;
    memset(r, 0, 4 * sizeof(r[0]));
    switch (nr) {
    case SK_CALL_WAIT:
        err = fake_wait((uint32_t)a[0], a[1], r);
        break;
    case SK_CALL_CANCEL_ON:
        fake.current->cancel = (uint32_t)a[0];
        err = SK_OK;
        break;
    case SK_CALL_WAKE:
        err = fake_wake(i);
        break;
    case SK_CALL_WAKE_WAIT:
        err = fake_wake(i);
        if (err == SK_OK)
            err = fake_wait((uint32_t)a[1], a[2], r);
        break;
    case SK_CALL_CLOSE:
        err = i < 0 ? SK_ERR_HANDLE : SK_OK;
        if (i >= 0)
            fake_close(i);
        break;
    case SK_CALL_SEND_HANDLE:
        err = fake_send_handle(i, a[1]);
        break;
    case SK_CALL_TAKE_HANDLE:
        err = fake_take(i, r);
        break;
    case SK_CALL_CHAN_CREATE:
        err = fake_create(r);
        break;
    case SK_CALL_CHAN_OPEN:
        if (fake.unserved && a[0] == fake.current->start.parent)
            err = SK_ERR_NOT_FOUND;
        else
            err = i < 0 ? SK_ERR_HANDLE
                        : fake_open(i, (uint32_t)a[1], (struct sk_chan_view *)(uintptr_t)a[2]);
        break;
    case SK_CALL_INFO:
        err = i < 0 ? SK_ERR_HANDLE
                    : fake_info(&fake.end[i], (struct sk_handle_info *)(uintptr_t)a[1]);
        break;
    default:
        if (XPORT_CALLS && nr >= SK_CALL_CHAN_SEND)
            err = i < 0 ? SK_ERR_HANDLE : fake_copying(nr, &fake.end[i], a, r);
        break;
    }
    r[0] = (uint64_t)(int64_t)err;
}

/* Ends still open: what a test has not given back. */
static unsigned fake_ends_open(void)
{
    unsigned n = 0;
    for (unsigned i = 0; i < FAKE_ENDS; i++)
        n += fake.end[i].in_use;
    return n;
}

#endif
