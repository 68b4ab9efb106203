/* The small rest of the port contract.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "armv8m.h"
#include "cpu.h"
#include "machine.h"

void *port_page(struct port_cpu *cpu, sk_paddr page)
{
    return port_page_of(cpu, cpu->core, page) ? (void *)page : NULL;
}

bool port_page_of(struct port_cpu *cpu, sk_core core, sk_paddr page)
{
    const struct slice *s = &cpu->slice[core];
    return core < SK_CORES_MAX && page >= s->base && page < s->end &&
           (page - s->base) % SK_PAGE_BYTES == 0;
}

void *port_chan_page(struct port_cpu *cpu, sk_paddr page)
{
    for (sk_core c = 0; c < BOARD_CORES; c++)
        if (port_page_of(cpu, c, page))
            return (void *)page;
    return NULL;
}

void *port_window(struct port_cpu *cpu, unsigned place, sk_paddr page)
{
    (void)place; /* memory is where it is */
    return port_chan_page(cpu, page);
}

struct sk_link *port_link(struct port_cpu *cpu, sk_core from, sk_core to)
{
    _Static_assert(sizeof(struct sk_link) <= BOARD_LINK_BYTES && BOARD_CORES == 2u,
                   "one page for each of two directions");
    (void)cpu;
    (void)to;
    return (struct sk_link *)(LINK_BASE + from * BOARD_LINK_BYTES);
}

void port_doorbell(struct port_cpu *cpu, sk_core to)
{
    (void)cpu;
    dsb(); /* what the bell is about goes first; another core has no order with this one's device */
    board_bell_ring(to);
}

void port_console_write(struct port_cpu *cpu, const char *text, size_t len)
{
    (void)cpu;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n')
            board_console_put('\r');
        board_console_put(text[i]);
    }
}

static void halted(uint32_t unused)
{
    volatile struct boot_description *d = description_of((sk_core)CORE);
    (void)unused;
    dsb(); /* all that it wrote is written before the mark */
    d->parked = 1;
    dsb();
    for (;;)
        __asm__ volatile("wfi"); /* until another core orders this one to begin again */
}

_Noreturn void port_halt(struct port_cpu *cpu)
{
    (void)cpu;
    mmio_write32(SYST_CSR, 0);
    unwind(halted, 0);
}

_Noreturn void port_hang(struct port_cpu *cpu)
{
    (void)cpu;
    for (;;) /* entries run with all masked but what forces a core */
        __asm__ volatile("wfi");
}

_Noreturn void port_power_off(struct port_cpu *cpu, uint32_t status)
{
    board_exit(status); /* returns where nobody listens */
    port_halt(cpu);
}

sk_err port_irq_enable(struct port_cpu *cpu, uint32_t irq)
{
    (void)cpu;
    if (irq >= BOARD_IRQS || irq == BOARD_IRQ_MHU0 || irq == BOARD_IRQ_MHU1)
        return SK_ERR_ARG;
    mmio_write32(NVIC_ISER + irq / 32u * 4u, 1u << irq % 32u);
    return SK_OK;
}

/* Masked before the kernel goes on: the barrier is the architecture's condition. */
void port_irq_disable(struct port_cpu *cpu, uint32_t irq)
{
    (void)cpu;
    mmio_write32(NVIC_ICER + irq / 32u * 4u, 1u << irq % 32u);
    dsb();
    isb();
}

uint32_t port_device_access(struct port_cpu *cpu, uint32_t index, sk_paddr base, uint32_t offset,
                            bool write, uint32_t value)
{
    (void)cpu;
    (void)index;
    if (!write)
        return mmio_read32(base + offset);
    mmio_write32(base + offset, value);
    return value;
}

/* Nothing is forked here: each kernel's memory is its own. */
void port_fork_stats(struct port_cpu *cpu, uint32_t *shared, uint32_t *copied, uint32_t *fresh)
{
    uintptr_t own = cpu->slice[cpu->core].base - (uintptr_t)kernel_stack;
    *shared = *copied = 0; /* each image is one core's */
    *fresh = (uint32_t)((own + SK_PAGE_BYTES - 1u) / SK_PAGE_BYTES);
}
