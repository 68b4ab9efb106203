/* The processor of this core, set to what the kernel wants from whatever it was: reset, or a kernel
 * that was forced to begin again.
 * Facts: Armv8-M Architecture Reference Manual DDI 0553, D1.2; B5 (MPU); Cortex-M33 TRM 100230.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "armv8m.h"
#include "cpu.h"
#include "machine.h"

#define NVIC_WORDS ((BOARD_IRQS + 31u) / 32u)

/* SHCSR: the exception of each bit that says "active". */
static const uint8_t active_exception[12] = {4, 5, 3, 6, 7, 2, 0, 11, 12, 0, 14, 15};

uint32_t processor_below(void)
{
    uint32_t self = ipsr();
    uint32_t active = mmio_read32(SCB_SHCSR) & SHCSR_ACTIVE;
    for (uint32_t bit = 0; bit < sizeof(active_exception); bit++)
        if ((active & 1u << bit) && active_exception[bit] != self)
            return active_exception[bit];
    for (uint32_t w = 0; w < NVIC_WORDS; w++) {
        uint32_t irqs = mmio_read32(NVIC_IABR + 4u * w);
        while (irqs != 0) {
            uint32_t exception = 16u + 32u * w + (uint32_t)__builtin_ctz(irqs);
            if (exception != self)
                return exception;
            irqs &= irqs - 1u;
        }
    }
    return 0;
}

static void reset_interrupts(void)
{
    mmio_write32(SYST_CSR, 0);
    for (uint32_t w = 0; w < NVIC_WORDS; w++) {
        mmio_write32(NVIC_ICER + 4u * w, ~0u);
        mmio_write32(NVIC_ICPR + 4u * w, ~0u);
    }
    mmio_write32(SCB_ICSR, ICSR_PENDSV_CLR | ICSR_SYSTICK_CLR);
    mmio_write32(SCB_SHCSR, SHCSR_ENABLE); /* nothing is active but this code, nothing pending */
    mmio_write32(SCB_CFSR, ~0u);
    mmio_write32(SCB_HFSR, ~0u);
    mmio_write32(SAU_SFSR, ~0u);
}

static uint8_t set_priorities(void)
{
    mmio_write32(NVIC_IPR, ~0u);
    uint8_t bits = (uint8_t)__builtin_popcount(mmio_read32(NVIC_IPR) & 0xffu);
    for (uint32_t i = 0; i < BOARD_IRQS; i += 4u)
        mmio_write32(NVIC_IPR + i, PRIO_KERNEL * 0x01010101u);
    *(volatile uint8_t *)(NVIC_IPR + BOARD_IRQ_MHU1) = PRIO_FORCE;
    mmio_write32(SCB_SHPR1, PRIO_FAULT * 0x01010101u);
    mmio_write32(SCB_SHPR2, (uint32_t)PRIO_KERNEL << 24);
    mmio_write32(SCB_SHPR3, PRIO_FAULT | PRIO_KERNEL << 16 | (uint32_t)PRIO_KERNEL << 24);
    return bits;
}

/* Tasks may use the unit; a frame has its registers only if the task had used them, and they are
 * stored at once, not lazily: what cannot be stored is then the fault of the task that runs. */
static bool set_fpu(void)
{
    mmio_write32(SCB_CPACR, CPACR_FP);
    dsb();
    isb();
    if (mmio_read32(SCB_CPACR) != CPACR_FP || !(mmio_read32(FPU_MVFR0) & MVFR0_SINGLE))
        return false;
    mmio_write32(FPU_FPCCR, FPCCR_AUTOMATIC);
    isb();
    fp_forget();
    return true;
}

static uint8_t set_mpu(void)
{
    uint8_t regions = (uint8_t)(mmio_read32(MPU_TYPE) >> 8);
    mmio_write32(MPU_CTRL, 0);
    for (uint32_t i = 0; i < regions; i++) {
        mmio_write32(MPU_RNR, i);
        mmio_write32(MPU_RLAR, 0);
    }
    mmio_write32(MPU_MAIR0, MAIR_VALUE);
    mmio_write32(MPU_CTRL, MPU_ON);
    return regions;
}

void processor_init(struct port_cpu *cpu, struct core_record *record)
{
    mmio_write32(SCB_VTOR, (uint32_t)vectors);
    reset_interrupts();
    record->priority_bits = set_priorities();
    record->mpu_regions = set_mpu();
    cpu->has_fpu = set_fpu();
    record->hw_id = board_core();
    record->features = cpu->has_fpu ? CORE_HAS_FPU : 0u;
    /* A branch to the other security state has nowhere to go; it is to fail as the task's. */
    reg_write(control_ns, 3);
    board_force_clear();
    board_bell_clear();
    mmio_write32(NVIC_ISER, 1u << BOARD_IRQ_MHU0 | 1u << BOARD_IRQ_MHU1);
    dsb();
    isb();
}
