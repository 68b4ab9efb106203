/* The generic timer: the virtual counter is the machine's global clock, its comparator this core's
 * timer. Nanoseconds by a 32-bit fixed-point factor, exact where the frequency divides 10^9.
 * Facts: Arm ARM DDI 0487, the generic timer.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "cpu.h"
#include "arm64.h"

#define NS_IN_S        ((uint64_t)1000000000)
#define CTL_ENABLE     1u
#define CTL_MASK       2u
#define EL0_READS_CNTV 2u

/* a * b >> 32 */
static uint64_t scale(uint64_t a, uint64_t b)
{
    uint64_t high;
    __asm__("umulh %0, %1, %2" : "=r"(high) : "r"(a), "r"(b));
    return high << 32 | (a * b) >> 32;
}

void timer_init(struct port_cpu *cpu)
{
    uint64_t hz = SYS_READ(cntfrq_el0);
    cpu->ticks_mult = (NS_IN_S << 32) / hz;
    cpu->ns_mult = (hz << 32) / NS_IN_S + 1u;
    SYS_WRITE(cntkctl_el1, EL0_READS_CNTV);
    SYS_WRITE(cntv_ctl_el0, 0);
    isb();
}

void timer_mask(void)
{
    SYS_WRITE(cntv_ctl_el0, CTL_ENABLE | CTL_MASK);
    isb();
}

sk_ns port_now(struct port_cpu *cpu)
{
    isb(); /* not a value from before the instructions above */
    return scale(SYS_READ(cntvct_el0), cpu->ticks_mult);
}

void port_timer_set(struct port_cpu *cpu, sk_ns when_ns)
{
    if (when_ns >= (sk_ns)1 << 63) {
        SYS_WRITE(cntv_ctl_el0, 0);
        return;
    }
    SYS_WRITE(cntv_cval_el0, scale(when_ns, cpu->ns_mult) + 1u); /* never early */
    SYS_WRITE(cntv_ctl_el0, CTL_ENABLE);
}
