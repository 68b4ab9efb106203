/* The example of docs/linux.md: an area, a service in a process of its own, found by name, called.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/loop.h"
#include "lib/names.h"
#include <skerry_linux.h>
#include <stdio.h>

enum { ADD = 1, STOP };

static sk_err on_add(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                     struct sk_answer *answer)
{
    (void)loop, (void)client;
    answer->w64[0] = in->w64[0] + in->w64[1];
    answer->len = 8;
    return SK_OK;
}

static sk_err on_stop(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                      struct sk_answer *answer)
{
    (void)client, (void)in, (void)answer;
    sk_loop_stop(loop);
    return SK_OK;
}

/* The service: a task in a process of its own. */
static int serve(void *arg)
{
    static const struct sk_method methods[] = {
        {.label = ADD, .min_len = 16, .handle = on_add}, /* shorter ones are refused for it */
        {.label = STOP, .handle = on_stop},
    };
    static struct sk_client clients[16];
    static struct sk_loop loop;
    static struct sk_server server = {.methods = methods, .method_count = 2};
    (void)arg;
    sk_loop_init(&loop, clients, 16, NULL);
    if (sk_serve(&loop, &server, SK_EV_PORT, 8) != SK_OK ||
        names_register("adder", server.port) != SK_OK)
        return 1;
    sk_loop_run(&loop);
    return 0;
}

static int names(void *arg)
{
    (void)arg;
    return sk_linux_serve_names() == SK_OK ? 0 : 1;
}

int main(void)
{
    struct sk_linux_area *area;
    struct sk_linux_child name_service, adder;
    struct sk_chan chan;
    uint64_t numbers[2] = {40, 2}, sum = 0;
    int32_t status = -1;

    if (sk_linux_create(NULL, &area) != SK_OK || sk_linux_task_begin(area, NULL) != SK_OK ||
        sk_linux_start_process(area, NULL, names, NULL, &name_service) != SK_OK ||
        sk_linux_start_process(area, NULL, serve, NULL, &adder) != SK_OK)
        return 1;
    /* Waits for the name, if it is not there yet. */
    sk_err err = names_connect("adder", sk_in_ms(5000), &chan);
    if (err == SK_OK)
        err = sk_call(&chan, ADD, numbers, sizeof numbers, &sum, sizeof sum, NULL, sk_in_ms(5000));
    printf("%s: 40 + 2 = %u\n", sk_err_text(err), (unsigned)sum);
    if (err == SK_OK)
        err = sk_call(&chan, STOP, NULL, 0, NULL, 0, NULL, sk_in_ms(5000));
    if (sk_linux_await(&adder, sk_in_ms(5000), &status) == SK_OK && status == 0)
        err = sk_call(&chan, ADD, numbers, sizeof numbers, &sum, sizeof sum, NULL, sk_in_ms(5000));
    printf("and when it has ended: %s\n", sk_err_text(err));
    sk_linux_set_events(area, name_service.tid, 1u << SK_LINUX_EV_STOP);
    status = sk_linux_await(&name_service, sk_in_ms(5000), &status) == SK_OK ? status : -1;
    sk_linux_task_end(0);
    return sum == 42 && err == SK_ERR_PEER_DEAD && status == 0 ? 0 : 1;
}
