/* The port's state: struct port_cpu (one core's, private, at CPU_ADDR in every kernel and in
 * TPIDR_EL1) and struct machine (what the boot kernel found and laid out; in the template, read
 * only after the freeze).
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARM64_CPU_H
#define ARM64_CPU_H

#include "kernel/entry.h"
#include "layout.h"

#define ASID_COUNT 4096u /* at most this many address spaces on a core; ASID 0 is nobody's */

struct port_cpu {
    struct kern *k; /* NULL while it is being made */
    struct port_task
        *loaded; /* whose callee-saved registers are in the processor; NULL: nobody's */
    struct port_task *fp_owner; /* whose floating-point registers are in the processor */
    uint64_t fp_on;             /* 1: the unit is enabled (its owner is loaded) */
    sk_core core, parent;
    uint32_t epoch;
    uint32_t asid_count; /* <= ASID_COUNT */
    uint32_t asid_hint;
    uint32_t pages_copied; /* of the template, kernel's and init's */
    uint32_t pages_fresh;
    uint64_t root;              /* TTBR1_EL1 */
    uint64_t ram, ram_bytes;    /* this core's slice */
    uint64_t ram_next;          /* the first page that nobody has; bump allocator while forking */
    uint64_t cow_next, cow_end; /* pages kept for copies of template pages */
    uint64_t ticks_mult;        /* ns = ticks * ticks_mult >> 32 */
    uint64_t ns_mult;           /* ticks = ns * ns_mult >> 32, rounded up */
    uint64_t asid_used[ASID_COUNT / 64u];
};
_Static_assert(offsetof(struct port_cpu, k) == CPU_KERN, "vectors.S");
_Static_assert(offsetof(struct port_cpu, loaded) == CPU_LOADED, "vectors.S");
_Static_assert(offsetof(struct port_cpu, fp_owner) == CPU_FP_OWNER, "vectors.S");
_Static_assert(offsetof(struct port_cpu, fp_on) == CPU_FP_ON, "vectors.S");
_Static_assert(sizeof(struct port_cpu) <= SK_PAGE_BYTES, "one page at CPU_ADDR");

/* A segment of init as the boot kernel laid it out. */
struct init_segment {
    uint64_t addr;
    uint64_t page;  /* physical, of template_pages pages in a row */
    uint32_t pages; /* in the task; those beyond template_pages start as zero */
    uint32_t template_pages;
    uint32_t prot;
};

struct init_image {
    uint64_t entry;
    uint64_t stack_pages;
    uint32_t segments;
    struct init_segment segment[8];
};

struct machine {
    uint64_t slice[SK_CORES_MAX]; /* physical; first: start.S reads it with the MMU off */
    uint64_t slice_bytes[SK_CORES_MAX];
    uint64_t mpidr[SK_CORES_MAX];
    uint64_t gicr[SK_CORES_MAX]; /* each core's redistributor, physical */
    uint32_t cores;
    uint32_t psci_smc; /* 1: SMC, 0: HVC */
    uint64_t ram, ram_bytes;
    uint64_t gicd, uart;
    uint64_t gicr_base, gicr_bytes; /* all redistributors */
    uint32_t timer_irq;             /* of the virtual timer */
    uint32_t template_pages;        /* all that kernels have in common: image, template, init */
    uint64_t links;                 /* physical, SK_CORES_MAX * SK_CORES_MAX pages */
    uint64_t low_root;    /* TTBR0 while the MMU goes on or off: start.S at its own address */
    uint64_t empty_root;  /* TTBR0 while no task is loaded */
    uint64_t image_l2;    /* level 2 that maps image and init's pages, all read-only */
    uint64_t template_l3; /* level 3 of the template's pages, copy-on-write */
    uint64_t init_pages, init_pages_end; /* physical range of init's pages */
    struct init_image init;
};
_Static_assert(offsetof(struct machine, psci_smc) == MACHINE_PSCI_SMC, "vectors.S");

extern struct machine machine; /* in the template: all kernels read the same */
extern struct template kernel_template;

/* From the linker script; all page aligned, template_start and boot_start's ends as said there. */
extern char text_start[], text_end[], rodata_end[], template_start[], template_end[];
extern char boot_stack_top[], image_end[];
extern char boot_archive_start[], boot_archive_end[];

/* Where data that every kernel inherits, and data of the boot kernel alone, must live. */
#define IN_TEMPLATE __attribute__((section(".template")))
#define BOOT_ONLY   __attribute__((section(".boot")))

static inline struct port_cpu *this_cpu(void)
{
    return (struct port_cpu *)CPU_ADDR;
}

/* This kernel's pointer to a page of its slice. */
static inline void *window(uint64_t paddr)
{
    return (void *)(paddr + WINDOW_OFFSET);
}
static inline bool in_slice(const struct port_cpu *cpu, uint64_t paddr)
{
    return paddr - cpu->ram < cpu->ram_bytes;
}

/* --- Between the files of this port ---------------------------------------------------------- */

/* The context that a forked kernel starts with (x0 at fork_entry). */
#define CONTEXT_MAKE(epoch, parent, core)                                                          \
    (((uint64_t)(epoch) << 32) | ((uint64_t)(parent) << 8) | (uint64_t)(core))
#define CONTEXT_CORE(context)   ((sk_core)((context)&0xffu))
#define CONTEXT_PARENT(context) ((sk_core)(((context) >> 8) & 0xffu))
#define CONTEXT_EPOCH(context)  ((uint32_t)((context) >> 32))

/* A write of the kernel to addr was refused: if that is a page of the template, make it this
 * kernel's own. False: it is something else. (fork.c) */
bool fork_copy_page(struct port_cpu *cpu, uint64_t addr);

/* Core-private mapping of one page at a PRIVATE address (fork.c). */
void private_map(struct port_cpu *cpu, uint64_t va, uint64_t page, uint64_t flags);

/* The entry of such an address becomes value, 0: none; break before make (fork.c). */
void private_replace(struct port_cpu *cpu, uint64_t va, uint64_t value);

/* gic.c: the distributor once, by the boot kernel (gicd: where it is mapped); then each core. */
void gic_init_distributor(uintptr_t gicd);
uint64_t gic_find_redistributor(uintptr_t gicr, uint64_t bytes, uint64_t mpidr, uint64_t offset);
void gic_init_core(struct port_cpu *cpu);
void gic_release_devices(struct port_cpu *cpu); /* no interrupt of a device comes here any more */
struct port_task *gic_dispatch(struct port_cpu *cpu, bool *any);

void timer_init(struct port_cpu *cpu);
void timer_mask(void);

/* psci.c: results are PSCI's, negative on error. */
int64_t psci_cpu_on(uint64_t mpidr, uint64_t entry, uint64_t context);
_Noreturn void psci_system_off(void);

/* init.c: lay out init's program in pages from boot_pages(); text for the error. */
sk_err init_lay_out(const struct template *tpl, struct init_image *init, const char **why);

/* boot.c: physically contiguous zeroed pages that stay after the boot kernel. */
uint64_t boot_pages(uint32_t count);
_Noreturn void boot_fail(const char *why);

/* space.c: the last-level entry of addr in pt's tables, or NULL; and make the copy that a write to
 * a copy-on-write page of init needs (SK_ERR_NOT_FOUND: it is none; SK_ERR_BUDGET and
 * SK_ERR_NO_MEMORY as kern_page_take). */
#define USER_LIMIT ((uint64_t)1 << 38)
uint64_t *space_entry(const struct port_task *pt, uint64_t addr);
sk_err space_copy_page(struct kern *k, struct port_task *pt, uint64_t addr);
sk_err space_map(struct kern *k, struct task *t, uint64_t addr, uint64_t value);

/* vectors.S, fp.S. off_now needs no stack. */
extern char vectors[];
_Noreturn void off_now(void);
void fp_save(struct port_task *pt);
void fp_load(const struct port_task *pt);
_Noreturn void resume_first(struct port_task *next);

/* start.S */
extern char fork_entry[], start_page[];
_Noreturn void boot_leave(uint64_t context);

#endif
