/* SPDX-License-Identifier: BSD-2-Clause */
#include "points.h"
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

void __cyg_profile_func_enter(void *function, void *site);
void __cyg_profile_func_exit(void *function, void *site);

static struct points *next, *mine;
static bool seen;
static _Thread_local bool forked; /* this thread is the one that came out of the fork */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void in_child(void)
{
    forked = true;
    mine = next;
}

static void hook(void)
{
    (void)pthread_atfork(NULL, NULL, in_child);
}

void points_of_next(struct points *p)
{
    (void)pthread_once(&once, hook);
    next = p;
}

void points_off(void)
{
    mine = NULL;
}

bool points_built(void)
{
    return seen;
}

static void point(void)
{
    struct points *p = mine;
    seen = true;
    if (p == NULL || forked == (__atomic_load_n(&p->watchers, __ATOMIC_RELAXED) != 0))
        return;
    uint32_t number = __atomic_add_fetch(&p->passed, 1u, __ATOMIC_RELAXED);
    if (number == __atomic_load_n(&p->at, __ATOMIC_RELAXED))
        (void)kill(getpid(), (int)p->signal);
}

void __cyg_profile_func_enter(void *function, void *site)
{
    (void)function, (void)site;
    point();
}

void __cyg_profile_func_exit(void *function, void *site)
{
    (void)function, (void)site;
    point();
}
