/* Between the files of arch/linux: a task's private state, and who does what.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LINUX_INSIDE_H
#define LINUX_INSIDE_H

#include "area.h"
#include "lib/self.h"

#define HANDLES_MAX 4096u

/* What a handle names. */
struct linux_handle {
    uint8_t kind; /* SK_KIND_*; NONE: free */
    uint8_t rights;
    bool open;      /* an end: opened. A region: mapped */
    bool parent;    /* the channel to the name service: comes back when it is closed */
    uint8_t sent;   /* handles put into the far escrow, modulo its size */
    uint8_t taken;  /* handles taken from the own escrow, likewise */
    uint32_t gen;   /* of the handle */
    uint32_t index; /* of the object: end number, port, region */
    uint32_t object_gen;
    uint32_t next; /* free entry: the next one */
};

/* A task, in the memory of its process. */
struct linux_task {
    struct sk_self self;
    struct sk_start start;
    struct sk_linux_area *area;
    struct task_slot *shared;
    uint32_t slot, gen;
    uint32_t cancel;    /* CANCEL_ON */
    uint32_t chan_bits; /* event bits of the ends that were opened */
    uint32_t unsure;    /* event bits of rings to look at: a barrier has failed */
    sk_ns unsure_at;    /* and when */
    void (*on_exit)(void *user, int32_t status); /* of who was started; called by sys_exit */
    void *on_exit_user;
    uint32_t timer_bit;
    sk_ns timer; /* SK_FOREVER: not set */
    uint32_t chan_hint;
    uint32_t given_count;
    sk_handle given[SK_LINUX_GIVE_MAX];
    uint32_t handle_max, handle_used, handle_free; /* index of the first free one, or handle_max */
    struct linux_handle handle[];
};

extern _Thread_local struct linux_task *linux_me;

/* --- area.c */
/* Counters of this process; relaxed. */
extern struct sk_linux_stats linux_stats;
static inline void linux_count(uint64_t *counter)
{
    __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/* --- handle.c */
/* The entry of h if it is of that kind (0: any) and has these rights; else NULL with *err. */
struct linux_handle *handle_get(struct linux_task *t, sk_handle h, uint32_t kind, uint32_t rights,
                                sk_err *err);
bool handle_room(const struct linux_task *t, uint32_t n);
/* A new entry; there is room. */
sk_handle handle_add(struct linux_task *t, uint32_t kind, uint32_t rights, uint32_t index,
                     uint32_t object_gen);
void handle_free(struct linux_task *t, struct linux_handle *h);
sk_handle handle_name(const struct linux_task *t, const struct linux_handle *h);
/* CLOSE, and the same for all that a task has. */
sk_err handle_close(struct linux_task *t, struct linux_handle *h);
void handle_close_all(struct linux_task *t);

/* --- wait.c */
/* Set event bits and ready bits of the task in `slot`, and wake it. */
void event_post(struct sk_linux_area *a, uint32_t slot, uint32_t bits, uint64_t ready);
/* WAIT */
sk_err event_wait(struct linux_task *t, uint32_t mask, sk_ns deadline, uint32_t *events,
                  uint64_t *ready);
long linux_futex_wait(uint32_t *word, uint32_t value, sk_ns deadline);
void linux_futex_wake(uint32_t *word);
sk_ns linux_now(void);
#define UNSURE_NS SK_MS(1) /* by when a sleeper's word is seen without a barrier */

/* --- sweep.c */
/* Carry on what the words of channel c say: tell of closed ends, free it. Whether there is more for
 * a sweep to do. */
bool sweep_channel(struct sk_linux_area *a, uint32_t c);
/* The same for everything, and take what belongs to nobody any more from whoever is gone. */
void sweep_all(struct sk_linux_area *a);
/* The places of tasks that are DEAD: sweep, then free. */
void sweep_dead(struct sk_linux_area *a);
/* The task that is behind own word w is gone, or the container that w is in. */
bool sweep_orphan(struct sk_linux_area *a, uint64_t w);

/* --- chan.c */
sk_err chan_create(struct linux_task *t, uint32_t slots, sk_handle end[2]);
sk_err chan_open(struct linux_task *t, struct linux_handle *h, uint32_t bit,
                 struct sk_chan_view *view);
sk_err chan_wake(struct linux_task *t, const struct linux_handle *h);
/* The far ends of both: same task, same CPU? Written into the status lines. */
void chan_relate(struct sk_linux_area *a, uint32_t c);
/* End `number` is closed by its owner t. */
void chan_close(struct linux_task *t, uint32_t number);
void chan_info(struct linux_task *t, const struct linux_handle *h, struct sk_handle_info *info);

/* --- give.c, port.c, region.c */
sk_err give_send(struct linux_task *t, struct linux_handle *via, struct linux_handle *h);
sk_err give_take(struct linux_task *t, struct linux_handle *via, sk_handle *h);
/* The word that says who has the object of h; NULL: it has none, it is copied (a port). */
uint64_t *give_own(struct linux_task *t, const struct linux_handle *h);
/* May it be given away? SK_ERR_BUSY: it is open or mapped. SK_ERR_RIGHTS, SK_ERR_HANDLE. */
sk_err give_check(struct linux_task *t, const struct linux_handle *h);
sk_err port_create(struct linux_task *t, uint32_t bit, uint32_t depth, sk_handle *h);
sk_err port_accept(struct linux_task *t, struct linux_handle *p, sk_handle *h);
sk_err port_connect(struct linux_task *t, const struct linux_handle *p, struct linux_handle *h);
void port_close(struct linux_task *t, const struct linux_handle *p);
/* Something waits in the port with that index: its owner is told. */
void port_tell(struct sk_linux_area *a, uint32_t index);
sk_err region_create(struct linux_task *t, uint32_t pages, sk_handle *h);
sk_err region_map(struct linux_task *t, struct linux_handle *h, uintptr_t addr, uint32_t prot,
                  struct sys_result *res);
void region_close(struct linux_task *t, const struct linux_handle *h);

/* --- task.c */
/* Make h, which is the task's parent, a channel to the name service. SK_ERR_NOT_FOUND: there is
 * none now, or its queue is full; lib waits (sk_parent_until). */
sk_err parent_connect(struct linux_task *t, struct linux_handle *h);
_Noreturn void task_exit(int32_t status);
/* After a fork: what the parent's thread was is not ours. */
void task_forget(void);

/* --- watch.c */
/* Begin to watch the area's members, in this process. */
sk_err watch_begin(struct sk_linux_area *a);
void watch_end(struct sk_linux_area *a);
/* After a fork: what the parent watched with is not ours. */
void watch_forget(struct sk_linux_area *a);
/* The process has ended: clear up after its tasks. born 0: whenever it was started. */
void watch_bury(struct sk_linux_area *a, int pid, uint64_t born);
/* When the process was started, in ticks since boot; 0: there is none, or it cannot be known. */
uint64_t watch_born(int pid);

/* --- barrier.c */
/* Register this process. SK_ERR_UNSUPPORTED. */
sk_err barrier_join(void);
/* An area of that mode is used from now on: one that is fenced makes this process fence. */
void barrier_mode(uint32_t mode);

#endif
