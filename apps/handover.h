/* What apps/handover.c asks of apps/consumer.c.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef APPS_HANDOVER_H
#define APPS_HANDOVER_H

#include <skerry/machine.h>
#include <stdint.h>

#define CONSUMER_NAME "consumer"

/* A region -> the same, with 1 added to each word; w32: the core that did it, its pages. */
enum { CONSUMER_WORK = 1 };

static inline uint32_t handover_words(uint32_t pages)
{
    return pages * (SK_PAGE_BYTES / sizeof(uint32_t));
}

#endif
