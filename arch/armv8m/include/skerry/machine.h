/* Sizes of a machine with kilobytes and an MPU; what each means is in include/skerry/machine.h,
 * instead of which this file is found.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef SKERRY_MACHINE_H
#define SKERRY_MACHINE_H

#define SK_CORES_MAX 2u

/* What a channel of eight slots each way needs, in whole granules of the MPU (32 bytes). */
#define SK_PAGE_BYTES 1056u

#define SK_DEVICE_BYTES 32u /* such a granule */

#define SK_LINE_BYTES     8u /* no cache between the cores and this RAM */
#define SK_CHAN_SLOTS_MAX 8u
#define SK_TASK_ENDS_MAX  64u

#define SK_REGION_PAGES_MAX 64u

#define SK_LINK_SLOTS  8u
#define SK_LINK_CREDIT 3u
#define SK_LINK_WORDS  2u

#define SK_LOAN_BYTES 1024u /* with the window's head one unit of memory */

#define SK_TEXT_LINE 56u /* one slot */

#define SK_START_BYTES 320u
#define SK_START_ARGS  8u

#define SK_CRASH_BYTES  288u
#define SK_CRASH_REASON 40u
#define SK_CRASH_NAMES  72u
#define SK_CRASH_REGS   19u

#endif
