/* Words, numbers and task ids as people type them. Pure functions.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef SHELL_TEXT_H
#define SHELL_TEXT_H

#include <skerry/types.h>

/* Split line in place at blanks into at most max words; returns how many there were (more than
 * max: the rest is dropped). */
uint32_t text_split(char *line, char **word, uint32_t max);

/* A whole decimal number up to max: true, in *v. */
bool text_number(const char *s, uint32_t max, uint32_t *v);

#define TEXT_TID_BYTES 24u /* "255.16777215.4294967295" and the zero */

/* "core.slot.generation". */
void text_from_tid(char out[TEXT_TID_BYTES], sk_tid tid);
bool text_to_tid(const char *s, sk_tid *tid);

#endif
