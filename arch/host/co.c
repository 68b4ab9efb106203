/* Coroutines. The sanitizer's fiber calls are made only in a build that has it.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "arch/host/co.h"

#include <stdint.h>

void sim_swap(void **save_sp, void *load_sp);
void sim_first(void);

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

static void fiber_leave(void **keep, const struct co *to)
{
    __sanitizer_start_switch_fiber(keep, to->stack, to->stack_bytes);
}
static void fiber_enter(void *kept, struct co *left)
{
    const void *bottom = NULL;
    size_t size = 0;
    __sanitizer_finish_switch_fiber(kept, &bottom, &size);
    if (left != NULL && left->stack == NULL) { /* the process's stack: its bounds, learned here */
        left->stack = (void *)(uintptr_t)bottom;
        left->stack_bytes = size;
    }
}
static void stack_clean(void *stack, size_t bytes)
{
    __asan_unpoison_memory_region(stack, bytes);
}
#else
static void fiber_leave(void **keep, const struct co *to)
{
    (void)to;
    *keep = NULL;
}
static void fiber_enter(void *kept, struct co *left)
{
    (void)kept;
    (void)left;
}
static void stack_clean(void *stack, size_t bytes)
{
    (void)stack;
    (void)bytes;
}
#endif

static struct co *came_from; /* who made the last switch */

void co_init(struct co *co, void *stack, size_t stack_bytes, void (*fn)(void *), void *arg)
{
    stack_clean(stack, stack_bytes);
    co->stack = stack;
    co->stack_bytes = stack_bytes;
    uint64_t *top = (uint64_t *)((char *)stack + stack_bytes);
#if defined(__x86_64__)
    *--top = 0; /* sim_first is entered by ret: the stack is 16-byte aligned there */
    *--top = 0;
    *--top = (uint64_t)(uintptr_t)sim_first;
    *--top = 0;                        /* rbp */
    *--top = 0;                        /* rbx */
    *--top = (uint64_t)(uintptr_t)fn;  /* r12 */
    *--top = (uint64_t)(uintptr_t)arg; /* r13 */
    *--top = 0;
    *--top = 0;
#else
    top -= 20;
    for (unsigned i = 0; i < 20; i++)
        top[i] = 0;
    top[0] = (uint64_t)(uintptr_t)fn;         /* x19 */
    top[1] = (uint64_t)(uintptr_t)arg;        /* x20 */
    top[11] = (uint64_t)(uintptr_t)sim_first; /* x30 */
#endif
    co->sp = top;
}

void co_switch(struct co *from, struct co *to)
{
    void *kept;
    came_from = from;
    fiber_leave(&kept, to);
    sim_swap(&from->sp, to->sp);
    fiber_enter(kept, came_from);
}

void co_began(void)
{
    fiber_enter(NULL, came_from);
}
