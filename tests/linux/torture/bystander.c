/* See torture.h: a process that answers questions, whoever dies beside it; its watchers clear up
 * after the dead like those of the survivor. SPDX-License-Identifier: BSD-2-Clause */
#include "torture.h"

static int serve(void *arg)
{
    struct sk_chan c;
    struct sk_in in;
    (void)arg;
    sk_linux_spin(0);
    if (sk_chan_open(&c, sk_linux_given(0), SK_EV_CHAN) != SK_OK)
        return 1;
    for (;;) {
        sk_err err = sk_recv_until(&c, &in, SK_FOREVER);
        if (err != SK_OK)
            return err == SK_ERR_PEER_DEAD ? 0 : 2;
        uint32_t answer = answer_to(1, in.w32[0]);
        if (sk_reply(&c, in.token, SK_OK, &answer, 4, NULL, 0, NULL) == SK_ERR_FULL)
            return 3;
    }
}

bool bystander_begin(struct bystander *b, struct sk_linux_area *area)
{
    sk_handle far;
    if (sk_chan_create(&b->chan, &far, SK_EV_CHAN) != SK_OK)
        return false;
    struct sk_linux_task how = {.name = "bystander", .handles = 16, .give = &far, .give_count = 1};
    b->points->watchers = 1;
    b->points->at = 0;
    points_of_next(b->points);
    sk_err err = b->threads ? sk_linux_start_thread(area, &how, serve, NULL, &b->child)
                            : sk_linux_start_process(area, &how, serve, NULL, &b->child);
    points_of_next(NULL);
    return err == SK_OK;
}

bool bystander_serves(struct bystander *b)
{
    uint32_t answer = 0, got, number = b->number++;
    return sk_call(&b->chan, 1, &number, 4, &answer, 4, &got, sk_in_ms(patience_ms)) == SK_OK &&
           got == 4 && answer == answer_to(1, number);
}

bool bystander_end(struct bystander *b)
{
    int32_t status;
    sk_err err = sk_linux_await(&b->child, sk_in_ms(patience_ms), &status);
    sk_chan_close(&b->chan);
    return err == SK_OK;
}

static int serve_names(void *arg)
{
    (void)arg;
    sk_linux_spin(0);
    return sk_linux_serve_names();
}

bool names_begin(struct bystander *b, struct sk_linux_area *area)
{
    struct sk_linux_task how = {.name = "names"};
    uint32_t at = 0;
    struct names_entry entry;
    sk_err err = b->threads ? sk_linux_start_thread(area, &how, serve_names, NULL, &b->child)
                            : sk_linux_start_process(area, &how, serve_names, NULL, &b->child);
    return err == SK_OK && names_list("", &at, &entry) == SK_ERR_NOT_FOUND;
}
