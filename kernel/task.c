/* See task.h. The end of a task is a sequence of stages, each cut into pieces that the scheduler
 * runs in the dying task's own turns: wait for an answer in flight, close the handles, take the
 * address space apart, give back regions (zeroed) and status pages, tell the creator. Pages of
 * channels whose far end is still open stay with this kernel until that end lets go.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/task.h"
#include "kernel/chan.h"
#include "kernel/core.h"
#include "kernel/handle.h"
#include "kernel/image.h"
#include "kernel/loan.h"
#include "kernel/log.h"
#include "kernel/memory.h"
#include "kernel/page.h"
#include "kernel/sched.h"

enum { STAGE_OP, STAGE_HANDLES, STAGE_SPACE, STAGE_REGIONS, STAGE_STATUS, STAGE_CHANS, STAGE_DONE };
#define HANDLES_A_STEP 8u
#define TIDS_AN_EPOCH  1000000u /* of a slot; a tid of an older epoch names nothing */
#define REGIONS_A_STEP 32u

void task_table_init(struct kern *k)
{
    k->task_free = INDEX_NONE;
    for (uint32_t i = k->task_count; i-- > 0;) {
        struct task *t = &k->tasks[i];
        t->slot = (uint16_t)i;
        t->gen = (k->epoch - 1u) * TIDS_AN_EPOCH + 1u;
        t->handles = &k->handles[i * k->handles_each];
        t->free_next = k->task_free;
        k->task_free = (uint16_t)i;
    }
}

static void slot_free(struct kern *k, struct task *t)
{
    t->state = 0;
    t->gen++;
    t->free_next = k->task_free;
    k->task_free = t->slot;
    k->stats.tasks--;
}

/* A slot as new, but for what outlives its tenants. */
static void slot_reset(struct task *t)
{
    uint16_t slot = t->slot;
    uint16_t free_next = t->free_next; /* it stays free if it gets no address space */
    uint32_t gen = t->gen;
    struct handle *handles = t->handles;
    __builtin_memset(t, 0, sizeof(*t));
    t->slot = slot;
    t->free_next = free_next;
    t->gen = gen;
    t->handles = handles;
}

struct task *task_create(struct kern *k, const struct sk_task_params *params, struct task *creator,
                         sk_err *err)
{
    if (k->task_free == INDEX_NONE) {
        *err = SK_ERR_NO_MEMORY;
        return NULL;
    }
    struct task *t = &k->tasks[k->task_free];
    uint16_t next = t->free_next;
    slot_reset(t);
    t->priority = (uint8_t)params->priority;
    t->event_bit = (uint8_t)params->event_bit;
    t->pages_max = params->pages;
    t->handles_max = (uint16_t)params->handles;
    t->ends_max = (uint16_t)params->ends;
    t->creator = creator;
    t->creator_gen = creator ? creator->gen : 0;
    t->op.handle = INDEX_NONE;
    t->wait_timer.task = t->event_timer.task = t;
    t->event_timer.event = true;
    __builtin_memcpy(t->name, params->name, SK_NAME_BYTES);
    t->name[SK_NAME_BYTES - 1u] = '\0';
    for (unsigned i = 0; i < KERN_STATUS_PAGES; i++)
        t->status_page[i] = SK_PADDR_NONE;
    handle_table_init(t);
    *err = port_space_create(k, t);
    if (*err != SK_OK)
        return NULL;
    t->state = SK_TASK_NEW;
    k->task_free = next;
    k->stats.tasks++;
    return t;
}

sk_tid task_tid(const struct kern *k, const struct task *t)
{
    return SK_TID_MAKE(k->core, t->slot, t->gen);
}

void task_info(const struct kern *k, const struct task *t, struct sk_task_info *info)
{
    uint32_t state = t->state == TASK_WORKING   ? SK_TASK_READY
                     : t->state == TASK_LENDING ? SK_TASK_WAITING
                                                : t->state;
    *info = (struct sk_task_info){.tid = task_tid(k, t),
                                  .state = state,
                                  .priority = t->priority,
                                  .cause = t->cause,
                                  .status = t->status,
                                  .fault = t->fault,
                                  .pages = t->pages_used,
                                  .handles = t->handles_used,
                                  .ends = t->ends_used,
                                  .fault_addr = t->fault_addr,
                                  .fault_pc = t->fault_pc,
                                  .fault_sp = t->fault_sp,
                                  .run_ns = t->run_ns};
    __builtin_memcpy(info->name, t->name, SK_NAME_BYTES);
}

void task_end(struct kern *k, struct task *t, uint32_t cause, int32_t status)
{
    if (t->state == SK_TASK_DYING || t->state == SK_TASK_DEAD)
        return;
    if (t->creator == NULL)
        kern_panic(k, "init ended");
    sched_timer_cancel(k, &t->wait_timer);
    sched_timer_cancel(k, &t->event_timer);
    if (t->state != SK_TASK_READY && t->state != TASK_WORKING)
        sched_ready(k, t, false);
    t->state = SK_TASK_DYING;
    t->mask = 0;
    t->calling = NULL;
    t->op.waiting = false;
    core_ask_over(k, t);
    t->cause = (uint8_t)cause;
    t->status = status;
    t->teardown = STAGE_OP;
    t->teardown_at = 0;
    loan_over(k, t, SK_ERR_PEER_DEAD);
}

static bool close_handles(struct kern *k, struct task *t)
{
    for (unsigned n = 0; n < HANDLES_A_STEP; n++, t->teardown_at++) {
        if (t->teardown_at == t->handles_max)
            return true;
        struct handle *e = &t->handles[t->teardown_at];
        if (e->kind != SK_KIND_NONE)
            handle_close(k, t, e);
    }
    return false;
}

static bool free_regions(struct kern *k, struct task *t)
{
    for (unsigned n = 0; n < REGIONS_A_STEP; n++, t->teardown_at++) {
        if (t->teardown_at == k->region_count)
            return true;
        struct region *r = &k->regions[t->teardown_at];
        if (r->in_use && r->owner == t) {
            if (region_shrink(k, r))
                t->teardown_at++;
            return false;
        }
    }
    return false;
}

static void free_status_pages(struct kern *k, struct task *t)
{
    for (unsigned i = 0; i < KERN_STATUS_PAGES; i++)
        if (t->status_page[i] != SK_PADDR_NONE)
            page_give(k, t, t->status_page[i], 1, true);
}

static void finish(struct kern *k, struct task *t)
{
    sched_remove(k, t);
    t->state = SK_TASK_DEAD;
    if (t->orphan)
        slot_free(k, t);
    else if (t->creator->gen == t->creator_gen)
        sched_event(k, t->creator, 1u << t->event_bit, false);
}

/* Not inline: by its address the bench tells this part of a path from the rest. */
__attribute__((noinline)) void task_teardown_step(struct kern *k, struct task *t)
{
    bool done = true;
    switch (t->teardown) {
    case STAGE_OP:
        if (t->op.state != OP_IDLE) { /* give_op_done makes it ready again */
            t->parked = true;
            sched_remove(k, t);
            return;
        }
        break;
    case STAGE_HANDLES:
        done = close_handles(k, t);
        break;
    case STAGE_SPACE:
        done = port_space_destroy_step(k, t);
        break;
    case STAGE_REGIONS:
        done = free_regions(k, t);
        break;
    case STAGE_STATUS:
        free_status_pages(k, t);
        image_leave(k, t);
        break;
    case STAGE_CHANS:
        done = chan_leave_step(k, t, &t->teardown_at);
        break;
    default:
        finish(k, t);
        return;
    }
    if (done) {
        t->teardown++;
        t->teardown_at = 0;
    }
}

void task_kill(struct kern *k, struct task *t, struct task *killer)
{
    task_end(k, t, SK_CAUSE_KILLED, 0);
    /* Its own turns may never come; whoever ends it lends its priority to the teardown. */
    if (t->state != SK_TASK_DYING || t->priority >= killer->priority)
        return;
    if (!t->parked)
        sched_remove(k, t);
    t->priority = killer->priority;
    if (!t->parked)
        sched_ready(k, t, false);
}

void task_forget(struct kern *k, struct task *t)
{
    t->orphan = true;
    if (t->state == SK_TASK_DEAD)
        slot_free(k, t);
    else
        task_kill(k, t, t->creator);
}

void task_timed_out(struct kern *k, struct task *t)
{
    sk_err err = task_cancelled(t) ? SK_ERR_CANCELLED : SK_ERR_TIMED_OUT;
    if (t->state == TASK_LENDING) {
        loan_over(k, t, err);
        return;
    }
    if (t->op.waiting) {
        t->op.waiting = false;
        core_ask_overdue(k, t);
    }
    t->calling = NULL;
    sched_wake(k, t, err);
}

/* --- User memory ----------------------------------------------------------------------------- */

/* Walk [addr, addr+len) of t; for each piece copy to or from `mem` if it is not NULL. */
static sk_err walk(struct kern *k, struct task *t, sk_uaddr addr, uint8_t *mem, size_t len,
                   uint32_t prot)
{
    while (len != 0) {
        size_t piece = len;
        void *p = port_user(k, t, addr, prot, &piece);
        if (p == NULL)
            return SK_ERR_FAULT;
        if (mem && prot == SK_PROT_W)
            __builtin_memcpy(p, mem, piece);
        else if (mem)
            __builtin_memcpy(mem, p, piece);
        if (mem)
            mem += piece;
        addr += piece;
        len -= piece;
    }
    return SK_OK;
}

sk_err user_check(struct kern *k, struct task *t, sk_uaddr to, size_t len)
{
    return walk(k, t, to, NULL, len, SK_PROT_W);
}

sk_err user_may(struct kern *k, struct task *t, sk_uaddr addr, size_t len, uint32_t prot)
{
    return walk(k, t, addr, NULL, len, prot);
}

sk_err user_in(struct kern *k, struct task *t, void *to, sk_uaddr from, size_t len)
{
    return walk(k, t, from, to, len, SK_PROT_R);
}

sk_err user_out(struct kern *k, struct task *t, sk_uaddr to, const void *from, size_t len)
{
    /* Check before the first byte: nothing is written unless all can be. */
    if (user_check(k, t, to, len) != SK_OK)
        return SK_ERR_FAULT;
    return walk(k, t, to, (uint8_t *)(uintptr_t)from, len, SK_PROT_W);
}
