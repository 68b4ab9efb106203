/* What `shaper` sends whoever asks for it, and `shapes` asks for.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef APPS_SHAPES_H
#define APPS_SHAPES_H

#include "lib/shape.h"

#define SHAPER_NAME "shaper"

enum { SHAPER_SUBSCRIBE = 1 }; /* struct wish, and the unused end of a channel -> nothing */
enum { RING, LATEST, COUNT, SHAPES };

struct wish {
    uint32_t shape, count;
};

#endif
