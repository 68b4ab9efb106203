/* A core begins anew at each step of a handover, and then another: nothing is left anywhere.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "restart_machine.h"

/* One delivery of a doorbell, to the cores in turn; false: there was none. */
static bool deliver_one(void)
{
    for (int c = 0; c < FAKE_CORES; c++) {
        struct port_cpu *cpu = &fake_cpu[c];
        if (cpu->ram == NULL || !cpu->bell)
            continue;
        cpu->bell = false;
        kern_doorbell(cpu->k);
        return true;
    }
    return false;
}

static void close_all(sk_core core)
{
    struct task *t = init_of(core);
    while (CALL(fake_cpu[core].k, t, PORT_ACCEPT, PORT) == SK_OK)
        ;
    for (unsigned i = 2; i < t->handles_max; i++)
        if (t->handles[i].kind == SK_KIND_CHAN)
            close_end(core, SK_HANDLE_MAKE(i, t->handles[i].gen));
}

/* Up to n deliveries; how many are left. */
static int deliver(int n)
{
    while (n > 0 && deliver_one())
        n--;
    return n;
}

/* An end goes from its home over a broker to a third core, and its peer there too; after `steps`
 * deliveries a core begins anew, after `more` another (or the same). Nothing is left anywhere. */
static void handover(sk_core home, sk_core victim, sk_core second, int steps, int more)
{
    fake_free();
    fake_machine(3);
    sk_core to = (home + 1) % 3, third = (home + 2) % 3;
    struct task *t = init_of(to);
    sk_handle a, b, c, d, h[2];
    warm(0, 1);
    warm(0, 2);
    warm(1, 2);
    struct sk_stats before[3];
    for (sk_core core = 0; core < 3; core++)
        before[core] = gauges(fake_cpu[core].k);
    join(home, to, &a, &b);
    join(to, third, &c, &d);
    make_chan(fake_cpu[home].k, init_of(home), h);
    CALL(fake_cpu[home].k, init_of(home), SEND_HANDLE, a, h[1], SK_FOREVER);
    int left = deliver(steps);
    if (t->state == SK_TASK_READY && CALL(fake_cpu[to].k, t, TAKE_HANDLE, b) == SK_OK)
        CALL(fake_cpu[to].k, t, SEND_HANDLE, c, t->port.reg[1], SK_FOREVER);
    if (steps % 2 == 0)
        left = deliver(left);
    if (init_of(home)->state == SK_TASK_READY && steps % 3 != 0)
        CALL(fake_cpu[home].k, init_of(home), CORE_CONNECT, CONTROL, third, h[0], SK_FOREVER);
    deliver(left);
    fake_restart(victim);
    deliver(more);
    if (second != 0)
        fake_restart(second);
    fake_settle();
    for (sk_core core = 0; core < 3; core++) {
        EXPECT(init_of(core)->state, SK_TASK_READY);
        close_all(core);
    }
    fake_settle();
    for (sk_core core = 0; core < 3; core++) {
        struct sk_stats now = gauges(fake_cpu[core].k);
        if (core != victim && core != second)
            assert_same(now, before[core]);
        EXPECT(now.ends, 0);
        EXPECT(now.chans, 0);
        for (sk_core other = 0; other < 3; other++) /* nobody heard what it did not ask */
            EXPECT(fake_cpu[core].k->link[other].state == LINK_DOWN, false);
    }
}

static void test_anew_at_each_step_of_a_handover(void **state)
{
    (void)state;
    for (sk_core home = 0; home < 3; home++)
        for (sk_core victim = 1; victim < 3; victim++)
            for (int steps = 0; steps < 24; steps++) {
                handover(home, victim, 0, steps, 0);
                for (int more = 0; more < 6; more++) {
                    handover(home, victim, 1, steps, more);
                    handover(home, victim, 2, steps, more);
                }
            }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup3, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_anew_at_each_step_of_a_handover),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
