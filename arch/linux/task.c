/* Tasks: a thread becomes one, and is none any more.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "inside.h"
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

_Thread_local struct linux_task *linux_me;
_Thread_local sys_looks linux_looks;

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key; /* whose value is set in threads that are tasks: their end ends it */

static void thread_ends(void *task)
{
    if (task == linux_me)
        sk_linux_task_end(0);
}

static void make_key(void)
{
    if (pthread_key_create(&key, thread_ends) != 0)
        abort();
}

/* A free place; SK_ERR_NO_MEMORY. */
static sk_err take_slot(struct linux_task *t)
{
    struct sk_linux_area *a = t->area;
    uint64_t born = watch_born(getpid());
    for (uint32_t i = 0; i < a->tasks; i++) {
        struct task_slot *s = &a->task[i];
        uint64_t w = word_load(&s->word);
        uint32_t gen = WORD_GEN(w) + 1u;
        if (WORD_STATE(w) != TASK_FREE ||
            !word_change(&s->word, w, WORD(TASK_JOINING, (uint32_t)getpid(), gen)))
            continue;
        t->shared = s;
        t->slot = i;
        t->gen = gen;
        word_store(&s->creator, 0);
        word_store(&s->born, born);
        __atomic_store_n(&s->cpu, -1, __ATOMIC_SEQ_CST);
        half_store(&s->events, 0);
        half_store(&s->asleep, 0);
        word_store(&s->ready, 0);
        return SK_OK;
    }
    return SK_ERR_NO_MEMORY;
}

static sk_err bind_cpu(struct task_slot *s, int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (cpu < 0 || cpu >= CPU_SETSIZE)
        return SK_ERR_ARG;
    CPU_SET((unsigned)cpu, &set);
    if (sched_setaffinity(0, sizeof(set), &set) != 0)
        return SK_ERR_ARG;
    __atomic_store_n(&s->cpu, cpu, __ATOMIC_SEQ_CST);
    return SK_OK;
}

static void fill_start(struct linux_task *t, const char *name)
{
    struct sk_start *s = &t->start;
    s->magic = SK_START_MAGIC;
    s->size_bytes = SK_START_BYTES;
    s->tid = SK_TID_MAKE(0, t->slot, t->gen);
    s->cores = 1;
    s->epoch = 1;
    s->handles = (uint16_t)t->handle_max;
    s->ends = (uint16_t)t->handle_max;
    strncpy(s->name, name != NULL ? name : "task", SK_NAME_BYTES - 1u);
    s->parent = handle_add(t, SK_KIND_CHAN, SK_RIGHT_SEND, 0, 0);
    t->handle[SK_HANDLE_INDEX(s->parent)].parent = true;
    t->self.start = s;
}

static struct linux_task *make_task(struct sk_linux_area *a, uint32_t handles)
{
    struct linux_task *t = calloc(1, sizeof(*t) + handles * sizeof(t->handle[0]));
    if (t == NULL)
        return NULL;
    t->area = a;
    t->timer = SK_FOREVER;
    t->handle_max = handles;
    for (uint32_t i = 0; i < handles; i++) {
        t->handle[i].gen = 1;
        t->handle[i].next = i + 1u;
    }
    return t;
}

static void slot_free(struct linux_task *t)
{
    if (word_change(&t->shared->word, WORD(TASK_LIVE, (uint32_t)getpid(), t->gen),
                    WORD(TASK_DEAD, (uint32_t)getpid(), t->gen)) ||
        word_change(&t->shared->word, WORD(TASK_JOINING, (uint32_t)getpid(), t->gen),
                    WORD(TASK_DEAD, (uint32_t)getpid(), t->gen)))
        sweep_dead(t->area);
}

sk_err sk_linux_task_begin(struct sk_linux_area *a, const struct sk_linux_task *how)
{
    static const struct sk_linux_task usual;
    how = how != NULL ? how : &usual;
    uint32_t handles = how->handles != 0 ? how->handles : HANDLES_MAX;
    if (linux_me != NULL)
        return SK_ERR_STATE;
    if (handles < 16 || handles > HANDLES_MAX)
        return SK_ERR_ARG;
    pthread_once(&key_once, make_key);
    struct linux_task *t = make_task(a, handles);
    sk_err err = t != NULL ? take_slot(t) : SK_ERR_NO_MEMORY;
    if (err == SK_OK && how->cpu_plus_1 != 0 &&
        (err = bind_cpu(t->shared, how->cpu_plus_1 - 1)) != SK_OK)
        slot_free(t);
    if (err != SK_OK) {
        free(t);
        return err;
    }
    fill_start(t, how->name);
    __atomic_fetch_add(&a->live, 1u, __ATOMIC_ACQ_REL);
    linux_me = t;
    linux_looks = SK_LINUX_LOOKS;
    pthread_setspecific(key, t);
    word_change(&t->shared->word, WORD(TASK_JOINING, (uint32_t)getpid(), t->gen),
                WORD(TASK_LIVE, (uint32_t)getpid(), t->gen));
    __atomic_fetch_add(&a->head->members, 1u, __ATOMIC_SEQ_CST);
    linux_futex_wake(&a->head->members); /* the others' watchers: here is one more */
    return SK_OK;
}

void sk_linux_task_end(int32_t status)
{
    struct linux_task *t = linux_me;
    (void)status;
    if (t == NULL)
        return;
    handle_close_all(t);
    slot_free(t);
    linux_me = NULL;
    pthread_setspecific(key, NULL);
    __atomic_fetch_sub(&t->area->live, 1u, __ATOMIC_ACQ_REL);
    free(t);
}

void task_forget(void)
{
    linux_me = NULL;
    pthread_once(&key_once, make_key);
    pthread_setspecific(key, NULL);
}

_Noreturn void task_exit(int32_t status)
{
    struct linux_task *t = linux_me;
    void (*end)(void *, int32_t) = t->on_exit;
    void *user = t->on_exit_user;
    sk_linux_task_end(status);
    if (end != NULL)
        end(user, status);
    if (getpid() == (pid_t)syscall(SYS_gettid))
        exit(status);
    pthread_exit(NULL);
}

/* The port of who serves names; SK_ERR_NOT_FOUND: nobody does. */
static sk_err find_names(const struct sk_linux_area *a, struct linux_handle *port)
{
    uint64_t names = word_load(&a->head->names);
    uint32_t index = WORD_INDEX(names), gen = WORD_GEN(names);
    if (WORD_STATE(names) != 1u || index >= a->ports ||
        word_load(&a->port[index].word) != WORD(PORT_LIVE, 0, gen))
        return SK_ERR_NOT_FOUND;
    *port = (struct linux_handle){
        .kind = SK_KIND_PORT, .rights = SK_RIGHT_CONNECT, .index = index, .object_gen = gen};
    return SK_OK;
}

/* The end of a task's channel to the name service, made and sent there. */
sk_err parent_connect(struct linux_task *t, struct linux_handle *h)
{
    sk_handle end[2];
    struct linux_handle port;
    sk_err err = find_names(t->area, &port);
    if (err == SK_OK)
        err = chan_create(t, SK_CHAN_SLOTS_MAX, end);
    if (err != SK_OK)
        return err;
    struct linux_handle *near = &t->handle[SK_HANDLE_INDEX(end[0])];
    struct linux_handle *far = &t->handle[SK_HANDLE_INDEX(end[1])];
    err = port_connect(t, &port, far);
    if (err != SK_OK) {
        handle_close(t, far);
        handle_close(t, near);
        return err == SK_ERR_FULL || err == SK_ERR_PEER_DEAD ? SK_ERR_NOT_FOUND : err;
    }
    h->index = near->index;
    h->object_gen = near->object_gen;
    handle_free(t, near);
    return SK_OK;
}

void sk_linux_spin(uint32_t looks)
{
    linux_looks = looks;
}

sk_handle sk_linux_given(uint32_t i)
{
    return linux_me != NULL && i < linux_me->given_count ? linux_me->given[i] : SK_HANDLE_NONE;
}
