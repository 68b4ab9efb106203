/* What base/ring.h may be told of a machine's caches: RING_MARK_EVERY, RING_FAR_PART. Here nothing
 * is said. A port or board that has measured has a file of this name, found first.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef SEAM_TUNE_H
#define SEAM_TUNE_H

#endif
