/* The state of one kernel: one value, reached through one pointer; there is nothing else that a
 * kernel writes. Every structure here belongs to exactly one core and is touched by that core's
 * kernel alone; what crosses cores is in skerry/link.h. Tables are sized at boot and never grow.
 *
 * Objects are named by index and generation; the generation changes when the object is freed, so
 * that an old name finds nothing.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_KERN_H
#define KERNEL_KERN_H

#include "base/ring.h"
#include "kernel/entry.h"
#include "kernel/template.h"
#include "port/port.h"
#include <skerry/syscall.h>

#define KERN_SLICE_NS     SK_MS(10) /* round robin inside a priority */
#define KERN_STATUS_LINES (SK_PAGE_BYTES / 64u)
/* Of MMU ports, a task's; the last is a spare (xfer_shared.c). */
#define KERN_STATUS_PAGES (PORT_COPY_MODE ? 1 : SK_TASK_ENDS_MAX / KERN_STATUS_LINES + 1)
#define INDEX_NONE        0xffffu
#define REQUESTER_LOST    0xfffeu /* whoever asked for a move is gone */
#define SESSION_OVER      0xfffeu /* the end that a region was made against is closed */

/* Result of a system call handler whose caller does not run on: r0 is stored when it wakes. */
#define CALL_BLOCKED 1
/* The same, and k->current is the one that runs on. */
#define CALL_SWITCHED 2

struct timer {
    struct timer *next, *prev; /* in kern.timers, by when_ns; NULL, NULL when not set */
    sk_ns when_ns;             /* SK_FOREVER: not set */
    struct task *task;
    bool event; /* sets an event bit; otherwise ends a wait */
};

/* An entry of a task's handle table. */
struct handle {
    union {
        struct {
            uint32_t gen : 20;      /* of the entry, 1..SK_HANDLE_GEN_MAX; 0: retired */
            uint32_t core : 8;      /* PORT_REMOTE */
            uint32_t in_flight : 1; /* SEND_HANDLE has not been answered yet */
            uint32_t unwanted : 1;  /* closed meanwhile: it is, if it comes back */
        };
        uint32_t word; /* = gen where the others are 0 */
    };
    uint16_t index; /* of the object; next free entry while kind is NONE */
    uint8_t kind;   /* SK_KIND_* */
    uint8_t rights; /* SK_RIGHT_* */
    uint32_t obj_gen;
    uint32_t epoch; /* PORT_REMOTE: of that core */
};

/* What waits in an escrow. */
struct item {
    uint8_t kind; /* SK_KIND_CHAN, PORT, PORT_REMOTE, REGION */
    uint8_t core;
    uint16_t index;
    uint32_t gen;
    uint32_t epoch;
};

/* Generations of what other kernels may name (ends, channels, ports): the low bits of the epoch,
 * then a count. So what a kernel said of itself before it began anew names nothing of it after. */
#define GEN_FIRST(epoch)   ((epoch) << 24 | 1u)
#define GEN_NEXT(gen)      (((gen)&0xff000000u) | (((gen) + 1u) & 0x00ffffffu))
#define GEN_OF(gen, epoch) ((((gen) ^ (epoch) << 24) & 0xff000000u) == 0)

struct place { /* of a channel end or a region, on any core */
    uint16_t core;
    uint16_t index;
    uint32_t gen;
};

enum end_state {
    END_FREE,
    END_OWNED,  /* a task has the handle */
    END_QUEUED, /* in an escrow or a port's queue */
    END_MOVING, /* on its way to another core; the handle is in flight */
    END_ZOMBIE, /* closed here; the far side has not answered yet */
};

struct end {
    uint8_t state;
    uint8_t side;
    uint8_t slots;
    uint8_t event_bit;
    bool used;
    bool peer_closed; /* nothing more will come */
    bool peer_gone;   /* the far end does not exist any more: nobody to tell */
    bool close_sent;  /* this side has flipped its close bit */
    bool unmet;       /* it has just moved here: its peer, elsewhere, may not know yet */
    uint16_t index;   /* own */
    union {
        uint16_t slot; /* among the owner's open ends */
        uint16_t next; /* free list */
    };
    uint8_t escrow_count;
    bool self;       /* the peer is the same task's, or waits in its port or escrow */
    uint8_t quota;   /* pages of the session that its holder has not taken yet */
    uint8_t session; /* regions that it has made of them */
    uint32_t gen;
    struct task *owner;
    struct place peer;
    struct place home; /* of the channel; core INDEX_NONE: that of `index` began anew: it is lost */
    sk_paddr page;
    sk_paddr window;               /* of what the peer, on another core, lends; 0: nothing */
    uint32_t epoch;                /* seed of the tags */
    struct sk_chan_status *status; /* this kernel's pointer to the owner's line; NULL: none */
    struct item escrow[SK_ESCROW_MAX];
    struct ring_tx tx; /* copy mode only, once used */
    struct ring_rx rx;
};

/* DOUBT: of regions; the core that was asked is lost and may have it. */
enum { MOVE_NONE, MOVE_QUEUED, MOVE_GIVEN, MOVE_REPEER_QUEUED, MOVE_REPEER, MOVE_DOUBT };

/* A channel, at its home: who holds its two ends. The page is free again when both are released. */
struct chan {
    bool in_use;
    uint8_t slots;
    uint16_t index;
    uint16_t next; /* free list */
    uint8_t quota; /* pages donated with it */
    uint32_t gen;
    sk_paddr page;
    uint32_t epoch;
    struct task *payer; /* charged for page and quota; NULL: it has died */
    struct place side[2];
    bool released[2];
    uint8_t doubt; /* bit of a lost core that may still touch the page: not used again until that */
                   /* core is seen off, or has begun anew */
    /* One end at a time may be on its way to another core. */
    uint8_t move; /* MOVE_* */
    uint8_t move_side;
    bool repeer_none;       /* REPEER goes to the moved end: its peer is gone */
    uint16_t move_link;     /* the core that the queued or sent request is for */
    uint16_t move_core;     /* where the end goes */
    uint16_t requester;     /* core that asked; INDEX_NONE: a task here; REQUESTER_LOST */
    uint16_t request_token; /* of the requester's MOVE, or slot of the task */
    struct sk_link_dest dest;
    struct place moved; /* where it lives, from the reply */
};

struct port {
    bool in_use;
    uint8_t event_bit;
    uint8_t depth, count, first;
    uint16_t index;
    uint16_t next;
    uint32_t gen;
    struct task *owner;
    uint16_t queue[SK_PORT_DEPTH_MAX]; /* ends */
};

struct region {
    bool in_use;
    bool chosen;  /* the kernel chose addr */
    bool foreign; /* held here, at home elsewhere */
    bool queued;  /* at home: in an escrow, whose next holder has it whoever pays now dies */
    /* At home: whom it is given to has let go of it before the answer was read. Foreign: a doubt is
     * over of which the answer that tells of it was not read yet. */
    bool released;
    uint8_t move; /* MOVE_* */
    uint16_t index;
    uint16_t next;
    uint16_t pages;
    uint16_t session; /* end against whose quota it was made; INDEX_NONE: the owner's budget */
    uint16_t handle;  /* of one with a session, or in doubt: entry of the owner's table */
    uint32_t gen;
    /* At home: charged if there is no session (NULL: nobody); the holder, or in an escrow and away
     * who had it last. Foreign: the holder; NULL: in an escrow, or in doubt. */
    struct task *owner;
    sk_paddr first; /* contiguous */
    sk_uaddr addr;  /* where mapped; 0: not */
    /* Foreign: at home; core INDEX_NONE: lost. At home: with the holder's core; this one: here;
     * INDEX_NONE: nobody's, unless the move that goes on comes to something. */
    struct place far;
    uint16_t move_core; /* where it goes */
    uint16_t requester; /* as of a channel's move */
    uint16_t request_token;
    struct sk_link_dest dest;
};

struct device {
    struct task *owner;
    uint32_t gen;
    uint32_t irq;
    uint8_t event_bit;
    bool bound;
    sk_uaddr addr; /* where mapped; 0: not */
};

/* A program that lies in memory: who has it. */
struct image {
    struct task *owner;
    bool filling; /* the owner has a handle and the RAM mapped; otherwise it runs it */
};

/* LENT: a loan is with the far kernel. From LENT on nothing is in the air. */
enum { OP_IDLE, OP_QUEUED, OP_SENT, OP_HOME_MOVE, OP_LENT, OP_CORE_START, OP_CORE_STOP };

/* What a task has asked of another core; outlives the task's patience (TIMED_OUT). */
struct op {
    uint8_t state;   /* OP_* */
    bool waiting;    /* the task still waits for the answer */
    uint8_t link;    /* core */
    uint16_t label;  /* SK_LINK_* */
    uint16_t handle; /* index of the entry in flight, or INDEX_NONE */
    union {
        struct {
            struct sk_link_dest dest;
            sk_core dest_core;
        };
        struct sk_link_device device;
        struct {
            sk_paddr window;
            uint32_t gen; /* of the borrower's end, on that core */
            uint16_t index;
            uint8_t pages;
            bool over;     /* nobody waits for this loan any more: it goes back as soon as it can */
            bool answered; /* when it is back, what was written goes into the lender's memory */
        } loan;
        struct {
            uint32_t ask; /* SK_ASK_* */
            bool forces;  /* STOP: at the deadline */
        };
    };
};

/* States beside SK_TASK_*. LENDING: it sleeps in LEND; its registers say on which end and what
 * (loan.c). WORKING: in its turns the kernel zeroes the region that it makes; to others it is
 * ready. */
#define TASK_LENDING 16u
#define TASK_WORKING 17u

struct task {
    struct port_task port;    /* first: the port finds the task by it */
    struct task *next, *prev; /* in the ready queue of its priority */
    uint8_t state;            /* SK_TASK_*, 0: free slot */
    uint8_t priority;
    uint8_t event_bit; /* of the creator */
    uint8_t timer_bit;
    bool orphan; /* the creator has forgotten it: free the slot when dead */
    bool parked; /* dying, out of the ready queue until its op is answered */
    uint16_t slot;
    uint16_t free_next;
    uint32_t gen;
    uint32_t events;     /* set, not yet told */
    uint32_t mask;       /* waited for */
    uint32_t cancel;     /* events that end what blocks: CANCEL_ON */
    uint64_t ready;      /* ends rung, not yet told */
    struct end *calling; /* it sleeps in CHAN_CALL on this one; else NULL */
    struct timer wait_timer, event_timer;
    struct task *creator; /* NULL for init */
    uint32_t creator_gen;
    struct handle *handles;
    uint16_t handles_max, handles_used, handle_free;
    uint16_t handles_left;        /* entries on the free list: retired ones are in neither count */
    uint16_t ends_max, ends_used; /* ends_used: held, opened or not */
    uint32_t pages_max, pages_used;
    uint32_t region_addrs;  /* pages of PORT_AREA_REGION handed out: all free again when */
    uint32_t region_chosen; /* none of the regions there is mapped any more */
    uint64_t slots_used[SK_TASK_ENDS_MAX / 64u]; /* of opened ends */
    sk_paddr status_page[KERN_STATUS_PAGES];     /* of MMU ports */
    struct op op;
    uint32_t teardown;    /* stage and cursor of a dying task */
    uint32_t teardown_at; /* TASK_WORKING: index of the region */
    uint8_t cause, fault;
    int32_t status;
    uintptr_t fault_addr, fault_pc, fault_sp;
    sk_ns run_ns;
    char name[SK_NAME_BYTES];
};
_Static_assert(offsetof(struct task, port) == 0, "the port casts");

/* DOWN: with the epoch it spoke to it is over; a newer one begins anew. HELLO: this kernel speaks
 * to that epoch, which has not yet said that it speaks to this one. */
enum link_state { LINK_NONE, LINK_DOWN, LINK_HELLO, LINK_UP };

struct link {
    uint8_t state;
    bool starting; /* that core was (re)started from here and has not answered its first doorbell */
    bool queued;   /* operations wait for the link or for credit */
    bool child;    /* it was started from here: this kernel orders it off (core.h) */
    bool ordered;  /* it was */
    bool again;    /* it is to be started when it is off */
    uint8_t fate;  /* LINK_DOWN: SK_CORE_DEAD, SUSPECT, FENCED, QUARANTINED */
    uint8_t polls; /* looks in quick succession whether it is off */
    uint8_t silent;      /* periods without a sign of life */
    sk_core core;        /* the far end */
    uint32_t least;      /* no older epoch is spoken to (again) */
    struct sk_link *out; /* written here */
    struct sk_link *in;  /* only the header words of its slots are written here */
    /* From here on: all zero when it begins with an epoch. */
    uint32_t peer_epoch;
    uint32_t beat_seen;
    bool settled;       /* all who knew its predecessor know this epoch */
    uint32_t in_flight; /* requests sent, not answered: <= SK_LINK_CREDIT */
    struct ring_tx tx;
    struct ring_rx rx;
    uint32_t bell, flips[SK_LINK_BITS]; /* private copies of out's words */
    uint32_t flip[SK_LINK_BITS][SK_LINK_WORDS];
    uint32_t bell_seen, flips_seen[SK_LINK_BITS]; /* of in's, as last read */
    uint32_t flip_seen[SK_LINK_BITS][SK_LINK_WORDS];
};

/* The ledger's line of one page of this kernel's RAM. */
struct page {
    uint8_t use;   /* PAGE_* */
    uint8_t dirty; /* to be zeroed before anyone gets it */
    uint16_t slot; /* task that is charged; INDEX_NONE: nobody any more; of PAGE_DOUBT: the core
                      that may still touch it */
};
enum { PAGE_FREE = 0, PAGE_REGION, PAGE_TABLE, PAGE_STATUS, PAGE_CHAN, PAGE_LOAN, PAGE_DOUBT };

struct queue {
    struct task *head, *tail;
    /* Processor time of the turn at the head, over preemptions and hand-overs, at most a slice. */
    uint32_t turn_ns;
    bool turn_over; /* the next account begins a new turn */
};

struct kern {
    struct port_cpu *cpu;
    struct template *tpl;
    struct task *current; /* NULL: idle */
    sk_core core, parent, cores;
    uint32_t epoch;
    bool
        held; /* others may still touch this core's memory, lent by an earlier epoch: no init yet */
    /* scheduler */
    uint32_t ready_mask; /* bit p: queue p is not empty */
    bool work;           /* a dying task's next piece is due */
    struct queue ready[SK_PRIO_COUNT];
    struct timer timers; /* list head */
    sk_ns timer_set_ns;  /* what the port's timer is set to */
    sk_ns slice_end_ns;  /* SK_FOREVER: nobody shares the priority */
    sk_ns since_ns;      /* current runs since */
    sk_ns tick_ns;       /* core_tick is due: the earlier of the next two */
    sk_ns retry_ns;      /* look after unanswered doorbells then; SK_FOREVER: there are none */
    sk_ns beat_ns;       /* the next heartbeat */
    uint32_t beats;      /* so far */
    /* tables */
    struct task *tasks;
    struct end *ends;
    struct chan *chans;
    struct port *ports;
    struct region *regions;
    struct handle *handles; /* tasks * handles_each */
    uint16_t task_count, end_count, chan_count, port_count, region_count, handles_each;
    uint16_t task_free, end_free, chan_free, port_free, region_free; /* lists */
    uint16_t core_port;    /* init's, where CORE_CONNECT arrives; INDEX_NONE */
    struct device *device; /* by index in the system table */
    struct image *image;
    uint32_t device_count, image_count;
    struct link *link; /* by core */
    /* pages */
    sk_paddr ram_base;
    uint32_t ram_pages, ram_free, ram_hint, ram_doubt; /* doubt: pages in PAGE_DOUBT */
    uint64_t *ram_map;                                 /* bit set: free */
    struct page *ledger;
    struct sk_stats stats; /* gauges and counters; pages are derived */
    uint64_t log_end;      /* bytes logged since boot */
    char *log;
    uint32_t log_bytes, log_at; /* log_at: where the next byte goes */
    const char *panic_why;
};

/* A deliberate stop: this kernel's invariant is broken. Never for what a task or peer did. */
#define KERN_ASSERT(k, condition)                                                                  \
    do {                                                                                           \
        if (!(condition))                                                                          \
            kern_panic((k), #condition);                                                           \
    } while (0)

#endif
