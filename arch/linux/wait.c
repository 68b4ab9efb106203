/* Event words: who sets a bit wakes the task if it sleeps; who waits takes the bits. The sleeper
 * says that it sleeps, then looks at the bits once more; who posts sets the bits, then asks whether
 * it sleeps: all of these are seq_cst, so one of the two sees the other. (The rings have their own
 * such pair, in base/ring.h.) The sleeper alone says that it sleeps no more: who is killed before
 * it has woken it leaves that to the next one who posts, and its own death is posted.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "inside.h"
#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

sk_ns linux_now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (sk_ns)ts.tv_sec * 1000000000u + (sk_ns)ts.tv_nsec;
}

/* Not FUTEX_PRIVATE_FLAG: the word is in memory of several processes. */
long linux_futex_wait(uint32_t *word, uint32_t value, sk_ns deadline)
{
    struct timespec ts = {.tv_sec = (time_t)(deadline / 1000000000u),
                          .tv_nsec = (long)(deadline % 1000000000u)};
    return syscall(SYS_futex, word, FUTEX_WAIT_BITSET, value, deadline == SK_FOREVER ? NULL : &ts,
                   NULL, FUTEX_BITSET_MATCH_ANY);
}

void linux_futex_wake(uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE, 0x7fffffff, NULL, NULL, 0);
}

void event_post(struct sk_linux_area *a, uint32_t slot, uint32_t bits, uint64_t ready)
{
    if (slot >= a->tasks)
        return;
    struct task_slot *s = &a->task[slot];
    if (ready != 0)
        __atomic_fetch_or(&s->ready, ready, __ATOMIC_SEQ_CST);
    __atomic_fetch_or(&s->events, bits, __ATOMIC_SEQ_CST);
    if (half_load(&s->asleep) != 0) {
        linux_count(&linux_stats.wakes);
        linux_futex_wake(&s->events);
    }
}

static void timer_look(struct linux_task *t)
{
    if (t->timer != SK_FOREVER && linux_now() >= t->timer) {
        t->timer = SK_FOREVER;
        __atomic_fetch_or(&t->shared->events, 1u << t->timer_bit, __ATOMIC_SEQ_CST);
    }
}

/* Sleep until something is posted or `until`. */
static void sleep_until(struct task_slot *s, uint32_t mask, sk_ns until)
{
    half_store(&s->asleep, 1);
    uint32_t now = half_load(&s->events);
    if ((now & mask) == 0) {
        linux_count(&linux_stats.sleeps);
        linux_futex_wait(&s->events, now, until);
    }
    half_store(&s->asleep, 0);
}

sk_err event_wait(struct linux_task *t, uint32_t mask, sk_ns deadline, uint32_t *events,
                  uint64_t *ready)
{
    struct task_slot *s = t->shared;
    uint32_t own = mask & t->unsure; /* remembered until the task has been sent to look */
    sk_ns slice = own != 0 ? t->unsure_at : SK_FOREVER;
    for (;;) {
        timer_look(t);
        uint32_t now = half_load(&s->events);
        if ((now & mask) != 0) {
            *events = __atomic_fetch_and(&s->events, ~mask, __ATOMIC_SEQ_CST) & mask;
            *ready = __atomic_exchange_n(&s->ready, 0, __ATOMIC_SEQ_CST);
            return SK_OK;
        }
        if ((now & t->cancel) != 0)
            return SK_ERR_CANCELLED;
        if (deadline == 0)
            return SK_ERR_TIMED_OUT;
        sk_ns clock = linux_now();
        if (clock >= deadline)
            return SK_ERR_TIMED_OUT;
        if (clock >= slice) {
            t->unsure &= ~own;
            *events = own; /* perhaps: look at every ring */
            *ready = ~(uint64_t)0;
            return SK_OK;
        }
        sk_ns until = deadline < t->timer ? deadline : t->timer;
        sleep_until(s, mask | t->cancel, until < slice ? until : slice);
    }
}

sk_err sk_linux_set_events(struct sk_linux_area *a, sk_tid tid, uint32_t bits)
{
    uint32_t slot = SK_TID_SLOT(tid);
    int before = errno; /* of what a signal has interrupted */
    if (!area_alive(a, slot, SK_TID_GEN(tid)))
        return SK_ERR_NOT_FOUND;
    event_post(a, slot, bits, 0);
    errno = before;
    return SK_OK;
}
