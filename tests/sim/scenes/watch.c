/* A name is watched: the watcher waits for a service that comes later, sees it come and uses it,
 * and sees that the name is gone with it.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/sim/scenes/stand.h"

#define SERVICE 0

static sk_err on_call(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                      struct sk_answer *answer)
{
    (void)client, (void)in, (void)answer;
    sk_loop_stop(loop); /* after this answer it ends */
    return SK_OK;
}

static int serve(void)
{
    static const struct sk_method methods[] = {{.label = 1, .min_len = 8, .handle = on_call}};
    sk_sleep_until(sk_in_ms(3)); /* who watches comes first */
    return stand_serve("late", SERVICE, methods, 1, NULL);
}

static int watch(void)
{
    struct sk_chan chan;
    struct sk_in in;
    sk_ns until = sk_in_ms(STAND_MS);
    if (W_TOLD(names_wait("late", until), SK_TID_NONE, until) != SK_OK)
        return 1;
    W_CHECK(witness.born[SERVICE] == 1);
    if (stand_connect("late", &chan) != SK_OK)
        return 1;
    stand_call(&chan, 1, 0, NULL, &in, witness.tid[SERVICE]);
    sk_chan_close(&chan);
    /* It ends now, and its name with it. */
    uint32_t index = 0;
    struct names_entry entry;
    sk_err err = SK_OK;
    for (uint32_t n = 0; n < 50 && err == SK_OK; n++, index = 0) {
        sk_sleep_until(sk_in_ms(10));
        err = names_list("late", &index, &entry);
    }
    W_CHECK(err != SK_OK);
    return 0;
}

int main(int argc, char **argv)
{
    (void)argc;
    return strcmp(argv[0], "watch_service") == 0 ? serve() : watch();
}
