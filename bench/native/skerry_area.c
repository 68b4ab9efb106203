/* See skerry_area.h.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "skerry_area.h"
#include "systems.h"
#include "lib/self.h"
#include <sched.h>

void sky_fail(struct run *run, sk_err err, const char *what)
{
    bench_fail(run, "%s: error %d", what, (int)err);
}

static int serve_names(void *run)
{
    sky_must(run, sk_linux_serve_names(), "name service");
    return 0;
}

void sky_setup(struct run *run)
{
    static struct sk_linux_child names;
    struct sk_linux_area *area;
    struct sk_linux_params params = {.tasks = BENCH_CLIENTS + 8u};
    sk_err err = sk_linux_create(&params, &area);
    if (err == SK_ERR_UNSUPPORTED)
        bench_skip(run, "this Linux lacks what the port needs");
    sky_must(run, err, "area");
    sky_must(run, sk_linux_start_thread(area, NULL, serve_names, run, &names), "name service");
    run->own = area;
}

uint32_t sky_looks(const struct run *run)
{
    return run->system == &skerry ? SK_LINUX_POLL : run->system == &skerry_sleep ? 0 : SKY_ADAPTIVE;
}

/* A budget of SKY_BUDGET_NS: looks at a channel in which nothing comes, timed. */
static uint32_t adaptive_looks(struct run *run)
{
    struct sk_chan *c = tool_own(run, 1, sizeof *c);
    struct sk_in in;
    sk_handle far;
    sky_must(run, sk_chan_create(c, &far, SK_EV_CHAN), "channel");
    uint64_t from = isa_ticks();
    for (unsigned i = 0; i < 1000u; i++) {
        (void)sk_recv_try(c, &in);
        sk_relax();
    }
    uint64_t look = (isa_ticks() - from) / 1000u + 1u;
    sk_chan_close(c);
    sys_close(far);
    return (uint32_t)(tool_ticks_of_ns(run, SKY_BUDGET_NS) / look);
}

void sky_begin(struct run *run, uint32_t looks)
{
    struct sk_linux_area *area;
    struct sk_linux_task how = {.name = "side", .cpu_plus_1 = sched_getcpu() + 1};
    sky_must(run, sk_linux_join(sk_linux_fd(run->own), &area), "join");
    sky_must(run, sk_linux_task_begin(area, &how), "task");
    sk_linux_spin(looks == SKY_ADAPTIVE ? adaptive_looks(run) : looks);
}

sk_handle sky_serve(struct run *run)
{
    sk_handle port;
    sky_must(run, sys_port_create(SK_EV_PORT, SKY_DEPTH, &port), "port");
    sky_must(run, names_register(SKY_NAME, port), "register");
    return port;
}

void sky_connect(struct run *run, struct sk_chan *c)
{
    sk_err err;
    do
        err = names_connect(SKY_NAME, sk_in_ms(SKY_WAIT_MS), c);
    while (err == SK_ERR_FULL);
    sky_must(run, err, "connect");
}

void sky_accept(struct run *run, sk_handle port, struct sk_chan *c)
{
    sk_handle end;
    uint32_t events;
    sk_err err;
    while ((err = sys_port_accept(port, &end)) == SK_ERR_EMPTY)
        sky_must(run, sk_wait_events(1u << SK_EV_PORT, sk_in_ms(SKY_WAIT_MS), &events),
                 "wait for a connection");
    sky_must(run, err, "accept");
    sky_must(run, sk_chan_open(c, end, SK_EV_CHAN), "open");
}
