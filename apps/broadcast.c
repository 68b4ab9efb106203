/* One sender, many receivers: `broadcast [COUNT [FIRST]]` waits until FIRST of `listen` have come
 * (1 if not said), then sends COUNT messages to all who are there.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "apps/broadcast.h"
#include "lib/cast.h"
#include "lib/loop.h"
#include "lib/names.h"

#include <stdio.h>
#include <stdlib.h>

#define RECEIVERS 8u
#define KEEP      4u
#define WAIT_MS   20u /* for receivers of policy wait, each message at most */
#define FLUSH_MS  2000u
#define BIT_CAST  SK_EV_FREE

struct sender {
    struct sk_loop loop;
    struct sk_server server;
    struct sk_client clients[RECEIVERS];
    struct sk_cast cast;
    struct sk_cast_member member[RECEIVERS];
    struct sk_shape_msg keep[RECEIVERS * KEEP];
    struct sk_timer timer;
    struct sk_loop_event event;
    uint64_t count, sent;
    uint32_t first; /* so many have yet to come */
    uint32_t missed, left;
};

static sk_err on_subscribe(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                           struct sk_answer *answer)
{
    struct sender *s = loop->user;
    (void)client, (void)answer;
    sk_err err = sk_cast_add(&s->cast, in->handle[0], in->w32[0], NULL);
    if (err != SK_OK)
        return err;
    in->handle[0] = SK_HANDLE_NONE; /* taken */
    if (s->first != 0 && --s->first == 0)
        sk_timer_set(loop, &s->timer, sk_in_ms(2));
    return SK_OK;
}

static void on_timer(struct sk_loop *loop, struct sk_timer *timer)
{
    struct sender *s = loop->user;
    struct sk_cast_result result;
    s->sent++;
    (void)sk_cast_send(&s->cast, 0, &s->sent, sizeof(s->sent), sk_in_ms(WAIT_MS), &result);
    s->missed += result.missed;
    if (s->sent == s->count)
        sk_loop_stop(loop);
    else
        sk_timer_set(loop, timer, s->sent % 4 == 0 ? sk_in_ms(1) : 0);
}

static void on_room(struct sk_loop *loop, void *user)
{
    struct sender *s = user;
    (void)loop;
    (void)sk_cast_pump(&s->cast);
}

static void on_leave(struct sk_cast *cast, struct sk_cast_member *member, sk_err why)
{
    struct sender *s = cast->user;
    (void)member, (void)why;
    s->left++;
}

int main(int argc, char **argv)
{
    static const struct sk_method methods[] = {{BROADCAST_SUBSCRIBE, 4, 1, false, on_subscribe}};
    struct sender state = {0}, *s = &state;
    s->count = argc > 1 ? strtoul(argv[1], NULL, 10) : 200;
    s->first = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1;
    sk_loop_init(&s->loop, s->clients, RECEIVERS, s);
    sk_cast_init(&s->cast, s->member, RECEIVERS, s->keep, KEEP, BIT_CAST);
    s->cast.on_leave = on_leave;
    s->cast.user = s;
    s->server.methods = methods;
    s->server.method_count = 1;
    s->timer.fn = on_timer;
    s->event = (struct sk_loop_event){.bit = BIT_CAST, .fn = on_room, .user = s};
    sk_loop_on_event(&s->loop, &s->event);
    sk_err err = sk_serve(&s->loop, &s->server, SK_EV_PORT, RECEIVERS);
    if (err == SK_OK)
        err = names_register(BROADCAST_NAME, s->server.port);
    if (err != SK_OK) {
        printf("broadcast: %s\n", sk_err_text(err));
        return 1;
    }
    sk_loop_run(&s->loop);
    err = sk_cast_flush_until(&s->cast, sk_in_ms(FLUSH_MS));
    sk_cast_end(&s->cast);
    printf("broadcast: %llu sent, %u times without room in time, %u receivers left: %s\n",
           (unsigned long long)s->sent, (unsigned)s->missed, (unsigned)s->left, sk_err_text(err));
    return err == SK_OK ? 0 : 1;
}
