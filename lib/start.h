/* From the first instruction to main, and from its return to the end of the task.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_START_H
#define LIB_START_H

#include "lib/self.h"

/* Called by the port's start code with the start block: sets up sk_self(), calls main with the
 * start block's arguments, and returns main's value, which the port passes to exit(). A start
 * block that is not one ends the task with status 127. */
int sk_start_main(struct sk_start *start, int (*main)(int argc, char **argv));

/* End of the program: what stdout has collected is written, and everything written is on the
 * console, or the console does not answer within two seconds. */
_Noreturn void sk_exit(int status);

/* Grow (or, negative, shrink the use of) the heap by `bytes` and return its old end; NULL if
 * budget or memory are exhausted. Memory once taken is kept. Lies contiguously at heap_addr. */
void *sk_heap_grow(ptrdiff_t bytes);

/* One character to stdout: sent to the console at the end of a line or when the line is full. */
void sk_stdout_put(char ch);
void sk_stdout_flush(void);

/* One character of stdin, by lines with echo and backspace; -1 at the end of input. Blocks. */
int sk_stdin_get(void);

/* A line to this kernel's log: format as base/fmt.h, newline included by the caller. */
void sk_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
