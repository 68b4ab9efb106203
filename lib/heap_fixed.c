/* The heap where programs lie in place: all of its memory is there from the start, behind the start
 * block.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/start.h"

void *sk_heap_grow(ptrdiff_t bytes)
{
    struct sk_self *self = sk_self();
    size_t old = (size_t)self->heap_break;
    size_t most = (size_t)self->start->heap_bytes;
    if (bytes < 0 ? 0u - (size_t)bytes > old : (size_t)bytes > most - old)
        return NULL;
    self->heap_break = old + (size_t)bytes;
    return (void *)((uintptr_t)self->start->heap_addr + old);
}
