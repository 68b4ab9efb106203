/* A core's way from its reset, or from being forced to begin again, to its kernel. There is no
 * template in the sense of machines with an MMU: each image has text and RAM of its own, and each
 * kernel makes its copy of the template from the system table, which lies in flash.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "cpu.h"
#include "armv8m.h"
#include "machine.h"

#define STATE __attribute__((section(".port_state")))

STATE struct port_cpu port_cpu;
STATE struct template kernel_template;

_Noreturn void core_main(uint32_t by_reset);

static const struct core_place {
    const char *text, *ram, *ram_bytes;
} place[BOARD_CORES] = {{CORE0_TEXT, CORE0_RAM, CORE0_RAM_LENGTH},
                        {CORE1_TEXT, CORE1_RAM, CORE1_RAM_LENGTH}};

_Noreturn void boot_fail(const char *why)
{
    static const char head[] = "\nskerry: cannot boot: ";
    port_console_write(&port_cpu, head, sizeof(head) - 1u);
    port_console_write(&port_cpu, why, __builtin_strlen(why));
    port_console_write(&port_cpu, "\n", 1);
    board_exit(1);
    port_halt(&port_cpu);
}

struct boot_description *description_of(sk_core core)
{
    return (struct boot_description *)(uintptr_t)place[core].ram;
}

/* Zero what the ring of kernels begins with, and describe this core to itself. */
static void first_core(const struct sk_sys_header *sys)
{
    board_init(sys);
    if ((uint32_t)CORES > 1u)
        __builtin_memset(LINK_BASE, 0, BOARD_LINKS_BYTES);
    for (sk_core c = 0; c < (sk_core)CORES; c++) { /* nothing has ever run or ended there */
        __builtin_memset(description_of(c), 0, sizeof(struct boot_description));
        __builtin_memset(port_crash_record(&port_cpu, c), 0, sizeof(struct sk_crash));
    }
    *description_of(port_cpu.core) =
        (struct boot_description){.magic = BOOT_MAGIC, .epoch = 1, .parent = port_cpu.core};
    description_of(port_cpu.core)->ticks = board_ticks();
}

/* The image builder has checked the table, and it lies in the same image. */
static void template_make(struct template *tpl)
{
    const struct sk_sys_header *sys = (const struct sk_sys_header *)system_table;
    if (sys->magic != SK_SYS_MAGIC || sys->version != SK_SYS_VERSION)
        boot_fail("no system table of this version in the image");
    *tpl = (struct template){.sys = sys, .frozen = 1};
    tpl->cores = sys->cores < (uint32_t)CORES ? sys->cores : (uint32_t)CORES;
}

/* A kernel's pages end where its RAM ends; its tables lie before them. Every kernel computes the
 * same for every core. */
static void find_slices(struct port_cpu *cpu)
{
    for (sk_core c = 0; c < kernel_template.cores; c++) {
        uint32_t pages = system_core(kernel_template.sys, c)->ram_bytes / SK_PAGE_BYTES;
        cpu->slice[c].end = (uintptr_t)place[c].ram + (uintptr_t)place[c].ram_bytes;
        cpu->slice[c].base = cpu->slice[c].end - pages * SK_PAGE_BYTES;
    }
    uintptr_t tables = (uintptr_t)kernel_memory + kern_size(&kernel_template, cpu->core);
    if (tables > cpu->slice[cpu->core].base)
        boot_fail("the RAM of a kernel is too small for its tables");
}

_Noreturn void core_main(uint32_t by_reset)
{
    struct port_cpu *cpu = &port_cpu;
    struct kern_boot boot = {.tpl = &kernel_template, .cpu = cpu, .memory = kernel_memory};
    __builtin_memset(cpu, 0, sizeof(*cpu));
    boot.core = cpu->core = (sk_core)CORE;
    processor_init(cpu, &boot.record);
    if (by_reset && cpu->core == 0)
        first_core((const struct sk_sys_header *)system_table);
    const struct boot_description *d = description_of(cpu->core);
    if (boot.record.mpu_regions < PORT_REGIONS)
        boot_fail("the MPU has fewer regions than a task may use");
    if (board_core() != cpu->core || d->magic != BOOT_MAGIC)
        boot_fail("this image is another core's, or nobody has described the boot");
    clock_start(cpu, d->ticks, d->now_ns);
    template_make(&kernel_template);
    find_slices(cpu);
    __builtin_memset(kernel_memory, 0, kern_size(&kernel_template, cpu->core));
    boot.parent = d->parent;
    boot.epoch = d->epoch;
    boot.ram_base = cpu->slice[cpu->core].base;
    boot.ram_pages = (uint32_t)((cpu->slice[cpu->core].end - boot.ram_base) / SK_PAGE_BYTES);
    cpu->k = kern_create(&boot);
    idle();
}

/* --- The other core --------------------------------------------------------------------------- */

/* A core has parked when it says so and no order is on its way: who obeys one takes the mark back
 * first, then the order (trap_order), so that the mark is never set after this was true. */
bool port_core_off(struct port_cpu *cpu, sk_core core)
{
    if (core >= kernel_template.cores || core == cpu->core)
        return false;
    const volatile struct boot_description *d = description_of(core);
    bool off = d->magic != BOOT_MAGIC || (board_forced(core) == 0 && d->parked != 0);
    dsb(); /* what is done because of it comes after */
    return off;
}

sk_err port_core_force_off(struct port_cpu *cpu, sk_core core)
{
    if (core >= kernel_template.cores || core == cpu->core)
        return SK_ERR_STATE;
    if (!port_core_off(cpu, core))
        board_force(core, ORDER_PARK);
    return SK_OK;
}

struct sk_crash *port_crash_record(struct port_cpu *cpu, sk_core core)
{
    (void)cpu;
    return core < BOARD_CORES ? (void *)((uintptr_t)description_of(core) + BOOT_BYTES) : NULL;
}

sk_err port_core_start(struct port_cpu *cpu, sk_core to, uint32_t epoch)
{
    if (to >= kernel_template.cores || to == cpu->core)
        return SK_ERR_NOT_FOUND;
    if (!port_core_off(cpu, to))
        return SK_ERR_STATE;
    struct boot_description *d = description_of(to);
    *d = (struct boot_description){.magic = BOOT_MAGIC, .epoch = epoch, .parent = cpu->core};
    d->now_ns = port_now(cpu);
    d->ticks = cpu->ticks;
    dsb();
    if (!board_release(to, (uintptr_t)place[to].text))
        board_force(to, ORDER_BEGIN);
    return SK_OK;
}
