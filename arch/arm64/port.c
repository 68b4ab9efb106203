/* The small rest of the port contract.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "cpu.h"
#include "arm64.h"
#include <mmio.h>
#include "print.h"
#include "table.h"

void *port_page(struct port_cpu *cpu, sk_paddr page)
{
    return in_slice(cpu, page) ? window(page) : NULL;
}

bool port_page_of(struct port_cpu *cpu, sk_core core, sk_paddr page)
{
    (void)cpu;
    return core < machine.cores && page % SK_PAGE_BYTES == 0 &&
           page - machine.slice[core] < machine.slice_bytes[core];
}

void *port_chan_page(struct port_cpu *cpu, sk_paddr page)
{
    (void)cpu;
    (void)page;
    return NULL; /* rings are the tasks' business */
}

void *port_window(struct port_cpu *cpu, unsigned place, sk_paddr page)
{
    uint64_t va = WINDOWS_ADDR + place * SK_PAGE_BYTES;
    if (page != SK_PADDR_NONE && in_slice(cpu, page))
        return window(page);
    private_replace(cpu, va, page == SK_PADDR_NONE ? 0 : page | PTE_KERNEL_RW | PTE_PAGE);
    return page == SK_PADDR_NONE ? NULL : (void *)va;
}

uint32_t port_device_access(struct port_cpu *cpu, uint32_t index, sk_paddr base, uint32_t offset,
                            bool write, uint32_t value)
{
    uintptr_t page = offset - offset % SK_PAGE_BYTES;
    uintptr_t addr = DEVICES_ADDR + index * DEVICE_ROOM + offset;
    private_map(cpu, addr - offset % SK_PAGE_BYTES, base + page, PTE_KERNEL_DEV);
    if (write)
        mmio_write32(addr, value);
    return write ? value : mmio_read32(addr);
}

static void *between(struct port_cpu *cpu, sk_core from, sk_core to)
{
    uint64_t at = (uint64_t)(from * SK_CORES_MAX + to) * SK_PAGE_BYTES;
    private_map(cpu, LINKS_ADDR + at, machine.links + at, PTE_KERNEL_RW);
    return (void *)(LINKS_ADDR + at);
}

struct sk_link *port_link(struct port_cpu *cpu, sk_core from, sk_core to)
{
    return between(cpu, from, to);
}

/* No core has a link to itself: that page is its record's. */
struct sk_crash *port_crash_record(struct port_cpu *cpu, sk_core core)
{
    _Static_assert(sizeof(struct sk_crash) <= SK_PAGE_BYTES, "a page");
    return core < SK_CORES_MAX ? between(cpu, core, core) : NULL;
}

/* No FIQ is masked before off_now: it does the same. */
_Noreturn void port_halt(struct port_cpu *cpu)
{
    if (cpu != NULL)
        gic_release_devices(cpu);
    off_now();
}

_Noreturn void port_hang(struct port_cpu *cpu)
{
    (void)cpu;
    __asm__ volatile("msr daifset, #14" ::: "memory"); /* all but FIQ */
    SYS_WRITE_X(ICC_IGRPEN1_EL1, 0);                   /* what is pending shall not keep it awake */
    for (;;)
        wfi();
}

_Noreturn void port_power_off(struct port_cpu *cpu, uint32_t status)
{
    if (status != 0) {
        print_text(cpu, "\nskerry: power off, status ");
        print_hex(cpu, status);
        print_text(cpu, "\n");
    }
    psci_system_off();
}
