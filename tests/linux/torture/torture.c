/* torture [ROUNDS] [--seed X] [--round N] [--kind K] [--threads]: kills and stops victims at every
 * moment of their work, see torture.h. ROUNDS: 20000. --round N: round N only. --threads: all are
 * threads of one process, and nobody is killed. --patience MS: where nothing goes on for so long it
 * does not end.
 * --most N: it gives up after N wrong rounds, else 5.
 * Ends with 1 if anything was wrong.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "torture.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define POINTS       16000u /* of a victim's work, about */
#define SWEEP_POINTS 1500u  /* of a bystander's sweep */
#define WORK_NS      SK_MS(2)

/* What happens to whom. */
enum {
    KIND_POINT = 0, /* the victim is killed at a point */
    KIND_TIME,      /* at a time */
    KIND_TWO,       /* the bystander, too, while it clears up */
    KIND_STOP,      /* the victim is stopped at a point */
    KIND_STOP_TWO,  /* the bystander is stopped while it clears up */
    KIND_END,       /* nothing: all end by themselves */
    KINDS
};
static const char *const kinds[KINDS] = {"point", "time", "two", "stop", "stop-two", "end"};
static const uint8_t often[16] = {KIND_POINT, KIND_POINT, KIND_POINT, KIND_POINT,
                                  KIND_POINT, KIND_POINT, KIND_POINT, KIND_TIME,
                                  KIND_TIME,  KIND_TIME,  KIND_TIME,  KIND_TWO,
                                  KIND_TWO,   KIND_TWO,   KIND_STOP,  KIND_STOP_TWO};

struct torture {
    struct sk_linux_area *area;
    struct sk_linux_use base;
    struct bystander bystander, names;
    struct account *account;
    struct points *points; /* the victim's */
    uint32_t *left;
    uint64_t seed;
    int only;      /* this kind, or -1 */
    uint32_t most; /* wrong rounds until it gives up */
    /* Counts. */
    uint32_t rounds, wrong, of_kind[KINDS];
    uint32_t killed, ended, unborn, two, stopped, two_stopped;
};

uint32_t patience_ms = 20000;

struct plan {
    uint32_t kind, at, sweep_at, after_stop;
    sk_ns kill_at;
};

/* Say what is wrong only where one cannot go on. */
static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "torture: %s\n", what);
    exit(2);
}

static void *shared(size_t bytes)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(at != MAP_FAILED, "no memory");
    return at;
}

static struct plan plan_make(const struct torture *t, uint32_t number)
{
    struct chance c = {t->seed ^ 0x91a4u ^ (uint64_t)number << 24};
    struct plan p = {.kind = often[chance_below(&c, 16)]};
    if (!points_built())
        p.kind = KIND_TIME;
    if (t->only >= 0)
        p.kind = (uint32_t)t->only;
    p.at = 1u + chance_below(&c, POINTS);
    p.kill_at = SK_FOREVER;
    sk_ns delay = chance_below(&c, WORK_NS);
    if (p.kind == KIND_TIME)
        p.kill_at = delay;
    if (p.kind == KIND_TIME || p.kind == KIND_END)
        p.at = 0;
    p.sweep_at = 1u + chance_below(&c, SWEEP_POINTS);
    p.after_stop = chance_below(&c, 3);
    return p;
}

/* --- Stopped --------------------------------------------------------------------------------- */

static bool reached(const struct points *p, uint32_t at)
{
    return at != 0 && __atomic_load_n(&p->passed, __ATOMIC_RELAXED) >= at;
}

/* The process is about to be stopped, or is: wait for it; or, with WNOHANG, look whether it is. */
static bool await_stop(int pid, int options)
{
    siginfo_t info = {.si_code = 0};
    return waitid(P_PID, (id_t)pid, &info, WSTOPPED | WEXITED | WNOWAIT | options) == 0 &&
           info.si_code == CLD_STOPPED;
}

/* The victim stands still. It costs who waits for it the time that he has set, and others nothing;
 * what it can touch is not used again. Then it goes on, or is killed. */
static void victim_stopped(struct torture *t, struct survivor *s, const struct plan *p, int pid)
{
    static struct guard guard;
    t->stopped++;
    if (!bystander_serves(&t->bystander))
        WRONG(s, "a stopped victim holds up others", 0, 0);
    survivor_waits(s);
    if (p->after_stop == 0) {
        SAY(*t->left, 1);
        s->left = true;
        survivor_end(s);
        guard_begin(&guard);
    }
    (void)kill(pid, p->after_stop == 1 ? SIGKILL : SIGCONT);
    if (p->after_stop == 0) {
        siginfo_t info;
        (void)waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
        if (!guard_end(&guard))
            WRONG(s, "a stopped victim's memory was used again", guard.count, 0);
    }
}

/* --- A round --------------------------------------------------------------------------------- */

static void round_work(struct torture *t, struct survivor *s, struct plan *p,
                       struct sk_linux_child *child)
{
    sk_ns give_up = sk_in_ms(patience_ms);
    bool stop = p->kind == KIND_STOP;
    while (!survivor_over(s) && s->wrong == NULL) {
        if (sk_now() >= p->kill_at) {
            p->kill_at = SK_FOREVER;
            (void)sk_linux_kill(child);
        }
        if (stop && reached(t->points, LOOK(t->points->at))) {
            stop = false;
            if (await_stop(child->pid, 0))
                victim_stopped(t, s, p, child->pid);
            give_up = sk_in_ms(patience_ms);
            continue;
        }
        if (survivor_turn(s)) {
            give_up = sk_in_ms(patience_ms);
            continue;
        }
        sk_ns until = stop ? sk_in_ms(1) : p->kill_at < give_up ? p->kill_at : give_up;
        if (!survivor_sleep(s, until) && sk_now() >= give_up)
            WRONG(s, "nothing goes on any more", s->got, s->answered);
    }
}

static void victim_start(struct torture *t, struct survivor *s, struct plan *p,
                         struct sk_linux_child *child)
{
    sk_handle far[4];
    struct sk_linux_task how = {.name = "victim", .handles = 128, .give = far, .give_count = 4};
    if (!survivor_begin(s, far))
        return;
    if (p->kind == KIND_TIME)
        p->kill_at += sk_now();
    points_of_next(t->points);
    sk_err err = t->bystander.threads
                     ? sk_linux_start_thread(t->area, &how, victim_main, &s->round, child)
                     : sk_linux_start_process(t->area, &how, victim_main, &s->round, child);
    points_of_next(NULL);
    if (err == SK_OK)
        return;
    t->unborn++;
    t->killed++;
    if (err != SK_ERR_PEER_DEAD)
        WRONG(s, "the victim cannot begin", err, 0);
    for (uint32_t i = 0; i < 3; i++)
        (void)sys_close(far[i]); /* what it has not got */
}

static void victim_end(struct torture *t, struct survivor *s, struct sk_linux_child *child)
{
    int32_t status = -1;
    if (child->launch == NULL)
        return; /* it never began */
    if (s->wrong != NULL)
        (void)sk_linux_kill(child);
    sk_err err;
    sk_ns give_up = sk_in_ms(patience_ms);
    while ((err = sk_linux_await(child, sk_in_ms(2), &status)) == SK_ERR_TIMED_OUT) {
        if (t->points->signal == SIGSTOP && await_stop(child->pid, WNOHANG))
            (void)kill(child->pid, SIGCONT); /* it had closed everything already */
        if (sk_now() >= give_up) {
            WRONG(s, "the victim does not end", 0, 0);
            (void)sk_linux_kill(child);
            give_up = SK_FOREVER;
        }
    }
    if (err != SK_OK)
        WRONG(s, "the victim cannot be awaited", err, 0);
    if (status == 128 + SIGKILL)
        t->killed++;
    else if (status == 0 || (status == 1 && (s->left || LOOK(t->account->bad) != 0)))
        t->ended++;
    else
        WRONG(s, "the victim ended with", status, 0);
}

/* Whatever has happened to the bystander: it serves, or another one does. */
static void bystander_after(struct torture *t, struct survivor *s, const struct plan *p)
{
    struct bystander *b = &t->bystander;
    __atomic_store_n(&b->points->at, 0, __ATOMIC_SEQ_CST);
    if ((p->kind == KIND_TWO || p->kind == KIND_STOP_TWO) && reached(b->points, p->sweep_at)) {
        if (p->kind == KIND_TWO) {
            t->two++;
            must(bystander_end(b) && bystander_begin(b, t->area), "no bystander");
        } else if (await_stop(b->child.pid, 0)) {
            t->two_stopped++;
            (void)kill(b->child.pid, SIGCONT);
        }
    }
    if (!bystander_serves(b))
        WRONG(s, "the bystander serves nobody", 0, 0);
}

static void bystander_before(struct torture *t, const struct plan *p)
{
    struct points *points = t->bystander.points;
    points->passed = 0;
    points->signal = p->kind == KIND_TWO ? SIGKILL : SIGSTOP;
    __atomic_store_n(&points->at, p->kind == KIND_TWO || p->kind == KIND_STOP_TWO ? p->sweep_at : 0,
                     __ATOMIC_SEQ_CST);
}

static void round_run(struct torture *t, uint32_t number)
{
    static struct survivor s;
    struct sk_linux_child child = {.launch = NULL};
    struct plan p = plan_make(t, number);
    memset(t->account, 0, sizeof(*t->account));
    *t->left = 0;
    bool stop = p.kind == KIND_STOP;
    *t->points = (struct points){.at = stop ? 0 : p.at, .signal = stop ? SIGSTOP : SIGKILL};
    memset(&s, 0, sizeof(s));
    s.area = t->area;
    s.round = (struct round){t->seed, number, t->account, t->points, stop ? p.at : 0, t->left};
    t->rounds++;
    t->of_kind[p.kind]++;
    bystander_before(t, &p);
    victim_start(t, &s, &p, &child);
    if (s.wrong == NULL)
        round_work(t, &s, &p, &child);
    victim_end(t, &s, &child);
    if (!s.left) {
        survivor_end(&s);
        if (s.wrong == NULL)
            verdict(&s);
        survivor_names(&s);
    }
    if (p.kind == KIND_TWO)
        bystander_after(t, &s, &p);
    audit(&s, &t->base); /* also while the bystander stands still */
    if (p.kind != KIND_TWO)
        bystander_after(t, &s, &p);
    if (s.wrong == NULL)
        return;
    t->wrong++;
    printf("torture: WRONG: %s (%lld, %lld), line %u; kind %s, point %u, sweep point %u\n"
           "  again: --seed %llu --round %u --kind %s\n",
           s.wrong, (long long)s.wrong_a, (long long)s.wrong_b, s.wrong_line, kinds[p.kind], p.at,
           p.sweep_at, (unsigned long long)t->seed, number, kinds[p.kind]);
    fflush(stdout);
    sk_linux_use(t->area, &t->base); /* each mistake is told once */
}

/* --- All of it ------------------------------------------------------------------------------- */

static void rounds_run(struct torture *t, uint32_t mode, uint32_t from, uint32_t to)
{
    struct sk_linux_params params = {
        .tasks = 8, .channels = 96, .ports = 8, .regions = 24, .region_pages = 4, .mode = mode};
    must(sk_linux_create(&params, &t->area) == SK_OK, "no area");
    must(sk_linux_task_begin(t->area, NULL) == SK_OK, "no task");
    must(bystander_begin(&t->bystander, t->area), "no bystander");
    must(bystander_serves(&t->bystander), "the bystander does not answer");
    t->names.threads = t->bystander.threads;
    must(names_begin(&t->names, t->area), "no names");
    sk_linux_use(t->area, &t->base);
    sk_ns next = sk_in_ms(10000);
    for (uint32_t i = from; i < to && t->wrong < t->most; i++) {
        round_run(t, i);
        if (sk_now() < next)
            continue;
        printf("torture: %u rounds, %u killed\n", t->rounds, t->killed);
        fflush(stdout);
        next = sk_in_ms(10000);
    }
    sk_chan_close(&t->bystander.chan);
    must(bystander_end(&t->bystander), "the bystander does not end");
    int32_t status;
    if (t->names.threads) { /* whose thread never ends: the area stays */
        sk_linux_task_end(0);
        return;
    }
    must(sk_linux_kill(&t->names.child) == SK_OK &&
             sk_linux_await(&t->names.child, sk_in_ms(patience_ms), &status) == SK_OK,
         "the service of names does not end");
    sk_linux_task_end(0);
    must(sk_linux_leave(t->area) == SK_OK, "the area cannot be left");
}

static uint32_t option_kind(const char *name)
{
    for (uint32_t i = 0; i < KINDS; i++)
        if (strcmp(name, kinds[i]) == 0)
            return i;
    must(false, "kinds: point time two stop stop-two end");
    return 0;
}

int main(int argc, char **argv)
{
    static struct torture t;
    uint32_t rounds = 20000, from = 0;
    t.seed = 1;
    t.only = -1;
    t.most = 5;
    for (int i = 1; i < argc; i++) {
        if (i + 1 < argc && strcmp(argv[i], "--seed") == 0)
            t.seed = strtoull(argv[++i], NULL, 10);
        else if (i + 1 < argc && strcmp(argv[i], "--round") == 0)
            from = (uint32_t)strtoul(argv[++i], NULL, 10), rounds = 1;
        else if (i + 1 < argc && strcmp(argv[i], "--kind") == 0)
            t.only = (int)option_kind(argv[++i]);
        else if (i + 1 < argc && strcmp(argv[i], "--patience") == 0)
            patience_ms = (uint32_t)strtoul(argv[++i], NULL, 10);
        else if (i + 1 < argc && strcmp(argv[i], "--most") == 0)
            t.most = (uint32_t)strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--threads") == 0)
            t.bystander.threads = true, t.only = KIND_END;
        else
            rounds = (uint32_t)strtoul(argv[i], NULL, 10);
    }
    must(rounds != 0, "usage: torture [ROUNDS] [--seed X] [--round N] [--kind K] [--threads] "
                      "[--patience MS] [--most WRONG]");
    t.account = shared(sizeof(*t.account));
    t.points = shared(sizeof(*t.points));
    t.bystander.points = shared(sizeof(*t.points));
    t.left = shared(sizeof(*t.left));
    sk_ns start = sk_now();
    rounds_run(&t, SK_LINUX_ANY, from, from + rounds - rounds / 4u);
    if (t.wrong < t.most)
        rounds_run(&t, SK_LINUX_FENCED, from + rounds - rounds / 4u, from + rounds);
    double seconds = (double)(sk_now() - start) * 1e-9;
    printf(
        "torture: seed %llu: %u rounds: %u killed (%u before they had begun), %u ended, %u stopped,"
        " bystander %u killed, %u stopped; %.1f s, %.0f kills a minute; %u wrong\n",
        (unsigned long long)t.seed, t.rounds, t.killed + t.two, t.unborn, t.ended, t.stopped, t.two,
        t.two_stopped, seconds, (t.killed + t.two) / seconds * 60.0, t.wrong);
    return t.wrong != 0;
}
