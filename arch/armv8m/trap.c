/* Exceptions after vectors.S has stored what there is to store: interrupts, faults of tasks told by
 * kind and address, faults of the kernel.
 *
 * A fault may come instead of another exception, because that one could not store its frame (a wild
 * stack pointer); and the instruction that faulted may have been asking for the kernel. So a fault
 * of a task ends with nothing pending that the task had begun, and no frame is read that was not
 * written.
 * Facts: Armv8-M Architecture Reference Manual DDI 0553, B3.9 and after (exceptions on exception
 * entry and return), B3.12 (fault handling), D1.2: CFSR, HFSR, SFSR, SHCSR; C2 (instruction
 * encodings).
 * SPDX-License-Identifier: BSD-2-Clause */
#include "armv8m.h"
#include "cpu.h"
#include "kernel/kern.h"
#include "kernel/log.h"
#include "machine.h"
#include <skerry/syscall.h>

#define STACK_REACH 4096u /* how far below a stack an access may be that meant the stack */

struct port_task *trap_work(struct port_cpu *cpu);
struct port_task *trap_bell(struct port_cpu *cpu);
struct port_task *trap_irq(struct port_cpu *cpu);
struct port_task *trap_fault(struct port_cpu *cpu);
_Noreturn void trap_kernel(uint32_t exception);
_Noreturn void trap_order(void);

/* --- Interrupts ------------------------------------------------------------------------------- */

struct port_task *trap_work(struct port_cpu *cpu)
{
    if (cpu->begun)
        return kern_idle(cpu->k);
    cpu->begun = true;
    return kern_first(cpu->k);
}

struct port_task *trap_bell(struct port_cpu *cpu)
{
    board_bell_clear();
    return kern_doorbell(cpu->k);
}

struct port_task *trap_irq(struct port_cpu *cpu)
{
    uint32_t irq = ipsr() - 16u;
    port_irq_disable(cpu, irq);
    return kern_irq(cpu->k, irq);
}

/* --- Faults of tasks -------------------------------------------------------------------------- */

/* Does the instruction there store? The processor tells the address of a refused access, not its
 * direction. */
static bool is_store(const struct port_task *pt, uintptr_t pc)
{
    const uint16_t *at = space_range(pt, pc, SK_PROT_R, sizeof(uint16_t));
    if (at == NULL)
        return false;
    uint32_t first = *at;
    if (first >> 11 >= 0x1du) /* 32 bits: bit 4 of the first half says load */
        return !(first & 1u << 4);
    if (first >> 12 == 5u) /* register offset: the first three of eight are stores */
        return (first >> 9 & 7u) < 3u;
    return !(first & 1u << 11);
}

/* Below something that is writable, near the stack pointer? */
static bool in_guard(const struct port_task *pt, uintptr_t addr, uintptr_t sp)
{
    uintptr_t away = addr > sp ? addr - sp : sp - addr;
    if (away >= STACK_REACH || space_range(pt, addr, SK_PROT_R, 1) != NULL)
        return false;
    for (uint32_t i = 0; i < PORT_REGIONS; i++) {
        const struct port_region *r = &pt->region[i];
        uintptr_t base = r->rbar & ~(uintptr_t)(MPU_GRANULE - 1u);
        if (r->rlar != 0 && !(r->rbar & RBAR_READ_ONLY) && base - addr - 1u < STACK_REACH)
            return true;
    }
    return false;
}

static uint32_t fault_kind(const struct port_task *pt, uint32_t cfsr, const struct port_fault *f)
{
    if (cfsr & CFSR_NO_FRAME)
        return SK_FAULT_STACK;
    if (cfsr & (CFSR_IACCVIOL | CFSR_IBUSERR))
        return SK_FAULT_EXEC;
    if (cfsr & (CFSR_DACCVIOL | CFSR_PRECISERR)) {
        if (in_guard(pt, f->addr, f->sp))
            return SK_FAULT_STACK;
        return is_store(pt, f->pc) ? SK_FAULT_WRITE : SK_FAULT_READ;
    }
    if (cfsr & CFSR_UNALIGNED)
        return SK_FAULT_ALIGN;
    if (cfsr & (CFSR_UNDEF | CFSR_INVSTATE | CFSR_NOCP))
        return SK_FAULT_ILLEGAL;
    /* No cause of these: a breakpoint, or a branch to the other security state. */
    return cfsr == 0 ? SK_FAULT_ILLEGAL : SK_FAULT_OTHER;
}

struct port_task *trap_fault(struct port_cpu *cpu)
{
    struct port_task *pt = cpu->loaded;
    uint32_t cfsr = mmio_read32(SCB_CFSR);
    struct port_fault fault = {.sp = (uintptr_t)pt->frame};
    if (!(cfsr & CFSR_NO_FRAME) && (pt->lr & EXC_SECURE)) {
        fault.pc = pt->frame[6];
        fault.sp += pt->lr & EXC_NO_FP ? FRAME_BYTES : FRAME_FP_BYTES;
        if (pt->frame[7] & XPSR_PADDED)
            fault.sp += 4u;
    }
    fault.addr = cfsr & CFSR_MMARVALID   ? mmio_read32(SCB_MMFAR)
                 : cfsr & CFSR_BFARVALID ? mmio_read32(SCB_BFAR)
                 : cfsr & CFSR_NO_FRAME  ? fault.sp
                                         : fault.pc;
    fault.kind = fault_kind(pt, cfsr, &fault);
    mmio_write32(SCB_CFSR, cfsr);
    mmio_write32(SCB_HFSR, ~0u);
    mmio_write32(SAU_SFSR, ~0u);
    mmio_write32(SCB_SHCSR, mmio_read32(SCB_SHCSR) & ~SHCSR_PENDED);
    return kern_fault(cpu->k, &fault);
}

/* --- The end of a kernel -----------------------------------------------------------------------
 */

/* Once: what fails while the kernel is told of its end only parks the core. NULL: another core's
 * order. */
static _Noreturn void end(const char *why)
{
    const struct context *c = (const struct context *)kernel_stack;
    uintptr_t value[SK_CRASH_REGS] = {c->pc, c->lr, c->sp, c->xpsr, c->cfsr, c->hfsr};
    struct kern_registers regs = {
        "pc lr sp xpsr cfsr hfsr r0 r1 r2 r3 r4 r5 r6 r7 r8 r9 r10 r11 r12", value, SK_CRASH_REGS};
    for (uint32_t i = 6; i < SK_CRASH_REGS; i++)
        value[i] = c->r[i - 6u];
    if (port_cpu.k == NULL || port_cpu.ending)
        port_halt(&port_cpu);
    port_cpu.ending = true;
    if (why == NULL)
        kern_forced(port_cpu.k, &regs);
    klog(port_cpu.k, "exception %u cfsr 0x%x hfsr 0x%x address 0x%x pc 0x%x lr 0x%x sp 0x%x",
         c->exception, c->cfsr, c->hfsr, c->addr, (unsigned)c->pc, (unsigned)c->lr,
         (unsigned)c->sp);
    kern_panic_at(port_cpu.k, why, &regs);
}

static void crashed(uint32_t unused)
{
    const struct context *c = (const struct context *)kernel_stack;
    (void)unused;
    if (port_cpu.k == NULL)
        boot_fail("a fault of the kernel");
    end(c->cfsr & CFSR_STKOF ? "kernel stack overflow" : "fault of the kernel itself");
}

static void save_status(struct context *c, uint32_t exception)
{
    c->exception = exception;
    c->cfsr = mmio_read32(SCB_CFSR);
    c->hfsr = mmio_read32(SCB_HFSR);
    c->addr = c->cfsr & CFSR_MMARVALID   ? mmio_read32(SCB_MMFAR)
              : c->cfsr & CFSR_BFARVALID ? mmio_read32(SCB_BFAR)
                                         : 0;
}

_Noreturn void trap_kernel(uint32_t exception)
{
    save_status((struct context *)kernel_stack, exception);
    mmio_write32(SCB_CFSR, ~0u);
    /* In thread mode: whatever goes wrong from here on is an ordinary fault again. */
    unwind(crashed, 0);
}

static void ordered_off(uint32_t unused)
{
    (void)unused;
    end(NULL);
}

/* The mark goes before the order does: see port_core_off. */
_Noreturn void trap_order(void)
{
    uint32_t order = board_forced(board_core());
    if (!(order & ORDER_BEGIN))
        description_of((sk_core)CORE)->parked = 0;
    dsb();
    board_force_clear();
    save_status((struct context *)kernel_stack, ipsr());
    /* Storing the frame may have faulted: that would come as soon as this handler is left. */
    mmio_write32(SCB_CFSR, ~0u);
    mmio_write32(SCB_SHCSR, mmio_read32(SCB_SHCSR) & ~SHCSR_PENDED);
    if (order & ORDER_BEGIN)
        unwind(begin_again, 0);
    unwind(ordered_off, 0);
}
