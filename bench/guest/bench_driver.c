/* A driver as small as one can be: it owns a timer and waits for its interrupts. The region that is
 * measured begins in the kernel, at the vector, and ends at the first instruction here. The core is
 * asleep when an interrupt comes.
 * Facts: Arm Cortex-M System Design Kit Technical Reference Manual, DDI 0479, chapter 4, "APB
 * timer": it counts down to zero, raises its interrupt, and begins again from the reload value.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/self.h"
#include "regions.h"

#include <mmio.h>

#define CTRL        0x0u
#define VALUE       0x4u
#define RELOAD      0x8u
#define INT_CLEAR   0xcu
#define CTRL_ON     0x9u /* count, with interrupt */
#define TICKS       40000u
#define ROUNDS      100u
#define WARM_ROUNDS 5u
#define PATIENCE_MS 1000u

int main(void)
{
    uintptr_t timer;
    uint32_t events;
    uint64_t ready;
    sk_handle device = sk_self()->start->device[0];
    if (sys_dev_map(device, &timer) != SK_OK || sys_irq_bind(device, SK_EV_IRQ) != SK_OK)
        return 1;
    mmio_write32(timer + RELOAD, TICKS);
    mmio_write32(timer + VALUE, TICKS);
    mmio_write32(timer + CTRL, CTRL_ON);
    for (unsigned i = 0; i < WARM_ROUNDS + ROUNDS; i++) {
        sk_ns deadline = sk_in_ms(PATIENCE_MS);
        sk_err err = sys_wait(1u << SK_EV_IRQ, deadline, &events, &ready);
        if (i >= WARM_ROUNDS)
            MARKER_END(REGION_IRQ);
        if (err != SK_OK)
            return 2;
        mmio_write32(timer + INT_CLEAR, 1);
        if (sys_irq_ack(device) != SK_OK)
            return 3;
    }
    mmio_write32(timer + CTRL, 0);
    return 0;
}
