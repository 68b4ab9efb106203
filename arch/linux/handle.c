/* A task's handles: private memory, so nobody else can change what one names. An entry that has
 * used up its generations is never free again. SPDX-License-Identifier: BSD-2-Clause */
#include "inside.h"

struct linux_handle *handle_get(struct linux_task *t, sk_handle h, uint32_t kind, uint32_t rights,
                                sk_err *err)
{
    uint32_t i = SK_HANDLE_INDEX(h);
    struct linux_handle *e = &t->handle[i];
    *err = SK_ERR_HANDLE;
    if (i >= t->handle_max || e->kind == SK_KIND_NONE || e->gen != SK_HANDLE_GEN(h) ||
        (kind != 0 && e->kind != kind))
        return NULL;
    *err = (e->rights & rights) == rights ? SK_OK : SK_ERR_RIGHTS;
    return *err == SK_OK ? e : NULL;
}

bool handle_room(const struct linux_task *t, uint32_t n)
{
    return t->handle_max - t->handle_used >= n;
}

sk_handle handle_name(const struct linux_task *t, const struct linux_handle *h)
{
    return SK_HANDLE_MAKE((uint32_t)(h - t->handle), h->gen);
}

sk_handle handle_add(struct linux_task *t, uint32_t kind, uint32_t rights, uint32_t index,
                     uint32_t object_gen)
{
    struct linux_handle *e = &t->handle[t->handle_free];
    t->handle_free = e->next;
    t->handle_used++;
    *e = (struct linux_handle){.kind = (uint8_t)kind,
                               .rights = (uint8_t)rights,
                               .gen = e->gen,
                               .index = index,
                               .object_gen = object_gen};
    return handle_name(t, e);
}

void handle_free(struct linux_task *t, struct linux_handle *h)
{
    h->kind = SK_KIND_NONE;
    if (h->gen == SK_HANDLE_GEN_MAX)
        return; /* it counts as used for ever */
    h->gen++;
    h->next = t->handle_free;
    t->handle_free = (uint32_t)(h - t->handle);
    t->handle_used--;
}

sk_err handle_close(struct linux_task *t, struct linux_handle *h)
{
    switch (h->kind) {
    case SK_KIND_CHAN:
        if (h->parent && !h->open)
            return SK_OK;
        chan_close(t, h->index);
        break;
    case SK_KIND_PORT:
        if ((h->rights & SK_RIGHT_ACCEPT) != 0)
            port_close(t, h);
        break;
    default:
        region_close(t, h);
        break;
    }
    if (h->parent)
        *h = (struct linux_handle){
            .kind = h->kind, .rights = h->rights, .gen = h->gen, .parent = true};
    else
        handle_free(t, h);
    return SK_OK;
}

void handle_close_all(struct linux_task *t)
{
    for (uint32_t i = 0; i < t->handle_max; i++)
        if (t->handle[i].kind != SK_KIND_NONE)
            handle_close(t, &t->handle[i]);
}
