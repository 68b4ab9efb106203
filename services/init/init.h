/* init, one on every core: starts programs, restarts and counts them, serves `proc` and relays
 * `names`. This header has its whole state; the struct lives on main's stack, its tables are taken
 * once, as large as the system table says (room.c).
 *
 * Who may do what is decided here, once, at the init of the task that asks; inits trust each other.
 * Nothing is cached that another core may change: a request for another core goes to its init, a
 * name of another core is resolved anew each time.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef INIT_INIT_H
#define INIT_INIT_H

#include "lib/loop.h"
#include "lib/names.h"
#include "lib/proc.h"
#include "manifest.h"

#define OPS_CLIENT     4u                   /* ops, or waiters, of one task */
#define FAR_WAITS_PEER (SK_CHAN_SLOTS / 2u) /* far_wait.c: outstanding ones at one other init */

/* How many of each there is room for. */
struct room {
    uint32_t tasks;
    uint32_t clients;
    uint32_t dead;    /* ended tasks whose end is remembered */
    uint32_t waiters; /* those of all peers at once, and some of our own tasks */
    uint32_t boots;   /* programs that are kept running */
    uint32_t regs;
    uint32_t ops;
    uint32_t patient; /* ops that may last, at most: the others are for what is answered soon */
};

/* A task that lives. */
struct task {
    bool used;
    sk_tid tid;
    sk_handle handle;
    const struct sk_sys_prog *prog;
    struct sk_client *client; /* its channel to us; NULL: it has closed it */
    uint32_t restarts;
};

/* One that has ended. */
struct dead {
    sk_tid tid;
    struct proc_exit how;
};

/* Somebody waits for the end of a task. */
struct waiter {
    bool used;
    sk_tid tid;
    struct sk_ticket ticket;
    struct sk_timer timer;
};

/* A program of the manifest that is kept running here. */
struct boot {
    const struct sk_sys_prog *prog;
    sk_tid tid; /* SK_TID_NONE: not running */
    sk_ns started;
    uint32_t in_row; /* quick ends one after the other */
    uint32_t restarts;
    struct sk_timer timer;
};

/* A name that a task of ours has registered. It outlives the task until `names` has been told. */
enum reg_state { REG_FREE, REG_NEW, REG_SENDING, REG_KNOWN, REG_GONE, REG_GOING };
struct reg {
    enum reg_state state; /* NEW and GONE: `names` must be told; SENDING and GOING: is being told */
    bool answered;        /* the registration; until then ticket waits */
    struct sk_ticket ticket;
    char name[SK_NAME_BYTES];
    sk_tid owner;
    sk_handle port;
};

/* Something asked of another service on behalf of somebody. */
struct op {
    struct sk_async async; /* async.user is the struct init */
    bool used;
    bool patient;  /* it may last */
    bool ticketed; /* somebody waits for the answer */
    struct sk_ticket ticket;
    struct op *next;       /* in the queue for `names` */
    struct sk_timer timer; /* end of its patience, or time of the next try */
    struct names_request request;
    sk_handle end;  /* CONNECT: the client's end, ours until it is handed on */
    uint16_t label; /* asked of `names` */
    bool connect;
    bool once; /* CONNECT, WAIT: the name must exist now */
    sk_ns until;
    struct reg *reg;
    uint32_t core;        /* of a peer; of which an order is */
    uint32_t ask;         /* core_orders.c: SK_ASK_*, of PROC_CORE_ASK */
    struct proc_one wait; /* far_wait.c: what is asked; the deadline is the asker's */
    bool parked;          /* to be asked when it is its turn */
    bool waits;           /* core_orders.c: for its turn */
    uint64_t order;       /* of those that are parked, or wait for their turn: lowest first */
};

/* An order by hand that is being carried out (core_orders.c). */
struct order {
    struct op *op;       /* who has given it, what it is; its timer is the order's. NULL: none */
    uint32_t was, epoch; /* of the core, before */
    bool again;          /* restart: it is to be ordered off first */
    bool begun;          /* start: the core has begun to run; crash, hang: it was asked */
    bool forced;         /* stop: it had its time, and is ordered off */
    bool paused;         /* stop: it was about to be started again */
    sk_ns until;         /* the end of this part of it */
};

/* What the init of core 0 knows of another core's run. */
struct watch {
    uint32_t fate;   /* PROC_FATE_* */
    uint32_t in_row; /* losses soon after the start, one after the other */
    sk_ns started;
    struct sk_timer timer; /* RUN: it should answer by now. PAUSE: start it */
    struct order order;
};

/* Our channel to the init of another core. */
struct peer {
    struct sk_source source; /* first */
    bool up;
    uint32_t waits;       /* outstanding ones of far_wait.c */
    struct sk_timer turn; /* of those that are parked */
};

enum link_state { LINK_DOWN, LINK_ASKING, LINK_UP };
struct names_link {
    struct sk_source source;
    enum link_state state;
    bool stale;            /* to be taken down when the loop is not inside it */
    struct sk_timer timer; /* next try, or taking down */
    uint32_t pause_ms;
    uint32_t resolving;      /* outstanding questions whose answer brings a handle */
    struct op *first, *last; /* queue */
};

struct init {
    struct sk_loop loop;
    struct sk_server task_server, peer_server;
    struct sk_loop_event task_event, core_event;
    struct manifest manifest;
    const struct sk_start *start;
    struct room room;
    struct sk_client *client; /* these are tables, of so many */
    struct task *task;
    struct dead *dead;
    struct waiter *waiter;
    struct boot *boot;
    struct reg *reg;
    struct op *op;
    struct peer *peer;   /* by core */
    struct watch *watch; /* by core; on core 0 */
    uint32_t dead_next;
    uint32_t boot_count;   /* of boot[]: in use */
    uint64_t parked_count; /* so far, for their order: op.order */
    struct names_link names;
};

/* --- room.c ---------------------------------------------------------------------------------- */
void room_count(const struct init *in, struct room *n); /* manifest and start are set */
bool room_take(struct init *in);                        /* false: it does not fit, and is told */

/* --- task.c: tasks of this core -------------------------------------------------------------- */
sk_err task_spawn(struct init *in, const struct sk_sys_prog *prog, uint32_t argc,
                  const char *const *argv, sk_tid *tid);
struct task *task_find(struct init *in, sk_tid tid);
const struct dead *task_find_dead(const struct init *in, sk_tid tid);
void task_client_gone(struct init *in, struct sk_client *c);
void task_some_ended(struct sk_loop *loop, void *user); /* the event SK_EV_TASK */
sk_err task_wait(struct init *in, sk_tid tid, struct sk_client *c, const struct sk_in *req,
                 sk_ns deadline);

/* --- boot.c: what the manifest wants to run -------------------------------------------------- */
#define STEADY_MS 5000u /* who ran so long did not end quickly */
/* The pause before the next start, after so many quick ends. */
sk_ns boot_pause(uint32_t backoff_ms, uint32_t in_row);
void boot_programs(struct init *in);                                   /* on this core */
bool boot_is_here(const struct init *in, const struct sk_sys_prog *p); /* one of them? */
void boot_task_ended(struct init *in, sk_tid tid, const struct proc_exit *how);
uint32_t boot_restarts(const struct init *in, sk_tid tid);

/* --- cores.c: core 0: the others, and what becomes of them ------------------------------------ */
#define CORE_START_MS 10000u /* the host may emulate many cores on few */
/* Start those that the manifest wants, one after the other; returns when each runs or has been
 * given its time. What others ask is answered meanwhile. */
void cores_boot(struct init *in);
void cores_changed(struct sk_loop *loop, void *user); /* the event SK_EVENT_CORES */
/* It is being started, by order: what was before does not count. */
void core_expect(struct init *in, sk_core core);
/* What has become of it? One that was lost is started again, by policy. */
void core_look(struct init *in, sk_core core);
uint32_t core_state(const struct init *in, sk_core core); /* SK_CORE_* */
bool core_state_is_off(uint32_t state);                   /* FENCED is, too */

/* --- core_orders.c: core 0: start, restart, stop, crash, hang --------------------------------- */
/* Something has become of core: its order goes on, and others whose turn it is. */
void core_orders_go_on(struct init *in, sk_core core);
void core_orders_client_gone(struct init *in);

/* --- op.c: requests on their way; the pool of struct op -------------------------------------- */
/* An op on behalf of c (NULL: of init itself). patient: it may last long. NULL: no more for that
 * client, or of that kind, now. */
struct op *op_take(struct init *in, const struct sk_client *c, bool patient);
void op_free(struct init *in, struct op *op);
void op_answer(struct init *in, struct op *op, sk_err err,
               const struct sk_in *reply); /* and free */
bool op_is_orphan(struct init *in, const struct op *op);

/* --- peer.c: the inits of other cores -------------------------------------------------------- */
/* The channel to that core's init, made if there is none. SK_ERR_ARG, SK_ERR_CORE_DOWN, ... */
sk_err peer_ready(struct init *in, sk_core core, struct sk_source **source);
/* Pass the request on; its answer goes to the ticket. Returns SK_ANSWER_LATER or an error. */
sk_err peer_forward(struct init *in, sk_core core, struct sk_client *c, const struct sk_in *req,
                    uint32_t reply_max, sk_ns deadline);

/* --- far_wait.c ------------------------------------------------------------------------------ */
/* Wait for the end of a task of another core; the answer goes to the ticket. SK_ANSWER_LATER or an
 * error. */
sk_err far_wait(struct init *in, struct sk_client *c, const struct sk_in *req,
                const struct proc_one *wait);
void far_wait_client_gone(struct init *in);

/* --- main.c, serve_proc.c, cores.c, core_orders.c, serve_names.c: methods --------------------- */
bool client_is_peer(const struct init *in, const struct sk_client *c);
bool client_may(const struct init *in, const struct sk_client *c, uint32_t flag);
/* Is the request for another core? Then *err is what to return: it has been passed on, or cannot
 * be. An init passes nothing on for another one. */
bool proc_elsewhere(struct init *in, struct sk_client *c, const struct sk_in *req, uint32_t core,
                    uint32_t reply_max, sk_ns deadline, sk_err *err);
void proc_answer(struct sk_answer *a, const void *bytes, uint32_t len);
sk_method_fn proc_on_spawn, proc_on_kill, proc_on_wait, proc_on_list, proc_on_core_start,
    proc_on_core_ask, proc_on_core_info, proc_on_core_record, proc_on_log_read, proc_on_stats,
    proc_on_halt;
sk_method_fn names_on_register, names_on_unregister, names_on_connect, names_on_wait, names_on_list,
    names_on_peer_connect;
void names_owner_died(struct init *in, sk_tid owner);
void names_client_gone(struct init *in);

/* --- names_reg.c ----------------------------------------------------------------------------- */
#define NAMES_ANSWER_MS 3000u /* `names` answers at once, but for waits */
/* The registration of name on this core, or NULL. */
struct reg *reg_find(struct init *in, const char *name);
void reg_release(struct reg *r);
/* Tell `names` that r is there, or that it is gone. */
sk_err reg_tell(struct init *in, struct reg *r);

/* --- names_ask.c ----------------------------------------------------------------------------- */
/* Ask `names` in turn; op is answered in the end. */
void names_queue(struct init *in, struct op *op);
void names_unqueue(struct init *in, struct op *op);
sk_err names_ask(struct init *in, struct op *op);
/* Connect op's end to a port; answers or tries again. The port stays the caller's. */
void names_hand_over(struct init *in, struct op *op, sk_handle port);

/* --- names_link.c: our channel to the service `names` ---------------------------------------- */
/* Tell `names` what it must know, ask it what is queued; connect to it if need be. */
void names_pump(struct init *in);
/* The channel has ended: make a new one soon. */
void names_link_lost(struct init *in);

#endif
