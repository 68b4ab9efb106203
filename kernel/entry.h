/* The entries of the portable kernel, called by the port. Every entry runs with this core's
 * interrupts masked, to its end, in bounded time, and returns the task to resume, or NULL: idle
 * (wait for an interrupt; if kern_has_work, take pending interrupts and enter kern_idle at once).
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_ENTRY_H
#define KERNEL_ENTRY_H

#include "kernel/template.h"
#include "port/port.h"

/* Bytes of private memory that a kernel of this core needs for struct kern and its tables (zeroed,
 * 64-byte aligned). tpl must be frozen. */
size_t kern_size(const struct template *tpl, sk_core core);

struct kern_boot {
    struct template *tpl; /* mapped copy-on-write (or a private copy) */
    struct port_cpu *cpu;
    void *memory; /* kern_size() bytes, zero */
    sk_core core;
    sk_core parent; /* who started this core; itself for the boot core */
    uint32_t epoch;
    sk_paddr ram_base; /* the RAM budget: what is left of it for tasks, page aligned */
    uint32_t ram_pages;
    struct core_record record; /* what this core turned out to have */
};

/* Make a kernel in boot->memory and its init, ready to run. Never fails but by panic (a template
 * that was checked when it was built is trusted). Returns the kernel. */
struct kern *kern_create(const struct kern_boot *boot);

struct port_task *kern_first(struct kern *k);                /* after kern_create */
struct port_task *kern_syscall(struct kern *k, uint32_t nr); /* by the current task */
struct port_task *kern_irq(struct kern *k, uint32_t irq);    /* a device's interrupt, now masked */
struct port_task *kern_timer(struct kern *k);
struct port_task *kern_doorbell(struct kern *k);
struct port_task *kern_idle(struct kern *k); /* a piece of pending work */
bool kern_has_work(const struct kern *k);

/* The current task did what it may not. */
struct port_fault {
    uint32_t kind; /* SK_FAULT_* */
    uintptr_t addr, pc, sp;
};
struct port_task *kern_fault(struct kern *k, const struct port_fault *fault);

/* Registers as a port found them, for the crash record: names with a space between, pc first. More
 * than SK_CRASH_REGS, or longer names than SK_CRASH_NAMES, are cut. */
struct kern_registers {
    const char *names;
    const uintptr_t *value;
    uint32_t count;
};

/* This kernel is broken: record why, tell the peers, halt this core. The port calls kern_panic_at
 * for faults of the kernel itself. */
_Noreturn void kern_panic(struct kern *k, const char *why);
_Noreturn void kern_panic_at(struct kern *k, const char *why, const struct kern_registers *regs);

/* This core was ordered off by another (port_core_force_off), perhaps in the middle of kernel code:
 * record where, tell the peers, halt. */
_Noreturn void kern_forced(struct kern *k, const struct kern_registers *regs);

/* Pages for the port's own tables, charged to t. take: zeroed; SK_PADDR_NONE with *err
 * SK_ERR_NO_MEMORY or SK_ERR_BUDGET. */
sk_paddr kern_page_take(struct kern *k, struct task *t, sk_err *err);
void kern_page_give(struct kern *k, struct task *t, sk_paddr page);

/* The port's state of the core that k runs on, and of the task as the port knows it. */
struct port_cpu *kern_cpu(struct kern *k);
struct port_task *kern_port_task(struct task *t);
struct task *kern_task_of(struct port_task *pt);

#endif
