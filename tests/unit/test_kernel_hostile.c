/* A kernel that speaks the links' language and lies: about channels that are none of its business.
 * What tests/fuzz/fuzz_link.c has found. Core 0 and 1 are honest, core 2 is not.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel_calls.h"

/* Channels 0 -> 1, which must not suffer, and 2 -> 1: so that there is a link. */
struct three {
    struct kern *k0, *k1, *k2;
    struct task *a, *b;
    sk_handle near, far;
};

static struct three three(void)
{
    struct three t = {.k0 = fake_cpu[0].k, .k1 = fake_cpu[1].k, .k2 = fake_cpu[2].k};
    sk_handle other;
    t.a = &t.k0->tasks[0];
    t.b = &t.k1->tasks[0];
    t.far = connect_inits(t.k0, t.k1, &t.near);
    connect_inits(t.k2, t.k1, &other);
    return t;
}

/* Core 2 asks core 1 for it; the link does not survive that. */
static void expect_refused(struct three *t, uint16_t label, const void *body, size_t bytes)
{
    struct sk_msg m = {.label = label, .token = 0x8000};
    memcpy(m.bytes, body, bytes);
    link_request(t->k2, &t->k2->link[1], &m);
    fake_settle();
    EXPECT(t->k1->link[2].state, LINK_DOWN);
}

/* The channel between 0 and 1 still is one, and ends as one: nothing is left of it. */
static void expect_whole(struct three *t)
{
    open_end(t->k0, t->a, t->near, 1);
    open_end(t->k1, t->b, t->far, 2);
    EXPECT(CALL(t->k0, t->a, WAKE, t->near), SK_OK);
    EXPECT(CALL(t->k1, t->b, WAKE, t->far), SK_OK);
    EXPECT(CALL(t->k1, t->b, CLOSE, t->far), SK_OK);
    fake_settle();
    EXPECT(CALL(t->k0, t->a, WAKE, t->near), SK_ERR_PEER_DEAD);
    EXPECT(CALL(t->k0, t->a, CLOSE, t->near), SK_OK);
    fake_settle();
    EXPECT(t->k0->stats.ends, 0);
    EXPECT(t->k0->stats.chans, 0);
}

/* Only a channel's home may say where an end's peer lives. It was believed from anybody: the far
 * end's answer to a close then went elsewhere, and the near end waited for it for ever. */
static void test_repeer_by_a_stranger(void **state)
{
    (void)state;
    struct three t = three();
    const struct end *e = end_of(t.k1, t.b, t.far);
    struct sk_link_repeer lie = {
        .index = e->index, .gen = e->gen, .core = 2, .peer_index = 3, .peer_gen = GEN_FIRST(1)};
    expect_refused(&t, SK_LINK_REPEER, &lie, sizeof(lie));
    EXPECT(e->peer.core, 0);
    expect_whole(&t);
}

/* A new end cannot claim an end of another channel as its peer: closing it would close that one. */
static void test_give_with_a_strangers_end_as_peer(void **state)
{
    (void)state;
    struct three t = three();
    const struct end *e = end_of(t.k1, t.b, t.far);
    struct sk_link_give lie = {.dest = {.kind = SK_TO_CORE_PORT},
                               .kind = SK_KIND_CHAN,
                               .index = 5,
                               .gen = GEN_FIRST(1),
                               .slots = 8,
                               .paddr = (uintptr_t)fake_cpu[2].ram,
                               .epoch = 1,
                               .home = 2,
                               .peer_core = 1,
                               .peer_index = e->index,
                               .peer_gen = e->gen};
    expect_refused(&t, SK_LINK_GIVE, &lie, sizeof(lie));
    expect_whole(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_repeer_by_a_stranger, setup3, teardown),
        cmocka_unit_test_setup_teardown(test_give_with_a_strangers_end_as_peer, setup3, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
