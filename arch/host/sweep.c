/* Sweeps. The parent does one run; at each step (one in plan.rate, which ones the seed says) it
 * forks a child for each task and each core that lives, in which the fault comes at this step. So
 * all runs share the way up to it. At most CHILDREN run at a time. A child leaves its verdict in
 * memory that both share, and what it says of a failure in a file without a name.
 * SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include "arch/host/faults.h"
#include "arch/host/history.h"
#include "arch/host/sim.h"
#include "kernel/kern.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHILDREN 2u
#define SHOWN    3u  /* failures shown in full, */
#define NAMED    20u /* and said how to replay */

struct child {
    pid_t pid; /* 0: none */
    int file;
    char fault[128];
};

struct verdict { /* shared */
    bool told, well;
    uint64_t steps;
    char why[256];
};

static struct {
    struct fault_plan plan;
    const char *again;
    struct child child[CHILDREN];
    struct verdict *verdict; /* of each child */
    struct verdict *mine;    /* in a child */
    struct sweep_result result;
    uint64_t last_step; /* at which something was forked */
    uint64_t from_step; /* in a child: where it began */
    double shown_s, begun_s;
} sweep;

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void sweep_begin(const struct fault_plan *plan, const char *again)
{
    if (sweep.verdict == NULL) {
        sweep.verdict = mmap(NULL, CHILDREN * sizeof(struct verdict), PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        for (uint32_t i = 0; i < CHILDREN; i++)
            sweep.child[i].file = memfd_create("run", 0);
    }
    if (sweep.verdict == MAP_FAILED || sweep.child[CHILDREN - 1u].file < 0) {
        perror("sim: sweep");
        exit(3);
    }
    sweep.plan = *plan;
    sweep.again = again;
    sweep.result = (struct sweep_result){0};
    sweep.last_step = UINT64_MAX;
    sweep.begun_s = sweep.shown_s = seconds();
}

static void progress(void)
{
    bool terminal = isatty(STDERR_FILENO);
    double now = seconds();
    if (now < sweep.shown_s + (terminal ? 0.5 : 20.0))
        return;
    sweep.shown_s = now;
    double took = now - sweep.begun_s;
    fprintf(stderr, "%s  step %llu: %llu runs, %.0f runs/s, %.0f steps/s, %llu failed%s",
            terminal ? "\r" : "", (unsigned long long)sim.steps,
            (unsigned long long)sweep.result.runs, (double)sweep.result.runs / took,
            (double)sweep.result.steps / took, (unsigned long long)sweep.result.failed,
            terminal ? "\033[K" : "\n");
}

/* --- Children -------------------------------------------------------------------------------- */

static void show_failure(const struct child *c, const struct verdict *v, int status)
{
    char text[4096], rest[48];
    ssize_t n;
    if (++sweep.result.failed > NAMED)
        return;
    fprintf(stderr, "%ssim: FAILED with %s: %s\n", isatty(STDERR_FILENO) ? "\r\033[K" : "",
            c->fault,
            v->told                                                ? v->why
            : WIFSIGNALED(status) && WTERMSIG(status) == SIGVTALRM ? "CPU limit"
                                                                   : "the simulation crashed");
    if (sweep.result.failed <= SHOWN) {
        lseek(c->file, 0, SEEK_SET);
        while ((n = read(c->file, text, sizeof(text))) > 0)
            fwrite(text, 1, (size_t)n, stderr);
    }
    faults_format_rest(&sweep.plan, rest, sizeof(rest));
    fprintf(stderr, "sim: again: %s --plan %s%s --trace\n", sweep.again, c->fault, rest);
}

static void reap(void)
{
    int status;
    pid_t pid;
    while ((pid = wait(&status)) < 0 && errno == EINTR)
        ;
    for (uint32_t i = 0; i < CHILDREN; i++) {
        struct child *c = &sweep.child[i];
        const struct verdict *v = &sweep.verdict[i];
        if (c->pid != pid || pid <= 0)
            continue;
        c->pid = 0;
        sweep.result.runs++;
        sweep.result.steps += v->steps;
        if (!v->told || !v->well || status != 0)
            show_failure(c, v, status);
    }
    progress();
}

static uint32_t free_place(void)
{
    for (;;) {
        for (uint32_t i = 0; i < CHILDREN; i++)
            if (sweep.child[i].pid == 0)
                return i;
        reap();
    }
}

static void become_child(uint32_t place, const struct fault *f)
{
    struct itimerval limit = {
        .it_value = {.tv_sec = (time_t)(sim.opt.cpu_ms / 1000u),
                     .tv_usec = (suseconds_t)(sim.opt.cpu_ms % 1000u * 1000u)}};
    setitimer(ITIMER_VIRTUAL, &limit, NULL);
    dup2(sweep.child[place].file, STDERR_FILENO);
    sweep.mine = &sweep.verdict[place];
    sweep.from_step = sim.steps;
    sim.sweeping = false;
    sim.opt.quiet = true;
    sim.faults.fault[sim.faults.count++] = *f;
}

/* One run that meets f. True: this is it. */
static bool fork_run(const struct fault *f)
{
    uint32_t place = free_place();
    struct child *c = &sweep.child[place];
    sweep.verdict[place] = (struct verdict){.told = false};
    faults_format(f, c->fault, sizeof(c->fault));
    if (ftruncate(c->file, 0) != 0 || lseek(c->file, 0, SEEK_SET) != 0)
        perror("sim: sweep");
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) {
        perror("sim: fork");
        exit(3);
    }
    if (pid == 0) {
        become_child(place, f);
        return true;
    }
    c->pid = pid;
    sweep.result.tasks += f->task[0] != '\0';
    sweep.result.cores += f->task[0] == '\0' && f->act != ACT_CLOCK && f->act != ACT_EXHAUST;
    if (sim.steps != sweep.last_step)
        sweep.result.points++;
    sweep.last_step = sim.steps;
    return false;
}

void sweep_child_end(bool well)
{
    if (sweep.mine == NULL)
        return;
    sweep.mine->steps = sim.steps - sweep.from_step;
    sweep.mine->well = well;
    memcpy(sweep.mine->why, sim.why, sizeof(sweep.mine->why));
    if (!well) {
        sim_print_state();
        history_print();
    }
    sweep.mine->told = true;
    fflush(NULL);
    _exit(0);
}

void sweep_end(struct sweep_result *result)
{
    for (uint32_t i = 0; i < CHILDREN; i++)
        while (sweep.child[i].pid != 0)
            reap();
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    if (sweep.result.failed > NAMED)
        fprintf(stderr, "sim: and %llu more FAILED\n",
                (unsigned long long)(sweep.result.failed - NAMED));
    *result = sweep.result;
}

/* --- At each step ---------------------------------------------------------------------------- */

static bool sampled(uint64_t n)
{
    uint64_t z = (n + sim.opt.seed * 0x9e3779b97f4a7c15u) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 29)) * 0x94d049bb133111ebu;
    return sweep.plan.rate <= 1 || (z >> 32) % sweep.plan.rate == 0;
}

static bool swept(enum fault_act act)
{
    return (sweep.plan.sweep >> act) & 1u;
}

static bool each_task(enum fault_act act)
{
    for (sk_core c = 0; c < sim.cores && swept(act); c++) {
        const struct kern *k = sim.cpu[c].kern;
        if (k == NULL || !sim_core_works(&sim.cpu[c]))
            continue;
        for (uint32_t i = 0; i < k->task_count; i++) {
            const struct task *t = &k->tasks[i];
            struct fault f = {.act = (uint8_t)act, .at = sim.steps};
            if (t->creator == NULL || !sim_task_lives(t))
                continue;
            snprintf(f.task, sizeof(f.task), "%s#%u", t->name, c);
            struct port_cpu *cpu;
            if (faults_find_task(f.task, &cpu) != t)
                snprintf(f.task, sizeof(f.task), "%u.%u.%u", c, t->slot, t->gen);
            if (fork_run(&f))
                return true;
        }
    }
    return false;
}

static bool each_core(enum fault_act act)
{
    for (sk_core c = act == ACT_RESTART_CORE; c < sim.cores && swept(act); c++) {
        struct fault f = {
            .act = (uint8_t)act, .core = c, .at = sim.steps, .length = 600, .ms = true};
        if (sim_core_works(&sim.cpu[c]) && fork_run(&f))
            return true;
    }
    return false;
}

void sweep_step(void)
{
    struct fault jump = {.act = ACT_CLOCK, .at = sim.steps, .length = 3000};
    if (!sampled(sim.steps))
        return;
    if (each_task(ACT_KILL_TASK) || each_task(ACT_SCRIBBLE) || each_core(ACT_KILL_CORE) ||
        each_core(ACT_PANIC_CORE) || each_core(ACT_STOP_CORE) || each_core(ACT_HANG_CORE) ||
        each_core(ACT_RESTART_CORE) || each_core(ACT_FREEZE) || each_core(ACT_SCRIBBLE_CORE))
        return;
    if (swept(ACT_CLOCK))
        fork_run(&jump);
}

void sweep_refusal(uint64_t n)
{
    struct fault f = {.act = ACT_EXHAUST, .at = n};
    if (swept(ACT_EXHAUST) && sampled(n))
        fork_run(&f);
}
