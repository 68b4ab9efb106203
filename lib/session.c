/* See session.h.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/session.h"

sk_err sk_session_memory(struct sk_chan *c, size_t bytes, void **memory)
{
    sk_handle region;
    uintptr_t at;
    *memory = NULL;
    if (c->dead != SK_OK)
        return c->dead;
    if (bytes > SK_REGION_PAGES_MAX * SK_PAGE_BYTES)
        return SK_ERR_TOO_BIG;
    uint32_t pages = (uint32_t)((bytes + SK_PAGE_BYTES - 1u) / SK_PAGE_BYTES);
    sk_err err = sys_session_region(pages, c->handle, &region);
    if (err != SK_OK)
        return err;
    err = sys_region_map(region, 0, SK_PROT_R | SK_PROT_W, &at);
    if (err == SK_OK)
        *memory = (void *)at;
    else
        sys_close(region);
    return err;
}
