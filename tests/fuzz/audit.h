/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FUZZ_AUDIT_H
#define FUZZ_AUDIT_H

struct kern;

/* All tables of k, between two entries. A breach is said and ends the process. */
void fuzz_audit(struct kern *k);

#endif
