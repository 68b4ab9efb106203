/* mps2-an521: clock, doorbells, start of the second core, who may reach a device, early console.
 * Facts: see board.h. In the emulator a core that is out of CPUWAIT cannot be put back, so it is
 * forced by an interrupt.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "arch/armv8m/machine.h"
#include "kernel/template.h"
#include "drivers/cmsdk_uart.h"
#include <mmio.h>

#define TIMER_CTRL   (BOARD_TIMER + 0x0u)
#define TIMER_VALUE  (BOARD_TIMER + 0x4u) /* counts down */
#define TIMER_RELOAD (BOARD_TIMER + 0x8u)
#define TIMER_ON     1u

#define MHU_STRIDE 0x10u /* of a core's status, set and clear registers */
#define MHU_SET    0x4u
#define MHU_CLR    0x8u

#define INITSVTOR(core) (BOARD_SYSCTL + 0x110u + 4u * (core))
#define CPUWAIT         (BOARD_SYSCTL + 0x118u)

#define SECRESPCFG   (BOARD_SPCTRL + 0x10u) /* 1: a refused access is a bus error */
#define APBSPPPC0    (BOARD_SPCTRL + 0xb0u) /* bit of a port: unprivileged access too */
#define APBSPPPCEXP1 (BOARD_SPCTRL + 0xc4u)

#define CONSOLE_SPINS 100000u
#define SYS_EXIT      0x20u /* semihosting: with a status */
#define ADP_STOPPED   0x20026u

/* Devices behind protection controllers that programs may own. */
static const struct guard {
    uint32_t base, bit, reg;
} guards[] = {
    {0x50000000u, 0, APBSPPPC0},    /* timer 0: the clock, no program's */
    {0x50001000u, 1, APBSPPPC0},    /* timer 1 */
    {0x50002000u, 2, APBSPPPC0},    /* dual timer */
    {0x50200000u, 5, APBSPPPCEXP1}, /* UARTs */
    {0x50201000u, 6, APBSPPPCEXP1}, {0x50202000u, 7, APBSPPPCEXP1},
    {0x50203000u, 8, APBSPPPCEXP1}, {0x50204000u, 9, APBSPPPCEXP1},
};

static void open_guards(const struct sk_sys_header *sys)
{
    for (uint32_t i = 0; i < sys->dev_count; i++)
        for (uint32_t g = 1; g < sizeof(guards) / sizeof(guards[0]); g++)
            if (system_dev(sys, i)->base == guards[g].base &&
                !(system_dev(sys, i)->flags & SK_SYS_DEV_CALL))
                mmio_write32(guards[g].reg, mmio_read32(guards[g].reg) | 1u << guards[g].bit);
}

void board_init(const struct sk_sys_header *sys)
{
    mmio_write32(TIMER_RELOAD, ~0u);
    mmio_write32(TIMER_VALUE, ~0u);
    mmio_write32(TIMER_CTRL, TIMER_ON);
    mmio_write32(SECRESPCFG, 1);
    cmsdk_uart_init(BOARD_UART0, CMSDK_UART_DIV_MIN);
    open_guards(sys);
}

sk_core board_core(void)
{
    return mmio_read32(BOARD_CPUID);
}

uint32_t board_ticks(void)
{
    return ~mmio_read32(TIMER_VALUE);
}

void board_bell_ring(sk_core to)
{
    mmio_write32(BOARD_MHU0 + MHU_STRIDE * to + MHU_SET, 1);
}

void board_bell_clear(void)
{
    mmio_write32(BOARD_MHU0 + MHU_STRIDE * board_core() + MHU_CLR, ~0u);
    (void)mmio_read32(BOARD_MHU0); /* taken back before anything is read that it may be about */
    __asm__ volatile("dsb" ::: "memory");
}

void board_force(sk_core to, uint32_t order)
{
    mmio_write32(BOARD_MHU1 + MHU_STRIDE * to + MHU_SET, order);
}

uint32_t board_forced(sk_core core)
{
    return mmio_read32(BOARD_MHU1 + MHU_STRIDE * core);
}

void board_force_clear(void)
{
    mmio_write32(BOARD_MHU1 + MHU_STRIDE * board_core() + MHU_CLR, ~0u);
    (void)mmio_read32(BOARD_MHU1); /* the line is down before the interrupt is looked at again */
}

bool board_release(sk_core to, uintptr_t vectors)
{
    uint32_t waiting = mmio_read32(CPUWAIT);
    if (!(waiting & 1u << to))
        return false;
    mmio_write32(INITSVTOR(to), vectors);
    mmio_write32(CPUWAIT, waiting & ~(1u << to));
    return true;
}

void board_console_put(char c)
{
    for (uint32_t n = 0; n < CONSOLE_SPINS && !cmsdk_uart_put_try(BOARD_UART0, (uint8_t)c); n++)
        __asm__ volatile("yield");
}

void board_exit(uint32_t status)
{
    const uint32_t block[2] = {ADP_STOPPED, status};
    register uint32_t r0 __asm__("r0") = SYS_EXIT;
    register const uint32_t *r1 __asm__("r1") = block;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}
