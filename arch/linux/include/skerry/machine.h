/* Sizes on Linux (see include/skerry/machine.h, which this one replaces): messages and channels as
 * on every machine with megabytes, but more of them.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LINUX_MACHINE_H
#define LINUX_MACHINE_H

#define SK_CORES_MAX      8u
#define SK_PAGE_BYTES     4096u
#define SK_DEVICE_BYTES   SK_PAGE_BYTES
#define SK_LINE_BYTES     64u
#define SK_CHAN_SLOTS_MAX 16u
#define SK_TASK_ENDS_MAX  4096u

/* Most pages of a region: 16 MiB. */
#define SK_REGION_PAGES_MAX 4096u

#define SK_LINK_SLOTS  16u
#define SK_LINK_CREDIT 6u
#define SK_LINK_WORDS  16u

#define SK_LOAN_BYTES 16384u
#define SK_TEXT_LINE  224u

#define SK_START_BYTES 1024u
#define SK_START_ARGS  16u

#define SK_CRASH_BYTES  4096u
#define SK_CRASH_REASON 96u
#define SK_CRASH_NAMES  208u
#define SK_CRASH_REGS   40u

#endif
