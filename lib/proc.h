/* The interface `proc`, served by the init of every core to its tasks, and between inits: start,
 * end, wait for and list tasks on any core; cores, logs, halt. What a program may do is in the
 * manifest (SK_SYS_PROG_PROC, SK_SYS_PROG_CORE); everybody may wait and list.
 *
 * A client asks its own init, which asks the one of the core in question. Every function asks over
 * chan, or over sk_parent() where chan is NULL, and blocks until the answer or its deadline; those
 * without one give up after SK_PROC_MS. All: SK_ERR_TIMED_OUT, SK_ERR_PEER_DEAD, SK_ERR_PROTOCOL,
 * SK_ERR_RIGHTS (not permitted), SK_ERR_CORE_DOWN (that core is not running).
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_PROC_H
#define LIB_PROC_H

#include "lib/rpc.h"
#include <skerry/crash.h>

#define SK_PROC_MS 5000u

/* Labels. Request -> reply. A request of type X starts with `struct X` below. */
enum {
    PROC_SPAWN = 1,    /* proc_spawn -> tid */
    PROC_KILL,         /* proc_one -> nothing */
    PROC_WAIT,         /* proc_one -> proc_exit; answered when the task has ended */
    PROC_LIST,         /* proc_at -> proc_entry */
    PROC_CORE_START,   /* proc_at -> proc_core; answered when the core runs */
    PROC_CORE_INFO,    /* proc_at -> proc_core */
    PROC_LOG_READ,     /* proc_at -> proc_log */
    PROC_STATS,        /* proc_at -> sk_stats */
    PROC_HALT,         /* proc_halt; no answer if it succeeds */
    PROC_CORE_RESTART, /* as PROC_CORE_START */
    PROC_CORE_ASK,     /* proc_at -> nothing */
    PROC_CORE_RECORD,  /* proc_at -> proc_record */
};

/* SPAWN: name, where, arguments. Between inits, `asker` says on whose behalf; an init ignores what
 * a task writes there. */
#define SK_SPAWN_TEXT 168u
struct proc_spawn {
    char name[SK_NAME_BYTES];
    uint32_t core; /* SK_PLACE_ANY: where the manifest says, else the asker's core */
    uint32_t argc; /* strings in text, argv[0] included */
    uint64_t asker;
    uint32_t text_len;
    uint32_t pad;
    char text[SK_SPAWN_TEXT]; /* the arguments, each with its zero; only text_len bytes travel */
};
_Static_assert(sizeof(struct proc_spawn) == SK_PAYLOAD_MAX, "fits four slots");

struct proc_one {
    sk_tid tid;
    sk_ns deadline;
};

struct proc_at {
    uint32_t core;
    uint32_t index;    /* LIST: first table index to look at. CORE_ASK: SK_ASK_* */
    uint64_t position; /* LOG_READ, CORE_RECORD */
    sk_ns deadline;    /* CORE_START, CORE_RESTART, CORE_ASK */
};

/* How a task ended. */
struct proc_exit {
    uint32_t cause; /* SK_CAUSE_* */
    int32_t status; /* SK_CAUSE_EXITED */
    uint32_t fault; /* SK_FAULT_*, SK_CAUSE_FAULT */
    uint32_t pad;
    uint64_t fault_addr, fault_pc;
};

struct proc_entry {
    sk_tid tid;
    char name[SK_NAME_BYTES];
    uint32_t core;
    uint32_t next;  /* index to ask for next */
    uint32_t state; /* SK_TASK_* */
    uint32_t priority;
    uint32_t pages, handles, ends; /* in use */
    uint32_t restarts;
    sk_ns run_ns;
};
_Static_assert(sizeof(struct proc_entry) == 80, "layout");

/* What the init of core 0 has in mind for a core (docs/manifest.md, `restart`). */
enum {
    PROC_FATE_NONE,     /* nothing: it was never started, or stays as it is when it is lost */
    PROC_FATE_RUN,      /* it runs or begins to */
    PROC_FATE_STOP,     /* it was asked to stop */
    PROC_FATE_PAUSE,    /* it was lost, and is started again after a pause */
    PROC_FATE_GIVEN_UP, /* it was lost too often */
};

struct proc_core {
    struct sk_core_info info; /* with what that core itself knows, if it runs */
    uint32_t tasks;           /* running under its init */
    uint32_t fate;            /* PROC_FATE_*, of a core that does not run, if core 0 does */
};

#define PROC_RECORD_CHUNK (SK_PAYLOAD_MAX - 8u)
struct proc_record {
    uint32_t epoch; /* that the record is of */
    uint32_t len;
    uint8_t bytes[PROC_RECORD_CHUNK]; /* from the position on; only len travel */
};
_Static_assert(sizeof(struct proc_record) == SK_PAYLOAD_MAX, "fits four slots");

#define SK_LOG_CHUNK (SK_PAYLOAD_MAX - 16u)
struct proc_log {
    uint64_t next; /* position after text */
    uint32_t len;  /* 0: nothing more yet */
    uint32_t pad;
    char text[SK_LOG_CHUNK];
};
_Static_assert(sizeof(struct proc_log) == SK_PAYLOAD_MAX, "fits four slots");

struct proc_halt {
    uint32_t status;
    uint32_t pad;
};

/* Start program `name` of the boot archive on core with argv (argv[0..argc), argv[0] is the name by
 * custom). *tid: the new task. SK_ERR_NOT_FOUND: no such program. SK_ERR_TOO_BIG: the arguments
 * are more than SK_SPAWN_TEXT bytes or SK_START_ARGS. SK_ERR_NO_MEMORY, SK_ERR_BUDGET,
 * SK_ERR_IMAGE (damaged program), SK_ERR_CORE_DOWN, SK_ERR_ARG (no such core). */
sk_err proc_spawn(struct sk_chan *chan, const char *name, uint32_t argc, const char *const *argv,
                  uint32_t core, sk_tid *tid);

/* End a task, cause KILLED. SK_ERR_NOT_FOUND: no such task now. */
sk_err proc_kill(struct sk_chan *chan, sk_tid tid);

/* Wait until the task has ended and all it had is back. SK_ERR_NOT_FOUND: unknown, or ended so
 * long ago that its init has forgotten (it remembers as many as two thirds of
 * the tasks that its core can have, eight at least). SK_ERR_RIGHTS: an init, which
 * ends only with its core. SK_ERR_FULL: too many wait, or this task has four waits already. A
 * deadline in the past tells of one that has ended; it returns when its init has answered. */
sk_err proc_wait(struct sk_chan *chan, sk_tid tid, struct proc_exit *how, sk_ns deadline);

/* The first task of core with a table index of *index or more; *index becomes the next one to ask
 * for. SK_ERR_NOT_FOUND: there are no more. */
sk_err proc_list(struct sk_chan *chan, sk_core core, uint32_t *index, struct proc_entry *entry);

/* Orders about a core are carried out one after the other, in the order in which they come; others
 * are answered meanwhile. One that waits for its turn is dropped if its asker ends, or, with
 * SK_ERR_TIMED_OUT, at its deadline. SK_ERR_FULL: too many wait, or this task has four already.
 * To core 0 the asker is the init of the core that the task is on: on another core four is what all
 * its tasks have, one that waits is not dropped with its task, and one that its init gives up
 * (after 10 s; stop, crash, hang: 4 s) may still be carried out. */

/* Start a core, also one that was lost or given up, once it is seen off; SK_OK when its kernel
 * answers. SK_ERR_STATE: it runs already, or is not off. SK_ERR_NOT_FOUND: this machine or system
 * has no such core. SK_ERR_PEER_DEAD: it was lost while it started. */
sk_err proc_core_start(struct sk_chan *chan, sk_core core, sk_ns deadline);

/* The same for a core that runs, whatever it does: its programs are gone, those that the manifest
 * starts there come back. Who asks from that core hears no answer. SK_ERR_STATE: the machine cannot
 * force it, nothing was done. SK_ERR_ARG: core 0, which boots the machine. */
sk_err proc_core_restart(struct sk_chan *chan, sk_core core, sk_ns deadline);

/* Ask the kernel of a core. SK_ASK_STOP: to halt; SK_OK: it is off, and stays so until it is
 * started; one that does not listen is ordered off. SK_ERR_STATE: the machine cannot force it;
 * SK_ERR_TIMED_OUT: it may yet come off. SK_ASK_CRASH: to panic; SK_ASK_HANG: to stop answering,
 * which its kernel says, or, if that takes too long, that it is lost without another word; both are
 * restarted by policy, once that is noticed. SK_ERR_ARG: core 0. SK_ERR_NOT_FOUND: no such core.
 * Who asks from that core hears no answer. */
sk_err proc_core_ask(struct sk_chan *chan, sk_core core, uint32_t what, sk_ns deadline);

/* What is known of a core, running or not. SK_ERR_NOT_FOUND. */
sk_err proc_core_info(struct sk_chan *chan, sk_core core, struct proc_core *info);

/* The crash record of that core's last end, as it is now: a question for each PROC_RECORD_CHUNK.
 * Texts in it are terminated, counts within bounds. SK_ERR_NOT_FOUND: no such core, or none has
 * ended there. SK_ERR_STATE: it was written anew meanwhile; ask again. */
sk_err proc_core_record(struct sk_chan *chan, sk_core core, struct sk_crash *record);

/* The log of that core's kernel from position on, up to SK_LOG_CHUNK bytes; log->next continues. */
sk_err proc_log_read(struct sk_chan *chan, sk_core core, uint64_t position, struct proc_log *log);

/* What is in use on that core. */
sk_err proc_stats(struct sk_chan *chan, sk_core core, struct sk_stats *stats);

/* Power the machine off with that status. Returns only with an error. */
sk_err proc_halt(struct sk_chan *chan, uint32_t status);

#endif
