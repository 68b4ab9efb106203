/* GICv3: the distributor for device interrupts, each core's redistributor for its timer, system
 * registers for the rest. One security state; all interrupts are group 1 (IRQ) and of one priority
 * but for the order to go off: group 0 (FIQ) and above all. After the boot kernel only set/clear
 * registers and routing words of one's own interrupts are written, so that kernels need no
 * agreement. Facts: Arm IHI 0069, programmers' model, interrupt grouping.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "cpu.h"
#include "arm64.h"
#include <mmio.h>

#define GICD_CTLR        0x0000u
#define GICD_TYPER       0x0004u
#define GICD_IGROUPR     0x0080u
#define GICD_ISENABLER   0x0100u
#define GICD_ICENABLER   0x0180u
#define GICD_ICPENDR     0x0280u
#define GICD_ICACTIVER   0x0380u
#define GICD_IPRIORITYR  0x0400u
#define GICD_IROUTER     0x6000u
#define CTLR_ENABLE_GRP0 (1u << 0)
#define CTLR_ENABLE_GRP1 (1u << 1)
#define CTLR_ARE         (1u << 4)
#define CTLR_RWP         (1u << 31)

#define GICR_TYPER 0x0008u
#define GICR_WAKER 0x0014u
#define GICR_SGI_FRAME                                                                             \
    0x10000u /* the registers of the private interrupts: as the distributor's                      \
              */
#define GICR_STRIDE  0x20000u
#define TYPER_LAST   (1u << 4)
#define WAKER_SLEEP  (1u << 1)
#define WAKER_ASLEEP (1u << 2)

#define DOORBELL_SGI 0u
#define FORCE_SGI    8u /* its byte is the first of a priority register */
#define SPI_FIRST    32u
#define SPI_LAST     1019u
#define NO_INTERRUPT 1020u /* and above: special numbers */
#define PRIORITIES   0xa0a0a0a0u
#define SPIN_LIMIT   100000u

static void wait_distributor(uintptr_t gicd)
{
    for (uint32_t n = 0; n < SPIN_LIMIT && (mmio_read32(gicd + GICD_CTLR) & CTLR_RWP); n++)
        __asm__ volatile("yield");
}

void gic_init_distributor(uintptr_t gicd)
{
    mmio_write32(gicd + GICD_CTLR, 0);
    wait_distributor(gicd);
    uint32_t words = (mmio_read32(gicd + GICD_TYPER) & 31u) + 1u; /* of 32 interrupts */
    for (uint32_t w = 1; w < words; w++) {
        mmio_write32(gicd + GICD_ICENABLER + 4u * w, ~0u);
        mmio_write32(gicd + GICD_IGROUPR + 4u * w, ~0u);
        for (uint32_t n = 0; n < 8; n++)
            mmio_write32(gicd + GICD_IPRIORITYR + 32u * w + 4u * n, PRIORITIES);
    }
    mmio_write32(gicd + GICD_CTLR, CTLR_ARE);
    mmio_write32(gicd + GICD_CTLR, CTLR_ARE | CTLR_ENABLE_GRP1 | CTLR_ENABLE_GRP0);
    wait_distributor(gicd);
}

uint64_t gic_find_redistributor(uintptr_t gicr, uint64_t bytes, uint64_t mpidr, uint64_t offset)
{
    uint32_t affinity = (uint32_t)((mpidr & 0xffffffu) | ((mpidr >> 8) & 0xff000000u));
    for (uint64_t at = 0; at + GICR_STRIDE <= bytes; at += GICR_STRIDE) {
        if (mmio_read32(gicr + at + GICR_TYPER + 4u) == affinity)
            return gicr + at - offset;
        if (mmio_read32(gicr + at + GICR_TYPER) & TYPER_LAST)
            break;
    }
    return 0;
}

/* The routing word of a device's interrupt: which core it comes to. */
static volatile uint64_t *route_of(uint32_t irq)
{
    return (volatile uint64_t *)(GICD_ADDR + GICD_IROUTER + 8u * (uint64_t)irq);
}

/* By the routing words: this kernel may be broken, or the next one on its core. */
void gic_release_devices(struct port_cpu *cpu)
{
    const struct sk_sys_header *sys = kernel_template.sys;
    for (uint32_t i = 0; i < sys->dev_count; i++) {
        uint32_t irq = system_dev(sys, i)->irq;
        if (irq < SPI_FIRST || irq > SPI_LAST || *route_of(irq) != machine.mpidr[cpu->core])
            continue;
        uint32_t bit = 1u << (irq % 32u), at = 4u * (irq / 32u);
        port_irq_disable(cpu, irq);
        mmio_write32(GICD_ADDR + GICD_ICACTIVER + at, bit);
        mmio_write32(GICD_ADDR + GICD_ICPENDR + at, bit);
    }
}

/* This core's private interrupts, from whatever an earlier kernel left: it may have ended between
 * an interrupt's acknowledgement and its end. */
static void init_private(uintptr_t sgi)
{
    mmio_write32(sgi + GICD_ICENABLER, ~0u);
    mmio_write32(sgi + GICD_ICPENDR, ~0u);
    mmio_write32(sgi + GICD_ICACTIVER, ~0u);
    mmio_write32(sgi + GICD_IGROUPR, ~(1u << FORCE_SGI));
    for (uint32_t n = 0; n < 8; n++)
        mmio_write32(sgi + GICD_IPRIORITYR + 4u * n,
                     n == FORCE_SGI / 4u ? PRIORITIES & ~0xffu : PRIORITIES);
    mmio_write32(sgi + GICD_ISENABLER,
                 1u << DOORBELL_SGI | 1u << FORCE_SGI | 1u << machine.timer_irq);
}

void gic_init_core(struct port_cpu *cpu)
{
    uintptr_t gicr = GICR_ADDR;
    mmio_write32(gicr + GICR_WAKER, mmio_read32(gicr + GICR_WAKER) & ~WAKER_SLEEP);
    for (uint32_t n = 0; n < SPIN_LIMIT && (mmio_read32(gicr + GICR_WAKER) & WAKER_ASLEEP); n++)
        __asm__ volatile("yield");
    init_private(gicr + GICR_SGI_FRAME);
    gic_release_devices(cpu);
    SYS_WRITE_X(ICC_SRE_EL1, SYS_READ_X(ICC_SRE_EL1) | 1u);
    isb();
    SYS_WRITE_X(ICC_PMR_EL1, 0xffu);
    SYS_WRITE_X(ICC_BPR0_EL1, 0u); /* the order comes through while another is active */
    SYS_WRITE_X(ICC_CTLR_EL1, 0u); /* one write ends an interrupt */
    SYS_WRITE_X(ICC_IGRPEN0_EL1, 1u);
    SYS_WRITE_X(ICC_IGRPEN1_EL1, 1u);
    isb();
    fiq_unmask();
}

/* Take the most urgent pending interrupt, if any, and enter the kernel with it. */
struct port_task *gic_dispatch(struct port_cpu *cpu, bool *any)
{
    uint32_t irq = (uint32_t)SYS_READ_X(ICC_IAR1_EL1) & 0xffffffu;
    *any = irq < NO_INTERRUPT;
    if (!*any)
        return cpu->loaded;
    if (irq == machine.timer_irq)
        timer_mask();
    else if (irq >= SPI_FIRST)
        port_irq_disable(cpu, irq);
    SYS_WRITE_X(ICC_EOIR1_EL1, irq);
    isb();
    if (irq == machine.timer_irq)
        return kern_timer(cpu->k);
    if (irq >= SPI_FIRST)
        return kern_irq(cpu->k, irq);
    return kern_doorbell(cpu->k);
}

/* ICC_SGI0R_EL1 or ICC_SGI1R_EL1: interrupt number sgi of one core. */
static uint64_t sgi_to(sk_core to, uint32_t sgi)
{
    uint64_t a = machine.mpidr[to];
    uint64_t aff0 = a & 0xffu;
    uint64_t value = (uint64_t)1 << (aff0 & 15u);                  /* target list */
    value |= ((a >> 8) & 0xffu) << 16 | ((a >> 16) & 0xffu) << 32; /* Aff1, Aff2 */
    value |= (aff0 >> 4) << 44 | ((a >> 32) & 0xffu) << 48;        /* range, Aff3 */
    return value | (uint64_t)sgi << 24;
}

void port_doorbell(struct port_cpu *cpu, sk_core to)
{
    (void)cpu;
    dsb_ishst(); /* what the bell is about, before the bell */
    SYS_WRITE_X(ICC_SGI1R_EL1, sgi_to(to, DOORBELL_SGI));
    isb();
}

sk_err port_core_force_off(struct port_cpu *cpu, sk_core core)
{
    if (core >= machine.cores || core == cpu->core)
        return SK_ERR_STATE;
    dsb_ishst();
    SYS_WRITE_X(ICC_SGI0R_EL1, sgi_to(core, FORCE_SGI));
    isb();
    return SK_OK;
}

sk_err port_irq_enable(struct port_cpu *cpu, uint32_t irq)
{
    if (irq < SPI_FIRST || irq > SPI_LAST)
        return SK_ERR_ARG;
    *route_of(irq) = machine.mpidr[cpu->core];
    mmio_write32(GICD_ADDR + GICD_ISENABLER + 4u * (irq / 32u), 1u << (irq % 32u));
    return SK_OK;
}

void port_irq_disable(struct port_cpu *cpu, uint32_t irq)
{
    (void)cpu;
    if (irq < SPI_FIRST || irq > SPI_LAST)
        return;
    mmio_write32(GICD_ADDR + GICD_ICENABLER + 4u * (irq / 32u), 1u << (irq % 32u));
    wait_distributor(GICD_ADDR);
}
