/* A kernel's beginning: its tables laid out in the memory that the port gives, sized from the
 * system table; its presence on the links; its init.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/boot.h"
#include "kernel/chan.h"
#include "kernel/core.h"
#include "kernel/device.h"
#include "kernel/handle.h"
#include "kernel/link.h"
#include "kernel/log.h"
#include "kernel/memory.h"
#include "kernel/page.h"
#include "kernel/port_object.h"
#include "kernel/sched.h"
#include "kernel/task.h"
#include <skerry/start.h>

#define LINE SK_LINE_BYTES

/* The tables: where struct kern keeps each, and the size of an entry. */
#define TABLE(member, type)                                                                        \
    {                                                                                              \
        offsetof(struct kern, member), sizeof(type)                                                \
    }
static const struct table {
    uint16_t at, bytes;
} tables[] = {
    TABLE(tasks, struct task),    TABLE(ends, struct end),       TABLE(chans, struct chan),
    TABLE(ports, struct port),    TABLE(regions, struct region), TABLE(handles, struct handle),
    TABLE(ram_map, uint64_t),     TABLE(ledger, struct page),    TABLE(link, struct link),
    TABLE(device, struct device), TABLE(image, struct image),    TABLE(log, char)};
#undef TABLE
#define TABLES (sizeof(tables) / sizeof(tables[0]))

/* How many entries each table of a core has, in that order. */
static void count(const struct template *tpl, sk_core core, uint32_t counts[TABLES])
{
    const struct sk_sys_core *c = system_core(tpl->sys, core);
    uint32_t pages = c->ram_bytes / SK_PAGE_BYTES;
    const uint32_t all[TABLES] = {c->tasks,
                                  c->ends,
                                  c->ends / 2u > 0 ? c->ends / 2u : 1u,
                                  c->ports,
                                  c->regions,
                                  (uint32_t)c->tasks * c->handles,
                                  (pages + 63u) / 64u,
                                  pages,
                                  tpl->sys->cores,
                                  tpl->sys->dev_count,
                                  tpl->sys->image_count,
                                  c->log_bytes};
    __builtin_memcpy(counts, all, sizeof(all));
}

/* Behind struct kern, at lines of their own: the bytes of it all. k NULL: it is only counted. */
static size_t lay_out(struct kern *k, const uint32_t counts[TABLES])
{
    size_t used = (sizeof(struct kern) + LINE - 1u) / LINE * LINE;
    for (uint32_t i = 0; i < TABLES; i++) {
        if (k) {
            void *table = (uint8_t *)k + used;
            __builtin_memcpy((uint8_t *)k + tables[i].at, &table, sizeof(table));
        }
        used += ((size_t)counts[i] * tables[i].bytes + LINE - 1u) / LINE * LINE;
    }
    return used;
}

size_t kern_size(const struct template *tpl, sk_core core)
{
    uint32_t counts[TABLES];
    count(tpl, core, counts);
    return lay_out(NULL, counts);
}

static const struct sk_sys_prog *find_prog(const struct sk_sys_header *sys, const char *name)
{
    for (uint32_t i = 0; i < sys->prog_count; i++) {
        const struct sk_sys_prog *p = system_prog(sys, i);
        if (__builtin_strcmp(p->name, name) == 0)
            return p;
    }
    return NULL;
}

static void start_block(struct kern *k, struct task *t, const struct sk_sys_prog *prog,
                        struct sk_start *start)
{
    *start = (struct sk_start){.magic = SK_START_MAGIC,
                               .size_bytes = SK_START_BYTES,
                               .tid = task_tid(k, t),
                               .core = k->core,
                               .cores = k->cores,
                               .epoch = k->epoch,
                               .heap_bytes = prog->mem_bytes,
                               .handles = prog->handles,
                               .ends = prog->ends,
                               .argc = 1};
    __builtin_memcpy(start->name, t->name, SK_NAME_BYTES);
    __builtin_memcpy(start->text, t->name, SK_NAME_BYTES);
}

/* init holds what no other task can have: the right to make tasks, and its core's port. */
static void init_handles(struct kern *k, struct task *t, struct sk_start *start)
{
    struct port *p;
    struct handle control = {.kind = SK_KIND_CONTROL, .rights = SK_RIGHT_TASK | SK_RIGHT_CORE};
    sk_err err = handle_add(k, t, &control, &start->control);
    if (err == SK_OK)
        err = port_object_create(k, t, 0, SK_PORT_DEPTH_MAX, &p);
    KERN_ASSERT(k, err == SK_OK);
    struct handle port = {.kind = SK_KIND_PORT,
                          .rights = SK_RIGHT_ACCEPT | SK_RIGHT_CONNECT,
                          .index = p->index,
                          .obj_gen = p->gen};
    err = handle_add(k, t, &port, &start->core_port);
    KERN_ASSERT(k, err == SK_OK);
    k->core_port = p->index;
}

static void make_init(struct kern *k)
{
    struct sk_start start;
    sk_uaddr addr;
    const struct sk_sys_prog *prog = find_prog(k->tpl->sys, "init");
    if (prog == NULL)
        kern_panic(k, "the system table has no program init");
    struct sk_task_params params = {.priority = prog->priority,
                                    .pages = prog->mem_bytes / SK_PAGE_BYTES,
                                    .handles = prog->handles,
                                    .ends = prog->ends};
    __builtin_memcpy(params.name, prog->name, SK_NAME_BYTES);
    sk_err err;
    struct task *t = task_create(k, &params, NULL, &err);
    if (t == NULL)
        kern_panic(k, "no room for init");
    start_block(k, t, prog, &start);
    init_handles(k, t, &start);
    err = port_init_map(k, t, &start, &addr);
    if (err == SK_OK)
        err = user_out(k, t, addr, &start, sizeof(start));
    if (err != SK_OK)
        kern_panic(k, "init does not fit its budget");
    t->state = SK_TASK_READY;
    sched_ready(k, t, false);
}

bool boot_init(struct kern *k)
{
    k->held = link_held(k);
    if (!k->held)
        make_init(k);
    return !k->held;
}

struct kern *kern_create(const struct kern_boot *boot)
{
    uint32_t counts[TABLES];
    struct kern *k = boot->memory;
    count(boot->tpl, boot->core, counts);
    lay_out(k, counts);
    k->task_count = (uint16_t)counts[0];
    k->end_count = (uint16_t)counts[1];
    k->chan_count = (uint16_t)counts[2];
    k->port_count = (uint16_t)counts[3];
    k->region_count = (uint16_t)counts[4];
    k->handles_each = system_core(boot->tpl->sys, boot->core)->handles;
    k->image_count = counts[10];
    k->log_bytes = counts[11];
    k->cpu = boot->cpu;
    k->tpl = boot->tpl;
    k->core = boot->core;
    k->parent = boot->parent;
    k->epoch = boot->epoch;
    k->cores = boot->tpl->cores;
    sched_init(k);
    task_table_init(k);
    chan_table_init(k);
    port_table_init(k);
    region_table_init(k);
    device_init(k);
    uint32_t most = system_core(k->tpl->sys, k->core)->ram_bytes / SK_PAGE_BYTES;
    page_init(k, boot->ram_base, boot->ram_pages < most ? boot->ram_pages : most);
    /* The first write to an inherited page: from here on this kernel's copy. */
    k->tpl->core[k->core] = boot->record;
    k->tpl->core[k->core].epoch = k->epoch;
    uint32_t shared, copied, fresh;
    port_fork_stats(k->cpu, &shared, &copied, &fresh);
    klog(k, "core %u of %u, epoch %u: %u pages shared, %u copied, %u its own", k->core, k->cores,
         k->epoch, shared, copied, fresh);
    klog(k, "%u bytes for tasks; at most %u tasks, %u channel ends", k->ram_pages * SK_PAGE_BYTES,
         k->task_count, k->end_count);
    link_init(k);
    core_init(k);
    if (k->parent != k->core && link_use(k, k->parent) != SK_OK)
        klog(k, "the parent does not answer"); /* which will miss this core's answer */
    (void)boot_init(k);
    return k;
}
