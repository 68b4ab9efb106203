/* hostile [SECONDS] [--seed X]: in a new area each second, one process writes over the whole area:
 * random bytes, random words where words decide, large values, other objects' numbers. Two others
 * work there meanwhile, with channels, calls, handles, regions, ports: they see errors only, each
 * operation comes back soon after its deadline, nothing outside is touched (the area has no
 * neighbours: a hole on each side), and they can leave. Ends with 1 if not.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "arch/linux/inside.h"
#include "lib/names.h"
#include "lib/rpc.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define HOLE     ((size_t)1 << 30)
#define GRACE_MS 5000u /* beyond a deadline: only a hang, or a machine that is very busy */
#define CHANS    12u
#define BRIEF_NS SK_MS(1)

void *__real_mmap(void *at, size_t bytes, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t bytes, int prot, int flags, int fd, off_t offset);

/* An area lies between two holes. */
void *__wrap_mmap(void *at, size_t bytes, int prot, int flags, int fd, off_t offset)
{
    if (fd < 0 || at != NULL)
        return __real_mmap(at, bytes, prot, flags, fd, offset);
    uint8_t *hole = __real_mmap(NULL, bytes + 2u * HOLE, PROT_NONE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (hole == MAP_FAILED)
        return MAP_FAILED;
    return __real_mmap(hole + HOLE, bytes, prot, flags | MAP_FIXED, fd, offset);
}

struct chance {
    uint64_t state;
};
static uint64_t chance_wide(struct chance *c)
{
    uint64_t z = (c->state += 0x9e3779b97f4a7c15u);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}
static uint32_t below(struct chance *c, uint32_t n)
{
    return (uint32_t)(chance_wide(c) >> 32) % n;
}

/* --- Who writes ------------------------------------------------------------------------------ */

/* A word that might be taken for a good one. */
static uint64_t plausible(struct chance *c, const struct sk_linux_area *a)
{
    static const uint64_t large[] = {
        0, 1, 0x7fffffff, 0x80000000, 0xffffffff, ~(uint64_t)0, (uint64_t)1 << 63, 0xfffffff0};
    uint32_t gen = below(c, 40);
    switch (below(c, 6)) {
    case 0:
        return large[below(c, 8)];
    case 1:
        return WORD(below(c, 8), below(c, 2u * a->channels), gen);
    case 2:
        return WORD(below(c, 8), below(c, a->tasks), gen);
    case 3:
        return WORD(below(c, 8), (uint32_t)chance_wide(c), gen);
    case 4:
        return (uint64_t)below(c, 64) << 32 | below(c, 64);
    default:
        return chance_wide(c);
    }
}

/* Somewhere in the tables, where it matters; or anywhere. */
static uint64_t *target(struct chance *c, const struct sk_linux_area *a)
{
    uint8_t *at;
    uint32_t used = below(c, 8) == 0 ? a->channels : 2u * CHANS + 8u;
    switch (below(c, 8)) {
    case 0:
        at = (uint8_t *)&a->task[below(c, a->tasks)] + below(c, sizeof(struct task_slot));
        break;
    case 1:
        at = (uint8_t *)&a->port[below(c, a->ports)] + below(c, sizeof(struct port_slot));
        break;
    case 2:
        at = (uint8_t *)&a->region[below(c, a->regions)] + below(c, sizeof(struct region_slot));
        break;
    case 3: /* beginning with the status lines */
        at = (uint8_t *)a->chan[below(c, used)].status +
             below(c, sizeof(struct chan_slot) - sizeof(struct sk_chan_mem));
        break;
    case 4: /* a header of a ring */
        at = (uint8_t *)&a->chan[below(c, used)].mem.slot[below(c, 2u * SK_CHAN_SLOTS_MAX)];
        break;
    case 5:
        at = (uint8_t *)&a->chan[below(c, used)].mem.line[below(c, 2)];
        break;
    case 6:
        at = (uint8_t *)a->head + below(c, SK_PAGE_BYTES);
        break;
    default:
        at = a->base + chance_wide(c) % a->bytes;
        break;
    }
    return (uint64_t *)((uintptr_t)at & ~(uintptr_t)7u);
}

static _Noreturn void scribble(const struct sk_linux_area *a, uint64_t with)
{
    struct chance c = {with ^ 0x5c41bb1e};
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (uint64_t n = 0;; n++) {
        uint64_t *w = target(&c, a);
        if (below(&c, 4) == 0)
            ((volatile uint8_t *)w)[below(&c, 8)] = (uint8_t)chance_wide(&c);
        else if (below(&c, 2) == 0)
            ((volatile uint32_t *)w)[below(&c, 2)] = (uint32_t)plausible(&c, a);
        else
            *(volatile uint64_t *)w = plausible(&c, a);
        if (n % 65536u == 0) /* now and then all at once */
            for (uint64_t i = 0; i < a->bytes / 64u; i++)
                a->base[(i * 64u + below(&c, 64)) % a->bytes] = (uint8_t)chance_wide(&c);
        if (below(&c, 64) == 0) /* so that something gets done between */
            usleep(below(&c, 200));
    }
}

/* --- Who works ------------------------------------------------------------------------------- */

struct worker {
    struct sk_linux_area *area;
    struct chance chance;
    struct sk_chan chan[CHANS]; /* handle NONE: closed; number i and i ^ 1 begin as a pair */
    struct sk_call call[CHANS];
    struct sk_in call_in[CHANS];
    bool calling[CHANS];
    sk_handle port, region[4];
    uint64_t done, refused;
};

/* An operation has come back: in time, with an error that there is? */
static bool good(struct worker *w, sk_err err, sk_ns begun, sk_ns deadline, const char *what)
{
    sk_ns now = sk_now(), due = begun > deadline ? begun : deadline;
    w->done++;
    w->refused += err != SK_OK;
    if (err <= 0 && err >= SK_ERR_LAST && now < due + SK_MS(GRACE_MS))
        return true;
    fprintf(stderr, "hostile: %s returned %d after %llu us\n", what, err,
            (unsigned long long)(now - begun) / 1000u);
    return false;
}

/* Ends are made new where they have gone. */
static bool renew(struct worker *w, uint32_t i)
{
    sk_handle far;
    sk_ns begun = sk_now();
    if (w->chan[i].handle != SK_HANDLE_NONE && w->chan[i].dead == SK_OK)
        return true;
    sk_chan_close(&w->chan[i]);
    sk_chan_close(&w->chan[i ^ 1u]);
    w->calling[i] = w->calling[i ^ 1u] = false;
    sk_err err = sk_chan_create(&w->chan[i], &far, SK_EV_CHAN);
    if (err == SK_OK && (err = sk_chan_open(&w->chan[i ^ 1u], far, SK_EV_CHAN)) != SK_OK) {
        (void)sys_close(far);
        sk_chan_close(&w->chan[i]);
    }
    return good(w, err, begun, begun, "making a channel");
}

static void region_fill(sk_handle h)
{
    uintptr_t at;
    uint32_t pages;
    if (sys_region_map_all(h, SK_PROT_R | SK_PROT_W, &at, &pages) != SK_OK)
        return;
    memset((void *)at, 0x5a, (size_t)pages * SK_PAGE_BYTES); /* all that we were told is ours */
    (void)sys_region_unmap(h);
}

static void take(struct worker *w, struct sk_in *in)
{
    for (uint32_t i = 0; i < in->handles; i++)
        if (in->handle[i] != SK_HANDLE_NONE && below(&w->chance, 2) == 0)
            region_fill(in->handle[i]);
    sk_in_drop_handles(in);
}

static bool work_send(struct worker *w, uint32_t i, sk_ns begun, sk_ns until)
{
    uint8_t bytes[SK_PAYLOAD_MAX];
    memset(bytes, (int)i, sizeof(bytes));
    sk_handle *h = &w->region[i % 4u];
    struct sk_out out = {.label = 1, .len = below(&w->chance, sizeof(bytes) + 1u), .bytes = bytes};
    bool with = below(&w->chance, 3) == 0 && *h != SK_HANDLE_NONE;
    out.handles = with;
    out.handle = h;
    sk_err err = sk_send_until(&w->chan[i], &out, until);
    if (with && err == SK_OK)
        *h = SK_HANDLE_NONE;
    return good(w, err, begun, until, "sending");
}

static bool work_call(struct worker *w, uint32_t i, sk_ns begun, sk_ns until)
{
    uint32_t number = i, answer, got;
    struct sk_out out = {.label = 2, .len = 4, .bytes = &number};
    if (below(&w->chance, 2) == 0)
        return good(w, sk_call(&w->chan[i], 2, &number, 4, &answer, 4, &got, until), begun, until,
                    "a call");
    if (!w->calling[i]) {
        sk_err err = sk_call_begin(&w->chan[i], &w->call[i], &out, &w->call_in[i], 4);
        w->calling[i] = err == SK_OK;
        return good(w, err, begun, begun, "beginning a call");
    }
    sk_err err = sk_call_end(&w->chan[i], &w->call[i], until);
    w->calling[i] = !w->call[i].ended;
    if (w->calling[i]) {
        sk_call_cancel(&w->chan[i], &w->call[i]);
        w->calling[i] = false;
    }
    return good(w, err, begun, until, "the end of a call");
}

static bool work_receive(struct worker *w, uint32_t i, sk_ns begun, sk_ns until)
{
    struct sk_in in;
    sk_err err = sk_recv_until(&w->chan[i], &in, until);
    if (err == SK_OK && sk_in_reply(&in)) {
        (void)sk_call_deliver(&w->chan[i], &in);
    } else if (err == SK_OK) {
        take(w, &in);
        if (in.label == 2)
            (void)sk_reply(&w->chan[i], in.token, SK_OK, &i, 4, NULL, 0, NULL);
    }
    return good(w, err, begun, until, "receiving");
}

static bool work_region(struct worker *w, uint32_t i, sk_ns begun)
{
    sk_handle *h = &w->region[i % 4u];
    if (*h != SK_HANDLE_NONE) {
        region_fill(*h);
        sk_err err = sys_close(*h);
        *h = SK_HANDLE_NONE;
        return good(w, err, begun, begun, "closing a region");
    }
    sk_err err = sys_region_create(1u + i % 4u, h);
    return good(w, err, begun, begun, "making a region");
}

/* Connect an end to the port and take it out again; sometimes with a new port. */
static bool work_port(struct worker *w, sk_ns begun, sk_ns until)
{
    struct sk_chan near;
    sk_handle far, end;
    if (w->port == SK_HANDLE_NONE || below(&w->chance, 8) == 0) {
        if (w->port != SK_HANDLE_NONE)
            (void)sys_close(w->port);
        w->port = SK_HANDLE_NONE;
        sk_err err = sys_port_create(SK_EV_PORT, 4, &w->port);
        return good(w, err, begun, begun, "making a port");
    }
    sk_err err = sk_chan_create(&near, &far, SK_EV_CHAN);
    if (err != SK_OK)
        return good(w, err, begun, begun, "making a channel");
    err = sys_port_connect(w->port, far, until);
    if (err != SK_OK)
        (void)sys_close(far);
    if (!good(w, err, begun, until, "connecting"))
        return false;
    err = sys_port_accept(w->port, &end);
    if (err == SK_OK)
        (void)sys_close(end);
    sk_chan_close(&near);
    return good(w, err, begun, until, "accepting");
}

static bool work_once(struct worker *w)
{
    uint32_t i = below(&w->chance, CHANS), events;
    sk_ns begun = sk_now(), until = begun + below(&w->chance, 3) * BRIEF_NS;
    switch (below(&w->chance, 10)) {
    case 0:
        return renew(w, i);
    case 1:
    case 2:
        return work_send(w, i, begun, until);
    case 3:
    case 4:
        return work_call(w, i, begun, until);
    case 5:
    case 6:
        return work_receive(w, i, begun, until);
    case 7:
        return work_region(w, i, begun);
    case 8:
        return work_port(w, begun, until);
    default:
        return good(w, sk_wait_events(1u << SK_EV_CHAN | 1u << SK_EV_PORT, until, &events), begun,
                    until, "waiting");
    }
}

static uint64_t done, refused; /* of this process */

/* For a second; then let go of everything. */
static int work(struct sk_linux_area *a, uint64_t with)
{
    static struct worker w;
    sk_ns end = sk_in_ms(1000);
    bool fine = true;
    w = (struct worker){.area = a, .chance = {with}};
    for (uint32_t i = 0; i < CHANS; i++)
        w.chan[i].dead = SK_ERR_HANDLE;
    sk_linux_spin(50);
    while (fine && sk_now() < end)
        fine = work_once(&w);
    for (uint32_t i = 0; i < CHANS; i++)
        sk_chan_close(&w.chan[i]);
    done += w.done;
    refused += w.refused;
    return fine ? 0 : 1;
}

static uint64_t seed = 1;
static uint32_t seconds = 60;

static int colleague(void *area)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    return work(area, seed + 100u);
}

/* Not in the way of the wall clock alone: who never ends is found by this. */
static void must(bool is, const char *what)
{
    if (is)
        return;
    fprintf(stderr, "hostile: %s (seed %llu)\n", what, (unsigned long long)seed);
    _exit(1);
}

static int survive(int fd, struct sk_linux_area *a)
{
    struct sk_linux_child child;
    struct sk_linux_area *again;
    sk_ns begun = sk_now();
    int status = 0;
    must(sk_linux_task_begin(a, NULL) == SK_OK, "no task");
    must(sk_linux_start_process(a, NULL, colleague, a, &child) == SK_OK, "no other");
    pid_t hostile = fork();
    if (hostile == 0)
        scribble(a, seed);
    int result = work(a, seed);
    /* The area is in ruins and is still written: leaving is possible. */
    must(waitpid(child.pid, &status, 0) == child.pid && status == 0, "the other has failed");
    sk_linux_task_end(0);
    must(sk_linux_leave(a) == SK_OK, "the area cannot be left");
    for (uint32_t i = 0; i < 50; i++) { /* what is there is an area, or is not taken for one */
        sk_err err = sk_linux_join(fd, &again);
        must(err <= 0 && err >= SK_ERR_LAST, "joining");
        if (err == SK_OK) {
            (void)sk_linux_task_begin(again, NULL);
            sk_linux_task_end(0);
            must(sk_linux_leave(again) == SK_OK, "the area cannot be left again");
        }
    }
    (void)kill(hostile, SIGKILL);
    (void)waitpid(hostile, NULL, 0);
    must(sk_now() - begun < SK_MS(4u * GRACE_MS), "it took too long");
    return result;
}

int main(int argc, char **argv)
{
    struct sk_linux_params p = {
        .tasks = 8, .channels = 64, .ports = 4, .regions = 8, .region_pages = 4};
    struct sk_linux_area *a;
    for (int i = 1; i < argc; i++)
        if (i + 1 < argc && strcmp(argv[i], "--seed") == 0)
            seed = strtoull(argv[++i], NULL, 10);
        else
            seconds = (uint32_t)strtoul(argv[i], NULL, 10);
    uint64_t first = seed;
    must(seconds != 0, "usage: hostile [SECONDS] [--seed X]");
    alarm(seconds * 2u + 4u * GRACE_MS / 1000u);
    int result = 0;
    for (uint32_t left = seconds; left != 0 && result == 0; left--, seed += 1000u) {
        must(sk_linux_create(&p, &a) == SK_OK, "no area");
        int fd = dup(sk_linux_fd(a));
        result = survive(fd, a);
        close(fd);
    }
    printf("hostile: seed %llu, %u s, %llu operations, %llu refused: %s\n",
           (unsigned long long)first, seconds, (unsigned long long)done,
           (unsigned long long)refused, result == 0 ? "errors only" : "WRONG");
    return result;
}
