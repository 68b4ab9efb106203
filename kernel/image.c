/* See image.h. Which ranges a task has mapped follows from what it does with the image: who fills
 * it has the RAM, who runs it has all three. Nothing is zeroed here: only init can open an image,
 * and it fills all of it (lib/loader_fixed.c).
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/image.h"
#include "kernel/handle.h"

static sk_err map(struct kern *k, struct task *t, const struct sk_sys_range *r, uint32_t prot)
{
    return r->bytes == 0 ? SK_OK : port_map(k, t, r->base, r->base, r->bytes, prot);
}

static void unmap(struct kern *k, struct task *t, const struct sk_sys_range *r)
{
    if (r->bytes != 0)
        port_unmap(k, t, r->base, r->bytes);
}

sk_err image_open(struct kern *k, struct task *t, uint32_t index, sk_handle *h)
{
    if (index >= k->image_count || system_image(k->tpl->sys, index)->core != k->core)
        return SK_ERR_NOT_FOUND;
    struct image *im = &k->image[index];
    const struct sk_sys_image *sys = system_image(k->tpl->sys, index);
    if (im->owner != NULL)
        return SK_ERR_BUSY;
    if ((system_prog(k->tpl->sys, sys->prog)->flags & SK_SYS_PROG_FPU) &&
        !(k->tpl->core[k->core].features & CORE_HAS_FPU))
        return SK_ERR_UNSUPPORTED; /* the builder was told otherwise of this core */
    if (!handle_has_room(t))
        return SK_ERR_BUDGET;
    sk_err err = map(k, t, &sys->ram, SK_PROT_R | SK_PROT_W);
    if (err != SK_OK)
        return err;
    struct handle entry = {.kind = SK_KIND_IMAGE, .rights = SK_RIGHT_MAP, .index = (uint16_t)index};
    err = handle_add(k, t, &entry, h);
    KERN_ASSERT(k, err == SK_OK);
    *im = (struct image){.owner = t, .filling = true};
    return SK_OK;
}

sk_err image_move(struct kern *k, uint32_t index, struct task *to)
{
    struct image *im = &k->image[index];
    const struct sk_sys_image *sys = system_image(k->tpl->sys, index);
    sk_err err = map(k, to, &sys->text, SK_PROT_R | SK_PROT_X);
    if (err != SK_OK)
        return err;
    err = map(k, to, &sys->rodata, SK_PROT_R);
    if (err == SK_OK) {
        err = map(k, to, &sys->ram, SK_PROT_R | SK_PROT_W);
        if (err != SK_OK)
            unmap(k, to, &sys->rodata);
    }
    if (err != SK_OK) {
        unmap(k, to, &sys->text);
        return err;
    }
    unmap(k, im->owner, &sys->ram);
    *im = (struct image){.owner = to};
    return SK_OK;
}

void image_close(struct kern *k, uint32_t index)
{
    struct image *im = &k->image[index];
    if (im->filling)
        unmap(k, im->owner, &system_image(k->tpl->sys, index)->ram);
    *im = (struct image){.owner = NULL};
}

void image_leave(struct kern *k, const struct task *t)
{
    for (uint32_t i = 0; i < k->image_count; i++)
        if (k->image[i].owner == t)
            k->image[i].owner = NULL;
}
