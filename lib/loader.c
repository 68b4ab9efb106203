/* See loader.h: what every loader writes into a task's start block.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/loader.h"

sk_err loader_fill_start(struct sk_start *start, const struct sk_load *load)
{
    const struct sk_start *own = load->own;
    uint32_t at = 0;
    *start = (struct sk_start){.magic = SK_START_MAGIC,
                               .size_bytes = SK_START_BYTES,
                               .tid = load->tid,
                               .core = own->core,
                               .cores = own->cores,
                               .epoch = own->epoch,
                               .parent = load->parent,
                               .heap_bytes = load->prog->mem_bytes,
                               .handles = load->prog->handles,
                               .ends = load->prog->ends,
                               .argc = load->argc};
    if (load->argc > SK_START_ARGS)
        return SK_ERR_TOO_BIG;
    __builtin_memcpy(start->name, load->prog->name, sizeof(start->name));
    __builtin_memcpy(start->device, load->device, sizeof(start->device));
    for (uint32_t i = 0; i < load->argc; i++) {
        size_t len = __builtin_strlen(load->argv[i]) + 1u;
        if (len > sizeof(start->text) - at)
            return SK_ERR_TOO_BIG;
        start->argv_off[i] = (uint16_t)at;
        __builtin_memcpy(&start->text[at], load->argv[i], len);
        at += (uint32_t)len;
    }
    return SK_OK;
}
