/* A memory of release and acquire, as a machine that takes steps.
 *
 * Each shared word is a list of messages, oldest first: the values that were stored, in the order
 * that all threads agree on. Each thread has a view: for each word the oldest message that it may
 * still read. A load picks any message that is not older; a store puts its own anywhere behind what
 * the thread knows. A message of a release carries the storer's view; an acquire joins it.
 *
 * The seq pair is what the seam promises and no more: a seq store adds the storer's view to one
 * global view, a seq load joins that before it picks. (C11 promises less: there nothing that was
 * stored before a seq store is in the bargain. All mappings of seam.h give it.)
 *
 * Payloads are plain memory. Whoever touches a line must know of the other's accesses to it, by a
 * chain of release and acquire: else it is a race, which is a failure, whatever the value.
 *
 * Left out: a load that is overtaken by a later store of the same thread. Where that would do harm
 * in a ring there is payload in between, and the race is found.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ORDER_MODEL_H
#define ORDER_MODEL_H

#include <skerry/msg.h>
#include <seam.h>

#define MODEL_THREADS  2u
#define MODEL_SLOTS    8u /* of each ring: the least that the code allows */
#define MODEL_WORDS    16u
#define MODEL_LOCS     (4u + 2u * MODEL_SLOTS + MODEL_WORDS)
#define MODEL_MESSAGES 20u /* of one word that somebody may still read */

/* All that two threads share. */
struct arena {
    struct sk_chan_ctl line[2];
    struct sk_msg slot[2][MODEL_SLOTS];
    uint32_t word[MODEL_WORDS];
};
extern struct arena arena;

/* Begin with the arena as it is; what is done until model_threads is done by nobody: in order,
 * known to all. */
void model_begin(void);
/* Now two threads. */
void model_threads(void);

/* Keep the state, with the arena, and go back to it. */
void model_keep(void);
void model_return(void);

/* Of all that can still matter. */
uint64_t model_hash(void);

/* The thread that runs now; it will do nothing more. */
extern unsigned model_thread;
void model_thread_ends(void);

/* The variant; set before all else. Light and heavy are seq, but not in the asymmetric variant.
 * There a light store is a release, a light load and the heavy ones are relaxed, and after a heavy
 * store comes a step in which all threads' views are joined: each passes a full fence there,
 * wherever it is. The bargain includes that a compiler puts no load of a pair before its store:
 * weakened, such a load picks from what its thread knew before that store. */
extern _Bool model_asymmetric;

/* Call of the seam that is to be weakened: "FILE:LINE", or "FILE:LINE=relaxed" for all the way
 * instead of one step, or "FILE:LINE=early" for a load of a light or heavy pair. NULL: none. Was it
 * ever met? */
void model_weaken(const char *place);
_Bool model_weakened(void);
void model_print_sites(void);

/* What a word is called in traces. */
const char *model_name(const void *p);

uint64_t hash_bytes(uint64_t h, const void *p, size_t n);

#endif
