/* What the kernel tells an end of its peer: on this core, elsewhere, or the same task. Where rings
 * are mapped, in its status line.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel_calls.h"

static uint32_t peer_of(struct kern *k, struct task *t, sk_handle h)
{
    struct sk_handle_info info;
    EXPECT(CALL(k, t, INFO, h, user(2048)), SK_OK);
    memcpy(&info, fake_user + 2048, sizeof(info));
    const struct end *e = end_of(k, t, h);
    EXPECT(info.peer_self, e->self);
    assert_non_null(e->status);
    EXPECT(info.peer_self, e->status->same_core == SK_CHAN_SELF);
    EXPECT(e->status->peer_core, info.peer_core);
    return e->status->same_core;
}

/* Opened before the other end goes to another core: from then on that is where it is. */
static void an_end_hears_where_its_peer_went(void **state)
{
    (void)state;
    struct kern *k = fake_cpu[0].k;
    struct task *init = &k->tasks[0];
    sk_handle h[2], control = SK_HANDLE_MAKE(0, 1);
    make_chan(k, init, h);
    open_end(k, init, h[0], 1);
    EXPECT(peer_of(k, init, h[0]), SK_CHAN_SELF);
    EXPECT(CALL(k, init, CORE_CONNECT, control, 1, h[1], SK_FOREVER), CALL_BLOCKED);
    fake_settle();
    EXPECT(peer_of(k, init, h[0]), 0);
    EXPECT(end_of(k, init, h[0])->status->peer_core, 1);
}

static void both_ends_in_one_hand(void **state)
{
    (void)state;
    struct kern *k = fake_cpu[0].k;
    struct task *t = fake_task(k, "t");
    sk_handle h[2];
    make_chan(k, t, h);
    open_end(k, t, h[0], 1);
    open_end(k, t, h[1], 1);
    EXPECT(peer_of(k, t, h[0]), SK_CHAN_SELF);
    EXPECT(peer_of(k, t, h[1]), SK_CHAN_SELF);
    EXPECT(CALL(k, t, CLOSE, h[1]), SK_OK);
    EXPECT(peer_of(k, t, h[0]), 1);
    EXPECT(CALL(k, t, CLOSE, h[0]), SK_OK);
}

/* Through one's own port: already before it is accepted; and no more once another task has it. */
static void connected_to_oneself(void **state)
{
    (void)state;
    struct kern *k = fake_cpu[0].k;
    struct task *t = fake_task(k, "t"), *u = fake_task(k, "u");
    sk_handle h[2], carrier[2], theirs;
    EXPECT(CALL(k, t, PORT_CREATE, 2, 4), SK_OK);
    sk_handle port = (sk_handle)t->port.reg[1];
    make_chan(k, t, h);
    open_end(k, t, h[0], 1);
    EXPECT(CALL(k, t, PORT_CONNECT, port, h[1], 0), SK_OK);
    EXPECT(peer_of(k, t, h[0]), SK_CHAN_SELF);
    EXPECT(CALL(k, t, PORT_ACCEPT, port), SK_OK);
    h[1] = (sk_handle)t->port.reg[1];
    EXPECT(peer_of(k, t, h[0]), SK_CHAN_SELF);
    /* A channel to u, and the accepted end through it. */
    make_chan(k, t, carrier);
    struct handle *mine = &t->handles[SK_HANDLE_INDEX(carrier[1])];
    struct end *e = &k->ends[mine->index];
    handle_remove(k, t, mine);
    chan_end_disown(e);
    EXPECT(chan_end_adopt(k, u, e, &theirs), SK_OK);
    open_end(k, t, carrier[0], 1);
    EXPECT(peer_of(k, t, carrier[0]), 1);
    EXPECT(CALL(k, t, SEND_HANDLE, carrier[0], h[1], 0), SK_OK);
    EXPECT(peer_of(k, t, h[0]), 1);
    EXPECT(CALL(k, u, TAKE_HANDLE, theirs), SK_OK);
    EXPECT(peer_of(k, t, h[0]), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_end_hears_where_its_peer_went, setup3, teardown),
        cmocka_unit_test_setup_teardown(both_ends_in_one_hand, setup3, teardown),
        cmocka_unit_test_setup_teardown(connected_to_oneself, setup3, teardown),
    };
    return cmocka_run_group_tests_name("kernel_self", tests, NULL, NULL);
}
