/* The port contract: all that stands between the portable kernel and a machine.
 *
 * A port provides these functions and <port_types.h> (arch/<isa>/include), and calls the kernel
 * through kernel/entry.h. One kernel runs on one core and is never entered twice at once: the port
 * calls an entry with interrupts of that core masked and resumes the context that it returns.
 * `struct port_cpu` is the port's own state of one core; the kernel only carries the pointer.
 * Nothing here blocks. Addresses of memory are physical: struct kern never holds a user address as
 * a pointer. A page is SK_PAGE_BYTES, whatever the machine's own is.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef PORT_PORT_H
#define PORT_PORT_H

#include <skerry/crash.h>
#include <skerry/errors.h>
#include <skerry/link.h>
#include <skerry/start.h>
#include <skerry/types.h>

struct kern;
struct task;
struct port_cpu;

/* A physical address, of a page unless said, and an address as a task sees it. */
typedef uintptr_t sk_paddr;
typedef uintptr_t sk_uaddr;
#define SK_PADDR_NONE (~(sk_paddr)0)

/* <port_types.h> defines
 *   struct port_task         saved registers and address space of one task; zeroed by the kernel
 *                            when the task slot is taken. First member of struct task.
 *   uintptr_t port_arg(const struct port_task *, unsigned i)      argument i of a system call, 0..5
 *   uint64_t port_arg64(const struct port_task *, unsigned i)     the last one, if it has 64 bits
 *   void port_result(struct port_task *, unsigned i, uintptr_t v) result i, 0..3
 *   void port_result64(struct port_task *, unsigned i, uint64_t v)   the last one: i is 2
 *   void port_task_entry(struct port_task *, uintptr_t entry, uintptr_t sp, uintptr_t arg)
 *                            makes the task start there, in user mode, all else zero
 *   PORT_COPY_MODE           0: rings of channels are mapped into tasks; 1: kept by the kernels
 * all static inline, needing nothing but this header. */
#include <port_types.h>

/* --- Time ------------------------------------------------------------------------------------ */

/* Now, on the machine's one global clock: the same on every core to within the time a message
 * needs, never backwards. */
sk_ns port_now(struct port_cpu *cpu);

/* Enter kern_timer once the clock has reached when_ns (at once if it has); SK_FOREVER: never.
 * Replaces the earlier setting. */
void port_timer_set(struct port_cpu *cpu, sk_ns when_ns);

/* --- Other cores ----------------------------------------------------------------------------- */

/* Make core `to` enter kern_doorbell. A hint: may coalesce. All stores before it are visible to
 * that kernel when it gets there. No effect on a core that is off. */
void port_doorbell(struct port_cpu *cpu, sk_core to);

/* Start core `to`, which is off (port_core_off), on a kernel forked from the template, with that
 * boot epoch. Its ram_base and ram_pages are the same as before, and that memory is left as it is:
 * others may still read it (kernel/link.h, link_held). SK_OK: the machine has accepted; the new
 * kernel reports through its link. SK_ERR_NOT_FOUND: no such core. SK_ERR_STATE: it is on; nothing
 * was done. */
sk_err port_core_start(struct port_cpu *cpu, sk_core to, uint32_t epoch);

/* Is that core off: has it never been started, or does it execute nothing that could touch memory
 * until it is started again? Asked often; true at once or soon after port_halt there. False where
 * the machine cannot tell. */
bool port_core_off(struct port_cpu *cpu, sk_core core);

/* Order another core off, whatever it does, with interrupts masked too. Takes effect soon, or never
 * where that core is broken as a machine: port_core_off tells. May be repeated. SK_OK: ordered, or
 * off already. SK_ERR_STATE: this machine cannot; nothing was done. Where it can, the ordered
 * core's port enters kern_forced, if there is still something to enter. */
sk_err port_core_force_off(struct port_cpu *cpu, sk_core core);

/* The crash record of a core. Its own: written by its kernel at its end. Another's: to be read
 * while that core is off or after it has begun anew; NULL where no kernel can reach it. Not zeroed
 * when a core begins anew; zero when the machine starts. */
struct sk_crash *port_crash_record(struct port_cpu *cpu, sk_core core);

/* The link page written by core `from` for core `to`; one of the two is this core. Mapped at the
 * first call. The memory is zero when the machine starts. */
struct sk_link *port_link(struct port_cpu *cpu, sk_core from, sk_core to);

/* Stop this core for good (panic): interrupts masked, others undisturbed. port_core_off says so
 * once nothing here touches memory any more. */
_Noreturn void port_halt(struct port_cpu *cpu);

/* Stop answering, as a kernel that hangs: loop with interrupts masked, on. CORE_ASK only. */
_Noreturn void port_hang(struct port_cpu *cpu);

/* Power the machine off with this status for whoever started it. */
_Noreturn void port_power_off(struct port_cpu *cpu, uint32_t status);

/* Early boot and panic only: write to the machine's console, polled, no interrupts. Other cores
 * may do the same at once; text may mix, nothing else may happen. */
void port_console_write(struct port_cpu *cpu, const char *text, size_t len);

/* --- Interrupts ------------------------------------------------------------------------------ */

/* Let interrupt irq of the machine come to this core, as kern_irq, or mask it. SK_ERR_ARG: not an
 * interrupt that a device may have. kern_irq is entered with irq masked. */
sk_err port_irq_enable(struct port_cpu *cpu, uint32_t irq);
void port_irq_disable(struct port_cpu *cpu, uint32_t irq);

/* --- Memory ---------------------------------------------------------------------------------- */

/* This kernel's pointer to a page of its own RAM budget; NULL if it is not in it. */
void *port_page(struct port_cpu *cpu, sk_paddr page);

/* Is this the address of a page of that core's RAM slice? For pages that a peer names. */
bool port_page_of(struct port_cpu *cpu, sk_core core, sk_paddr page);

/* PORT_COPY_MODE only: this kernel's pointer to a channel page that may be at home on another
 * core; NULL where no kernel may touch it. */
void *port_chan_page(struct port_cpu *cpu, sk_paddr page);

/* This kernel's pointer to a page of any core's slice, in one of two places (0, 1); NULL where none
 * is. Valid until the next call for that place; with SK_PADDR_NONE, which a kernel says before it
 * leaves the entry, nothing of another core's is there any more. */
void *port_window(struct port_cpu *cpu, unsigned place, sk_paddr page);

/* Where things are mapped in a task. Machines without translation return the page's own address;
 * others a range for each area, with a slot of one page for each index (DEVICE: of 16 pages).
 * REGION: index counts pages, those that the kernel has chosen addresses for so far in this task.
 */
enum port_area { PORT_AREA_CHAN, PORT_AREA_STATUS, PORT_AREA_DEVICE, PORT_AREA_REGION };
sk_uaddr port_area_addr(struct port_cpu *cpu, enum port_area area, uint32_t index, sk_paddr page);

/* Begin an address space for t; take what it needs with kern_page_take(k, t). SK_ERR_NO_MEMORY,
 * SK_ERR_BUDGET: nothing was done. */
sk_err port_space_create(struct kern *k, struct task *t);

/* Map the memory [page, page + bytes), at most SK_REGION_PAGES_MAX pages, at addr for t with prot
 * (SK_PROT_*, never W with X, never privileged): all of it or nothing. page need not be this
 * core's. SK_ERR_ARG: addr is not one that tasks may have; SK_ERR_EXISTS; SK_ERR_NO_MEMORY,
 * SK_ERR_BUDGET (page tables, charged to t; protection regions). */
sk_err port_map(struct kern *k, struct task *t, sk_uaddr addr, sk_paddr page, size_t bytes,
                uint32_t prot);

/* The same for a device: not cached, read and write, in order. */
sk_err port_map_device(struct kern *k, struct task *t, sk_uaddr addr, sk_paddr base, size_t bytes);

/* Undo a mapping, as a whole; when it returns, no access through it can happen any more. */
void port_unmap(struct kern *k, struct task *t, sk_uaddr addr, size_t bytes);

/* Give back (kern_page_give) some of what the address space of t took; bounded work. Returns true
 * when nothing is left. t never runs again. */
bool port_space_destroy_step(struct kern *k, struct task *t);

/* This kernel's pointer to the task's memory at addr if the task may access it by prot (R or W)
 * and it is in this kernel's own RAM; *len becomes the bytes that follow contiguously, at least 1
 * and at most what it was. NULL otherwise. Valid until t's mappings change. */
void *port_user(struct kern *k, struct task *t, sk_uaddr addr, uint32_t prot, size_t *len);

/* Map init's image and stack into t (the first task of a kernel): text and constants shared with
 * the template, data copy-on-write. Fills t's start registers but for the argument.
 * *start_addr: where in t the kernel may write the start block (SK_START_BYTES). Fills in start
 * what the port knows: system_addr, archive_addr and archive_bytes (0 without an archive), heap. */
sk_err port_init_map(struct kern *k, struct task *t, struct sk_start *start, sk_uaddr *start_addr);

/* Read or, if write, write the 32-bit register at base + offset of device number index of the
 * system table, which belongs to this core's kernel. Returns what was read (or value). */
uint32_t port_device_access(struct port_cpu *cpu, uint32_t index, sk_paddr base, uint32_t offset,
                            bool write, uint32_t value);

/* Pages of this kernel's fork: in common with the template, made private by a write, made fresh. */
void port_fork_stats(struct port_cpu *cpu, uint32_t *shared, uint32_t *copied, uint32_t *fresh);

#endif
