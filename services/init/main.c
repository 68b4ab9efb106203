/* The first program of every core: see init.h for what it does. main sets up the loop with two
 * servers, one for the tasks of this core and one for the inits of others, starts what the manifest
 * wants here, and serves for ever.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "init.h"
#include "lib/start.h"

#include <string.h>

bool client_is_peer(const struct init *in, const struct sk_client *c)
{
    return c->server == &in->peer_server;
}

bool client_may(const struct init *in, const struct sk_client *c, uint32_t flag)
{
    if (client_is_peer(in, c))
        return true; /* its init has looked */
    const struct task *t = c->user;
    return (t->prog->flags & flag) != 0;
}

static void on_close(struct sk_loop *loop, struct sk_client *c)
{
    task_client_gone(loop->user, c);
    names_client_gone(loop->user);
    far_wait_client_gone(loop->user);
    core_orders_client_gone(loop->user);
}

#define PROC_METHODS                                                                               \
    {.label = PROC_SPAWN, .min_len = offsetof(struct proc_spawn, text), .handle = proc_on_spawn},  \
        {.label = PROC_KILL, .min_len = sizeof(struct proc_one), .handle = proc_on_kill},          \
        {.label = PROC_WAIT, .min_len = sizeof(struct proc_one), .handle = proc_on_wait},          \
        {.label = PROC_LIST, .min_len = sizeof(struct proc_at), .handle = proc_on_list},           \
        {.label = PROC_CORE_START,                                                                 \
         .min_len = sizeof(struct proc_at),                                                        \
         .handle = proc_on_core_start},                                                            \
        {.label = PROC_CORE_INFO, .min_len = sizeof(struct proc_at), .handle = proc_on_core_info}, \
        {.label = PROC_LOG_READ, .min_len = sizeof(struct proc_at), .handle = proc_on_log_read},   \
        {.label = PROC_STATS, .min_len = sizeof(struct proc_at), .handle = proc_on_stats},         \
        {.label = PROC_HALT, .min_len = sizeof(struct proc_halt), .handle = proc_on_halt},         \
        {.label = PROC_CORE_RESTART,                                                               \
         .min_len = sizeof(struct proc_at),                                                        \
         .handle = proc_on_core_start},                                                            \
        {.label = PROC_CORE_ASK, .min_len = sizeof(struct proc_at), .handle = proc_on_core_ask},   \
    {                                                                                              \
        .label = PROC_CORE_RECORD, .min_len = sizeof(struct proc_at),                              \
        .handle = proc_on_core_record                                                              \
    }

#define NAMES_LEN sizeof(struct names_request)

static const struct sk_method task_methods[] = {
    PROC_METHODS,
    {.label = NAMES_REGISTER, .min_len = NAMES_LEN, .handles = 1, .handle = names_on_register},
    {.label = NAMES_UNREGISTER, .min_len = NAMES_LEN, .handle = names_on_unregister},
    {.label = NAMES_CONNECT, .min_len = NAMES_LEN, .handles = 1, .handle = names_on_connect},
    {.label = NAMES_WAIT, .min_len = NAMES_LEN, .handle = names_on_wait},
    {.label = NAMES_LIST, .min_len = NAMES_LEN, .handle = names_on_list},
};

static const struct sk_method peer_methods[] = {
    PROC_METHODS,
    {.label = NAMES_CONNECT, .min_len = NAMES_LEN, .handles = 1, .handle = names_on_peer_connect},
};

static bool set_up(struct init *in)
{
    memset(in, 0, sizeof *in);
    in->start = sk_self()->start;
    const void *table = (const void *)(uintptr_t)in->start->system_addr;
    if (manifest_open(&in->manifest, table) != SK_OK) {
        sk_log("no system table\n");
        return false;
    }
    room_count(in, &in->room);
    if (!room_take(in))
        return false;
    sk_loop_init(&in->loop, in->client, in->room.clients, in);
    in->task_server.methods = task_methods;
    in->task_server.method_count = sizeof task_methods / sizeof task_methods[0];
    in->task_server.on_close = on_close;
    in->peer_server.methods = peer_methods;
    in->peer_server.method_count = sizeof peer_methods / sizeof peer_methods[0];
    in->peer_server.on_close = on_close;
    sk_serve_port(&in->loop, &in->task_server, SK_HANDLE_NONE, 0);
    sk_serve_port(&in->loop, &in->peer_server, in->start->core_port, SK_EV_CORE_PORT);
    in->task_event = (struct sk_loop_event){.bit = SK_EV_TASK, .fn = task_some_ended};
    sk_loop_on_event(&in->loop, &in->task_event);
    in->core_event = (struct sk_loop_event){.bit = SK_EVENT_CORES, .fn = cores_changed};
    sk_loop_on_event(&in->loop, &in->core_event);
    return true;
}

int main(int argc, char **argv)
{
    struct init in;
    (void)argc, (void)argv;
    if (!set_up(&in))
        return 1;
    if (in.start->core == 0)
        cores_boot(&in);
    boot_programs(&in);
    sk_loop_run(&in.loop);
    return 0;
}
