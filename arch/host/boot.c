/* The boot of the simulated machine: an archive in memory (the system table, an empty file for
 * each program), the template built from it and frozen, and each core's kernel forked from that.
 * Every kernel holds a private copy of the template from the start, as on machines that cannot
 * map copy-on-write; the archive is one, read-only.
 * SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include "arch/host/sim.h"
#include "arch/host/include/programs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ARCHIVE_BASE  0x230000000000u
#define ARCHIVE_ROOM  (1u << 20)
#define TEMPLATE_BASE 0x230010000000u
#define TEMPLATE_ROOM                                                                              \
    ((sizeof(struct template) + SK_PAGE_BYTES - 1u) & ~(size_t)(SK_PAGE_BYTES - 1u))

static char *archive_put(char *at, const char *name, const void *data, size_t len)
{
    char header[111];
    size_t name_bytes = strlen(name) + 1u;
    snprintf(header, sizeof(header), "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
             1u, 0100644u, 0u, 0u, 1u, 0u, (unsigned)len, 0u, 0u, 0u, 0u, (unsigned)name_bytes, 0u);
    memcpy(at, header, 110);
    memcpy(at + 110, name, name_bytes);
    at += (110u + name_bytes + 3u) & ~(size_t)3u;
    if (len != 0)
        memcpy(at, data, len);
    return at + ((len + 3u) & ~(size_t)3u);
}

static void archive_build(void)
{
    char *base = mmap((void *)(uintptr_t)ARCHIVE_BASE, ARCHIVE_ROOM, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (base == MAP_FAILED || sim.opt.system_bytes > ARCHIVE_ROOM / 2u) {
        fprintf(stderr, "sim: no room for the boot archive\n");
        exit(3);
    }
    char *at = archive_put(base, SK_SYS_FILE, sim.opt.system, sim.opt.system_bytes);
    for (const struct host_program *p = host_programs; p->name != NULL; p++) {
        char name[4 + SK_NAME_BYTES + 1];
        snprintf(name, sizeof(name), "bin/%s", p->name);
        at = archive_put(at, name, NULL, 0);
    }
    at = archive_put(at, "TRAILER!!!", NULL, 0);
    sim.archive = base;
    sim.archive_bytes = (size_t)(at - base);
    mprotect(base, ARCHIVE_ROOM, PROT_READ);
}

void sim_boot_prepare(void)
{
    archive_build();
    const char *why = "";
    struct template *frozen =
        mmap((void *)(uintptr_t)TEMPLATE_BASE, TEMPLATE_ROOM, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (frozen == MAP_FAILED) {
        perror("sim: mmap");
        exit(3);
    }
    sk_err err = template_build(frozen, sim.archive, sim.archive_bytes, sim.opt.cores, &why);
    if (err != SK_OK) {
        fprintf(stderr, "sim: system table: %s\n", why);
        exit(2);
    }
    for (sk_core c = 0; c < SK_CORES_MAX; c++)
        frozen->core[c] = (struct core_record){.hw_id = c, .features = CORE_HAS_FPU};
    frozen->frozen = 1;
    mprotect(frozen, TEMPLATE_ROOM, PROT_READ);
    sim.tpl = frozen;
    sim.cores = frozen->cores;
}

void sim_boot_core(struct port_cpu *cpu)
{
    const struct sk_sys_core *sys = system_core(sim.tpl->sys, cpu->core);
    cpu->ram_pages = sys->ram_bytes / SK_PAGE_BYTES;
    cpu->tpl = (struct template *)cpu->ram;
    memcpy(cpu->tpl, sim.tpl, sizeof(*cpu->tpl));
    char *memory = cpu->ram + TEMPLATE_ROOM;
    size_t bytes = TEMPLATE_ROOM + kern_size(cpu->tpl, cpu->core);
    cpu->kern_pages = (uint32_t)((bytes + SK_PAGE_BYTES - 1u) / SK_PAGE_BYTES);
    if (cpu->kern_pages >= cpu->ram_pages)
        sim_fail("core %u: its kernel does not fit its RAM", cpu->core);
    struct kern_boot boot = {
        .tpl = cpu->tpl,
        .cpu = cpu,
        .memory = memory,
        .core = cpu->core,
        .parent = cpu->parent,
        .epoch = cpu->epoch,
        .ram_base = (sk_paddr)(uintptr_t)cpu->ram + (sk_paddr)cpu->kern_pages * SK_PAGE_BYTES,
        .ram_pages = cpu->ram_pages - cpu->kern_pages,
        .record = {.hw_id = cpu->core, .features = CORE_HAS_FPU},
    };
    cpu->kern = kern_create(&boot);
}

/* init's text is the process's; it needs no pages but the start block's, which is charged to it. */
sk_err port_init_map(struct kern *k, struct task *t, struct sk_start *start, sk_uaddr *start_addr)
{
    const struct host_program *p = host_programs;
    while (p->name != NULL && strcmp(p->name, "init") != 0)
        p++;
    sk_err err;
    sk_paddr page = kern_page_take(k, t, &err);
    if (page == SK_PADDR_NONE)
        return err;
    err = port_map(k, t, page, page, SK_PAGE_BYTES, SK_PROT_R | SK_PROT_W);
    if (err != SK_OK) {
        kern_page_give(k, t, page);
        return err;
    }
    port_task_entry(kern_port_task(t), (uint64_t)(uintptr_t)p, 0, page);
    *start_addr = page;
    start->system_addr = (uintptr_t)sim.tpl->sys;
    start->archive_addr = (uint64_t)(uintptr_t)sim.archive;
    start->archive_bytes = sim.archive_bytes;
    return SK_OK;
}
