/* Level state between kernels: words of which one side is the only writer, so that nothing can
 * overflow. With base/ring.h, through the same seam, the only home of cross-core memory order.
 *
 * A hint bit (wake) is flipped only while the reader has acknowledged the last flip; otherwise one
 * is still on its way and says the same. The writer stores its news, then looks at the reader's
 * acknowledgement; the reader stores the acknowledgement, then looks at the news: the seq pair, so
 * one of them sees the other. A fact bit (close, release) is flipped at most once a binding and
 * needs no acknowledgement.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_LEVEL_H
#define BASE_LEVEL_H

#include <seam.h>
#include <stdbool.h>

/* Writer of `word` (*mine is its private copy): flip `bits` unless a flip of all of them is still
 * unread; ack is the reader's word. Returns whether anything was flipped. Seq store by whoever
 * made the news before, seq load here: the pair with level_read's. */
static inline bool level_hint(uint32_t *word, uint32_t *mine, const uint32_t *ack, uint32_t bits)
{
    uint32_t unread = (*mine ^ seam_load_seq(ack)) & bits;
    if (unread == bits)
        return false;
    *mine ^= bits & ~unread;
    seam_store_seq(word, *mine);
    return true;
}

/* Writer: flip bits for good. */
static inline void level_flip(uint32_t *word, uint32_t *mine, uint32_t bits)
{
    *mine ^= bits;
    seam_store_seq(word, *mine);
}

/* Writer: one more; for counters. */
static inline void level_count(uint32_t *word, uint32_t *mine)
{
    *mine += 1u;
    seam_store_seq(word, *mine);
}

/* Writer of a counter that the reader acknowledges (the doorbell): count unless the last one is
 * still unanswered. Returns whether it counted. */
static inline bool level_count_once(uint32_t *word, uint32_t *mine, const uint32_t *ack)
{
    if (seam_load_seq(ack) != *mine)
        return false;
    level_count(word, mine);
    return true;
}

/* Reader: the bits that changed since last read; *seen is its private copy. With ack (its own
 * word) the writer may flip again from now on. Seq throughout: what the writer did before the flip
 * is visible after, and what is looked at after the acknowledgement is not older than it. */
static inline uint32_t level_read(const uint32_t *word, uint32_t *seen, uint32_t *ack)
{
    uint32_t now = seam_load_seq(word);
    uint32_t changed = now ^ *seen;
    if (changed != 0) {
        *seen = now;
        if (ack)
            seam_store_seq(ack, now);
    }
    return changed;
}

#endif
