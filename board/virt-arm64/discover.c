/* What this machine has, from the devicetree: RAM, cores, firmware, interrupt controller, timer,
 * UART. Facts: Devicetree specification 0.4; the bindings arm,gic-v3, arm,armv8-timer, arm,psci,
 * arm,pl011.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "arch/arm64/machine.h"
#include "board.h"
#include <libfdt.h>

#define PPI_FIRST     16u
#define VIRTUAL_TIMER 2 /* third of the timer's interrupts: secure, non-secure, virtual, ... */

/* libfdt is compiled with stack protection. */
extern const uintptr_t __stack_chk_guard;
const uintptr_t __stack_chk_guard = 0x5ce77ab0d15ea5e0u;
_Noreturn void __stack_chk_fail(void);
_Noreturn void __stack_chk_fail(void)
{
    boot_fail("libfdt has overrun its stack");
}

static uint64_t cells(const fdt32_t *cell, int count)
{
    uint64_t value = 0;
    for (int i = 0; i < count; i++)
        value = value << 32 | fdt32_to_cpu(cell[i]);
    return value;
}

/* Range number `index` of the node's reg property; nodes here are children of `parent`. */
static bool reg_range(const void *fdt, int node, int parent, int index, uint64_t *base,
                      uint64_t *bytes)
{
    int len;
    int ac = fdt_address_cells(fdt, parent);
    int sc = fdt_size_cells(fdt, parent);
    const fdt32_t *reg = fdt_getprop(fdt, node, "reg", &len);
    if (reg == NULL || ac < 1 || ac > 2 || sc < 0 || sc > 2)
        return false;
    int each = ac + sc;
    if (len < (index + 1) * each * (int)sizeof(fdt32_t))
        return false;
    *base = cells(reg + index * each, ac);
    *bytes = cells(reg + index * each + ac, sc);
    return true;
}

static int compatible(const void *fdt, const char *what)
{
    return fdt_node_offset_by_compatible(fdt, -1, what);
}

static bool is_type(const void *fdt, int node, const char *type)
{
    int len;
    const char *value = fdt_getprop(fdt, node, "device_type", &len);
    return value != NULL && len == (int)strlen(type) + 1 && memcmp(value, type, (size_t)len) == 0;
}

static const char *find_memory(const void *fdt, struct machine *m)
{
    int node;
    fdt_for_each_subnode(node, fdt, 0)
    {
        if (is_type(fdt, node, "memory") && reg_range(fdt, node, 0, 0, &m->ram, &m->ram_bytes))
            return NULL;
    }
    return "the devicetree has no memory node";
}

/* Core 0 is the one that runs now; the others in the devicetree's order. */
static const char *find_cores(const void *fdt, struct machine *m, uint64_t boot_mpidr)
{
    int cpus = fdt_path_offset(fdt, "/cpus");
    int node;
    bool found = false;
    m->mpidr[0] = boot_mpidr;
    m->cores = 1;
    if (cpus < 0)
        return "the devicetree has no cpus node";
    fdt_for_each_subnode(node, fdt, cpus)
    {
        uint64_t mpidr, none;
        if (!is_type(fdt, node, "cpu") || !reg_range(fdt, node, cpus, 0, &mpidr, &none))
            continue;
        if (mpidr == boot_mpidr)
            found = true;
        else if (m->cores < SK_CORES_MAX)
            m->mpidr[m->cores++] = mpidr;
    }
    return found ? NULL : "the devicetree does not know the core that boots";
}

static const char *find_psci(const void *fdt, struct machine *m)
{
    int len;
    int node = compatible(fdt, "arm,psci-0.2");
    if (node < 0)
        node = compatible(fdt, "arm,psci-1.0");
    const char *method = node < 0 ? NULL : fdt_getprop(fdt, node, "method", &len);
    if (method == NULL || len != 4)
        return "the devicetree has no PSCI";
    m->psci_smc = memcmp(method, "smc", 4) == 0;
    return NULL;
}

static const char *find_devices(const void *fdt, struct machine *m)
{
    uint64_t bytes;
    int len;
    int gic = compatible(fdt, "arm,gic-v3");
    if (gic < 0 || !reg_range(fdt, gic, fdt_parent_offset(fdt, gic), 0, &m->gicd, &bytes) ||
        !reg_range(fdt, gic, fdt_parent_offset(fdt, gic), 1, &m->gicr_base, &m->gicr_bytes))
        return "the devicetree has no GICv3";
    int timer = compatible(fdt, "arm,armv8-timer");
    const fdt32_t *irq = timer < 0 ? NULL : fdt_getprop(fdt, timer, "interrupts", &len);
    if (irq == NULL || len < (VIRTUAL_TIMER + 1) * 3 * (int)sizeof(fdt32_t))
        return "the devicetree has no generic timer";
    m->timer_irq = PPI_FIRST + fdt32_to_cpu(irq[VIRTUAL_TIMER * 3 + 1]);
    int uart = compatible(fdt, "arm,pl011");
    if (uart < 0 || !reg_range(fdt, uart, fdt_parent_offset(fdt, uart), 0, &m->uart, &bytes))
        return "the devicetree has no PL011";
    return m->timer_irq < 32u ? NULL : "the timer's interrupt is not a core's own";
}

const char *board_discover(struct machine *m, uint64_t boot_mpidr)
{
    const void *fdt = (const void *)(BOARD_FDT + IMAGE_OFFSET);
    m->uart = BOARD_UART;
    if (fdt_check_header(fdt) != 0)
        return "no devicetree at the start of RAM";
    if (fdt_totalsize(fdt) > BOARD_FDT_BYTES)
        return "the devicetree is larger than the room before the image";
    const char *why = find_memory(fdt, m);
    if (why == NULL)
        why = find_cores(fdt, m, boot_mpidr);
    if (why == NULL)
        why = find_psci(fdt, m);
    if (why == NULL)
        why = find_devices(fdt, m);
    return why;
}
