/* Time: the board's clock of 32 bits, extended here; SysTick, 24 bits, counts to the next deadline.
 * It is never off: at the latest it comes in time to see that the clock's low half went round.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "armv8m.h"
#include "cpu.h"
#include "machine.h"

#define MOST_NS (SYST_MOST * BOARD_TICK_NS)

sk_ns port_now(struct port_cpu *cpu)
{
    uint32_t ticks = board_ticks();
    cpu->now_ns += (uint64_t)(ticks - cpu->ticks) * BOARD_TICK_NS;
    cpu->ticks = ticks;
    return cpu->now_ns;
}

static void count(uint32_t ticks)
{
    mmio_write32(SYST_RVR, ticks);
    mmio_write32(SYST_CVR, 0);
}

void port_timer_set(struct port_cpu *cpu, sk_ns when_ns)
{
    sk_ns now = port_now(cpu);
    cpu->timer_ns = when_ns;
    if (when_ns <= now)
        mmio_write32(SCB_ICSR, ICSR_SYSTICK_SET);
    else if (when_ns - now >= MOST_NS)
        count(SYST_MOST);
    else
        count((uint32_t)(when_ns - now) / BOARD_TICK_NS + 1u); /* never early */
}

void clock_start(struct port_cpu *cpu, uint32_t ticks, sk_ns now_ns)
{
    cpu->ticks = ticks;
    cpu->now_ns = now_ns;
    port_timer_set(cpu, SK_FOREVER);
    mmio_write32(SYST_CSR, SYST_ENABLE);
}

struct port_task *clock_fired(struct port_cpu *cpu)
{
    if (cpu->timer_ns <= port_now(cpu)) {
        cpu->timer_ns = SK_FOREVER;
        count(SYST_MOST);
        return kern_timer(cpu->k);
    }
    port_timer_set(cpu, cpu->timer_ns);
    return (uintptr_t)cpu->running == RUNNING_IDLE ? NULL : cpu->running;
}
