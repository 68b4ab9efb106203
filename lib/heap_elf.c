/* The heap: regions side by side from heap_addr up (behind the program, where the start block does
 * not say), each twice the size of the last up to the largest, smaller ones when budget or memory
 * come to an end. What was mapped stays mapped. For machines that map memory.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/start.h"

#define PAGES_FIRST 4u

extern char _end[]; /* of the program: the linker's */

static uint64_t heap_addr(const struct sk_self *self)
{
    if (self->start->heap_addr != 0)
        return self->start->heap_addr;
    return ((uint64_t)(uintptr_t)_end + 2u * SK_PAGE_BYTES - 1u) / SK_PAGE_BYTES * SK_PAGE_BYTES;
}

static sk_err map_pages(struct sk_self *self, uint32_t pages)
{
    sk_handle region;
    uint64_t at = heap_addr(self) + self->heap_mapped;
    sk_err err = sys_region_create(pages, &region);
    if (err != SK_OK)
        return err;
    err = sys_region_map(region, at, SK_PROT_R | SK_PROT_W, &at);
    if (err != SK_OK) {
        sys_close(region);
        return err;
    }
    self->heap_mapped += (uint64_t)pages * SK_PAGE_BYTES;
    return SK_OK;
}

/* Map at least `need` more pages. Each kernel object costs a handle: large pieces first. */
static bool map_more(struct sk_self *self, uint64_t need)
{
    uint64_t room = (self->start->heap_bytes - self->heap_mapped) / SK_PAGE_BYTES;
    if (need > room)
        return false;
    uint64_t have = self->heap_mapped / SK_PAGE_BYTES;
    uint64_t pages = have < PAGES_FIRST ? PAGES_FIRST : have;
    while (need > 0) {
        pages = pages < need ? need : pages;
        pages = pages < SK_REGION_PAGES_MAX ? pages : SK_REGION_PAGES_MAX;
        pages = pages < room ? pages : room;
        while (map_pages(self, (uint32_t)pages) != SK_OK) {
            if (pages == 1)
                return false;
            pages /= 2u;
        }
        room -= pages;
        need -= pages < need ? pages : need;
    }
    return true;
}

void *sk_heap_grow(ptrdiff_t bytes)
{
    struct sk_self *self = sk_self();
    uint64_t old = self->heap_break;
    if (bytes < 0 && (uint64_t)-bytes > old)
        return NULL;
    uint64_t now = old + (uint64_t)bytes;
    if (bytes > 0 && (now < old || now > self->start->heap_bytes))
        return NULL;
    if (now > self->heap_mapped) {
        uint64_t need = (now - self->heap_mapped + SK_PAGE_BYTES - 1u) / SK_PAGE_BYTES;
        if (!map_more(self, need))
            return NULL;
    }
    self->heap_break = now;
    return (void *)(uintptr_t)(heap_addr(self) + old);
}
