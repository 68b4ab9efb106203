/* The port's state of one core, which is all that it writes besides the tasks; and what its files
 * know of each other. One kernel image runs on one core, so there is one of each.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARMV8M_CPU_H
#define ARMV8M_CPU_H

#include "kernel/entry.h"
#include "layout.h"

struct port_cpu {
    struct kern *k;            /* NULL while it is being made */
    struct port_task *running; /* or RUNNING_IDLE */
    struct port_task *loaded;  /* whose MPU regions and floating-point registers are in the
                                  processor; NULL: nobody's */
    bool begun;                /* the first task was asked for */
    bool has_fpu;
    bool ending; /* its kernel was told, or told us, that this is its end */
    sk_core core;
    uint32_t epoch;
    uint32_t ticks; /* the clock when it was last looked at, */
    sk_ns now_ns;   /* and what time that was */
    sk_ns timer_ns; /* SK_FOREVER: not set */
    struct slice {
        uintptr_t base, end; /* of whole pages */
    } slice[SK_CORES_MAX];   /* each core's pages */
};
_Static_assert(offsetof(struct port_cpu, k) == CPU_KERN, "vectors.S");
_Static_assert(offsetof(struct port_cpu, running) == CPU_RUNNING, "vectors.S");
_Static_assert(offsetof(struct port_cpu, loaded) == CPU_LOADED, "vectors.S");

extern struct port_cpu port_cpu;
extern struct template kernel_template;

/* From the linker script: what is between the kernels (absolute), and this kernel's memory. */
extern char CORE[], CORES[], CORE0_TEXT[], CORE1_TEXT[];
extern char CORE0_RAM[], CORE1_RAM[], CORE0_RAM_LENGTH[], CORE1_RAM_LENGTH[], LINK_BASE[];
extern char kernel_text[], kernel_text_end[], kernel_stack[], kernel_stack_top[], kernel_memory[];
extern const char system_table[];

/* What whoever starts a core leaves for it at the beginning of that core's RAM, and the mark that
 * it leaves itself when it parks. Its crash record follows. */
struct boot_description {
    uint32_t magic; /* never started without it */
    uint32_t epoch;
    sk_core parent;
    uint32_t ticks;  /* of the clock, */
    sk_ns now_ns;    /* at this time */
    uint32_t parked; /* 1: it executes nothing but a sleep until it is ordered to begin. Written
                        last by the core itself, cleared by who starts it */
};
#define BOOT_MAGIC 0x534b4254u
#define BOOT_BYTES 32u
_Static_assert(sizeof(struct boot_description) <= BOOT_BYTES, "kernel.ld leaves room");
_Static_assert(sizeof(struct sk_crash) == 288, "and for this");
struct boot_description *description_of(sk_core core);

/* What interrupted code had in the processor, at the far end of the kernel's stack, which begins
 * anew when this is needed (vectors.S). */
struct context {
    uint32_t r[13];
    uint32_t lr, pc, xpsr, sp; /* sp as after the return, but for what aligned the frame */
    uint32_t cfsr, hfsr, addr; /* from here on by trap.c */
    uint32_t exception;
};

/* processor.c: everything that a reset does not set to what is wanted. */
void processor_init(struct port_cpu *cpu, struct core_record *record);
uint32_t processor_below(void); /* an exception under the running one; 0: thread mode */

/* boot.c: say why and stop. */
_Noreturn void boot_fail(const char *why);

/* clock.c */
void clock_start(struct port_cpu *cpu, uint32_t ticks, sk_ns now_ns);
struct port_task *clock_fired(struct port_cpu *cpu);

/* space.c: n bytes of t's memory that may be read or, W, written; NULL. */
void *space_range(const struct port_task *pt, uintptr_t addr, uint32_t prot, size_t n);

/* vectors.S. unwind: leave all handlers and go to fn(arg) in thread mode on an empty stack, with
 * everything masked that enters the kernel. */
extern const uint32_t vectors[];
_Noreturn void unwind(void (*fn)(uint32_t), uint32_t arg);
_Noreturn void idle(void);
void begin_again(uint32_t by_reset);
void fp_forget(void); /* what the floating-point registers hold is nobody's: clear it */

#endif
