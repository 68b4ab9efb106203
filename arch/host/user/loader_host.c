/* The loader of the simulation: a program is an entry of host_programs, its file in the archive is
 * empty. The task gets one region, the size of its stack, with the start block on top; its code
 * runs on a stack of the process, because the C library of the host needs more than a manifest
 * gives, but the memory is charged as on a real machine.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/loader.h"
#include "arch/host/include/programs.h"

#include <string.h>

_Static_assert(SK_START_BYTES <= SK_PAGE_BYTES, "the start block is in one page");

/* The program of that name; of a scenario's roles (tests/sim/scenes/), which are all in one
 * program, what stands before the first '_'. */
static const struct host_program *find(const char *name)
{
    const struct host_program *p = host_programs;
    size_t role = strcspn(name, "_");
    while (p->name != NULL && strcmp(p->name, name) != 0)
        p++;
    if (p->name != NULL)
        return p;
    for (p = host_programs; p->name != NULL; p++)
        if (strlen(p->name) == role && strncmp(p->name, name, role) == 0)
            break;
    return p;
}

/* Fill a new region's last page with the start block; *at is where that lies, in every task. */
static sk_err fill(sk_handle region, uint64_t pages, const struct sk_load *load, uint64_t *start)
{
    uint64_t at;
    sk_err err = sys_region_map(region, 0, SK_PROT_R | SK_PROT_W, &at);
    if (err != SK_OK)
        return err;
    *start = at + pages * SK_PAGE_BYTES - SK_START_BYTES;
    err = loader_fill_start((struct sk_start *)(uintptr_t)*start, load);
    sk_err unmapped = sys_region_unmap(region);
    return err != SK_OK ? err : unmapped;
}

sk_err loader_start(const struct sk_load *load, const char **why)
{
    const struct host_program *p = find(load->prog->name);
    if (p->name == NULL) {
        *why = "not a program of this simulation";
        return SK_ERR_IMAGE;
    }
    uint32_t pages = (load->prog->stack_bytes + SK_PAGE_BYTES - 1u) / SK_PAGE_BYTES;
    if (pages == 0)
        pages = 1;
    if (pages > SK_REGION_PAGES_MAX)
        pages = SK_REGION_PAGES_MAX;
    sk_handle region;
    uint64_t start;
    sk_err err = sys_region_create(pages, &region);
    if (err != SK_OK)
        return err;
    err = fill(region, pages, load, &start);
    if (err == SK_OK)
        err = sys_task_map(load->task, region, 0, SK_PROT_R | SK_PROT_W);
    if (err != SK_OK) {
        sys_close(region);
        return err;
    }
    return sys_task_start(load->task, (uint64_t)(uintptr_t)p, start, start);
}
