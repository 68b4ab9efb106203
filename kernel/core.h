/* The life of cores: heartbeat, suspicion, fence, orders, start, what one kernel asks of another
 * (docs/adr/0013). A core is *lost* when its link goes down: by its own word (dead), or without
 * (suspect). It is *fenced* when it is seen off: what it held of this kernel's memory is released.
 * Its parent, who started it, orders it off; where that has no effect it is *quarantined*.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_CORE_H
#define KERNEL_CORE_H

#include "kernel/kern.h"

/* At boot, after link_init: when the first heartbeat is due. */
void core_init(struct kern *k);

/* k->tick_ns has come: unanswered doorbells, cores that are to come off, the heartbeat. Cost: a
 * load and a store for each link, a question to the port for each core that is down. */
void core_tick(struct kern *k);

/* l has just gone down (link_down), and may have met the next epoch of that core already. */
void core_lost(struct kern *k, struct link *l);

/* Has l's kernel given up this epoch? Then this kernel has been silent, as it was seen from there:
 * its parent's word halts it (this does not return), another's ends the link. Core 0 has no parent:
 * it halts when all say so that it has a link with. The word of who was given up is nothing. */
void core_look_at_over(struct kern *k, struct link *l);

/* SK_CORE_*, as far as this kernel can see. */
uint32_t core_state(struct kern *k, sk_core core);

/* Is what p names on a core that is fenced, or of an epoch of it that is gone for good? It touches
 * nothing any more. */
bool core_gone(const struct kern *k, const struct place *p);

/* t, which calls, waits until core runs. again: it is ordered off first if it runs. Errors as
 * CORE_START and CORE_RESTART; else CALL_BLOCKED. */
sk_err core_start(struct kern *k, struct task *t, sk_core core, bool again, sk_ns deadline_ns);

/* A doorbell of a core that was started and has not answered yet. */
void core_check_started(struct kern *k, struct link *l);

/* t asks the kernel of core: SK_ASK_*. Errors as CORE_ASK; else CALL_BLOCKED. */
sk_err core_ask(struct kern *k, struct task *t, sk_core core, uint32_t what, sk_ns deadline_ns);

/* The far kernel's answer to that, or, SK_ERR_PEER_DEAD, its end. */
void core_ask_answered(struct kern *k, struct task *t, sk_err err);

/* t does not wait for the start or the end of a core any more. */
void core_ask_over(struct kern *k, struct task *t);

/* The deadline of t's request has come: a core that does not stop is forced by its parent. What was
 * asked of another kernel is not waited for any more: t can make other requests at once. */
void core_ask_overdue(struct kern *k, struct task *t);

/* l's kernel asks this one. What is to be answered, if this kernel goes on. */
sk_err core_asked(struct kern *k, struct link *l, const struct sk_link_ask *ask, uint16_t token);

#endif
