/* The watchers of a process, which do what a kernel does on Skerry: they see that members have died
 * and clear up after them. Two threads that sleep: one until the members have changed, to watch the
 * new ones, and one until one of them dies.
 *
 * A process is known by its id and the time of its start, so that another one with the same id is
 * not taken for it. A hostile member can lie about its own only: then it is not cleared up after.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "inside.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STACK_BYTES (256u * 1024u)
#define AGAIN_MS    100u /* until the next try, if descriptors have run out */

struct member {
    int pid; /* 0: a free entry */
    int fd;
    uint64_t born;
};

struct watch {
    struct sk_linux_area *area;
    int epoll, stop_fd;
    uint32_t stop;
    pthread_t finder, reaper;
    pthread_mutex_t lock; /* of member */
    struct member member[];
};

uint64_t watch_born(int pid)
{
    char path[32], text[512];
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof(text) - 1u);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    char *at = strrchr(text, ')'); /* behind the name: state is field 3, the start 22 */
    for (int field = 2; at != NULL && field < 22; field++)
        at = strchr(at + 1, ' ');
    return at != NULL ? strtoull(at, NULL, 10) : 0;
}

void watch_bury(struct sk_linux_area *a, int pid, uint64_t born)
{
    for (uint32_t i = 0; i < a->tasks; i++) {
        struct task_slot *s = &a->task[i];
        uint64_t w = word_load(&s->word);
        uint64_t since = word_load(&s->born);
        if ((WORD_STATE(w) != TASK_LIVE && WORD_STATE(w) != TASK_JOINING) ||
            WORD_INDEX(w) != (uint32_t)pid)
            continue;
        if (WORD_STATE(w) == TASK_JOINING)
            since = watch_born(pid); /* it has not said it yet; 0: nobody has the id now */
        if (born != 0 && since != 0 && born != since)
            continue;
        if (word_change(&s->word, w, WORD(TASK_DEAD, pid, WORD_GEN(w))))
            linux_count(&linux_stats.deaths);
    }
    sweep_dead(a);
}

/* An entry of a process that lives and has no task any more, now free; a->tasks: there is none. So
 * there is one for each process that has: they are no more than tasks. */
static uint32_t reclaim(struct watch *w)
{
    struct sk_linux_area *a = w->area;
    for (uint32_t at = 0; at < a->tasks; at++) {
        bool used = false;
        for (uint32_t i = 0; i < a->tasks && !used; i++) {
            uint64_t word = word_load(&a->task[i].word);
            used = WORD_STATE(word) != TASK_FREE && WORD_INDEX(word) == (uint32_t)w->member[at].pid;
        }
        if (used)
            continue;
        w->member[at].pid = 0; /* first: a fork in between closes what is said to be in use */
        epoll_ctl(w->epoll, EPOLL_CTL_DEL, w->member[at].fd, NULL);
        close(w->member[at].fd);
        return at;
    }
    return a->tasks;
}

/* Watch that process, which is about to join or has. False: no descriptor is left. */
static bool watch_member(struct watch *w, int pid, uint64_t born, bool joining)
{
    struct sk_linux_area *a = w->area;
    uint32_t at = a->tasks;
    if (joining)
        born = watch_born(pid);
    for (uint32_t i = 0; i < a->tasks; i++) {
        if (w->member[i].pid == pid && w->member[i].born == born)
            return true;
        if (w->member[i].pid == 0)
            at = i;
    }
    if (at == a->tasks)
        at = reclaim(w);
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0 && errno != ESRCH && errno != EINVAL)
        return false;
    uint64_t found = watch_born(pid);
    if (fd < 0 || (found != 0 && born != 0 && found != born)) {
        if (fd >= 0)
            close(fd);
        watch_bury(a, pid, born);
        return true;
    }
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = at};
    if (at == a->tasks || epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        close(fd);
        return false;
    }
    w->member[at] = (struct member){.pid = pid, .fd = fd, .born = born};
    return true;
}

static bool watch_all(struct watch *w)
{
    struct sk_linux_area *a = w->area;
    bool good = true;
    pthread_mutex_lock(&w->lock);
    for (uint32_t i = 0; i < a->tasks; i++) {
        uint64_t word = word_load(&a->task[i].word);
        uint64_t born = word_load(&a->task[i].born);
        int pid = (int)WORD_INDEX(word);
        if ((WORD_STATE(word) == TASK_LIVE || WORD_STATE(word) == TASK_JOINING) && pid > 0 &&
            pid != getpid())
            good &= watch_member(w, pid, born, WORD_STATE(word) == TASK_JOINING);
    }
    pthread_mutex_unlock(&w->lock);
    return good;
}

static void *find(void *watch)
{
    struct watch *w = watch;
    uint32_t *members = &w->area->head->members;
    while (half_load(&w->stop) == 0) {
        uint32_t seen = half_load(members);
        bool good = watch_all(w);
        sweep_dead(w->area);
        if (half_load(&w->stop) == 0)
            linux_futex_wait(members, seen, good ? SK_FOREVER : linux_now() + SK_MS(AGAIN_MS));
    }
    return NULL;
}

/* The member at that entry, if it has died: it is watched no longer. A child that was forked
 * meanwhile may have the descriptor too, so closing it is not enough to be rid of its events. */
static bool take_dead(struct watch *w, uint32_t at, struct member *m)
{
    pthread_mutex_lock(&w->lock);
    *m = w->member[at];
    struct pollfd p = {.fd = m->fd, .events = POLLIN};
    bool dead = m->pid != 0 && poll(&p, 1, 0) == 1;
    if (dead) {
        w->member[at].pid = 0;
        epoll_ctl(w->epoll, EPOLL_CTL_DEL, m->fd, NULL);
        close(m->fd);
    }
    pthread_mutex_unlock(&w->lock);
    return dead;
}

static void *reap(void *watch)
{
    struct watch *w = watch;
    struct epoll_event event;
    struct member m;
    while (half_load(&w->stop) == 0)
        if (epoll_wait(w->epoll, &event, 1, -1) == 1 && event.data.u32 < w->area->tasks &&
            take_dead(w, event.data.u32, &m))
            watch_bury(w->area, m.pid, m.born);
    return NULL;
}

/* A thread that no signal is delivered to. */
static bool make_thread(pthread_t *thread, void *(*run)(void *), struct watch *w)
{
    sigset_t all, before;
    pthread_attr_t attr;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    bool made = pthread_create(thread, &attr, run, w) == 0;
    pthread_attr_destroy(&attr);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return made;
}

/* Stop the finder, too, if only the reaper could not be made. */
static void stop_finder(struct watch *w)
{
    half_store(&w->stop, 1);
    __atomic_fetch_add(&w->area->head->members, 1u, __ATOMIC_SEQ_CST);
    linux_futex_wake(&w->area->head->members);
    pthread_join(w->finder, NULL);
}

static void drop(struct watch *w)
{
    for (uint32_t i = 0; i < w->area->tasks; i++)
        if (w->member[i].pid != 0)
            close(w->member[i].fd);
    if (w->epoll >= 0)
        close(w->epoll);
    if (w->stop_fd >= 0)
        close(w->stop_fd);
    w->area->watch = NULL;
    free(w);
}

sk_err watch_begin(struct sk_linux_area *a)
{
    struct watch *w = calloc(1, sizeof(*w) + a->tasks * sizeof(w->member[0]));
    if (w == NULL)
        return SK_ERR_NO_MEMORY;
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = a->tasks};
    w->area = a;
    a->watch = w;
    pthread_mutex_init(&w->lock, NULL);
    w->epoll = epoll_create1(EPOLL_CLOEXEC);
    w->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (w->epoll < 0 || w->stop_fd < 0 ||
        epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->stop_fd, &event) != 0 ||
        !make_thread(&w->finder, find, w)) {
        drop(w);
        return SK_ERR_NO_MEMORY;
    }
    if (!make_thread(&w->reaper, reap, w)) {
        stop_finder(w);
        drop(w);
        return SK_ERR_NO_MEMORY;
    }
    return SK_OK;
}

void watch_end(struct sk_linux_area *a)
{
    struct watch *w = a->watch;
    uint64_t one = 1;
    if (w == NULL)
        return;
    stop_finder(w);
    if (write(w->stop_fd, &one, sizeof(one)) < 0)
        abort();
    pthread_join(w->reaper, NULL);
    drop(w);
}

void watch_forget(struct sk_linux_area *a)
{
    if (a->watch != NULL)
        drop(a->watch);
}
