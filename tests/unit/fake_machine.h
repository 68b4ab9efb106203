/* A machine of plain memory for the kernel's unit tests: several kernels in one process, whose
 * tasks never run code; a test makes their system calls and delivers their doorbells. Included by
 * one file of a test program: it defines the port.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef FAKE_MACHINE_H
#define FAKE_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/kern.h"
#include "kernel/chan.h"
#include "kernel/core.h"
#include "kernel/handle.h"
#include "kernel/link.h"
#include "kernel/port_object.h"
#include "kernel/sched.h"
#include "kernel/task.h"
#include <skerry/start.h>

#define FAKE_CORES 4
#ifndef FAKE_PAGES /* of each core */
#define FAKE_PAGES 128u
#endif
#define FAKE_MAPS 256u

struct port_cpu {
    sk_core core;
    struct kern *k;
    uint8_t *ram;
    void *memory;
    sk_ns timer;
    bool bell, halted, hung, frozen; /* frozen: it does nothing, and is not off */
};

static struct port_cpu fake_cpu[FAKE_CORES];
static struct template fake_tpl;
static struct sk_link fake_link[FAKE_CORES][FAKE_CORES];
static sk_err fake_start_err;     /* what port_core_start says */
static uint32_t fake_start_epoch; /* with which epoch it was called last */
static struct sk_crash fake_crash[FAKE_CORES];
static sk_err fake_force_err;            /* what port_core_force_off says */
static unsigned fake_forced[FAKE_CORES]; /* how often it was called */
static uint32_t fake_heartbeat_ms;       /* of the next machine */
static sk_ns fake_now = 1000;
static jmp_buf fake_halt;                                       /* port_halt comes back here */
static uint8_t fake_user[65536] __attribute__((aligned(4096))); /* every task may use it */
static struct {
    struct sk_sys_header header;
    struct sk_sys_core core[FAKE_CORES];
    struct sk_sys_prog prog[1];
    struct sk_sys_dev dev[2];
    struct sk_sys_image image[3];
} fake_sys;

/* What is mapped where: nobody's memory, but who says what can be looked at. */
static struct fake_map {
    const struct task *task;
    sk_uaddr addr;
    size_t bytes;
    uint32_t prot;
} fake_map[FAKE_MAPS];
static size_t fake_writable = sizeof(fake_user); /* what follows can only be read */
static unsigned fake_windows;                    /* bit n: something is in place n of port_window */
static unsigned fake_page_count; /* calls of port_page: a kernel is about to touch a page */
static unsigned fake_map_room;   /* how many more port_map grants */

/* The last access to a device's register by a kernel. */
static struct {
    unsigned count;
    sk_core core;
    uint32_t index, offset, value;
    sk_paddr base;
    bool write;
} fake_access;

void sim_step(void);
void sim_step(void)
{
}

void sim_stored(const uint32_t *p, uint32_t v);
void sim_stored(const uint32_t *p, uint32_t v)
{
    (void)p;
    (void)v;
}
sk_ns port_now(struct port_cpu *cpu)
{
    (void)cpu;
    return fake_now;
}
void port_timer_set(struct port_cpu *cpu, sk_ns when_ns)
{
    cpu->timer = when_ns;
}
void port_doorbell(struct port_cpu *cpu, sk_core to)
{
    (void)cpu;
    fake_cpu[to].bell = true;
}
sk_err port_core_start(struct port_cpu *cpu, sk_core to, uint32_t epoch)
{
    (void)cpu;
    (void)to;
    fake_start_epoch = epoch;
    return fake_start_err;
}
bool port_core_off(struct port_cpu *cpu, sk_core core)
{
    (void)cpu;
    return fake_cpu[core].ram == NULL || fake_cpu[core].halted;
}
sk_err port_core_force_off(struct port_cpu *cpu, sk_core core)
{
    (void)cpu;
    fake_forced[core]++;
    return fake_force_err;
}
struct sk_crash *port_crash_record(struct port_cpu *cpu, sk_core core)
{
    (void)cpu;
    return &fake_crash[core];
}
struct sk_link *port_link(struct port_cpu *cpu, sk_core from, sk_core to)
{
    (void)cpu;
    return &fake_link[from][to];
}
_Noreturn void port_halt(struct port_cpu *cpu)
{
    cpu->halted = true;
    longjmp(fake_halt, 1);
}
_Noreturn void port_hang(struct port_cpu *cpu)
{
    cpu->hung = true;
    longjmp(fake_halt, 2);
}
_Noreturn void port_power_off(struct port_cpu *cpu, uint32_t status)
{
    (void)cpu;
    exit((int)status);
}
void port_console_write(struct port_cpu *cpu, const char *text, size_t len)
{
    (void)cpu;
    (void)text;
    (void)len;
}
sk_err port_irq_enable(struct port_cpu *cpu, uint32_t irq)
{
    (void)cpu;
    return irq < 32 ? SK_ERR_ARG : SK_OK;
}
uint32_t port_device_access(struct port_cpu *cpu, uint32_t index, sk_paddr base, uint32_t offset,
                            bool write, uint32_t value)
{
    fake_access.count++;
    fake_access.core = cpu->core;
    fake_access.index = index;
    fake_access.base = base;
    fake_access.offset = offset;
    fake_access.write = write;
    fake_access.value = value;
    return write ? value : 1000 + offset;
}
void port_irq_disable(struct port_cpu *cpu, uint32_t irq)
{
    (void)cpu;
    (void)irq;
}
void *port_page(struct port_cpu *cpu, sk_paddr page)
{
    uint8_t *p = (uint8_t *)(uintptr_t)page;
    fake_page_count++;
    return p >= cpu->ram && p < cpu->ram + FAKE_PAGES * SK_PAGE_BYTES ? p : NULL;
}
bool port_page_of(struct port_cpu *cpu, sk_core core, sk_paddr page)
{
    (void)cpu;
    return core < FAKE_CORES && page % SK_PAGE_BYTES == 0 &&
           page - (uintptr_t)fake_cpu[core].ram < FAKE_PAGES * SK_PAGE_BYTES;
}
void *port_chan_page(struct port_cpu *cpu, sk_paddr page)
{
    (void)cpu;
    return (void *)(uintptr_t)page;
}
void *port_window(struct port_cpu *cpu, unsigned place, sk_paddr page)
{
    (void)cpu;
    assert_true(place < 2);
    fake_windows =
        page == SK_PADDR_NONE ? fake_windows & ~(1u << place) : fake_windows | 1u << place;
    return page == SK_PADDR_NONE ? NULL : (void *)(uintptr_t)page;
}
sk_uaddr port_area_addr(struct port_cpu *cpu, enum port_area area, uint32_t index, sk_paddr page)
{
    (void)cpu;
    (void)area;
    (void)index;
    return page;
}
sk_err port_space_create(struct kern *k, struct task *t)
{
    sk_err err;
    t->port.space = (void *)(uintptr_t)kern_page_take(k, t, &err); /* a page table, so to say */
    return err;
}
sk_err port_map(struct kern *k, struct task *t, sk_uaddr addr, sk_paddr page, size_t bytes,
                uint32_t prot)
{
    struct fake_map *free = NULL;
    (void)k;
    (void)page;
    for (unsigned i = 0; i < FAKE_MAPS; i++) {
        struct fake_map *m = &fake_map[i];
        if (m->task == t && addr < m->addr + m->bytes && addr + bytes > m->addr)
            return SK_ERR_EXISTS;
        if (m->task == NULL)
            free = m;
    }
    if (free == NULL || fake_map_room == 0)
        return SK_ERR_BUDGET;
    fake_map_room--;
    *free = (struct fake_map){t, addr, bytes, prot};
    return SK_OK;
}
sk_err port_map_device(struct kern *k, struct task *t, sk_uaddr addr, sk_paddr page, size_t bytes)
{
    return port_map(k, t, addr, page, bytes, SK_PROT_R);
}
void port_unmap(struct kern *k, struct task *t, sk_uaddr addr, size_t bytes)
{
    (void)k;
    for (unsigned i = 0; i < FAKE_MAPS; i++) {
        struct fake_map *m = &fake_map[i];
        if (m->task == t && m->addr == addr && m->bytes == bytes)
            m->task = NULL;
    }
}
bool port_space_destroy_step(struct kern *k, struct task *t)
{
    for (unsigned i = 0; i < FAKE_MAPS; i++)
        if (fake_map[i].task == t)
            fake_map[i].task = NULL;
    kern_page_give(k, t, (uintptr_t)t->port.space);
    return true;
}
void *port_user(struct kern *k, struct task *t, sk_uaddr addr, uint32_t prot, size_t *len)
{
    (void)k;
    (void)t;
    uint8_t *p = (uint8_t *)(uintptr_t)addr;
    uint8_t *end = fake_user + (prot == SK_PROT_W ? fake_writable : sizeof(fake_user));
    if (p < fake_user || p >= end)
        return NULL;
    size_t room = (size_t)(end - p);
    *len = *len < room ? *len : room;
    return p;
}
sk_err port_init_map(struct kern *k, struct task *t, struct sk_start *start, sk_uaddr *start_addr)
{
    (void)k;
    (void)t;
    (void)start;
    *start_addr = (uintptr_t)fake_user;
    return SK_OK;
}
void port_fork_stats(struct port_cpu *cpu, uint32_t *shared, uint32_t *copied, uint32_t *fresh)
{
    (void)cpu;
    *shared = *copied = *fresh = 0;
}

/* --- What tests use -------------------------------------------------------------------------- */

static inline struct kern *fake_boot_epoch(sk_core core, sk_core parent, uint32_t epoch)
{
    struct port_cpu *cpu = &fake_cpu[core];
    *cpu = (struct port_cpu){.core = core, .timer = SK_FOREVER};
    cpu->ram = aligned_alloc(SK_PAGE_BYTES, FAKE_PAGES * SK_PAGE_BYTES);
    memset(cpu->ram, 0xaa, FAKE_PAGES * SK_PAGE_BYTES);
    size_t bytes = kern_size(&fake_tpl, core);
    cpu->memory = aligned_alloc(64, bytes);
    memset(cpu->memory, 0, bytes);
    struct kern_boot boot = {.tpl = &fake_tpl,
                             .cpu = cpu,
                             .memory = cpu->memory,
                             .core = core,
                             .parent = parent,
                             .epoch = epoch,
                             .ram_base = (uintptr_t)cpu->ram,
                             .ram_pages = FAKE_PAGES};
    cpu->k = kern_create(&boot);
    kern_first(cpu->k);
    return cpu->k;
}

static inline struct kern *fake_boot(sk_core core, sk_core parent)
{
    return fake_boot_epoch(core, parent, 1);
}

/* The core begins anew: whatever still touches what it had is caught. */
static inline struct kern *fake_restart(sk_core core)
{
    struct port_cpu *cpu = &fake_cpu[core];
    uint32_t epoch = cpu->k->epoch + 1u;
    for (unsigned i = 0; i < FAKE_MAPS; i++)
        if (fake_map[i].task >= cpu->k->tasks &&
            fake_map[i].task < cpu->k->tasks + cpu->k->task_count)
            fake_map[i].task = NULL;
    free(cpu->ram);
    free(cpu->memory);
    return fake_boot_epoch(core, 0, epoch);
}

/* Nothing runs yet. */
static inline void fake_prepare(uint32_t cores)
{
    memset(fake_link, 0, sizeof(fake_link));
    memset(&fake_sys, 0, sizeof(fake_sys));
    struct sk_sys_header *h = &fake_sys.header;
    *h = (struct sk_sys_header){.magic = SK_SYS_MAGIC,
                                .version = SK_SYS_VERSION,
                                .size_bytes = sizeof(fake_sys),
                                .cores = FAKE_CORES,
                                .core_off = offsetof(__typeof__(fake_sys), core),
                                .core_count = FAKE_CORES,
                                .prog_off = offsetof(__typeof__(fake_sys), prog),
                                .prog_count = 1,
                                .dev_off = offsetof(__typeof__(fake_sys), dev),
                                .dev_count = 2,
                                .image_off = offsetof(__typeof__(fake_sys), image),
                                .image_count = 3,
                                .perm_off = sizeof(fake_sys),
                                .heartbeat_ms = fake_heartbeat_ms,
                                .name = "fake",
                                .board = "fake"};
    for (int i = 0; i < FAKE_CORES; i++)
        fake_sys.core[i] = (struct sk_sys_core){.ram_bytes = FAKE_PAGES * SK_PAGE_BYTES,
                                                .log_bytes = 8192,
                                                .tasks = 8,
                                                .ends = 64,
                                                .ports = 8,
                                                .regions = 16,
                                                .handles = 32};
    fake_sys.prog[0] = (struct sk_sys_prog){
        .name = "init", .priority = 12, .mem_bytes = 64 * 1024, .handles = 16, .ends = 8};
    fake_sys.dev[0] =
        (struct sk_sys_dev){.name = "uart", .base = 0x9000000, .size_bytes = 4096, .irq = 33};
    /* One that core 1's kernel reads and writes for whoever may ask. */
    fake_sys.dev[1] = (struct sk_sys_dev){.name = "timer",
                                          .base = 0x9010000,
                                          .size_bytes = 4096,
                                          .irq = 34,
                                          .core = 1,
                                          .flags = SK_SYS_DEV_CALL};
    for (unsigned i = 0; i < 3; i++) /* two of core 0, one of core 1 */
        fake_sys.image[i] = (struct sk_sys_image){.core = i / 2,
                                                  .text = {0x10000 * i + 0x1000, 0x800},
                                                  .rodata = {0x10000 * i + 0x2000, i ? 0x400 : 0},
                                                  .ram = {0x10000 * i + 0x3000, 0x2000}};
    memset(fake_map, 0, sizeof(fake_map));
    memset(&fake_access, 0, sizeof(fake_access));
    fake_map_room = ~0u;
    fake_start_err = fake_force_err = SK_OK;
    memset(fake_crash, 0, sizeof(fake_crash));
    memset(fake_forced, 0, sizeof(fake_forced));
    fake_start_epoch = 0;
    const char *why;
    assert_int_equal(system_check(&fake_sys, sizeof(fake_sys), &why), SK_OK);
    fake_tpl = (struct template){.cores = cores, .frozen = 1, .sys = h};
}

/* `cores` kernels, each with an init. */
static inline void fake_machine(uint32_t cores)
{
    fake_prepare(cores);
    for (uint32_t c = 0; c < cores; c++)
        fake_boot(c, c);
}

static inline void fake_free(void)
{
    for (int c = 0; c < FAKE_CORES; c++) {
        free(fake_cpu[c].ram);
        free(fake_cpu[c].memory);
        fake_cpu[c].ram = NULL;
        fake_cpu[c].memory = NULL;
    }
}

/* Deliver doorbells and pending work until nothing is left. */
static inline void fake_settle(void)
{
    for (bool more = true; more;) {
        more = false;
        for (int c = 0; c < FAKE_CORES; c++) {
            struct port_cpu *cpu = &fake_cpu[c];
            if (cpu->ram == NULL || cpu->halted || cpu->hung || cpu->frozen)
                continue;
            if (cpu->bell) {
                cpu->bell = false;
                kern_doorbell(cpu->k);
                more = true;
            }
            if (kern_has_work(cpu->k)) {
                kern_idle(cpu->k);
                more = true;
            }
        }
    }
}

/* t, which must be ready, makes a system call. Returns r0; a call that blocks returns
 * CALL_BLOCKED. Other results are in t->port.reg. */
static inline sk_err fake_call(struct kern *k, struct task *t, uint32_t nr, uint64_t a0,
                               uint64_t a1, uint64_t a2, uint64_t a3)
{
    assert_int_equal(t->state, SK_TASK_READY);
    uint64_t args[4] = {a0, a1, a2, a3};
    memcpy(t->port.reg, args, sizeof(args));
    k->current = t;
    kern_syscall(k, nr);
    return t->state == SK_TASK_WAITING || t->state == TASK_LENDING ? CALL_BLOCKED
                                                                   : (sk_err)t->port.reg[0];
}
#define CALL(k, t, name, ...) CALL_(k, t, SK_CALL_##name, __VA_ARGS__, 0, 0, 0, 0)
#define CALL_(k, t, nr, a, b, c, d, ...)                                                           \
    fake_call(k, t, nr, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d))

/* A ready task of priority 5 with ordinary budgets, made by the kernel's init. */
static inline struct task *fake_task(struct kern *k, const char *name)
{
    struct sk_task_params params = {
        .priority = 5, .event_bit = 3, .pages = 16, .handles = 16, .ends = 12};
    snprintf(params.name, sizeof(params.name), "%s", name);
    struct task *init = &k->tasks[0];
    memcpy(fake_user, &params, sizeof(params));
    sk_err err = CALL(k, init, TASK_CREATE, init->handles[0].gen << 12, (uintptr_t)fake_user);
    assert_int_equal(err, SK_OK);
    sk_handle h = (sk_handle)init->port.reg[1];
    assert_int_equal(CALL(k, init, TASK_START, h, 0x1000, 0, 0), SK_OK);
    struct task *t = &k->tasks[init->handles[SK_HANDLE_INDEX(h)].index];
    return t;
}

#endif
