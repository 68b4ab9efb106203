/* Why a blocked task will run again.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef HOST_AUDIT_REASON_H
#define HOST_AUDIT_REASON_H

#include "kernel/kern.h"

/* Is there something that will wake t, which waits: a deadline; an answer that can come; an event
 * that it waits for, and whose source it has? */
bool audit_reason(const struct kern *k, const struct task *t);

#endif
