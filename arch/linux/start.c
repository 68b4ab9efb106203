/* Starting tasks as threads and as processes, and waiting for their end. Starter and started share
 * a page that says how far the started one is: NEW, then TAKING what it is given, then BEGUN; or
 * FAILED; or GIVEN_UP by its starter, a thread while it is NEW only: it could be TAKING what is
 * another thing by then. A process that was given up is killed; a thread finds it out and ends, and
 * the page goes with it. SPDX-License-Identifier: BSD-2-Clause */
#include "inside.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LAUNCH_NEW = 0, LAUNCH_TAKING, LAUNCH_BEGUN, LAUNCH_FAILED, LAUNCH_ENDED, LAUNCH_GIVEN_UP };

struct linux_launch {
    uint32_t stage; /* futex */
    int32_t status;
    sk_err err;
    sk_tid tid;
    struct sk_linux_area *area;
    struct sk_linux_task how;
    char name[SK_NAME_BYTES];
    sk_linux_main_fn *main;
    void *arg;
    bool process;
    uint64_t creator, giver; /* words; 0: none */
    uint32_t give_count;
    struct linux_handle give[SK_LINUX_GIVE_MAX];
};

#define START_MS 10000u /* patience where the caller has set none */
#define SLICE_MS 20u    /* between looks whether a process that does not answer is still there */

static void stage_set(struct linux_launch *l, uint32_t stage)
{
    half_store(&l->stage, stage);
    linux_futex_wake(&l->stage);
}

/* False: the other one has decided. */
static bool stage_change(struct linux_launch *l, uint32_t from, uint32_t to)
{
    return __atomic_compare_exchange_n(&l->stage, &from, to, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

/* --- The started ----------------------------------------------------------------------------- */

/* Take over what was given: each by a change of its word from the giver's to ours. */
static sk_err adopt_given(struct linux_task *t, const struct linux_launch *l)
{
    for (uint32_t i = 0; i < l->give_count; i++) {
        const struct linux_handle *g = &l->give[i];
        uint64_t *own = give_own(t, g);
        uint32_t rights = g->rights;
        if (own != NULL && !word_change(own, l->giver, WORD(OWN_UNUSED, t->slot, t->gen)))
            return SK_ERR_HANDLE;
        if (g->kind == SK_KIND_PORT)
            rights = SK_RIGHT_CONNECT | SK_RIGHT_MOVE;
        t->given[i] = handle_add(t, g->kind, rights, g->index, g->object_gen);
        t->given_count = i + 1u;
        if (g->kind == SK_KIND_CHAN)
            chan_relate(t->area, g->index >> 1);
    }
    return SK_OK;
}

/* The task has ended, in whatever way; the thread goes on to its end. */
static void ended(void *launch)
{
    struct linux_launch *l = launch;
    sk_linux_task_end(l->status);
    stage_set(l, LAUNCH_ENDED);
}

static void on_exit_call(void *launch, int32_t status)
{
    struct linux_launch *l = launch;
    l->status = status;
    if (!l->process)
        return; /* pthread_exit follows, and `ended` with it */
    fflush(NULL);
    stage_set(l, LAUNCH_ENDED);
    _exit(status & 0xff);
}

/* Is it a task now, with all that it was given? SK_ERR_TIMED_OUT: it was given up. */
static sk_err begin(struct linux_launch *l)
{
    sk_err err = sk_linux_task_begin(l->area, &l->how);
    if (!l->process) /* counted by its starter until it counts itself */
        __atomic_fetch_sub(&l->area->live, 1u, __ATOMIC_ACQ_REL);
    if (err != SK_OK)
        return err;
    if (!stage_change(l, LAUNCH_NEW, LAUNCH_TAKING))
        return SK_ERR_TIMED_OUT;
    err = adopt_given(linux_me, l);
    if (err != SK_OK)
        return err;
    word_store(&linux_me->shared->creator, l->creator);
    l->tid = linux_me->start.tid;
    return stage_change(l, LAUNCH_TAKING, LAUNCH_BEGUN) ? SK_OK : SK_ERR_TIMED_OUT;
}

static void run(struct linux_launch *l)
{
    sk_err err = begin(l);
    if (err != SK_OK) {
        l->err = err;
        sk_linux_task_end(0);
        if (stage_change(l, LAUNCH_NEW, LAUNCH_FAILED) ||
            stage_change(l, LAUNCH_TAKING, LAUNCH_FAILED))
            linux_futex_wake(&l->stage);
        else if (!l->process)
            munmap(l, sizeof(*l));
        return;
    }
    linux_futex_wake(&l->stage);
    linux_me->on_exit = on_exit_call;
    linux_me->on_exit_user = l;
    l->status = l->main(l->arg);
    ended(l);
}

static void *thread_run(void *launch)
{
    struct linux_launch *l = launch;
    pthread_cleanup_push(ended, l);
    run(l);
    pthread_cleanup_pop(0);
    return NULL;
}

static _Noreturn void process_run(struct linux_launch *l)
{
    task_forget();
    l->area->live = 0;
    watch_forget(l->area);
    sk_err err = l->area->mode == SK_LINUX_ASYMMETRIC ? barrier_join() : SK_OK;
    if (err == SK_OK)
        err = watch_begin(l->area);
    if (err != SK_OK) {
        l->err = err;
        stage_set(l, LAUNCH_FAILED);
        _exit(127);
    }
    run(l);
    fflush(NULL);
    _exit(l->status & 0xff);
}

/* --- The starter ----------------------------------------------------------------------------- */

static sk_err list_given(struct linux_launch *l, const struct sk_linux_task *how)
{
    struct linux_task *t = linux_me;
    if (how->give_count > SK_LINUX_GIVE_MAX)
        return SK_ERR_ARG;
    if (t == NULL)
        return how->give_count != 0 || how->end_event_plus_1 != 0 ? SK_ERR_STATE : SK_OK;
    if (t->area != l->area || how->end_event_plus_1 > 32)
        return SK_ERR_ARG;
    l->giver = WORD(OWN_UNUSED, t->slot, t->gen);
    if (how->end_event_plus_1 != 0)
        l->creator = WORD(1, t->slot | (how->end_event_plus_1 - 1u) << 16, t->gen);
    for (uint32_t i = 0; i < how->give_count; i++) {
        sk_err err;
        struct linux_handle *h = handle_get(t, how->give[i], 0, 0, &err);
        if (h == NULL || (err = give_check(t, h)) != SK_OK)
            return err;
        for (uint32_t j = 0; j < i; j++)
            if (how->give[j] == how->give[i] && h->kind != SK_KIND_PORT)
                return SK_ERR_ARG;
        l->give[i] = *h;
    }
    l->give_count = how->give_count;
    return SK_OK;
}

static struct linux_launch *prepare(struct sk_linux_area *a, const struct sk_linux_task *how,
                                    sk_linux_main_fn *main, void *arg, sk_err *err)
{
    static const struct sk_linux_task usual;
    how = how != NULL ? how : &usual;
    struct linux_launch *l =
        mmap(NULL, sizeof(*l), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    *err = SK_ERR_NO_MEMORY;
    if (l == MAP_FAILED)
        return NULL;
    l->area = a;
    l->how = *how;
    if (how->name != NULL)
        l->how.name = strncpy(l->name, how->name, sizeof(l->name) - 1u);
    l->main = main;
    l->arg = arg;
    *err = list_given(l, how);
    if (*err == SK_OK)
        return l;
    munmap(l, sizeof(*l));
    return NULL;
}

/* What the started one owns now is not ours any more. */
static void drop_given(const struct linux_launch *l, const struct sk_linux_task *how)
{
    for (uint32_t i = 0; i < l->give_count; i++) {
        sk_err err;
        struct linux_handle *h = handle_get(linux_me, how->give[i], 0, 0, &err);
        uint64_t *own = h != NULL ? give_own(linux_me, h) : NULL;
        if (own != NULL && word_load(own) != l->giver)
            handle_free(linux_me, h);
    }
}

static bool process_gone(int pidfd)
{
    struct pollfd p = {.fd = pidfd, .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

/* Until it has begun, or will not, or the deadline has passed: then it is given up. A thread that
 * is TAKING is some instructions from having begun. */
static sk_err await_begun(struct linux_launch *l, const struct sk_linux_child *child,
                          sk_ns deadline)
{
    for (;;) {
        bool gone = child->pidfd >= 0 && process_gone(child->pidfd);
        uint32_t stage = half_load(&l->stage);
        if (stage == LAUNCH_FAILED)
            return l->err;
        if (stage != LAUNCH_NEW && stage != LAUNCH_TAKING)
            return SK_OK;
        if (gone)
            return SK_ERR_PEER_DEAD;
        sk_ns now = linux_now(), slice = now + SK_MS(SLICE_MS);
        bool late = now >= deadline;
        if (late && (stage == LAUNCH_NEW || l->process) && stage_change(l, stage, LAUNCH_GIVEN_UP))
            return SK_ERR_TIMED_OUT;
        linux_futex_wait(&l->stage, stage, slice < deadline || late ? slice : deadline);
    }
}

static sk_err await_end(struct sk_linux_child *child, sk_ns deadline, int32_t *status);

/* It runs, or does not begin: then nothing of it is left, but of a thread that was given up. */
static sk_err started(struct linux_launch *l, const struct sk_linux_task *how,
                      struct sk_linux_child *child)
{
    int32_t status;
    sk_ns deadline = l->how.deadline != 0 ? l->how.deadline : linux_now() + SK_MS(START_MS);
    bool gives = l->give_count != 0, process = l->process;
    sk_err err = await_begun(l, child, deadline);
    child->launch = l;
    if (err == SK_ERR_TIMED_OUT && !process) {
        pthread_detach(child->thread); /* l is its own now, and all that was to be given is here */
        *child = (struct sk_linux_child){.pidfd = -1};
        return err;
    }
    if (err != SK_OK) {
        if (process)
            (void)sk_linux_kill(child); /* it may be stopped, also one that has failed */
        (void)await_end(child, SK_FOREVER, &status);
    }
    if (gives)
        drop_given(l, how);
    child->tid = l->tid;
    if (err != SK_OK) {
        munmap(l, sizeof(*l));
        *child = (struct sk_linux_child){.pidfd = -1};
    }
    return err;
}

/* No descriptor is left to await it by: it goes, with what it has got by now. */
static sk_err unwatched(struct linux_launch *l, const struct sk_linux_task *how,
                        struct sk_linux_child *child)
{
    int status;
    kill(child->pid, SIGKILL);
    siginfo_t end;
    while (waitid(P_PID, (id_t)child->pid, &end, WEXITED | WNOWAIT) < 0 && errno == EINTR)
        ;
    watch_bury(l->area, child->pid, 0); /* while nobody else can have its id */
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (l->give_count != 0)
        drop_given(l, how);
    munmap(l, sizeof(*l));
    *child = (struct sk_linux_child){.pidfd = -1};
    return SK_ERR_NO_MEMORY;
}

sk_err sk_linux_start_thread(struct sk_linux_area *area, const struct sk_linux_task *how,
                             sk_linux_main_fn *main, void *arg, struct sk_linux_child *child)
{
    sk_err err;
    pthread_t thread;
    *child = (struct sk_linux_child){.pidfd = -1};
    struct linux_launch *l = prepare(area, how, main, arg, &err);
    if (l == NULL)
        return err;
    __atomic_fetch_add(&area->live, 1u, __ATOMIC_ACQ_REL); /* it will not be left meanwhile */
    if (pthread_create(&thread, NULL, thread_run, l) != 0) {
        __atomic_fetch_sub(&area->live, 1u, __ATOMIC_ACQ_REL);
        munmap(l, sizeof(*l));
        return SK_ERR_NO_MEMORY;
    }
    child->thread = thread;
    return started(l, how, child);
}

sk_err sk_linux_start_process(struct sk_linux_area *area, const struct sk_linux_task *how,
                              sk_linux_main_fn *main, void *arg, struct sk_linux_child *child)
{
    sk_err err;
    *child = (struct sk_linux_child){.pidfd = -1};
    struct linux_launch *l = prepare(area, how, main, arg, &err);
    if (l == NULL)
        return err;
    l->process = true;
    fflush(NULL); /* else both would write it */
    pid_t pid = fork();
    if (pid == 0)
        process_run(l);
    if (pid < 0) {
        munmap(l, sizeof(*l));
        return SK_ERR_NO_MEMORY;
    }
    child->pid = pid;
    child->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    return child->pidfd >= 0 ? started(l, how, child) : unwatched(l, how, child);
}

/* --- Its end --------------------------------------------------------------------------------- */

static sk_err await_process(struct sk_linux_child *child, sk_ns deadline, int32_t *status)
{
    struct linux_launch *l = child->launch;
    struct pollfd p = {.fd = child->pidfd, .events = POLLIN};
    int how;
    for (;;) {
        sk_ns now = linux_now();
        struct timespec left = {.tv_sec = 3600};
        if (deadline <= now)
            left.tv_sec = 0;
        else if (deadline - now < SK_MS(3600u * 1000u))
            left = (struct timespec){(time_t)((deadline - now) / 1000000000u),
                                     (long)((deadline - now) % 1000000000u)};
        int n = ppoll(&p, 1, &left, NULL);
        if (n == 1)
            break;
        if (n == 0 && deadline <= now)
            return SK_ERR_TIMED_OUT;
    }
    watch_bury(l->area, child->pid, 0);
    while (waitpid(child->pid, &how, 0) < 0 && errno == EINTR)
        ;
    *status = WIFSIGNALED(how) ? 128 + WTERMSIG(how) : l->status;
    close(child->pidfd);
    return SK_OK;
}

static sk_err await_thread(struct sk_linux_child *child, sk_ns deadline, int32_t *status)
{
    struct linux_launch *l = child->launch;
    uint32_t stage;
    while ((stage = half_load(&l->stage)) != LAUNCH_ENDED && stage != LAUNCH_FAILED) {
        if (linux_now() >= deadline)
            return SK_ERR_TIMED_OUT;
        linux_futex_wait(&l->stage, stage, deadline);
    }
    pthread_join(child->thread, NULL);
    *status = l->status;
    return SK_OK;
}

static sk_err await_end(struct sk_linux_child *child, sk_ns deadline, int32_t *status)
{
    return child->pid != 0 ? await_process(child, deadline, status)
                           : await_thread(child, deadline, status);
}

sk_err sk_linux_await(struct sk_linux_child *child, sk_ns deadline, int32_t *status)
{
    if (child->launch == NULL)
        return SK_ERR_STATE;
    sk_err err = await_end(child, deadline, status);
    if (err == SK_OK) {
        munmap(child->launch, sizeof(struct linux_launch));
        *child = (struct sk_linux_child){.pidfd = -1};
    }
    return err;
}

sk_err sk_linux_kill(const struct sk_linux_child *child)
{
    if (child->pid == 0)
        return SK_ERR_UNSUPPORTED;
    return syscall(SYS_pidfd_send_signal, child->pidfd, SIGKILL, NULL, 0) == 0 ? SK_OK
                                                                               : SK_ERR_NOT_FOUND;
}
