/* The port's memory: the RAM of each core, link pages, spaces (tasks as the port knows them) and
 * who has mapped which page. There is no translation: a page's address is the same in every task
 * and kernel, and what protects is this record, asked by port_user; with the address sanitizer a
 * page that nobody has mapped is poisoned until a kernel or a task gets it again.
 *
 * A core that begins anew gets its RAM at other addresses. Where a machine with translation would
 * put a page of their own in the place of one that is lost, tasks of other cores go on with the old
 * one, which is nobody's any more.
 * SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include "arch/host/ledger.h"
#include "arch/host/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define RAM_BASE     LEDGER_FIRST
#define RAM_STRIDE   (64u << 20) /* of a core: most RAM that it can have */
#define STRIDE_PAGES (RAM_STRIDE / SK_PAGE_BYTES)
#define LIVES        4u /* epochs of a core before its RAM is where it was */
#define SLICES       (LIVES * SK_CORES_MAX)
#define STACK_BASE   0x210000000000u
#define STACK_STRIDE ((uint64_t)SIM_TASK_STACK + 65536u)
#define LINK_BASE    0x220000000000u

/* Who has a page mapped: at most the two ends of a channel, which may be one task's. */
struct mapping {
    uint32_t space[2]; /* id; 0 = none */
    uint8_t prot[2];
};

_Static_assert(SLICES *STRIDE_PAGES == LEDGER_PAGES, "the ledger has a line for each page");

/* Memory of the process, kept from run to run; emptied when a run begins. */
static struct {
    bool reserved;
    struct mapping *map; /* of every page of every slice */
    bool used[SLICES];   /* in this run */
    struct host_space space[SK_CORES_MAX * SIM_SPACES_CORE];
    uint32_t *pages[SK_CORES_MAX * SIM_SPACES_CORE]; /* that a space has mapped */
    uint32_t page_count[SK_CORES_MAX * SIM_SPACES_CORE], page_room[SK_CORES_MAX * SIM_SPACES_CORE];
    uint32_t spaces_seen; /* pool entries used in this run */
} memory;

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
static void page_hide(uint64_t page)
{
    __asan_poison_memory_region((void *)(uintptr_t)page, SK_PAGE_BYTES);
}
static void page_show(uint64_t page)
{
    __asan_unpoison_memory_region((void *)(uintptr_t)page, SK_PAGE_BYTES);
}
static void show_all(uint64_t from, size_t bytes)
{
    __asan_unpoison_memory_region((void *)(uintptr_t)from, bytes);
}
#else
static void page_hide(uint64_t page)
{
    (void)page;
}
static void page_show(uint64_t page)
{
    (void)page;
}
static void show_all(uint64_t from, size_t bytes)
{
    (void)from;
    (void)bytes;
}
#endif

static void *reserve(uint64_t at, size_t bytes, int prot)
{
    void *p = mmap((void *)(uintptr_t)at, bytes, prot,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (p != (void *)(uintptr_t)at) {
        perror("sim: mmap");
        exit(3);
    }
    return p;
}

/* Stacks are reserved without access; what a stack needs is opened at its first use, so that the
 * guard between two stacks stays. */
static char *stack_open(uint32_t index)
{
    uint64_t at = STACK_BASE + index * STACK_STRIDE + 65536u;
    mprotect((void *)(uintptr_t)at, SIM_TASK_STACK, PROT_READ | PROT_WRITE);
    return (char *)(uintptr_t)at;
}

static void reserve_all(void)
{
    reserve(RAM_BASE, (size_t)SLICES * RAM_STRIDE, PROT_READ | PROT_WRITE);
    reserve(LINK_BASE, (size_t)SK_CORES_MAX * SK_CORES_MAX * SK_PAGE_BYTES, PROT_READ | PROT_WRITE);
    reserve(STACK_BASE, (size_t)(SK_CORES_MAX * SIM_SPACES_CORE + 16u) * STACK_STRIDE, PROT_NONE);
    memory.map = calloc((size_t)SLICES * STRIDE_PAGES, sizeof(*memory.map));
    memory.reserved = true;
}

static void unmap_page(struct host_space *s, sk_uaddr addr);
static uint64_t page_at(uint32_t index);

/* As if nobody had ever used it. */
static void slice_clean(uint32_t slice)
{
    uint64_t at = RAM_BASE + (uint64_t)slice * RAM_STRIDE;
    if (!memory.used[slice])
        return;
    show_all(at, RAM_STRIDE);
    madvise((void *)(uintptr_t)at, RAM_STRIDE, MADV_DONTNEED);
    memset(&memory.map[slice * STRIDE_PAGES], 0, STRIDE_PAGES * sizeof(*memory.map));
    memory.used[slice] = false;
}

void sim_memory_reset(void)
{
    if (!memory.reserved)
        reserve_all();
    for (uint32_t c = 0; c < SK_CORES_MAX; c++)
        sim.cpu[c].stack = stack_open(SK_CORES_MAX * SIM_SPACES_CORE + c);
    for (uint32_t n = 0; n < SLICES; n++)
        slice_clean(n);
    memset((void *)(uintptr_t)LINK_BASE, 0, (size_t)SK_CORES_MAX * SK_CORES_MAX * SK_PAGE_BYTES);
    for (uint32_t i = 0; i < memory.spaces_seen; i++) {
        memory.space[i].id = 0;
        memory.page_count[i] = 0;
    }
    memory.spaces_seen = 0;
}

void sim_memory_end(const struct port_cpu *cpu)
{
    for (uint32_t i = 0; i < memory.spaces_seen; i++) {
        struct host_space *s = &memory.space[i];
        if (s->id == 0 || s->core != cpu->core)
            continue;
        while (memory.page_count[i] != 0)
            unmap_page(s, page_at(memory.pages[i][memory.page_count[i] - 1u]));
        s->id = 0;
    }
}

void sim_memory_begin(struct port_cpu *cpu)
{
    sim_memory_end(cpu);
    uint32_t slice = cpu->epoch % LIVES * SK_CORES_MAX + cpu->core;
    slice_clean(slice);
    memory.used[slice] = true;
    ledger_begin(RAM_BASE + (uint64_t)slice * RAM_STRIDE, STRIDE_PAGES);
    cpu->ram = (char *)(uintptr_t)(RAM_BASE + (uint64_t)slice * RAM_STRIDE);
}

struct sk_link *sim_link(sk_core from, sk_core to)
{
    return (struct sk_link *)(uintptr_t)(LINK_BASE +
                                         (uint64_t)(from * SK_CORES_MAX + to) * SK_PAGE_BYTES);
}

/* Core that has, or had in an earlier epoch, this page for its tasks and channels; NULL if none. */
static struct port_cpu *page_known(uint64_t addr)
{
    if (addr < RAM_BASE || addr >= RAM_BASE + (uint64_t)SLICES * RAM_STRIDE)
        return NULL;
    uint32_t slice = (uint32_t)((addr - RAM_BASE) / RAM_STRIDE);
    struct port_cpu *cpu = &sim.cpu[slice % SK_CORES_MAX];
    uint64_t offset = (addr - RAM_BASE) % RAM_STRIDE;
    if (cpu->core >= sim.cores || !memory.used[slice] ||
        offset < (uint64_t)cpu->kern_pages * SK_PAGE_BYTES ||
        offset >= (uint64_t)cpu->ram_pages * SK_PAGE_BYTES)
        return NULL;
    return cpu;
}

struct port_cpu *sim_page_core(uint64_t addr)
{
    struct port_cpu *cpu = page_known(addr);
    return cpu != NULL && addr - (uint64_t)(uintptr_t)cpu->ram < RAM_STRIDE ? cpu : NULL;
}

static uint64_t page_at(uint32_t index)
{
    return RAM_BASE + (uint64_t)index * SK_PAGE_BYTES;
}

static uint32_t page_index(uint64_t addr)
{
    return (uint32_t)((addr - RAM_BASE) / SK_PAGE_BYTES);
}

void *port_page(struct port_cpu *cpu, sk_paddr page)
{
    if (page % SK_PAGE_BYTES != 0 || sim_page_core(page) != cpu)
        return NULL;
    page_show(page);
    return (void *)(uintptr_t)page;
}

bool port_page_of(struct port_cpu *cpu, sk_core core, sk_paddr page)
{
    (void)cpu;
    const struct port_cpu *owner = sim_page_core(page);
    return owner != NULL && owner->core == core && page % SK_PAGE_BYTES == 0;
}

void *port_chan_page(struct port_cpu *cpu, sk_paddr page)
{
    (void)cpu;
    if (page % SK_PAGE_BYTES != 0 || page_known(page) == NULL)
        return NULL;
    page_show(page);
    return (void *)(uintptr_t)page;
}

void *port_window(struct port_cpu *cpu, unsigned place, sk_paddr page)
{
    (void)place; /* memory is where it is */
    return page == SK_PADDR_NONE ? NULL : port_chan_page(cpu, page);
}

sk_uaddr port_area_addr(struct port_cpu *cpu, enum port_area area, uint32_t index, sk_paddr page)
{
    (void)cpu;
    (void)area;
    (void)index;
    return page;
}

/* --- Spaces ---------------------------------------------------------------------------------- */

static uint32_t space_index(const struct host_space *s)
{
    return (uint32_t)(s - memory.space);
}

struct host_space *sim_space_of(struct port_task *pt)
{
    struct host_space *s = pt->space;
    return s != NULL && s->id != 0 && kern_port_task(s->task) == pt ? s : NULL;
}

static struct host_space *space_find(struct task *t)
{
    struct host_space *s = sim_space_of(kern_port_task(t));
    if (s == NULL)
        sim_fail("core %u: the kernel names a task that has no space", sim.cur->core);
    return s;
}

static uint32_t space_take(void)
{
    for (uint32_t i = 0; i < SK_CORES_MAX * SIM_SPACES_CORE; i++)
        if (memory.space[i].id == 0) {
            if (i >= memory.spaces_seen)
                memory.spaces_seen = i + 1;
            return i;
        }
    sim_fail("more tasks than the simulation has stacks for");
}

sk_err port_space_create(struct kern *k, struct task *t)
{
    sk_err err;
    if (sim.opt.plan.no_page != 0 && sim.cur->kern != NULL && /* not init's */
        sim_random_below(sim.opt.plan.no_page) == 0)
        return SK_ERR_NO_MEMORY;
    sk_paddr table = kern_page_take(k, t, &err);
    if (table == SK_PADDR_NONE)
        return err;
    uint32_t i = space_take();
    struct host_space *s = &memory.space[i];
    *s = (struct host_space){
        .id = (++sim.space_gen << 12) | (i + 1u), .core = sim.cur->core, .task = t, .table = table};
    s->stack = stack_open(i);
    kern_port_task(t)->space = s;
    return SK_OK;
}

bool port_space_destroy_step(struct kern *k, struct task *t)
{
    struct host_space *s = space_find(t);
    uint32_t i = space_index(s);
    for (unsigned n = 0; n < 8 && memory.page_count[i] != 0; n++)
        unmap_page(s, page_at(memory.pages[i][memory.page_count[i] - 1u]));
    if (memory.page_count[i] != 0)
        return false;
    kern_page_give(k, t, s->table);
    kern_port_task(t)->space = NULL;
    s->id = 0;
    return true;
}

/* --- Mappings -------------------------------------------------------------------------------- */

static int mapping_side(const struct mapping *m, uint32_t id)
{
    return m->space[0] == id ? 0 : m->space[1] == id ? 1 : -1;
}

/* A page is to be seen where one of a core was that is lost, or of an epoch that is over. The
 * latter is nobody's any more, and now holds what the other page does, unless someone has not seen
 * yet that it is lost. */
static sk_err page_exchange(sk_uaddr addr)
{
    if (page_known(addr) == NULL)
        return SK_ERR_ARG;
    struct mapping *m = &memory.map[page_index(addr)];
    const struct port_cpu *home = sim_page_core(addr);
    if (home != NULL && !home->frozen && sim_core_works(home))
        return SK_ERR_ARG;
    page_show(addr);
    rings_lost(addr);
    if (home == NULL && m->space[0] == 0 && m->space[1] == 0)
        memset((void *)addr, 0, SK_PAGE_BYTES);
    return SK_OK;
}

static sk_err map_page(struct task *t, sk_uaddr addr, sk_paddr page, uint32_t prot)
{
    struct host_space *s = space_find(t);
    uint32_t i = space_index(s);
    if (page_known(page) == NULL || page % SK_PAGE_BYTES != 0)
        sim_fail("core %u maps %#llx, which is no page", sim.cur->core, (unsigned long long)page);
    if (addr != page)
        return page_exchange(addr);
    struct mapping *m = &memory.map[page_index(page)];
    int side = mapping_side(m, 0);
    if (side < 0)
        sim_fail("core %u maps page %#llx a third time", sim.cur->core, (unsigned long long)page);
    if (memory.page_count[i] == memory.page_room[i]) {
        memory.page_room[i] = memory.page_room[i] * 2u + 64u;
        memory.pages[i] = realloc(memory.pages[i], memory.page_room[i] * sizeof(uint32_t));
    }
    memory.pages[i][memory.page_count[i]++] = page_index(page);
    m->space[side] = s->id;
    m->prot[side] = (uint8_t)prot;
    page_show(page);
    return SK_OK;
}

sk_err port_map(struct kern *k, struct task *t, sk_uaddr addr, sk_paddr page, size_t bytes,
                uint32_t prot)
{
    for (size_t at = 0; at < bytes; at += SK_PAGE_BYTES) {
        sk_err err = map_page(t, addr + at, page + at, prot);
        if (err == SK_OK)
            continue;
        port_unmap(k, t, addr, at);
        return err;
    }
    return SK_OK;
}

static void unmap_page(struct host_space *s, sk_uaddr addr)
{
    for (unsigned d = 0; d < SIM_DEVICES; d++)
        if (s->device[d] == addr && addr != 0) {
            s->device[d] = 0;
            return;
        }
    if (page_known(addr) == NULL)
        return;
    struct mapping *m = &memory.map[page_index(addr)];
    int side = mapping_side(m, s->id); /* none: cleaned meanwhile, lives of its core ago */
    if (side >= 0)
        m->space[side] = 0;
    /* A kernel that is told nonsense by a link may end what another core still uses (and exchanges,
     * where page_exchange cannot): programs are not judged for that. */
    if (side >= 0 && m->space[0] == 0 && m->space[1] == 0 && sim.opt.plan.scribble_link == 0)
        page_hide(addr & ~(uint64_t)(SK_PAGE_BYTES - 1u));
    uint32_t i = space_index(s);
    for (uint32_t n = 0; n < memory.page_count[i]; n++)
        if (memory.pages[i][n] == page_index(addr)) {
            memory.pages[i][n] = memory.pages[i][--memory.page_count[i]];
            return;
        }
}

void port_unmap(struct kern *k, struct task *t, sk_uaddr addr, size_t bytes)
{
    (void)k;
    for (size_t at = 0; at < bytes; at += SK_PAGE_BYTES)
        unmap_page(space_find(t), addr + at);
}

sk_err port_map_device(struct kern *k, struct task *t, sk_uaddr addr, sk_paddr page, size_t bytes)
{
    (void)k;
    (void)bytes; /* the simulation's devices have one page */
    struct host_space *s = space_find(t);
    if (addr != page)
        return SK_ERR_ARG;
    for (unsigned d = 0; d < SIM_DEVICES; d++)
        if (s->device[d] == addr)
            return SK_ERR_EXISTS;
    for (unsigned d = 0; d < SIM_DEVICES; d++)
        if (s->device[d] == 0) {
            s->device[d] = addr;
            return SK_OK;
        }
    return SK_ERR_NO_MEMORY;
}

bool sim_device_mapped(const struct host_space *s, uint64_t addr)
{
    for (unsigned d = 0; d < SIM_DEVICES; d++)
        if (s->device[d] != 0 && s->device[d] == (addr & ~(uint64_t)(SK_PAGE_BYTES - 1u)))
            return true;
    return false;
}

/* The process's image: programs' constants are read from it, as text and read-only data would be.
 */
extern const char __executable_start[], end[];

static bool inside(uint64_t addr, const void *first, uint64_t bytes)
{
    return addr - (uint64_t)(uintptr_t)first < bytes;
}

void *port_user(struct kern *k, struct task *t, sk_uaddr addr, uint32_t prot, size_t *len)
{
    struct host_space *s = space_find(t);
    bool ok = inside(addr, s->stack, SIM_TASK_STACK);
    if (!ok && prot == SK_PROT_R)
        ok = inside(addr, __executable_start, (uint64_t)(end - __executable_start)) ||
             inside(addr, sim.archive, sim.archive_bytes);
    if (!ok && sim_page_core(addr) == kern_cpu(k)) {
        const struct mapping *m = &memory.map[page_index(addr)];
        int side = mapping_side(m, s->id);
        ok = side >= 0 && (m->prot[side] & prot) == prot;
    }
    if (!ok)
        return NULL;
    size_t rest = SK_PAGE_BYTES - addr % SK_PAGE_BYTES;
    if (*len > rest)
        *len = rest;
    return (void *)(uintptr_t)addr;
}

uint32_t sim_page_mapped(uint64_t page, const struct host_space *by[2])
{
    const struct mapping *m = &memory.map[page_index(page)];
    uint32_t n = 0;
    for (int side = 0; side < 2; side++)
        if (m->space[side] != 0)
            by[n++] = &memory.space[(m->space[side] & 0xfffu) - 1u];
    return n;
}

void sim_scribble_links(sk_core from)
{
    sim.lies = true;
    for (sk_core to = 0; to < sim.cores; to++)
        for (uint32_t at = 0; to != from && at + 64u <= sizeof(struct sk_link); at += 64u)
            plan_garbage((char *)sim_link(from, to) + at);
}

void sim_scribble_space(const struct host_space *s)
{
    uint32_t i = space_index(s);
    for (uint32_t n = 0; n < memory.page_count[i]; n++) {
        const struct mapping *m = &memory.map[memory.pages[i][n]];
        int side = mapping_side(m, s->id);
        char *page = (char *)(uintptr_t)page_at(memory.pages[i][n]);
        if (m->space[1 - side] == 0 || !(m->prot[side] & SK_PROT_W))
            continue;
        sim.lies = true;
        for (uint32_t at = 0; at < SK_PAGE_BYTES; at += 64u)
            plan_garbage(page + at);
    }
}

void *sim_random_chan_page(void)
{
    uint32_t most = SLICES * STRIDE_PAGES;
    uint32_t at = sim_random_below(most);
    for (uint32_t n = 0; n < most; n++, at = (at + 1u) % most)
        if (memory.map[at].space[0] != 0 && memory.map[at].space[1] != 0)
            return (void *)(uintptr_t)(RAM_BASE + (uint64_t)at * SK_PAGE_BYTES);
    return NULL;
}
