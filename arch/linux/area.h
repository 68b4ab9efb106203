/* The area: what lies in the memory that all members share, and this process's view of it.
 *
 * Every member may write anything here at any time. So: indices and sizes come from the private
 * view, not from the area; a word is read once, then checked, then used; what decides is one word,
 * changed by compare-and-swap; loops are bounded by the private sizes.
 *
 * A decisive word is state:4 | index:28 | generation:32.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LINUX_AREA_H
#define LINUX_AREA_H

#include <skerry/msg.h>
#include <skerry/syscall.h>
#include <skerry_linux.h>

#define AREA_MAGIC   0x31414b53u /* "SKA1" */
#define AREA_VERSION 1u

#define WORD(state, index, gen)                                                                    \
    ((uint64_t)(uint32_t)(gen) << 32 | (uint64_t)((uint32_t)(index)&0xfffffffu) << 4 |             \
     (uint64_t)(state))
#define WORD_STATE(w) ((uint32_t)((w)&15u))
#define WORD_INDEX(w) ((uint32_t)((w) >> 4) & 0xfffffffu)
#define WORD_GEN(w)   ((uint32_t)((w) >> 32))

/* Page 0. Written before anybody else sees it, but for the last two. */
struct area_head {
    uint32_t magic, version;
    uint32_t tasks, channels, ports, regions, region_pages, mode;
    uint32_t members __attribute__((aligned(64))); /* futex: changes when a task begins */
    uint64_t names; /* WORD(1, port, its generation) of the name service; 0: none yet */
};

/* A task's place. word: index is the process's id. FREE -> JOINING, with the next generation, ->
 * LIVE -> DEAD, being swept, -> FREE. */
enum { TASK_FREE = 0, TASK_JOINING, TASK_LIVE, TASK_DEAD };
struct task_slot {
    uint64_t word;
    uint64_t born;    /* when the process was started; 0: not known. Of a JOINING one: anything */
    uint64_t creator; /* WORD(1, slot | event bit << 16, generation): who started it; 0: nobody */
    int32_t cpu;      /* that it is bound to, or -1 */
    uint32_t pad[9];
    /* Its event word, the futex that it sleeps on. */
    uint32_t events __attribute__((aligned(64)));
    uint32_t asleep; /* 1 while it sleeps; written by itself */
    uint64_t ready;
};

/* Who has an object. UNUSED, OPEN: the task with that slot and generation (a region: UNUSED).
 * ESCROW: the end with that number (channel * 2 + side), of that channel's generation. QUEUE: the
 * port. CLOSED: nobody, for ever (an end); NONE: free (a region). */
enum { OWN_NONE = 0, OWN_UNUSED, OWN_OPEN, OWN_ESCROW, OWN_QUEUE, OWN_CLOSED };

/* What lies in an escrow or a queue: WORD(OBJECT_*, index, generation); 0: nothing. Whether it does
 * is decided by the object's own word alone. */
enum { OBJECT_END = 1, OBJECT_PORT, OBJECT_REGION };

struct end_slot {
    uint64_t own;
    uint64_t escrow[SK_ESCROW_MAX]; /* written by the far end's task, taken by this one's */
    uint32_t wake;                  /* event bit | ready bit << 8; of an open end */
    uint32_t told;                  /* the generation in which its task was told of the far end's
                                       end */
} __attribute__((aligned(64)));

/* A channel. FREE -> MAKING (index: the maker's slot), with the next generation, -> USED -> FREE,
 * when both ends are CLOSED. */
enum { CHAN_FREE = 0, CHAN_MAKING, CHAN_USED };
struct chan_slot {
    struct sk_chan_mem mem;
    /* status[side] is read by end `side`. Its state and peer_core, which holds the channel's
     * generation, are changed together. */
    struct sk_chan_status status[2] __attribute__((aligned(64)));
    struct end_slot end[2];
    uint64_t word;
    uint32_t slots;
} __attribute__((aligned(SK_PAGE_BYTES)));

/* A port. FREE -> MAKING (index: the maker's slot), with the next generation, -> LIVE -> FREE. */
enum { PORT_FREE = 0, PORT_MAKING, PORT_LIVE };
struct port_slot {
    uint64_t word;
    uint64_t own;   /* WORD(OWN_OPEN, task) */
    uint32_t wake;  /* event bit */
    uint32_t depth; /* places in use of queue */
    uint32_t stamp; /* counts connections */
    uint64_t queue[SK_PORT_DEPTH_MAX];
    uint32_t order[SK_PORT_DEPTH_MAX]; /* stamp of each */
} __attribute__((aligned(64)));

struct region_slot {
    uint64_t own;
    uint32_t pages; /* said by who made it */
} __attribute__((aligned(64)));

/* This process's view. What is here is trusted. */
struct sk_linux_area {
    int fd;
    uint8_t *base;
    uint64_t bytes;
    uint32_t tasks, channels, ports, regions, region_pages, mode;
    struct area_head *head;
    struct task_slot *task;
    struct port_slot *port;
    struct region_slot *region;
    struct chan_slot *chan;
    uint8_t *pages; /* of region r: at r * region_pages * SK_PAGE_BYTES */
    uint32_t live;  /* tasks of this process */
    struct watch *watch;
};

static inline uint64_t word_load(const uint64_t *w)
{
    return __atomic_load_n(w, __ATOMIC_SEQ_CST);
}

static inline void word_store(uint64_t *w, uint64_t v)
{
    __atomic_store_n(w, v, __ATOMIC_SEQ_CST);
}

/* The one way in which anything is decided. */
static inline bool word_change(uint64_t *w, uint64_t from, uint64_t to)
{
    return __atomic_compare_exchange_n(w, &from, to, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static inline uint32_t half_load(const uint32_t *w)
{
    return __atomic_load_n(w, __ATOMIC_SEQ_CST);
}

static inline void half_store(uint32_t *w, uint32_t v)
{
    __atomic_store_n(w, v, __ATOMIC_SEQ_CST);
}

static inline uint8_t *area_region(const struct sk_linux_area *a, uint32_t region)
{
    return a->pages + (uint64_t)region * a->region_pages * SK_PAGE_BYTES;
}

/* The end with number `channel * 2 + side`, which the caller has checked. */
static inline struct end_slot *area_end(const struct sk_linux_area *a, uint32_t number)
{
    return &a->chan[number >> 1].end[number & 1u];
}

/* Is the task with that slot and generation alive, or about to be? */
static inline bool area_alive(const struct sk_linux_area *a, uint32_t slot, uint32_t gen)
{
    if (slot >= a->tasks)
        return false;
    uint64_t w = word_load(&a->task[slot].word);
    return WORD_GEN(w) == gen && (WORD_STATE(w) == TASK_LIVE || WORD_STATE(w) == TASK_JOINING);
}

#endif
