/* The simulation: a machine of up to SK_CORES_MAX cores in one process and one thread.
 *
 * Each core that is on has one context that is active: its kernel's coroutine, or that of the task
 * that the kernel resumed. A context goes on until a step (an access through the ring's seam, a
 * kernel entry or exit, a doorbell, a look at the clock), where the seed may choose another core.
 * Interrupts of a core are delivered at steps of its tasks and while it is idle, never inside its
 * kernel. Virtual time moves with the steps and jumps when every core is idle.
 *
 * `sim` is the whole state of a run but for the memory of cores and tasks; a run begins with all
 * of it fresh, so equal seeds give equal runs.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef HOST_SIM_H
#define HOST_SIM_H

#include "arch/host/co.h"
#include "arch/host/faults.h"
#include "kernel/entry.h"
#include <skerry/syscall.h>

#define SIM_KERNEL_STACK (256u * 1024u)
#define SIM_TASK_STACK   (256u * 1024u)
#define SIM_SPACES_CORE  256u  /* tasks of one core, most */
#define SIM_DEVICES      4u    /* device pages mapped in one task, most */
#define SIM_JUMPS_MAX    1000u /* of time in a row: see stuck() */

enum core_mode { CORE_OFF, CORE_KERNEL, CORE_TASK, CORE_IDLE, CORE_HALTED, CORE_HUNG };
enum core_end { END_NOT, END_PANIC, END_STOP, END_HANG };
enum core_reason { REASON_INTERRUPT, REASON_SYSCALL, REASON_FAULT };

/* One task as the port knows it. Pooled: index and generation in id, 0 = free. */
struct host_space {
    uint32_t id;
    sk_core core;
    struct task *task;
    sk_paddr table; /* a page that stands for its page tables */
    bool started;
    struct co co;
    char *stack; /* SIM_TASK_STACK bytes, a guard below; at the top HOST_SELF_BYTES */
    void *heap;  /* its arena of malloc */
    uint64_t device[SIM_DEVICES];
};

struct port_cpu {
    sk_core core;
    enum core_mode mode;
    struct kern *kern;
    struct template *tpl;     /* private copy */
    struct co co;             /* the kernel's */
    struct co *active;        /* co, or the co of the space that runs */
    struct host_space *space; /* mode TASK: who runs */
    char *stack;
    sk_core parent;
    uint32_t epoch;
    char *ram; /* the whole slice: struct kern first */
    uint32_t ram_pages, kern_pages;
    sk_ns timer_ns;
    bool bell;         /* rung, not taken */
    sk_ns bell_ns;     /* not taken before */
    uint32_t patience; /* steps for which a pending interrupt may still be put off */
    enum core_reason reason;
    uint32_t call; /* REASON_SYSCALL */
    struct port_fault fault;
    sk_ns off_ns;          /* ordered off: it is then; SK_FOREVER: not */
    enum core_end end_due; /* fault plan: how the kernel ends at its next entry */
    bool stop_due;         /* fault plan: it is to be off */
    bool restart_due;      /* fault plan: the core is to begin anew, whatever it does */
    struct task
        *kill_due;      /* fault plan: this task ends when its kernel is done with what it does */
    uint32_t kill_gen;  /* of its slot */
    bool frozen;        /* fault plan: executes nothing, */
    uint64_t thaw_step; /* until this step */
    sk_ns thaw_at_ns;   /* or this time */
    bool lost;          /* a plan has ended this epoch; */
    bool seen_off;      /* another kernel was told that it is off */
    bool ordered;       /* another kernel has ordered it off */
    bool doubted;       /* or has made it silent for a while */
    bool starved;       /* a plan has refused something to its init, which may not begin without */
    uint64_t steps;
};

/* Registers of a device that a kernel has: they keep what was written. */
#define SIM_DEVICE_REGS 16u

struct sim_options {
    const void *system; /* the system table */
    size_t system_bytes;
    sk_core cores;
    uint64_t seed;
    uint64_t max_steps;
    sk_ns max_ns;
    bool trace;
    bool allow_panic;
    uint32_t cpu_ms; /* of real time, of a run that a sweep forks: one that needs more hangs */
    bool no_force;   /* this machine cannot order a core off */
    bool quiet;
    const char *script;                  /* text; see script.c */
    const struct sim_scenario *scenario; /* or this, see stage.h */
    struct fault_plan faults;
    void (*tamper)(void);    /* tests of the ledger: called at every step of the window */
    struct {                 /* fault plans: one in so many steps, 0 = never */
        uint32_t fault_task; /* the running task (never init) faults */
        uint32_t scribble_chan, scribble_link; /* 64 bytes of garbage into a slot or line */
        uint32_t panic_core;                   /* a kernel (never core 0's) breaks */
        uint32_t restart_core;                 /* a core (never core 0) begins anew */
        uint64_t restart_at;                   /* the last core does, at that step; 0 = never */
        uint32_t lost_bell;                    /* a doorbell never arrives */
        uint32_t no_page;                      /* of the port's own page requests: refused */
    } plan;
};

#define SIM_LATER 4u /* acts of the script that are put off */

enum sim_end { SIM_RUNNING, SIM_POWER_OFF, SIM_SCRIPT_END, SIM_STUCK, SIM_FAILED };

struct sim {
    struct sim_options opt;
    uint64_t rng;
    sk_ns now;
    uint64_t steps;
    uint32_t switch_mask; /* another core may be chosen at 1 of switch_mask + 1 steps */
    struct port_cpu cpu[SK_CORES_MAX];
    sk_core cores;
    struct port_cpu *cur;
    bool inside; /* in the simulation's own code: a signal here is its own bug */
    struct co main;
    enum sim_end end;
    uint32_t status; /* SIM_POWER_OFF */
    char why[2048];  /* SIM_STUCK, SIM_FAILED */
    uint32_t panics;
    const struct template *tpl; /* frozen */
    const char *archive;
    size_t archive_bytes;
    uint32_t branches; /* of programs, until the next step */
    uint32_t space_gen;
    uint32_t jumps;       /* of time, since a task was resumed */
    uint64_t audit_steps; /* next audit */
    bool plans;           /* fault plans are in force */
    struct sk_crash crash[SK_CORES_MAX];
    uint32_t device_reg[SK_SYS_DEVICES_MAX][SIM_DEVICE_REGS]; /* of devices that kernels have */
    struct {
        uint64_t at; /* step; 0: none */
        char action[48];
    } later[SIM_LATER];
    sk_core fault_core;       /* core + 1 whose next task faults; 0 = none */
    struct fault_plan faults; /* of this run; marks what has been met */
    bool sweeping;            /* this run forks others */
    bool window;              /* faults of the plan, and a sweep's, come now */
    bool lies;                /* garbage has been written where peers read */
    uint64_t requests;        /* for memory and ends, in the window */
    sk_ns resumed_ns;         /* a task last ran */
};

extern struct sim sim;

/* Does that core do anything, or will it, when its time comes? */
static inline bool sim_core_works(const struct port_cpu *cpu)
{
    return cpu->mode != CORE_OFF && cpu->mode != CORE_HALTED && cpu->mode != CORE_HUNG;
}

/* --- sched.c --------------------------------------------------------------------------------- */
uint64_t sim_random(void);
uint32_t sim_random_below(uint32_t n);
void sim_step(void);
/* A step that takes ns longer: time that a program spends computing. */
void sim_step_long(sk_ns ns);
/* Leave the run. The second form records a failure, the reason printf-like. */
_Noreturn void sim_finish(enum sim_end end);
_Noreturn void sim_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The core that runs does nothing any more, in the mode that it is in. */
_Noreturn void sim_core_leave_for_good(void);
/* The core stops for good, in the middle of whatever it does; does not return if it is the one that
 * runs. */
void sim_core_stop(struct port_cpu *cpu);
/* The core that runs is frozen: returns when it is not any more. */
void sim_core_pause(void);
/* The running task faults; returns if its core runs another one. */
void sim_fault_task(struct port_cpu *cpu);
bool sim_task_lives(const struct task *t);
/* The task ends as soon as its kernel is not at work. */
void sim_kill_task(struct port_cpu *cpu, struct task *t);
/* Its doorbell rings, for nothing. */
void sim_ring_core(struct port_cpu *cpu);
/* Begin (anew) with cpu->epoch; not the core that calls it. */
void sim_core_start(struct port_cpu *cpu);
/* The core that runs is to begin anew: let another one, if any can, see to it. */
void sim_core_leave(void);
/* Off by order: its kernel writes its record and halts. */
void sim_core_force(struct port_cpu *cpu);
/* The running task enters its kernel for that reason; returns when it is resumed. */
void sim_enter_kernel(enum core_reason reason);
/* From a signal handler: where the process goes on instead. */
_Noreturn void sim_fault_landing(void);
void sim_schedule_reset(void);

/* --- memory.c -------------------------------------------------------------------------------- */
void sim_memory_reset(void);
/* cpu is off: its tasks touch nothing any more. */
void sim_memory_end(const struct port_cpu *cpu);
/* RAM for cpu->epoch; nothing of its tasks is left. */
void sim_memory_begin(struct port_cpu *cpu);
struct host_space *sim_space_of(struct port_task *pt);
/* Core whose RAM has this page, NULL if none. */
struct port_cpu *sim_page_core(uint64_t addr);
struct sk_link *sim_link(sk_core from, sk_core to);
bool sim_device_mapped(const struct host_space *s, uint64_t addr);
/* Garbage into every channel page that the task has mapped. */
void sim_scribble_space(const struct host_space *s);
/* Garbage into all that the kernel of that core tells the others. */
void sim_scribble_links(sk_core from);
/* Who has the page mapped: 0, 1 or 2 spaces. */
uint32_t sim_page_mapped(uint64_t page, const struct host_space *by[2]);
/* A page that two tasks have mapped (a channel), chosen by the seed; NULL: none met. */
void *sim_random_chan_page(void);

/* --- boot.c ---------------------------------------------------------------------------------- */
void sim_boot_prepare(void);
void sim_boot_core(struct port_cpu *cpu); /* on the core's own stack */

/* --- fault.c --------------------------------------------------------------------------------- */
void sim_signals_install(void);

/* --- uart.c ---------------------------------------------------------------------------------- */
void uart_reset(void);
void uart_core_reset(sk_core core);               /* its interrupts do not go there any more */
bool uart_irq_pending(sk_core core);              /* asserted, and this core listens */
void uart_irq_taken(sk_core core, uint32_t *irq); /* now masked */
sk_ns uart_next_ns(void); /* when something may change by itself; SK_FOREVER */
void uart_advance(void);  /* let time pass for it */
sk_err uart_irq_route(sk_core core, uint32_t irq, bool on);
void uart_early(const char *text, size_t len);
const char *uart_output(size_t *len);

/* --- script.c -------------------------------------------------------------------------------- */
/* Text: a statement a line (see script.c). Returns NULL or what is wrong. */
const char *script_reset(const char *text);
void script_output(void);   /* there is new output */
size_t script_seen(void);   /* output up to here has been waited for */
int script_next_char(void); /* -1: nothing to type now */
sk_ns script_wake_ns(void); /* end of a pause; SK_FOREVER */
bool script_done(void);
const char *script_waits_for(void);
const char *script_forbidden(void); /* a text that must not be in the output, but is */

/* --- plan.c, audit.c ------------------------------------------------------------------------- */
void plan_time(void);             /* what is due at a time */
void plan_step(void);             /* fault plans by chance */
bool plan_put_off(void);          /* is there still something that was put off? */
void plan_do(const char *action); /* one by name, from a script */
void plan_restart(sk_core core);  /* begins anew, unasked */
void plan_garbage(void *line);    /* 64 bytes, by the seed */
void sim_audit(void);

/* --- run.c ----------------------------------------------------------------------------------- */
/* One run. True: it ended as it should; else sim.why says why not. */
bool sim_run(const struct sim_options *opt);
void sim_print_state(void);

#endif
