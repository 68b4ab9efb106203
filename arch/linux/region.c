/* Regions: pages of the area with one owner. Where they lie never changes, so moving one is a
 * change of its word. They are zeroed by who makes them, before anybody else can have them.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "inside.h"
#include <fcntl.h>
#include <string.h>

sk_err region_create(struct linux_task *t, uint32_t pages, sk_handle *h)
{
    struct sk_linux_area *a = t->area;
    if (pages == 0 || pages > a->region_pages)
        return pages == 0 || pages > SK_REGION_PAGES_MAX ? SK_ERR_ARG : SK_ERR_NO_MEMORY;
    if (!handle_room(t, 1))
        return SK_ERR_BUDGET;
    for (uint32_t i = 0; i < a->regions; i++) {
        struct region_slot *r = &a->region[i];
        if (!word_change(&r->own, WORD(OWN_NONE, 0, 0), WORD(OWN_UNUSED, t->slot, t->gen)))
            continue;
        half_store(&r->pages, pages);
        uint64_t bytes = (uint64_t)a->region_pages * SK_PAGE_BYTES;
        /* The file's pages go back; what is touched next is zero. */
        if (fallocate(a->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                      (off_t)(area_region(a, i) - a->base), (off_t)bytes) != 0)
            memset(area_region(a, i), 0, bytes);
        *h = handle_add(t, SK_KIND_REGION, SK_RIGHT_MAP | SK_RIGHT_MOVE, i, 0);
        return SK_OK;
    }
    return SK_ERR_NO_MEMORY;
}

sk_err region_map(struct linux_task *t, struct linux_handle *h, uintptr_t addr, uint32_t prot,
                  struct sys_result *res)
{
    struct sk_linux_area *a = t->area;
    if (prot == 0 || (prot & ~(SK_PROT_R | SK_PROT_W | SK_PROT_X)) != 0 ||
        (prot & (SK_PROT_W | SK_PROT_X)) == (SK_PROT_W | SK_PROT_X))
        return SK_ERR_ARG;
    if (addr != 0 || (prot & SK_PROT_X) != 0)
        return SK_ERR_UNSUPPORTED;
    if (h->open)
        return SK_ERR_STATE;
    if (word_load(&a->region[h->index].own) != WORD(OWN_UNUSED, t->slot, t->gen))
        return SK_ERR_HANDLE;
    uint32_t pages = half_load(&a->region[h->index].pages);
    h->open = true;
    res->r1 = (uintptr_t)area_region(a, h->index);
    res->r2 = pages < a->region_pages ? pages : a->region_pages;
    return SK_OK;
}

void region_close(struct linux_task *t, const struct linux_handle *h)
{
    (void)word_change(&t->area->region[h->index].own, WORD(OWN_UNUSED, t->slot, t->gen),
                      WORD(OWN_NONE, 0, 0));
}
