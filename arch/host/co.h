/* Coroutines: a stack each, switched by hand. Known to the address sanitizer as fibers.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef HOST_CO_H
#define HOST_CO_H

#include <stddef.h>

struct co {
    void *sp;
    void *stack; /* lowest byte; NULL: the process's own stack */
    size_t stack_bytes;
};

/* Make co start in fn(arg), which never returns, on that stack (16-byte aligned, co's alone). */
void co_init(struct co *co, void *stack, size_t stack_bytes, void (*fn)(void *), void *arg);

/* Leave `from` and go on in `to`; returns when somebody switches back to `from`. */
void co_switch(struct co *from, struct co *to);

/* First thing in a coroutine. */
void co_began(void);

#endif
