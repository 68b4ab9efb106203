/* Not part of any image: compiled for a board, and read out of the object file by the image tool
 * (tools/image/kernel.py), which must know how much RAM a kernel will take. The order is that of
 * SIZES there.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/kern.h"
#include <board.h>
#include <skerry/link.h>
#include <skerry/start.h>

extern const uint32_t image_sizes[];
const uint32_t image_sizes[] = {
    SK_PAGE_BYTES,       SK_LINE_BYTES,         SK_START_BYTES,        BOARD_LINKS_BYTES,
    sizeof(struct kern), sizeof(struct task),   sizeof(struct end),    sizeof(struct chan),
    sizeof(struct port), sizeof(struct region), sizeof(struct handle), sizeof(struct page),
    sizeof(struct link), sizeof(struct device), sizeof(struct image),
};
