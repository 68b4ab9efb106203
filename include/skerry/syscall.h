/* System calls: numbers, arguments, results. The library wraps each one (lib/sys.h); programs use
 * the library. Arguments travel in the registers a0..a5, the error comes back in r0, further
 * results in r1..r3 (which registers these are is the port's business). Each is a machine word. A
 * 64-bit value – deadline, position, tid, ready – stands in the last place: where words have 32
 * bits it takes two, low first.
 *
 * Every call: SK_ERR_SYSCALL for an unknown number; SK_ERR_HANDLE for a handle that is stale or of
 * the wrong kind; SK_ERR_RIGHTS where the handle lacks the right; SK_ERR_FAULT for memory that the
 * task cannot read or write as needed, with nothing done. Costs are bounded; "blocks" is said.
 * Adding a call appends to the table; a number is never reused.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef SKERRY_SYSCALL_H
#define SKERRY_SYSCALL_H

#include <skerry/errors.h>
#include <skerry/msg.h>
#include <skerry/types.h>

#define SK_SYSCALLS(X)                                                                             \
    X(NOP, nop)                       /* () does nothing: the floor of a system call */            \
    X(EXIT, exit)                     /* (status) ends the task; does not return */                \
    X(YIELD, yield)                   /* () to the next ready task of the same priority */         \
    X(WAIT, wait)                     /* (mask, deadline) -> events, ready; blocks */              \
    X(WAKE, wake)                     /* (chan) */                                                 \
    X(WAKE_WAIT, wake_wait)           /* (chan, mask, deadline) -> events, ready; blocks */        \
    X(TIMER, timer)                   /* (bit, deadline) */                                        \
    X(LOG_WRITE, log_write)           /* (text, len) */                                            \
    X(CLOSE, close)                   /* (handle) */                                               \
    X(DUP, dup)                       /* (handle, rights) -> handle */                             \
    X(INFO, info)                     /* (handle, struct sk_handle_info *) */                      \
    X(SEND_HANDLE, send_handle)       /* (chan, handle, deadline); blocks */                       \
    X(TAKE_HANDLE, take_handle)       /* (chan) -> handle */                                       \
    X(CHAN_CREATE, chan_create)       /* (slots | quota << 8) -> end 0, end 1 */                   \
    X(CHAN_OPEN, chan_open)           /* (chan, bit, struct sk_chan_view *) */                     \
    X(CHAN_SEND, chan_send)           /* (chan, struct sk_msg *, slots) */                         \
    X(CHAN_RECV, chan_recv)           /* (chan, struct sk_msg *, slots) -> slots */                \
    X(CHAN_ARM, chan_arm)             /* (chan) */                                                 \
    X(CHAN_WANT, chan_want)           /* (chan, slots) */                                          \
    X(PORT_CREATE, port_create)       /* (bit, depth) -> port */                                   \
    X(PORT_ACCEPT, port_accept)       /* (port) -> chan */                                         \
    X(PORT_CONNECT, port_connect)     /* (port, chan, deadline); blocks */                         \
    X(REGION_CREATE, region_create)   /* (pages, chan or 0) -> region */                           \
    X(REGION_MAP, region_map)         /* (region, addr, prot) -> addr */                           \
    X(REGION_UNMAP, region_unmap)     /* (region) */                                               \
    X(TASK_CREATE, task_create)       /* (ctl, struct sk_task_params *) -> task, tid */            \
    X(TASK_MAP, task_map)             /* (task, region, addr, prot) */                             \
    X(TASK_GIVE, task_give)           /* (task, handle) -> handle as the task will know it */      \
    X(TASK_START, task_start)         /* (task, entry, sp, arg) */                                 \
    X(TASK_KILL, task_kill)           /* (task) */                                                 \
    X(TASK_INFO, task_info)           /* (task, struct sk_task_info *) */                          \
    X(CORE_START, core_start)         /* (ctl, core, deadline); blocks */                          \
    X(CORE_INFO, core_info)           /* (ctl, core, struct sk_core_info *) */                     \
    X(CORE_CONNECT, core_connect)     /* (ctl, core, chan, deadline); blocks */                    \
    X(LOG_READ, log_read)             /* (ctl, buffer, len, position) -> bytes, position */        \
    X(HALT, halt)                     /* (ctl, status) powers the machine off; does not return */  \
    X(STATS, stats)                   /* (ctl, struct sk_stats *) */                               \
    X(DEV_OPEN, dev_open)             /* (ctl, index) -> device */                                 \
    X(DEV_MAP, dev_map)               /* (device) -> addr */                                       \
    X(IRQ_BIND, irq_bind)             /* (device, bit) */                                          \
    X(IRQ_ACK, irq_ack)               /* (device) */                                               \
    X(NOW, now)                       /* () -> 0, time */                                          \
    X(CHAN_CALL, chan_call)           /* (chan, struct sk_msg *, slots | max << 8, deadline)       \
                                         -> slots; blocks */                                       \
    X(CHAN_SEND_WAIT, chan_send_wait) /* (chan, struct sk_msg *, slots, mask, deadline)            \
                                         -> events, ready; blocks */                               \
    X(IMAGE_OPEN, image_open)         /* (ctl, index) -> image */                                  \
    X(CORE_RESTART, core_restart)     /* (ctl, core, deadline); blocks */                          \
    X(DEV_CALL, dev_call)             /* (device, offset | write << 31, value, deadline)           \
                                         -> value; blocks */                                       \
    X(LEND, lend)                     /* (chan, struct sk_lend *, mask, deadline) -> sent;         \
                                         blocks */                                                 \
    X(LOAN_READ, loan_read)           /* (chan, loan, offset, to, len) -> bytes of the loan */     \
    X(LOAN_WRITE, loan_write)         /* (chan, loan, offset, from, len) -> bytes of the loan */   \
    X(LOAN_COPY, loan_copy)           /* (struct sk_loan_copy *) */                                \
    X(CORE_ASK, core_ask)             /* (ctl, core, SK_ASK_*, deadline); blocks */                \
    X(CORE_RECORD, core_record)       /* (ctl, core, buffer, len, from) -> bytes */                \
    X(CANCEL_ON, cancel_on)           /* (mask) */

enum {
#define X(upper, lower) SK_CALL_##upper,
    SK_SYSCALLS(X)
#undef X
        SK_CALL_COUNT
};

/* Calls that block take an absolute deadline, and one in the past means "try": what can be done at
 * once is done; what has to be waited for is asked for as ever where the call says so, and the call
 * returns SK_ERR_TIMED_OUT without waiting.
 * CANCEL_ON: from now on, while one of these event bits is set, calls that block end as by a
 * deadline in the past, and one that sleeps ends when it is set: with SK_ERR_CANCELLED in place of
 * SK_ERR_TIMED_OUT, which says as much and as little. The bit stays set until WAIT takes it. A mask
 * of 0 (as at the start): none.
 * WAIT: until the task's event word meets mask, or the deadline. SK_OK: r1 = the bits that were
 * met (now cleared; others stay), r2 = ready: bit (slot % 64) for each channel end of the task that
 * was rung or closed since last told (now cleared; a hint: poll those ends). SK_ERR_TIMED_OUT
 * (ready stays): none came. A mask of 0 sleeps until the deadline.
 * WAKE: tells the peer of chan that its armed ring moved. SK_ERR_PEER_DEAD: it is gone.
 * WAKE_WAIT: WAKE, then WAIT, one kernel entry; on the same core the processor goes straight to
 * the peer's task unless something of higher priority is ready. An error of WAKE returns at once.
 * TIMER: sets event bit `bit` at deadline; one timer per task, a new call replaces it, SK_FOREVER
 * cancels. SK_ERR_ARG: bit > 31.
 *
 * CLOSE: the object loses this holder: a channel end closes (the peer drains, then PEER_DEAD), a
 * port dies with what is queued, a region's pages go home, a task that has ended is forgotten, one
 * that lives is killed first. A handle that is on its way (SEND_HANDLE timed out): when it is back.
 * DUP: for ports only (connect right); rights must be a subset. SK_ERR_UNSUPPORTED otherwise.
 * SEND_HANDLE: moves handle (an unused channel end, or an unmapped region, whose bytes stay where
 * they are) or copies it (a port, connect right only) into the escrow of chan's far end,
 * SK_ESCROW_MAX deep. SK_ERR_FULL: the escrow is full. SK_ERR_BUSY: a used end, a mapped region, or
 * an earlier move is in flight. SK_ERR_NO_MEMORY: no place in the far core's tables.
 * SK_ERR_PEER_DEAD: still with the caller. SK_ERR_TIMED_OUT: in doubt; the handle value stays
 * reserved until the answer comes: then it is gone, or the caller's again, who closes it if it is
 * not to be kept. A region's is in doubt after SK_ERR_PEER_DEAD too if a core was lost in the
 * middle of its move: the far one, until that is fenced, and then it is the caller's again; its
 * home, until that begins anew, and then it is lost.
 * TAKE_HANDLE: the oldest in the escrow of this end. SK_ERR_EMPTY; SK_ERR_BUDGET: no room in the
 * task's handle table; it stays in the escrow.
 *
 * CHAN_CREATE: slots 8 or 16. The caller pays: a page, two ends, two handles. SK_ERR_BUDGET,
 * SK_ERR_NO_MEMORY. An end is *unused* until opened; only unused ends move. quota, 0 to
 * SK_QUOTA_MAX: so many pages more count against the caller's budget, as the page does, until the
 * channel is gone (both ends closed), and end 1 carries the right to use them, wherever it is
 * moved: REGION_CREATE.
 * CHAN_OPEN: makes the end usable: bit is the event that its traffic sets. On MMU ports the view
 * tells where ring and status line are mapped; elsewhere mem and status are 0 and CHAN_SEND,
 * CHAN_RECV, CHAN_ARM, CHAN_WANT (kernel copies; SK_ERR_UNSUPPORTED on MMU ports) do what
 * base/ring.h does in user space. The end starts ready: poll it once. SK_ERR_STATE: opened before.
 * SK_ERR_PEER_DEAD: the core that it was created on has begun anew. SK_ERR_NOT_FOUND: the parent of
 * a task that runs before there is anybody to ask (Linux).
 * CHAN_SEND: all slots or nothing. SK_ERR_FULL, SK_ERR_PEER_DEAD. Rings the peer itself.
 * CHAN_RECV: one message of up to slots slots. r1 = its slots, r2 = 1: the end is armed, as by
 * CHAN_ARM, for nothing else is there. SK_ERR_EMPTY (the end is armed), SK_ERR_PEER_DEAD (drained
 * and closed), SK_ERR_PROTOCOL (garbage, and for ever: close it), SK_ERR_TOO_BIG (stays).
 * CHAN_ARM: SK_OK: armed, empty. SK_ERR_BUSY: there is a message. CHAN_WANT: SK_OK: the event
 * will come when slots are free. SK_ERR_BUSY: they are free now.
 * CHAN_CALL: SK_ERR_STATE, nothing was sent: the far end is the caller's own. Else CHAN_SEND, then
 * sleep until there is a message, then CHAN_RECV to the same place, of up to max slots, in one
 * kernel entry. For an end with nothing else outstanding and nothing in its ring. Errors of
 * CHAN_SEND: nothing was sent. SK_ERR_TIMED_OUT, SK_ERR_PEER_DEAD, SK_ERR_PROTOCOL, SK_ERR_TOO_BIG,
 * SK_ERR_FAULT (of the second half): sent. On the same core the processor goes straight to the
 * peer's task unless something of higher priority is ready. CHAN_SEND_WAIT: CHAN_SEND, then WAIT.
 * An error of CHAN_SEND returns at once, nothing was sent; SK_ERR_TIMED_OUT: sent.
 *
 * PORT_CREATE: depth 1..SK_PORT_DEPTH_MAX connections may wait; bit is set when one comes.
 * PORT_ACCEPT: the oldest; SK_ERR_EMPTY, SK_ERR_BUDGET (it stays queued).
 * PORT_CONNECT: as SEND_HANDLE, into the port's queue. SK_ERR_PEER_DEAD: the port is gone.
 *
 * REGION_CREATE: 1..SK_REGION_PAGES_MAX zeroed pages, charged to the caller: or, if chan is an open
 * end of its own, to the quota that came with that end. Such a region is memory of the caller's
 * core, has SK_RIGHT_MAP alone, and is closed with the end at the latest, whatever closes that: it
 * is unmapped then, and its handle stale. Closed before, its pages are the quota's again.
 * SK_ERR_BUDGET: of the caller or the quota; SK_ERR_NO_MEMORY; SK_ERR_STATE: the end is not open;
 * SK_ERR_PEER_DEAD: who donated is gone. The kernel zeroes a large region in pieces, in the
 * caller's turns: others run and interrupts are taken between them.
 * REGION_MAP: addr 0 lets the kernel choose; prot is SK_PROT_*, never W with X; r2 = its pages.
 * SK_ERR_EXISTS: something is mapped there. SK_ERR_STATE: mapped already.
 * A region's *home* is the core that it was made on, whoever holds it. On another core: it cannot
 * be executed (SK_ERR_UNSUPPORTED), and may be refused as memory of a system call (SK_ERR_FAULT).
 * It counts against the budget of the last task that held it at home, as long as that lives, and
 * against no one's elsewhere: who takes it at home takes the charge (TAKE_HANDLE: SK_ERR_BUDGET).
 * Closed, or with its holder's end, it is free again at home. When the home begins anew it is gone:
 * unmapped (using it is a fault), and REGION_MAP and SEND_HANDLE say SK_ERR_PEER_DEAD.
 *
 * TASK_CREATE: ctl needs SK_RIGHT_TASK. The new task's budget bounds it from now on. Its end sets
 * the creator's event bit params.event_bit. SK_ERR_NO_MEMORY: no task slot.
 * TASK_MAP: moves the region to the task (its charge too) and maps it there; the handle is gone.
 * An image: unmapped here, its three ranges mapped there (addr and prot are ignored).
 * TASK_GIVE: moves a handle (unused end, device, region) or copies it (port) before the start.
 * TASK_KILL: ends it, cause SK_CAUSE_KILLED; teardown goes on in chunks at the dying's priority;
 * TASK_INFO says SK_TASK_DEAD when all is back (handle 0: about the caller itself). SK_OK too if it
 * had ended already.
 *
 * CORE_START: a core that is off, or halting by itself; SK_OK once the new kernel answers its
 * doorbell. SK_ERR_STATE: it runs, is starting, or is not seen off. SK_ERR_NOT_FOUND: no such core.
 * SK_ERR_TIMED_OUT: it has not answered. SK_ERR_PEER_DEAD: it has crashed before it could.
 * CORE_RESTART: the core begins anew with a new epoch, whatever it does: it is ordered off and
 * waited for, its tasks are gone. The far ends of their channels get SK_ERR_PEER_DEAD, after what
 * is left in the ring if the channel was created on another core; with a channel created there, its
 * messages are lost. Errors as CORE_START; SK_ERR_ARG: this core, or core 0; SK_ERR_STATE: the
 * machine cannot force it and nothing was done, or it has not come off.
 * CORE_ASK: asks the kernel of a core that was started from this one. SK_ASK_STOP: it halts; SK_OK
 * when it is seen off. One that does not by the deadline, or that is lost already, is ordered off;
 * SK_ERR_TIMED_OUT: it may yet come off; SK_ERR_STATE: the machine cannot force it. SK_ASK_CRASH:
 * it panics; SK_OK when that is seen (for this core it does not return). SK_ASK_HANG: it stops
 * answering, with interrupts masked; SK_OK: it has said that it does. SK_ERR_ARG: STOP of core 0;
 * STOP or HANG of this core. SK_ERR_RIGHTS: another core has started it. SK_ERR_CORE_DOWN: it does
 * not run. SK_ERR_PEER_DEAD: it was lost otherwise. A deadline in the past asks, unless the link is
 * full or not up, and forces one only that is lost already.
 * These three leave nothing behind in the caller when they time out: with a deadline in the past
 * they are a try, whose outcome SK_EVENT_CORES and CORE_INFO tell. Only that a core
 * that was not off, of CORE_RESTART or CORE_START, has been ordered off then: its caller starts it
 * once it is off.
 * CORE_RECORD: the crash record (skerry/crash.h) of that core's last end, bytes from `from` on; r1
 * = bytes copied, 0: behind its end. SK_ERR_NOT_FOUND: no such core, or none has ended there.
 * SK_ERR_STATE: it was written anew meanwhile.
 * CORE_CONNECT: as PORT_CONNECT, to the port of that core's init. SK_ERR_CORE_DOWN.
 * IMAGE_OPEN: the image of that index of the system table, for this core; its RAM is mapped here,
 * readable and writable, to be filled. SK_ERR_NOT_FOUND: none, or another core's; SK_ERR_BUSY: a
 * task has it; SK_ERR_UNSUPPORTED: it needs an FPU, this core has none. A closed image, or a dead
 * task's, can be opened again. LOG_READ: bytes of this kernel's log from position on (counted since
 * boot); a position already overwritten is moved up; r1 = bytes copied, r2 = the position after
 * them. DEV_OPEN: index in the system table; SK_ERR_BUSY: somebody owns it. DEV_CALL: read or write
 * (32 bits) a register of a device that belongs to a kernel, this one or another core's, through
 * it. DEV_OPEN gives a handle with SK_RIGHT_CALL for it, to anybody; it is copied when given to a
 * task. SK_ERR_ARG (offset outside, or not a multiple of 4), SK_ERR_CORE_DOWN; SK_ERR_TIMED_OUT and
 * SK_ERR_PEER_DEAD: may have been done. IRQ_BIND: the device's interrupt sets event bit `bit` and
 * is masked until IRQ_ACK.
 *
 * LEND: sends the message of *lend on chan as CHAN_SEND does, with one or two ranges of the
 * caller's memory lent to the far end's task under the number `token`, and sleeps until there is a
 * message to receive on chan: SK_OK. The loan is over before LEND returns, whatever it returns. r1
 * = 1: the message was sent. While a range is lent for writing nobody but the borrower writes it.
 * Across cores what was written is in the caller's memory if LEND returns SK_OK, else nothing of
 * it; on one core it is there as far as the borrower came. Nothing was sent: SK_ERR_ARG (no range
 * or more than two, two that overlap and may be written, one to be written that overlaps *lend, a
 * message that CHAN_SEND would refuse, the far end is the caller's own), SK_ERR_FAULT (a range that
 * the caller cannot read, or write if it is to be written), SK_ERR_TOO_BIG (more than SK_LOAN_BYTES
 * together), SK_ERR_STATE (chan is not open, or a message is there to be received first),
 * SK_ERR_FULL (no room in the ring), SK_ERR_BUSY (a request of the caller's to another kernel is
 * unanswered, as after a loan that timed out: later), and across cores SK_ERR_BUDGET,
 * SK_ERR_NO_MEMORY (the caller pays for the copy while it is lent). Sent or not, as r1 says:
 * SK_ERR_PEER_DEAD, SK_ERR_TIMED_OUT (a deadline in the past: not sent), SK_ERR_CANCELLED: an event
 * of mask is there; it stays set. LOAN_READ, LOAN_WRITE: len <= SK_LOAN_STEP bytes at offset of the
 * loan `token | index << 16` that came in over chan. LOAN_COPY: from one loan to another, of the
 * same client or of two. All bytes or none. SK_ERR_LOAN: there is no such loan, or it is over.
 * SK_ERR_PEER_DEAD: the lender is gone. SK_ERR_RIGHTS: not lent for this. SK_ERR_ARG: not inside
 * it. SK_ERR_TOO_BIG: more than a step. Of 0 bytes LOAN_READ tells the size only. Cost: the copy.
 * LOAN_COPY between two ranges of one loan that overlap leaves any bytes in the overlap.
 */

#define SK_ESCROW_MAX     4u
#define SK_PORT_DEPTH_MAX 16u
#define SK_LENDS_MAX      2u    /* ranges of one LEND */
#define SK_LOAN_STEP      4096u /* most bytes that one entry copies between loans */
#define SK_QUOTA_MAX      255u  /* pages */
#define SK_QUOTA_SIDE     1u    /* the end that has the quota */

/* Rights, bits of a handle. */
#define SK_RIGHT_SEND    1u   /* channel: send, receive, open */
#define SK_RIGHT_MOVE    2u   /* may be moved or copied to another task */
#define SK_RIGHT_ACCEPT  4u   /* port: accept */
#define SK_RIGHT_CONNECT 8u   /* port: connect */
#define SK_RIGHT_MAP     16u  /* region, device */
#define SK_RIGHT_TASK    32u  /* control: create tasks; task: manage */
#define SK_RIGHT_CORE    64u  /* control: start cores, halt, read logs, open devices */
#define SK_RIGHT_CALL    128u /* device: DEV_CALL */

#define SK_PROT_R 1u
#define SK_PROT_W 2u
#define SK_PROT_X 4u

enum {
    SK_KIND_NONE = 0,
    SK_KIND_CHAN,
    SK_KIND_PORT,        /* on this core */
    SK_KIND_PORT_REMOTE, /* on another core: connect only */
    SK_KIND_REGION,
    SK_KIND_TASK,
    SK_KIND_DEVICE,
    SK_KIND_CONTROL,
    SK_KIND_IMAGE,
};

struct sk_handle_info {
    uint32_t kind, rights;
    uint32_t used;  /* channel end: opened */
    uint32_t state; /* channel end: SK_CHAN_OPEN or SK_CHAN_CLOSED */
    uint32_t peer_core;
    uint32_t slot;      /* channel end: its bit in `ready` is slot % 64 */
    uint32_t peer_self; /* channel end: 1: the other one is this task's too, or waits in its port */
};

/* What CHAN_OPEN tells about an end. */
struct sk_chan_view {
    uint64_t mem;    /* struct sk_chan_mem *, or 0 */
    uint64_t status; /* const struct sk_chan_status *, or 0 */
    uint32_t slots;  /* of each ring */
    uint32_t side;   /* 0 or 1: this end sends on ring `side` */
    uint32_t epoch;  /* the channel's: seed of its tags */
    uint32_t slot;   /* its bit in `ready` is slot % 64 */
    uint32_t same_core;
    uint32_t lent; /* 1: the memory is another core's, and may be lost with it (SK_CHAN_LOST) */
};
_Static_assert(sizeof(struct sk_chan_view) == 40, "layout");

#define SK_LOAN_READ  1u
#define SK_LOAN_WRITE 2u

/* A range of the caller's memory. */
struct sk_loan {
    uint64_t addr;
    uint32_t bytes;  /* 0 is a loan too */
    uint32_t access; /* SK_LOAN_READ, SK_LOAN_WRITE, both */
};

struct sk_lend {
    struct sk_loan loan[SK_LENDS_MAX];
    uint32_t count; /* ranges */
    uint32_t token; /* 16 bits: what the borrower names the loan by */
    /* Where programs see the rings: number of the message to send and of the one to receive. */
    uint32_t send, receive;
    struct sk_msg msg; /* of one line */
};
_Static_assert(offsetof(struct sk_lend, count) == 32, "layout");

/* One side of LOAN_COPY. */
struct sk_loan_place {
    sk_handle chan;
    uint32_t loan; /* token | index << 16 */
    uint32_t offset;
};

struct sk_loan_copy {
    struct sk_loan_place from, to;
    uint32_t len;
};

struct sk_task_params {
    char name[SK_NAME_BYTES];
    uint32_t priority;
    uint32_t event_bit; /* of the creator, set when the task has ended and is torn down */
    uint32_t pages;     /* most pages: memory, page tables, channels */
    uint32_t handles;
    uint32_t ends; /* most channel ends, <= SK_TASK_ENDS_MAX */
    uint32_t pad;
};
_Static_assert(sizeof(struct sk_task_params) == 56, "layout");

enum { SK_TASK_NEW = 1, SK_TASK_READY, SK_TASK_WAITING, SK_TASK_DYING, SK_TASK_DEAD };
enum { SK_CAUSE_NONE = 0, SK_CAUSE_EXITED, SK_CAUSE_KILLED, SK_CAUSE_FAULT };
enum {
    SK_FAULT_NONE = 0,
    SK_FAULT_READ, /* data read of an address that is not mapped or not allowed */
    SK_FAULT_WRITE,
    SK_FAULT_EXEC,
    SK_FAULT_STACK,   /* the guard below the stack */
    SK_FAULT_ILLEGAL, /* undefined or privileged instruction */
    SK_FAULT_ALIGN,
    SK_FAULT_OTHER,
};

struct sk_task_info {
    sk_tid tid;
    char name[SK_NAME_BYTES];
    uint32_t state; /* SK_TASK_* */
    uint32_t priority;
    uint32_t cause;                /* SK_CAUSE_*, once DYING or DEAD */
    int32_t status;                /* of exit */
    uint32_t fault;                /* SK_FAULT_*, cause FAULT */
    uint32_t pages, handles, ends; /* in use now */
    uint64_t fault_addr, fault_pc, fault_sp;
    sk_ns run_ns; /* processor time so far */
};
_Static_assert(sizeof(struct sk_task_info) == 104, "layout");

/* Of a core, as another sees it. DEAD: it has said that it halts; SUSPECT: it is lost, and has not;
 * neither is seen off yet. FENCED: it was, and may be started. QUARANTINED: it cannot be forced
 * off; nothing that it could touch is used again. */
enum {
    SK_CORE_ABSENT = 0,
    SK_CORE_OFF,
    SK_CORE_STARTING,
    SK_CORE_RUNNING,
    SK_CORE_DEAD,
    SK_CORE_SUSPECT,
    SK_CORE_FENCED,
    SK_CORE_QUARANTINED,
};

enum { SK_ASK_STOP = 1, SK_ASK_CRASH, SK_ASK_HANG };

struct sk_core_info {
    uint32_t state;         /* SK_CORE_*, as this kernel knows it */
    uint32_t epoch;         /* 0 if never started */
    uint32_t self;          /* 1: the asking kernel's own core; what follows is filled only then */
    uint32_t cores;         /* cores that this system can use on this machine */
    uint32_t pages_shared;  /* of the kernel's fork: pages in common with the template */
    uint32_t pages_copied;  /* made private by a write */
    uint32_t pages_private; /* made fresh: stack, struct kern, tables */
    /* What this core was found to have when it booted. */
    uint8_t fpu;           /* 1: floating-point registers */
    uint8_t mpu_regions;   /* 0: an MMU */
    uint8_t priority_bits; /* of interrupts; 0: not asked */
    uint8_t pad;
};
_Static_assert(sizeof(struct sk_core_info) == 32, "layout");

/* What is in use on this core; equal before and after whatever gives all back. */
struct sk_stats {
    uint32_t pages_total, pages_free;
    uint32_t tasks, handles, ends, chans, ports, regions;
    uint64_t syscalls, switches, doorbells_sent, doorbells_taken; /* counters, since boot */
};
_Static_assert(sizeof(struct sk_stats) == 64, "layout");

#endif
