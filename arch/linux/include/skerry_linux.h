/* Skerry's channels, calls and names between processes and threads of one Linux machine. Programs
 * use lib/chan.h, lib/rpc.h, lib/loop.h and lib/names.h as they do on Skerry: same calls, same
 * errors. What is here is what a kernel does there before a program begins: the memory that tasks
 * share, and tasks.
 *
 * An *area* is one memfd that every member maps: tables of tasks, channels, ports and regions.
 * A *task* is one thread, of any process that has joined the area, from sk_linux_task_begin to
 * sk_linux_task_end or the end of the thread or process, kill -9 included. What a task owned is
 * closed then, its peers are told as on Skerry: what was in the ring can be read, then comes
 * SK_ERR_PEER_DEAD.
 *
 * Members trust each other with the area's contents, not with their own lives: whatever a member
 * writes into the area gives the others errors, never an access outside. A member that is stopped
 * (SIGSTOP) costs others their deadlines only.
 *
 * What is different from Skerry, and the system calls that are not there: docs/adr/0020.
 * Errors: SK_ERR_UNSUPPORTED  this Linux lacks what is needed (memfd, pidfd, futex)
 *         SK_ERR_NO_MEMORY    of the process, of the area's tables, or of descriptors
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef SKERRY_LINUX_H
#define SKERRY_LINUX_H

#include <skerry/errors.h>
#include <skerry/types.h>

struct sk_linux_area; /* this process's view of an area */
struct linux_launch;

/* --- Areas ----------------------------------------------------------------------------------- */

/* How who publishes a message and who goes to sleep see each other (base/ring.h). Of the area, for
 * ever: all members do the same.
 * ASYMMETRIC  publishing costs no fence; who goes to sleep calls membarrier(2), whose result is
 *             checked each time
 * FENCED      publishing costs a full fence; for systems without membarrier */
enum { SK_LINUX_ANY = 0, SK_LINUX_ASYMMETRIC, SK_LINUX_FENCED };

/* How large the tables of an area are; 0 takes the value in brackets. Memory is used as it is
 * touched; but who clears up after a death or a closed port looks at a page of every channel that
 * there can be, used or not. */
struct sk_linux_params {
    uint32_t tasks;        /* [64] most tasks at a time, 1..SK_LINUX_TASKS_MAX */
    uint32_t channels;     /* [2048] most channels, 1..SK_LINUX_CHANNELS_MAX */
    uint32_t ports;        /* [64] most ports, 1..SK_LINUX_PORTS_MAX */
    uint32_t regions;      /* [64] most regions, 1..SK_LINUX_REGIONS_MAX */
    uint32_t region_pages; /* [256] most pages of 4 KiB of each, 1..SK_REGION_PAGES_MAX */
    uint32_t mode;         /* SK_LINUX_*; ANY: asymmetric where the kernel can */
};
#define SK_LINUX_TASKS_MAX    4096u
#define SK_LINUX_CHANNELS_MAX 65536u
#define SK_LINUX_PORTS_MAX    4096u
#define SK_LINUX_REGIONS_MAX  4096u

/* Make an area and join it. params: NULL for the usual. *area is valid until sk_linux_leave.
 * SK_ERR_ARG: a size out of range. SK_ERR_UNSUPPORTED: mode is ASYMMETRIC and cannot be had. */
sk_err sk_linux_create(const struct sk_linux_params *params, struct sk_linux_area **area);

/* Join the area behind fd, which was made by sk_linux_create in another process, and inherited or
 * received. fd stays the caller's and may be closed. The fork of a process need not join: use
 * sk_linux_start_process.
 * SK_ERR_PROTOCOL: no area, or damaged, or of another version. SK_ERR_UNSUPPORTED: the area is
 * asymmetric and this kernel or sandbox refuses membarrier. */
sk_err sk_linux_join(int fd, struct sk_linux_area **area);

/* Unmap the area; no task of this process may be in it (SK_ERR_BUSY). The area is gone when its
 * last member has left and its last descriptor is closed. */
sk_err sk_linux_leave(struct sk_linux_area *area);

/* The descriptor of the area, to be passed on. It is the area's: do not close it. Close-on-exec. */
int sk_linux_fd(const struct sk_linux_area *area);

/* SK_LINUX_ASYMMETRIC or SK_LINUX_FENCED. */
uint32_t sk_linux_mode(const struct sk_linux_area *area);

/* --- Tasks ----------------------------------------------------------------------------------- */

/* How a task is started; 0 takes the value in brackets. */
struct sk_linux_task {
    const char *name;      /* ["task"] cut at SK_NAME_BYTES - 1 */
    int cpu_plus_1;        /* [any] run on this CPU only: its number + 1. Tasks bound to the same
                              CPU never spin for each other */
    uint32_t handles;      /* [4096] most handles, 16..4096 */
    const sk_handle *give; /* unused channel ends, ports (copied), unmapped regions of the caller */
    uint32_t give_count;   /* that the new task gets: sk_linux_given; at most SK_LINUX_GIVE_MAX */
    uint32_t end_event_plus_1; /* [none] event bit + 1 of the starting task, set when the new one
                                  has ended */
    sk_ns deadline;            /* [in 10 s] absolute: by when a started one must have begun */
};
#define SK_LINUX_GIVE_MAX 16u

/* The calling thread becomes a task of the area. It must not be one. how may be NULL; what it gives
 * and its deadline are ignored, this does not wait. SK_ERR_STATE: it is a task already.
 * SK_ERR_NO_MEMORY: no free place. SK_ERR_ARG: cpu is none, or not allowed. */
sk_err sk_linux_task_begin(struct sk_linux_area *area, const struct sk_linux_task *how);

/* The calling thread is no task any more; all that it owned is closed. sk_exit and sys_exit do it
 * too, and end the thread, or the process that was started for the task. */
void sk_linux_task_end(int32_t status);

/* What the new task runs; the result is its status. */
typedef int sk_linux_main_fn(void *arg);

/* A task that was started; the caller's memory. */
struct sk_linux_child {
    sk_tid tid;
    int pid;   /* of a process, else 0 */
    int pidfd; /* of a process, else -1 */
    unsigned long thread;
    struct linux_launch *launch; /* the port's */
};

/* Start main(arg) as a task in a new thread, or in a fork of this process: then arg and everything
 * else is a copy, the area is shared, and no other thread goes on in it. Returns when the task has
 * begun and owns what it was given, by how->deadline (a fork and what stdio has to flush before it
 * take the time they take). The caller must be a task if it gives anything or wants an event. The
 * started one must be awaited, if this is SK_OK.
 * Errors of sk_linux_task_begin; SK_ERR_UNSUPPORTED: the new process cannot register for
 * membarrier; SK_ERR_HANDLE, SK_ERR_BUSY: of what is given: all is still the
 * caller's. SK_ERR_PEER_DEAD: it ended before it could begin; what was given may be closed.
 * SK_ERR_TIMED_OUT: it has not begun by the deadline, because it is stopped or does not get the
 * processor; main is not called. A process has been killed then; what was given may be closed. A
 * thread ends when it runs again, until then sk_linux_leave says SK_ERR_BUSY; what was to be given
 * is the caller's. */
sk_err sk_linux_start_thread(struct sk_linux_area *area, const struct sk_linux_task *how,
                             sk_linux_main_fn *main, void *arg, struct sk_linux_child *child);
sk_err sk_linux_start_process(struct sk_linux_area *area, const struct sk_linux_task *how,
                              sk_linux_main_fn *main, void *arg, struct sk_linux_child *child);

/* Wait until the task has ended and all that it owned is closed. *status: of main or sys_exit; of a
 * process that ended otherwise 128 + the signal. SK_ERR_TIMED_OUT: not by the deadline. May be
 * asked from any thread of the starting process, once. */
sk_err sk_linux_await(struct sk_linux_child *child, sk_ns deadline, int32_t *status);

/* Send SIGKILL to a task that is a process; a thread cannot be killed: SK_ERR_UNSUPPORTED. */
sk_err sk_linux_kill(const struct sk_linux_child *child);

/* Handle number i of those that this task was given; SK_HANDLE_NONE: there are fewer. */
sk_handle sk_linux_given(uint32_t i);

/* --- Waiting --------------------------------------------------------------------------------- */

/* How often this task looks at a ring before it sleeps: in sk_recv_until, sk_call, sk_call_end, and
 * in an event loop for each source that was busy; and for room in sk_send_until. 0: sleep at once;
 * SK_LINUX_POLL: not for minutes. Never for a peer that is bound to the same CPU. Deadlines and
 * cancelling events end it. A look takes the time of the processor's pause (10 to 60 ns).
 * The usual is SK_LINUX_LOOKS. */
void sk_linux_spin(uint32_t looks);
#define SK_LINUX_LOOKS 1024u
#define SK_LINUX_POLL  (~0u)

/* Set event bits of a task of any member, as an interrupt does on Skerry: from any thread of a
 * process that has joined, and from signal handlers. SK_ERR_NOT_FOUND: it has ended. */
sk_err sk_linux_set_events(struct sk_linux_area *area, sk_tid tid, uint32_t bits);

/* --- Names ----------------------------------------------------------------------------------- */

/* Serve names (lib/names.h) for this area in the calling task, until its event bit
 * SK_LINUX_EV_STOP is set: SK_OK. One in an area; the names of a task die with it. When it is gone,
 * or has returned, its clients are told SK_ERR_PEER_DEAD; who closes its sk_parent() then asks the
 * next one. SK_ERR_EXISTS: another task serves. SK_ERR_NO_MEMORY. SK_ERR_STATE: the caller is no
 * task.
 *
 * Tasks may ask before it runs. The first question of a task, and the first after it has closed its
 * sk_parent(), then waits for the service, or for room in the service's own queue, until its
 * deadline (SK_NAMES_MS where it has none): SK_ERR_TIMED_OUT, for one in the past at once
 * SK_ERR_NOT_FOUND; or SK_ERR_CANCELLED. The next question tries again. sk_parent() does not wait:
 * it is NULL (sys_chan_open of the handle: SK_ERR_NOT_FOUND). */
sk_err sk_linux_serve_names(void);
#define SK_LINUX_EV_STOP 31u

/* --- For tests and diagnosis ----------------------------------------------------------------- */

/* What the port has counted in this process, since it started. */
struct sk_linux_stats {
    uint64_t barriers;        /* membarrier calls */
    uint64_t barriers_failed; /* of these; who sleeps then wakes each millisecond to look */
    uint64_t sleeps, wakes;   /* futex waits, futex wakes */
    uint64_t deaths;          /* of members' tasks that this process has found and cleared up */
};
void sk_linux_stats(struct sk_linux_stats *stats);

/* What is in use in the area: equal before and after whatever gives all back. */
struct sk_linux_use {
    uint32_t tasks, channels, ports, regions;
};
void sk_linux_use(struct sk_linux_area *area, struct sk_linux_use *use);

/* The call to the kernel that membarrier is made with: returns 0 or more, or -1. Replaced by tests
 * with a failing one (link with --wrap=sk_linux_membarrier). */
int sk_linux_membarrier(int command);

#endif
