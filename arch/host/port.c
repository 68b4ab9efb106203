/* The rest of port.h on the simulated machine: clock, doorbells, cores, interrupts, halting.
 * Doorbells arrive after a while that the seed chooses, and coalesce until then.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "arch/host/sim.h"
#include "arch/host/history.h"

#include <stdio.h>
#include <string.h>

sk_ns port_now(struct port_cpu *cpu)
{
    (void)cpu;
    return sim.now;
}

void port_timer_set(struct port_cpu *cpu, sk_ns when_ns)
{
    cpu->timer_ns = when_ns;
}

void port_doorbell(struct port_cpu *cpu, sk_core to)
{
    (void)cpu;
    sim_step();
    if (to >= sim.cores || sim.cpu[to].mode == CORE_OFF || sim.cpu[to].mode == CORE_HALTED)
        return;
    history_add(HISTORY_RING, to, 0, 0);
    uint32_t bells = sim.window ? sim.faults.bells : 0;
    if (bells != 0 && sim_random_below(bells) == 0)
        return;
    if (sim.opt.plan.lost_bell != 0 && sim_random_below(sim.opt.plan.lost_bell) == 0)
        return;
    struct port_cpu *peer = &sim.cpu[to];
    if (!peer->bell)
        peer->bell_ns =
            sim.now + sim_random_below(bells != 0 && sim_random_below(bells) == 0 ? 8000000 : 2000);
    peer->bell = true;
}

sk_err port_core_start(struct port_cpu *cpu, sk_core to, uint32_t epoch)
{
    if (to >= sim.cores)
        return SK_ERR_NOT_FOUND;
    struct port_cpu *peer = &sim.cpu[to];
    if (epoch <= peer->epoch || !port_core_off(cpu, to))
        return SK_ERR_STATE;
    peer->parent = cpu->core;
    peer->epoch = epoch;
    sim_core_start(peer);
    return SK_OK;
}

bool port_core_off(struct port_cpu *cpu, sk_core core)
{
    (void)cpu;
    sim_step();
    if (core >= sim.cores || (sim.cpu[core].mode != CORE_OFF && sim.cpu[core].mode != CORE_HALTED))
        return false;
    sim.cpu[core].seen_off = true;
    return true;
}

sk_err port_core_force_off(struct port_cpu *cpu, sk_core core)
{
    if (port_core_off(cpu, core))
        return SK_OK;
    if (sim.opt.no_force)
        return SK_ERR_STATE;
    sim.cpu[core].ordered = true;
    if (sim.cpu[core].off_ns == SK_FOREVER)
        sim.cpu[core].off_ns = sim.now + sim_random_below(20000);
    return SK_OK;
}

struct sk_crash *port_crash_record(struct port_cpu *cpu, sk_core core)
{
    (void)cpu;
    return core < SK_CORES_MAX ? &sim.crash[core] : NULL;
}

struct sk_link *port_link(struct port_cpu *cpu, sk_core from, sk_core to)
{
    if (from >= SK_CORES_MAX || to >= SK_CORES_MAX || (from != cpu->core && to != cpu->core))
        sim_fail("core %u asks for the link page %u -> %u", cpu->core, from, to);
    return sim_link(from, to);
}

_Noreturn void port_halt(struct port_cpu *cpu)
{
    bool panic = sim.crash[cpu->core].cause == SK_CRASH_PANIC;
    /* An init that does not get its tables says so and ends, and the core with it. */
    if (cpu->starved && strcmp(sim.crash[cpu->core].reason, "init ended") == 0)
        cpu->lost = true;
    sim.panics += panic;
    if (panic && !sim.opt.allow_panic && !cpu->lost && !cpu->doubted)
        sim_fail("the kernel of core %u panicked", cpu->core);
    cpu->mode = CORE_HALTED;
    cpu->off_ns = SK_FOREVER; /* what is off takes no interrupt any more */
    sim_memory_end(cpu);
    sim_core_leave_for_good();
}

_Noreturn void port_hang(struct port_cpu *cpu)
{
    cpu->mode = CORE_HUNG;
    sim_core_leave_for_good();
}

_Noreturn void port_power_off(struct port_cpu *cpu, uint32_t status)
{
    (void)cpu;
    sim.status = status;
    sim_finish(SIM_POWER_OFF);
}

void port_console_write(struct port_cpu *cpu, const char *text, size_t len)
{
    (void)cpu;
    uart_early(text, len);
}

uint32_t port_device_access(struct port_cpu *cpu, uint32_t index, sk_paddr base, uint32_t offset,
                            bool write, uint32_t value)
{
    (void)cpu;
    (void)base;
    uint32_t *reg = &sim.device_reg[index][offset / 4u % SIM_DEVICE_REGS];
    sim_step();
    if (write)
        *reg = value;
    return *reg;
}

sk_err port_irq_enable(struct port_cpu *cpu, uint32_t irq)
{
    return uart_irq_route(cpu->core, irq, true);
}

void port_irq_disable(struct port_cpu *cpu, uint32_t irq)
{
    uart_irq_route(cpu->core, irq, false);
}

void port_fork_stats(struct port_cpu *cpu, uint32_t *shared, uint32_t *copied, uint32_t *fresh)
{
    *shared = (uint32_t)((sim.archive_bytes + SK_PAGE_BYTES - 1u) / SK_PAGE_BYTES);
    *copied = (uint32_t)((sizeof(struct template) + SK_PAGE_BYTES - 1u) / SK_PAGE_BYTES);
    *fresh = cpu->kern_pages + SIM_KERNEL_STACK / SK_PAGE_BYTES;
}
