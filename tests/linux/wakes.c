/* wakes: at every point of sending a message and of setting an event, the sender is stopped, the
 * receiver goes to sleep meanwhile, the sender goes on: the receiver is woken, whichever point it
 * was. What is a point: torture/points.h. SPDX-License-Identifier: BSD-2-Clause */
#include "arch/linux/inside.h"
#include "lib/rpc.h"
#include "torture/points.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define HANG_MS     5000u /* only a wake-up that is lost takes so long */
#define POINTS_MOST 2000u

struct shared {
    struct points points;
    uint32_t go, received, past; /* past: it was not stopped, or no more */
};

struct sender {
    struct shared *shared;
    uint32_t at;
    bool event; /* sets an event; else sends a message */
    sk_tid to;
};

static void must(bool is, const char *what, uint32_t point)
{
    if (is)
        return;
    fprintf(stderr, "wakes: %s, point %u\n", what, point);
    exit(1);
}

static int sender_main(void *arg)
{
    const struct sender *s = arg;
    struct sk_chan c;
    struct sk_out out = {.label = 7};
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (sk_chan_open(&c, sk_linux_given(0), SK_EV_CHAN) != SK_OK)
        return 1;
    while (half_load(&s->shared->go) == 0)
        usleep(50);
    s->shared->points.at = s->shared->points.passed + s->at;
    sk_err err = s->event ? sk_linux_set_events(linux_me->area, s->to, 1u << SK_EV_FREE)
                          : sk_send_try(&c, &out);
    s->shared->points.at = 0;
    half_store(&s->shared->past, 1);
    for (sk_ns give_up = sk_in_ms(2u * HANG_MS);
         half_load(&s->shared->received) == 0 && sk_now() < give_up;)
        usleep(50); /* its end would wake the receiver, too */
    return err == SK_OK ? 0 : 2;
}

/* A process that lets the sender go on when the receiver sleeps, or needs it no more. */
static pid_t let_go_on(const struct task_slot *receiver, const struct shared *shared, pid_t sender)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (__atomic_load_n(&receiver->asleep, __ATOMIC_SEQ_CST) == 0 &&
           __atomic_load_n(&shared->received, __ATOMIC_SEQ_CST) == 0)
        usleep(50);
    (void)kill(sender, SIGCONT);
    _exit(0);
}

static void receive(struct sk_chan *c, const struct sender *s)
{
    struct sk_in in;
    uint32_t events;
    sk_ns give_up = sk_in_ms(HANG_MS);
    sk_err err = s->event ? sk_wait_events(1u << SK_EV_FREE, give_up, &events)
                          : sk_recv_until(c, &in, give_up);
    must(err == SK_OK && (s->event || in.label == 7), "nothing came", s->at);
    must(sk_now() < give_up, "nobody was woken", s->at);
    half_store(&s->shared->received, 1);
}

/* False: there are fewer points. */
static bool one(struct sk_linux_area *a, struct sender *s)
{
    struct sk_chan c;
    struct sk_linux_child child;
    sk_handle far;
    int32_t status = -1;
    siginfo_t info = {.si_code = 0};
    *s->shared = (struct shared){.points = {.signal = SIGSTOP}};
    must(sk_chan_create(&c, &far, SK_EV_CHAN) == SK_OK, "no channel", s->at);
    struct sk_linux_task how = {.handles = 16, .give = &far, .give_count = 1};
    points_of_next(&s->shared->points);
    must(sk_linux_start_process(a, &how, sender_main, s, &child) == SK_OK, "no sender", s->at);
    points_of_next(NULL);
    half_store(&s->shared->go, 1);
    while (half_load(&s->shared->past) == 0 && info.si_code != CLD_STOPPED)
        must(waitid(P_PID, (id_t)child.pid, &info, WSTOPPED | WEXITED | WNOWAIT | WNOHANG) == 0 &&
                 info.si_code != CLD_EXITED && info.si_code != CLD_KILLED,
             "the sender has gone", s->at);
    bool stopped = info.si_code == CLD_STOPPED;
    pid_t helper = stopped ? let_go_on(linux_me->shared, s->shared, child.pid) : 0;
    receive(&c, s);
    if (helper != 0)
        (void)waitpid(helper, NULL, 0);
    must(sk_linux_await(&child, sk_in_ms(HANG_MS), &status) == SK_OK && status == 0,
         "the sender does not end well", s->at);
    sk_chan_close(&c);
    return stopped;
}

static uint32_t all(struct sk_linux_area *a, struct shared *shared, bool event)
{
    struct sender s = {.shared = shared, .event = event, .to = linux_me->start.tid};
    for (s.at = 1; one(a, &s); s.at++)
        must(s.at < POINTS_MOST, "no end of points", s.at);
    must(s.at > 5, "hardly any points", s.at);
    return s.at - 1u;
}

int main(void)
{
    static const uint32_t modes[] = {SK_LINUX_ANY, SK_LINUX_FENCED};
    struct shared *shared =
        mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(shared != MAP_FAILED, "no memory", 0);
    for (uint32_t i = 0; i < 2; i++) {
        struct sk_linux_params p = {.tasks = 4, .channels = 8, .mode = modes[i]};
        struct sk_linux_area *a;
        must(sk_linux_create(&p, &a) == SK_OK, "no area", 0);
        must(sk_linux_task_begin(a, NULL) == SK_OK, "no task", 0);
        sk_linux_spin(0);
        uint32_t sending = all(a, shared, false), setting = all(a, shared, true);
        printf("wakes: mode %u: woken at each of %u points of sending, %u of setting an event\n",
               sk_linux_mode(a), sending, setting);
        sk_linux_task_end(0);
        must(sk_linux_leave(a) == SK_OK, "the area cannot be left", 0);
    }
    return 0;
}
