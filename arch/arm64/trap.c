/* Exceptions after vectors.S has saved what there is to save: interrupts, idling, faults of tasks
 * (copy-on-write, floating point, or told to the kernel) and of the kernel itself (a write to a
 * template page, or panic).
 * Facts: Arm ARM DDI 0487, description of ESR_EL1.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "cpu.h"
#include "arm64.h"
#include "print.h"
#include "table.h"
#include <skerry/syscall.h>

#define CLASS_UNKNOWN     0x00u
#define CLASS_WFI         0x01u
#define CLASS_FP          0x07u
#define CLASS_ILLEGAL     0x0eu
#define CLASS_SYSTEM      0x18u
#define CLASS_FETCH_LOW   0x20u
#define CLASS_PC_ALIGN    0x22u
#define CLASS_DATA_LOW    0x24u
#define CLASS_DATA_SAME   0x25u
#define CLASS_SP_ALIGN    0x26u
#define CLASS_BREAK       0x3cu
#define ISS_WRITE         (1u << 6)
#define ISS_MAINTENANCE   (1u << 8)
#define STATUS_TYPE       0x3cu /* fault status without the level */
#define STATUS_TRANSLATE  0x04u
#define STATUS_PERMISSION 0x0cu
#define STATUS_ALIGN      0x21u
#define PSTATE_EL         0xcu
#define STACK_REACH       0x10000u /* how far from the stack pointer a stack access may be */

struct trap_frame {
    uint64_t x[31];
    uint64_t sp, pc, pstate;
};
_Static_assert(sizeof(struct trap_frame) == FRAME_BYTES, "vectors.S");
_Static_assert(offsetof(struct trap_frame, sp) == FRAME_SP, "vectors.S");

struct port_task *trap_irq(struct port_cpu *cpu);
struct port_task *trap_idle(struct port_cpu *cpu);
struct port_task *trap_task(struct port_cpu *cpu, uint32_t esr);
void trap_kernel(struct trap_frame *frame, uint32_t esr, uint64_t far);
_Noreturn void trap_ending(struct trap_frame *frame, uint32_t vector, uint64_t esr, uint64_t far);

/* --- Interrupts and idling ---------------------------------------------------------------------
 */

struct port_task *trap_irq(struct port_cpu *cpu)
{
    bool any;
    return gic_dispatch(cpu, &any);
}

/* Interrupts stay masked: WFI returns for a pending one all the same, and it is taken here. */
struct port_task *trap_idle(struct port_cpu *cpu)
{
    for (;;) {
        bool any;
        struct port_task *next = gic_dispatch(cpu, &any);
        if (!any && kern_has_work(cpu->k)) {
            next = kern_idle(cpu->k);
            any = true;
        }
        if (next != NULL)
            return next;
        if (!any)
            wfi();
    }
}

/* --- Faults of tasks ---------------------------------------------------------------------------
 */

static struct port_task *use_fp(struct port_cpu *cpu)
{
    SYS_WRITE(cpacr_el1, 3u << 20);
    isb();
    if (cpu->fp_owner != cpu->loaded) {
        if (cpu->fp_owner != NULL)
            fp_save(cpu->fp_owner);
        fp_load(cpu->loaded);
        cpu->fp_owner = cpu->loaded;
    }
    cpu->fp_on = 1;
    return cpu->loaded;
}

static uint64_t pte_of(const struct port_task *pt, uint64_t addr)
{
    const uint64_t *entry = space_entry(pt, addr);
    return entry ? pte_read(entry) : 0;
}

/* Is addr below a stack, and sp near? What comes first above it must be writable: a large frame may
 * reach beyond the guard page. */
static bool in_guard(const struct port_task *pt, uint64_t addr, uint64_t sp)
{
    uint64_t away = addr > sp ? addr - sp : sp - addr;
    uint64_t above = pte_of(pt, addr);
    if (away >= STACK_REACH || above != 0)
        return false;
    for (uint64_t up = SK_PAGE_BYTES; up <= STACK_REACH && above == 0; up += SK_PAGE_BYTES)
        above = pte_of(pt, addr + up);
    return (above & PTE_VALID) && ((above & PTE_COW) || !(above & PTE_READ_ONLY));
}

static uint32_t data_fault(const struct port_task *pt, uint32_t esr, uint64_t addr, uint64_t sp)
{
    if ((esr & 0x3fu) == STATUS_ALIGN)
        return SK_FAULT_ALIGN;
    if ((esr & STATUS_TYPE) == STATUS_TRANSLATE && in_guard(pt, addr, sp))
        return SK_FAULT_STACK;
    return (esr & ISS_WRITE) && !(esr & ISS_MAINTENANCE) ? SK_FAULT_WRITE : SK_FAULT_READ;
}

static uint32_t fault_kind(const struct port_task *pt, uint32_t esr, uint64_t addr, uint64_t sp)
{
    switch (esr >> ESR_CLASS_SHIFT) {
    case CLASS_DATA_LOW:
        return data_fault(pt, esr, addr, sp);
    case CLASS_FETCH_LOW:
        return SK_FAULT_EXEC;
    case CLASS_PC_ALIGN:
    case CLASS_SP_ALIGN:
        return SK_FAULT_ALIGN;
    case CLASS_UNKNOWN:
    case CLASS_WFI:
    case CLASS_ILLEGAL:
    case CLASS_SYSTEM:
    case CLASS_BREAK:
        return SK_FAULT_ILLEGAL;
    default:
        return SK_FAULT_OTHER;
    }
}

/* FAR_EL1 means something for these classes only. */
static bool has_address(uint32_t class)
{
    return class == CLASS_DATA_LOW || class == CLASS_FETCH_LOW || class == CLASS_PC_ALIGN;
}

struct port_task *trap_task(struct port_cpu *cpu, uint32_t esr)
{
    struct port_task *pt = cpu->loaded;
    uint32_t class = esr >> ESR_CLASS_SHIFT;
    uint64_t far = SYS_READ(far_el1);
    if (class == CLASS_FP)
        return use_fp(cpu);
    bool refused_write =
        class == CLASS_DATA_LOW && (esr & ISS_WRITE) && (esr & STATUS_TYPE) == STATUS_PERMISSION;
    if (refused_write && space_copy_page(cpu->k, pt, far) == SK_OK)
        return pt;
    struct port_fault fault = {.pc = SYS_READ(elr_el1), .sp = SYS_READ(sp_el0)};
    fault.addr = has_address(class) ? far : fault.pc;
    fault.kind = fault_kind(pt, esr, fault.addr, fault.sp);
    return kern_fault(cpu->k, &fault);
}

/* --- Faults of the kernel ------------------------------------------------------------------------
 */

static const char register_names[] =
    "pc sp pstate esr far x0 x1 x2 x3 x4 x5 x6 x7 x8 x9 x10 x11 x12 x13 x14 x15 x16 x17 x18 x19 "
    "x20 x21 x22 x23 x24 x25 x26 x27 x28 x29 x30";
#define REGISTERS 36u

/* What the frame tells, for the crash record. */
static struct kern_registers registers(const struct trap_frame *frame, uint64_t esr, uint64_t far,
                                       uintptr_t value[REGISTERS])
{
    const uintptr_t first[] = {frame->pc, frame->sp, frame->pstate, esr, far};
    __builtin_memcpy(value, first, sizeof(first));
    __builtin_memcpy(value + 5, frame->x, sizeof(frame->x));
    return (struct kern_registers){register_names, value, REGISTERS};
}

static _Noreturn void stop(struct port_cpu *cpu, const char *why, const struct kern_registers *regs)
{
    print_text(cpu, "\nkernel: ");
    print_text(cpu, why);
    for (unsigned i = 0; i < 5; i++) {
        static const char *const name[] = {" at pc ", ", sp ", ", pstate ", ", esr ", ", far "};
        print_text(cpu, name[i]);
        print_hex(cpu, regs->value[i]);
    }
    print_text(cpu, "\n");
    if (cpu != NULL && cpu->k != NULL)
        kern_panic_at(cpu->k, why, regs);
    port_halt(cpu);
}

void trap_kernel(struct trap_frame *frame, uint32_t esr, uint64_t far)
{
    struct port_cpu *cpu = (struct port_cpu *)SYS_READ(tpidr_el1);
    bool refused_write = esr >> ESR_CLASS_SHIFT == CLASS_DATA_SAME && (esr & ISS_WRITE) &&
                         (esr & STATUS_TYPE) == STATUS_PERMISSION;
    if (refused_write && cpu != NULL && fork_copy_page(cpu, far))
        return;
    uintptr_t value[REGISTERS];
    struct kern_registers regs = registers(frame, esr, far, value);
    stop(cpu, "fault of the kernel itself", &regs);
}

/* On the emergency stack. vector says what led here; a FIQ: another core's order. */
_Noreturn void trap_ending(struct trap_frame *frame, uint32_t vector, uint64_t esr, uint64_t far)
{
    struct port_cpu *cpu = this_cpu();
    if ((frame->pstate & PSTATE_EL) == 0)
        frame->sp = SYS_READ(sp_el0); /* SP_EL1 was the place for the task's registers */
    uintptr_t value[REGISTERS];
    struct kern_registers regs = registers(frame, esr, far, value);
    if (!VECTOR_IS_FIQ(vector))
        stop(cpu, vector == VECTOR_OVERFLOW ? "kernel stack overflow" : "unexpected exception",
             &regs);
    if (cpu->k != NULL)
        kern_forced(cpu->k, &regs);
    off_now();
}
