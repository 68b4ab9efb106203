/* See loader.h: programs that lie in place, linked for the core on which they may run (struct
 * sk_sys_image). The image's RAM is this task's while it fills it: all of it, so that nothing of
 * the last run is left; then it moves to the new task with text and constants.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/loader.h"

static const void *table_at(const struct sk_sys_header *sys, uint32_t off)
{
    return (const uint8_t *)sys + off;
}

/* The image of load->prog for this core; NULL: it was not linked for this core. */
static const struct sk_sys_image *find(const struct sk_load *load, uint32_t *index)
{
    const struct sk_sys_header *sys = (const void *)(uintptr_t)load->own->system_addr;
    const struct sk_sys_prog *first = table_at(sys, sys->prog_off);
    const struct sk_sys_image *image = table_at(sys, sys->image_off);
    for (uint32_t i = 0; i < sys->image_count; i++) {
        if (&first[image[i].prog] == load->prog && image[i].core == load->own->core) {
            *index = i;
            return &image[i];
        }
    }
    return NULL;
}

static sk_err fill(const struct sk_sys_image *im, const struct sk_load *load,
                   struct sk_start **result)
{
    uintptr_t end = (uintptr_t)im->ram.base + im->ram.bytes;
    uintptr_t at = ((uintptr_t)im->data_addr + im->data_bytes + im->bss_bytes + 7u) & ~7u;
    struct sk_start *start = (struct sk_start *)at;
    __builtin_memset((void *)(uintptr_t)im->ram.base, 0, im->ram.bytes);
    __builtin_memcpy((void *)(uintptr_t)im->data_addr, (const void *)(uintptr_t)im->data_load,
                     im->data_bytes);
    sk_err err = loader_fill_start(start, load);
    start->heap_addr = at + SK_START_BYTES;
    start->heap_bytes = end - (at + SK_START_BYTES);
    *result = start;
    return err;
}

sk_err loader_start(const struct sk_load *load, const char **why)
{
    uint32_t index;
    sk_handle image;
    struct sk_start *start;
    *why = "";
    const struct sk_sys_image *im = find(load, &index);
    if (im == NULL)
        return SK_ERR_NOT_FOUND;
    sk_err err = sys_image_open(load->own->control, index, &image);
    if (err != SK_OK)
        return err;
    err = fill(im, load, &start);
    if (err == SK_OK)
        err = sys_task_map_image(load->task, image);
    if (err != SK_OK) {
        sys_close(image);
        return err;
    }
    uintptr_t block = (uintptr_t)start;
    return sys_task_start(load->task, im->entry, im->ram.base + im->stack_bytes, block);
}
