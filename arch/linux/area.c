/* Making, joining and leaving an area. What is read from its first page is checked here, once, and
 * used from a private copy ever after.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "inside.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct sk_linux_stats linux_stats;

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

static uint64_t pages_of(uint64_t bytes)
{
    return (bytes + SK_PAGE_BYTES - 1u) / SK_PAGE_BYTES * SK_PAGE_BYTES;
}

/* Where the tables are, from the sizes in *a; base may be NULL. Sets bytes. */
static void lay_out(struct sk_linux_area *a)
{
    uint64_t at = SK_PAGE_BYTES;
    a->head = (struct area_head *)(void *)a->base;
    a->task = (struct task_slot *)(void *)(a->base + at);
    at += pages_of(a->tasks * sizeof(struct task_slot));
    a->port = (struct port_slot *)(void *)(a->base + at);
    at += pages_of(a->ports * sizeof(struct port_slot));
    a->region = (struct region_slot *)(void *)(a->base + at);
    at += pages_of(a->regions * sizeof(struct region_slot));
    a->chan = (struct chan_slot *)(void *)(a->base + at);
    at += (uint64_t)a->channels * sizeof(struct chan_slot);
    a->pages = a->base + at;
    at += (uint64_t)a->regions * a->region_pages * SK_PAGE_BYTES;
    a->bytes = at;
}

static bool sizes_good(const struct sk_linux_area *a)
{
    return a->tasks - 1u < SK_LINUX_TASKS_MAX && a->channels - 1u < SK_LINUX_CHANNELS_MAX &&
           a->ports - 1u < SK_LINUX_PORTS_MAX && a->regions - 1u < SK_LINUX_REGIONS_MAX &&
           a->region_pages - 1u < SK_REGION_PAGES_MAX &&
           (a->mode == SK_LINUX_ASYMMETRIC || a->mode == SK_LINUX_FENCED);
}

/* Map the file behind a->fd, of which the sizes are known. */
static sk_err map(struct sk_linux_area *a)
{
    lay_out(a);
    void *base = mmap(NULL, a->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, a->fd, 0);
    if (base == MAP_FAILED)
        return SK_ERR_NO_MEMORY;
    a->base = base;
    lay_out(a);
    return SK_OK;
}

static void drop(struct sk_linux_area *a)
{
    if (a->base != NULL)
        munmap(a->base, a->bytes);
    if (a->fd >= 0)
        close(a->fd);
    free(a);
}

static uint32_t size_or(uint32_t wanted, uint32_t usual)
{
    return wanted != 0 ? wanted : usual;
}

static void write_head(struct sk_linux_area *a)
{
    struct area_head *h = a->head;
    h->version = AREA_VERSION;
    h->tasks = a->tasks;
    h->channels = a->channels;
    h->ports = a->ports;
    h->regions = a->regions;
    h->region_pages = a->region_pages;
    h->mode = a->mode;
    half_store(&h->magic, AREA_MAGIC);
}

/* The file, of a->bytes. */
static sk_err make_file(struct sk_linux_area *a)
{
    a->fd = memfd_create("skerry", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (a->fd < 0)
        return SK_ERR_UNSUPPORTED;
    lay_out(a);
    if (ftruncate(a->fd, (off_t)a->bytes) != 0)
        return SK_ERR_NO_MEMORY;
    /* Nobody can take the memory from under the others. */
    return fcntl(a->fd, F_ADD_SEALS, SEALS) == 0 ? SK_OK : SK_ERR_UNSUPPORTED;
}

/* Of an area that has a file, if err says so: map it, and watch over its members. It is *area then,
 * and is dropped if not. */
static sk_err enter(struct sk_linux_area *a, sk_err err, bool fresh, struct sk_linux_area **area)
{
    if (err == SK_OK)
        err = map(a);
    if (err == SK_OK && fresh)
        write_head(a);
    if (err == SK_OK)
        err = watch_begin(a);
    if (err != SK_OK) {
        drop(a);
        return err;
    }
    barrier_mode(a->mode);
    *area = a;
    return SK_OK;
}

sk_err sk_linux_create(const struct sk_linux_params *params, struct sk_linux_area **area)
{
    static const struct sk_linux_params usual;
    const struct sk_linux_params *p = params != NULL ? params : &usual;
    if (p->mode > SK_LINUX_FENCED)
        return SK_ERR_ARG;
    struct sk_linux_area *a = calloc(1, sizeof(*a));
    if (a == NULL)
        return SK_ERR_NO_MEMORY;
    a->fd = -1;
    a->tasks = size_or(p->tasks, 64);
    a->channels = size_or(p->channels, 2048);
    a->ports = size_or(p->ports, 64);
    a->regions = size_or(p->regions, 64);
    a->region_pages = size_or(p->region_pages, 256);
    a->mode = SK_LINUX_FENCED;
    sk_err err = sizes_good(a) ? SK_OK : SK_ERR_ARG;
    if (err == SK_OK && p->mode != SK_LINUX_FENCED) {
        sk_err can = barrier_join();
        if (can == SK_OK)
            a->mode = SK_LINUX_ASYMMETRIC;
        else if (p->mode == SK_LINUX_ASYMMETRIC)
            err = can;
    }
    if (err == SK_OK)
        err = make_file(a);
    return enter(a, err, true, area);
}

/* Sizes from the first page of the file, which must be as large as they say. */
static sk_err read_head(struct sk_linux_area *a)
{
    struct area_head h;
    struct stat st;
    int seals = fcntl(a->fd, F_GET_SEALS);
    if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 || fstat(a->fd, &st) != 0)
        return SK_ERR_PROTOCOL;
    if (pread(a->fd, &h, sizeof(h), 0) != (ssize_t)sizeof(h) || h.magic != AREA_MAGIC ||
        h.version != AREA_VERSION)
        return SK_ERR_PROTOCOL;
    a->tasks = h.tasks;
    a->channels = h.channels;
    a->ports = h.ports;
    a->regions = h.regions;
    a->region_pages = h.region_pages;
    a->mode = h.mode;
    if (!sizes_good(a))
        return SK_ERR_PROTOCOL;
    lay_out(a);
    return (uint64_t)st.st_size >= a->bytes ? SK_OK : SK_ERR_PROTOCOL;
}

sk_err sk_linux_join(int fd, struct sk_linux_area **area)
{
    struct sk_linux_area *a = calloc(1, sizeof(*a));
    if (a == NULL)
        return SK_ERR_NO_MEMORY;
    a->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    sk_err err = a->fd >= 0 ? read_head(a) : SK_ERR_ARG;
    if (err == SK_OK && a->mode == SK_LINUX_ASYMMETRIC)
        err = barrier_join();
    return enter(a, err, false, area);
}

sk_err sk_linux_leave(struct sk_linux_area *a)
{
    if (__atomic_load_n(&a->live, __ATOMIC_ACQUIRE) != 0)
        return SK_ERR_BUSY;
    watch_end(a);
    drop(a);
    return SK_OK;
}

int sk_linux_fd(const struct sk_linux_area *area)
{
    return area->fd;
}

uint32_t sk_linux_mode(const struct sk_linux_area *area)
{
    return area->mode;
}

void sk_linux_stats(struct sk_linux_stats *stats)
{
    stats->barriers = __atomic_load_n(&linux_stats.barriers, __ATOMIC_RELAXED);
    stats->barriers_failed = __atomic_load_n(&linux_stats.barriers_failed, __ATOMIC_RELAXED);
    stats->sleeps = __atomic_load_n(&linux_stats.sleeps, __ATOMIC_RELAXED);
    stats->wakes = __atomic_load_n(&linux_stats.wakes, __ATOMIC_RELAXED);
    stats->deaths = __atomic_load_n(&linux_stats.deaths, __ATOMIC_RELAXED);
}

void sk_linux_use(struct sk_linux_area *a, struct sk_linux_use *use)
{
    *use = (struct sk_linux_use){0, 0, 0, 0};
    for (uint32_t i = 0; i < a->tasks; i++)
        use->tasks += WORD_STATE(word_load(&a->task[i].word)) != TASK_FREE;
    for (uint32_t i = 0; i < a->channels; i++)
        use->channels += WORD_STATE(word_load(&a->chan[i].word)) != CHAN_FREE;
    for (uint32_t i = 0; i < a->ports; i++)
        use->ports += WORD_STATE(word_load(&a->port[i].word)) != PORT_FREE;
    for (uint32_t i = 0; i < a->regions; i++)
        use->regions += WORD_STATE(word_load(&a->region[i].own)) != OWN_NONE;
}
