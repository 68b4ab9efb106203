/* Ends whose peer has gone, in states that the torture has found to be told apart badly.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "area.h"

/* No room in the ring, and nobody will make any: also a message with handles is told so. */
static void test_full_ring_to_a_dead_end(void **state)
{
    struct sk_chan a, b;
    sk_handle far, region;
    (void)state;
    ASSERT_OK(sk_chan_create(&a, &far, SK_EV_CHAN));
    ASSERT_OK(sk_chan_open(&b, far, SK_EV_CHAN));
    ASSERT_OK(sys_region_create(1, &region));
    struct sk_out out = {.label = 1};
    for (uint32_t i = 0; i < SK_CHAN_SLOTS; i++)
        ASSERT_OK(sk_send_try(&a, &out));
    out.handles = 1;
    out.handle = &region;
    assert_int_equal(sk_send_try(&a, &out), SK_ERR_FULL);
    sk_chan_close(&b);
    assert_int_equal(sk_send_try(&a, &out), SK_ERR_PEER_DEAD);
    assert_int_equal(sk_send_until(&a, &out, sk_in_ms(LONG_MS)), SK_ERR_PEER_DEAD);
    ASSERT_OK(sys_close(region)); /* it is here still */
    sk_chan_close(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"test_full_ring_to_a_dead_end", test_full_ring_to_a_dead_end, up_asym_threads,
         setting_down, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
