/* Programs that call the kernel at random: an init for every core and the children that it starts.
 * Each call may be sound, nearly sound, or nonsense. After a while each init lets go of all that it
 * has, waits, and looks whether everything is back where it was. Nothing of the library is used but
 * its system call wrappers and the ring.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/sim/fuzz_programs.h"
#include "arch/host/include/host_user.h"
#include "arch/host/include/programs.h"
#include "arch/host/sim.h"
#include "base/ring.h"
#include "kernel/handle.h"
#include "lib/sys.h"
#include <skerry/start.h>

#include <stdio.h>
#include <string.h>

#define HANDLES 24u
#define OPEN    6u
#define T_CALM  SK_MS(2)  /* from then on inits let go */
#define T_CHECK SK_MS(60) /* by then all must be back */

struct open_chan {
    sk_handle h;
    struct sk_chan_view view;
    struct ring_tx tx;
    struct ring_rx rx;
};

struct fuzz {
    struct sk_start *start; /* a copy: its page is where wild calls may write */
    char *page;
    bool init;
    sk_handle h[HANDLES]; /* ever seen; many are stale */
    sk_handle task[4];    /* init: children */
    sk_handle port;       /* copy of the own core port that others may get */
    struct open_chan open[OPEN];
};

static uint32_t below(uint32_t n)
{
    return sim_random_below(n);
}

static void note(struct fuzz *f, sk_handle h)
{
    f->h[below(HANDLES)] = h;
}

static sk_handle any(struct fuzz *f)
{
    return below(20) == 0 ? (sk_handle)sim_random() : f->h[below(HANDLES)];
}

static sk_ns soon(void)
{
    return below(4) == 0 ? 0 : sk_now() + below(20000);
}

/* --- Channels -------------------------------------------------------------------------------- */

static void open_one(struct fuzz *f)
{
    struct open_chan *o = &f->open[below(OPEN)];
    struct open_chan fresh = {.h = any(f)};
    if (sys_chan_open(fresh.h, 1, &fresh.view) != SK_OK)
        return;
    if (o->h != SK_HANDLE_NONE)
        sys_close(o->h);
    *o = fresh;
    struct sk_chan_view *v = &o->view;
    struct sk_chan_mem *m = (struct sk_chan_mem *)(uintptr_t)v->mem;
    if (m == NULL)
        return;
    ring_tx_init(&o->tx, &m->slot[v->side * v->slots], v->slots, &m->line[v->side],
                 &m->line[1 - v->side], v->epoch);
    ring_rx_init(&o->rx, &m->slot[(1 - v->side) * v->slots], v->slots, &m->line[v->side],
                 &m->line[1 - v->side], v->epoch);
}

/* Some other call may have closed it, and its ring is no longer mapped. */
static bool still_open(const struct open_chan *o)
{
    const struct task *t = sim.cur->space->task;
    uint32_t i = SK_HANDLE_INDEX(o->h);
    return o->h != SK_HANDLE_NONE && i < t->handles_max && t->handles[i].kind == SK_KIND_CHAN &&
           handle_name(t, &t->handles[i]) == o->h;
}

static void send_some(struct open_chan *o)
{
    struct sk_msg m[SK_SLOTS_MAX];
    memset(m, 0, sizeof(m));
    uint32_t n = 1 + below(SK_SLOTS_MAX);
    bool wake;
    for (uint32_t i = 0; i < n; i++)
        m[i].ctl = sk_ctl_make(8, n - 1 - i, 0, false);
    if (o->view.mem == 0)
        sys_chan_send(o->h, m, n);
    else if (ring_send(&o->tx, m, n, &wake) == SK_OK && wake)
        sys_wake(o->h);
}

static void recv_some(struct open_chan *o)
{
    struct sk_msg m[SK_SLOTS_MAX];
    uint32_t n, events;
    uint64_t ready;
    bool wake = false, dry;
    sk_err err = o->view.mem == 0 ? sys_chan_recv(o->h, m, SK_SLOTS_MAX, &n, &dry)
                                  : ring_recv(&o->rx, m, SK_SLOTS_MAX, &n, &wake);
    if (err == SK_OK && o->view.mem != 0 && wake)
        sys_wake(o->h);
    if (err != SK_ERR_EMPTY)
        return;
    bool armed = o->view.mem == 0 ? sys_chan_arm(o->h) == SK_OK : ring_arm(&o->rx);
    if (armed && below(2))
        sys_wake_wait(o->h, 2, soon(), &events, &ready);
    else if (armed)
        sys_wait(2, soon(), &events, &ready);
}

static void chan_op(struct fuzz *f)
{
    sk_handle a, b;
    struct open_chan *o = &f->open[below(OPEN)];
    switch (below(10)) {
    case 0:
        if (sys_chan_create(below(3) * 8, &a, &b) == SK_OK) {
            note(f, a);
            note(f, b);
        }
        break;
    case 1:
    case 2:
        open_one(f);
        break;
    case 3:
        if (still_open(o))
            send_some(o);
        break;
    case 4:
        if (still_open(o))
            recv_some(o);
        break;
    case 5:
    case 6:
        sys_send_handle(o->h, any(f), soon());
        break;
    case 7:
    case 8:
        if (sys_take_handle(o->h, &a) == SK_OK)
            note(f, a);
        break;
    default:
        if (o->h != SK_HANDLE_NONE && below(4) == 0) {
            sys_close(o->h);
            o->h = SK_HANDLE_NONE;
        }
        break;
    }
}

/* --- Everything else ------------------------------------------------------------------------- */

static void port_op(struct fuzz *f)
{
    sk_handle h;
    switch (below(5)) {
    case 0:
        if (sys_port_create(2, below(5), &h) == SK_OK)
            note(f, h);
        break;
    case 1:
        if (sys_dup(f->init && below(2) ? f->start->core_port : any(f),
                    SK_RIGHT_CONNECT | (below(2) ? SK_RIGHT_MOVE : 0), &h) == SK_OK)
            note(f, h);
        break;
    case 2:
        if (sys_port_accept(f->init && below(2) ? f->start->core_port : any(f), &h) == SK_OK)
            note(f, h);
        break;
    default:
        sys_port_connect(any(f), any(f), soon());
        break;
    }
}

static void memory_op(struct fuzz *f)
{
    sk_handle h;
    uint64_t at;
    struct sk_handle_info info;
    switch (below(5)) {
    case 0:
        if (sys_region_create(below(5), &h) == SK_OK)
            note(f, h);
        break;
    case 1:
        sys_region_map(any(f), below(8) ? 0 : below(100) * 4096u, below(8), &at);
        break;
    case 2:
        sys_region_unmap(any(f));
        break;
    case 3:
        sys_info(any(f), &info);
        break;
    default:
        sys_close(any(f));
        break;
    }
}

/* Any number, but not an address in this process, whose globals all programs of the simulation may
 * name: they are the machine's. */
static uint64_t wild_word(void)
{
    extern const char __executable_start[], _end[];
    uint64_t v = sim_random() >> below(64);
    return v < (uintptr_t)__executable_start || v >= (uintptr_t)_end ? v : 0;
}

static void wild_op(struct fuzz *f)
{
    struct sys_result res;
    uint64_t a[6];
    uint32_t nr = below(SK_CALL_COUNT + 2);
    if (nr == SK_CALL_EXIT || nr == SK_CALL_HALT || nr == SK_CALL_CORE_START ||
        nr == SK_CALL_CORE_ASK)
        return;
    for (unsigned i = 0; i < 6; i++)
        a[i] = below(3) == 0 ? any(f) : below(3) == 0 ? sys_addr(f->page) : wild_word();
    if (nr == SK_CALL_WAIT || nr == SK_CALL_WAKE_WAIT || nr == SK_CALL_PORT_CONNECT ||
        nr == SK_CALL_SEND_HANDLE || nr == SK_CALL_CORE_CONNECT)
        for (unsigned i = 1; i < 6; i++)
            a[i] = i == 1 && nr != SK_CALL_WAIT ? any(f) : soon();
    if (nr == SK_CALL_CLOSE && (a[0] == f->start->control || a[0] == f->start->core_port))
        return;
    sys_call(nr, a[0], a[1], a[2], a[3], a[4], a[5], &res);
}

/* --- init ------------------------------------------------------------------------------------ */

static void child_fill(struct fuzz *f, sk_handle task)
{
    sk_handle region, theirs = SK_HANDLE_NONE;
    uint64_t at;
    sys_task_give(task, any(f), &theirs);
    if (sys_region_create(1, &region) != SK_OK)
        return;
    if (sys_region_map(region, 0, SK_PROT_R | SK_PROT_W, &at) != SK_OK) {
        sys_close(region);
        return;
    }
    struct sk_start *s = (struct sk_start *)(uintptr_t)at;
    *s = (struct sk_start){.core = f->start->core, .parent = theirs, .magic = SK_START_MAGIC};
    sys_region_unmap(region);
    if (sys_task_map(task, region, 0, SK_PROT_R | SK_PROT_W) != SK_OK) {
        sys_close(region);
        return;
    }
    sys_task_start(task, (uint64_t)(uintptr_t)&host_programs[1], 0, at);
}

static void child_new(struct fuzz *f)
{
    sk_handle *slot = &f->task[below(4)];
    if (*slot != SK_HANDLE_NONE) {
        if (below(2))
            sys_task_kill(*slot);
        if (below(2))
            return;
        sys_close(*slot);
        *slot = SK_HANDLE_NONE;
    }
    struct sk_task_params p = {.name = "child",
                               .priority = below(SK_PRIO_COUNT),
                               .event_bit = 3,
                               .pages = 1 + below(24),
                               .handles = 1 + below(20),
                               .ends = below(12)};
    sk_tid tid;
    if (sys_task_create(f->start->control, &p, slot, &tid) != SK_OK) {
        *slot = SK_HANDLE_NONE;
        return;
    }
    if (below(8))
        child_fill(f, *slot);
}

static void init_op(struct fuzz *f)
{
    if (below(2))
        child_new(f);
    else
        sys_core_connect(f->start->control, below(f->start->cores + 1), any(f), soon());
}

static void random_op(struct fuzz *f)
{
    uint32_t events;
    uint64_t ready;
    switch (below(8)) {
    case 0:
    case 1:
    case 2:
        chan_op(f);
        break;
    case 3:
        port_op(f);
        break;
    case 4:
        memory_op(f);
        break;
    case 5:
        if (below(4) == 0)
            wild_op(f);
        break;
    case 6:
        sys_wait(below(16), soon(), &events, &ready);
        break;
    default:
        if (f->init)
            init_op(f);
        break;
    }
}

/* --- Letting go ------------------------------------------------------------------------------ */

/* All handles of the running task but the two that an init begins with: from the kernel's table,
 * because the program has lost some. */
static void close_all(struct fuzz *f)
{
    const struct task *t = sim.cur->space->task;
    for (uint32_t i = 0; i < t->handles_max; i++) {
        sk_handle h = handle_name(t, &t->handles[i]);
        if (t->handles[i].kind != SK_KIND_NONE && h != f->start->control &&
            h != f->start->core_port)
            sys_close(h);
    }
}

static void let_go(struct fuzz *f)
{
    uint32_t events;
    uint64_t ready;
    sk_handle h;
    sys_timer(0, SK_FOREVER);
    /* A handle in flight is busy until its answer comes, so again and again. */
    while (sk_now() < T_CHECK - SK_MS(20)) {
        close_all(f);
        while (sys_port_accept(f->start->core_port, &h) == SK_OK)
            sys_close(h);
        sys_wait(0, sk_now() + SK_MS(2), &events, &ready);
    }
    sys_wait(0, T_CHECK, &events, &ready);
}

/* Is everything back but the status pages of init itself? */
static void check_back(const struct sk_stats *before)
{
    const struct kern *k = sim.cur->kern;
    const struct task *t = sim.cur->space->task;
    uint32_t status = 0;
    for (unsigned i = 0; i < sizeof t->status_page / sizeof t->status_page[0]; i++)
        status += t->status_page[i] != SK_PADDR_NONE;
    const struct sk_stats *now = &k->stats;
    uint32_t missing = before->pages_free - k->ram_free - status;
    if (missing != 0 || now->tasks != before->tasks || now->handles != before->handles ||
        now->ends != before->ends || now->chans != before->chans || now->ports != before->ports ||
        now->regions != before->regions)
        sim_fail("core %u: left over: pages %u, tasks %u, handles %u, ends %u, channels %u, "
                 "ports %u, regions %u",
                 k->core, missing, now->tasks - before->tasks, now->handles - before->handles,
                 now->ends - before->ends, now->chans - before->chans, now->ports - before->ports,
                 now->regions - before->regions);
}

int fuzz_init(int argc, char **argv)
{
    struct sk_start start = *(const struct sk_start *)(const void *)argv;
    struct fuzz f = {.start = &start, .page = (char *)argv, .init = true};
    struct sk_stats before;
    uint32_t events;
    uint64_t ready;
    (void)argc;
    if (sys_stats(f.start->control, &before) != SK_OK)
        sim_fail("stats");
    for (uint32_t i = 0; i < sim.cur->kern->end_count; i++) /* others were faster than this one */
        before.ends -= sim.cur->kern->ends[i].state == END_QUEUED;
    if (f.start->core == 0)
        for (sk_core c = 1; c < f.start->cores; c++)
            if (sys_core_start(f.start->control, c, SK_FOREVER) != SK_OK && !sim.opt.allow_panic &&
                sim.opt.plan.scribble_link == 0)
                sim_fail("core %u does not start", c);
    while (sk_now() < T_CALM)
        random_op(&f);
    sys_cancel_on(0);
    let_go(&f);
    if (!sim.opt.allow_panic && sim.opt.plan.scribble_link == 0)
        check_back(&before);
    if (f.start->core == 0) {
        sys_wait(0, T_CHECK + SK_MS(5), &events, &ready);
        sys_halt(f.start->control, 0);
    }
    for (;;)
        sys_wait(1, SK_FOREVER, &events, &ready);
}

int fuzz_child(int argc, char **argv)
{
    struct sk_start start = *(const struct sk_start *)(const void *)argv;
    struct fuzz f = {.start = &start, .page = (char *)argv};
    uint32_t ops = below(400);
    (void)argc;
    for (uint32_t i = 0; i < 3; i++)
        note(&f, f.start->parent);
    while (ops-- > 0)
        random_op(&f);
    if (below(4) == 0)
        *(volatile char *)(uintptr_t)below(4096) = 1;
    return (int)ops;
}
