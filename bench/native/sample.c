/* One sample. A process of its own makes what the system needs and starts the sides: whatever they
 * leave behind ends with it. The sides meet, probe the way between their cores by a store
 * ping-pong, run, and probe again: virtual cores move.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "sample.h"
#include "tool.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROBE_BLOCKS 17u
#define PROBE_ROUNDS 64u
#define GIVE_UP_NS   10000000000u
#define WHY_BYTES    256u

/* What the sides share beside run->mem. */
struct board {
    uint64_t probe_word __attribute__((aligned(128)));
    uint32_t met[3] __attribute__((aligned(128))); /* how many have come to each meeting */
    struct result result __attribute__((aligned(128)));
    double probe[2]; /* ticks; written by side 0 */
    char why[WHY_BYTES];
    uint64_t said; /* somebody has written why */
};

static struct board *the_board;

static void say_why(const char *format, va_list args)
{
    if (__atomic_exchange_n(&the_board->said, 1, __ATOMIC_ACQ_REL) == 0)
        vsnprintf(the_board->why, WHY_BYTES, format, args);
}

void bench_fail(struct run *run, const char *format, ...)
{
    va_list args;
    (void)run;
    va_start(args, format);
    say_why(format, args);
    va_end(args);
    _exit(SAMPLE_FAILED);
}

void bench_skip(struct run *run, const char *format, ...)
{
    va_list args;
    (void)run;
    va_start(args, format);
    say_why(format, args);
    va_end(args);
    _exit(SAMPLE_SKIPPED);
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Ticks of a nanosecond, the better known the longer the program runs. */
static double ticks_of_ns(void)
{
    static uint64_t ns, ticks;
    if (ns == 0) {
        ns = now_ns();
        ticks = isa_ticks();
    }
    while (now_ns() - ns < 10000000u)
        ;
    return (double)(isa_ticks() - ticks) / (double)(now_ns() - ns);
}

/* --- the sides -----------------------------------------------------------------------------------
 */

struct start {
    struct run run;
    unsigned cpu;
    unsigned sides; /* of the sample */
};

static void meet(const struct start *s, unsigned where)
{
    uint32_t *met = &the_board->met[where];
    __atomic_fetch_add(met, 1, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(met, __ATOMIC_ACQUIRE) < s->sides) {
        if (s->sides > 2 && s->run.side == 0)
            usleep(50);
        else
            isa_relax();
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median of blocks: one that was interrupted does not count. */
static void probe(unsigned side, unsigned which)
{
    double block[PROBE_BLOCKS];
    uint64_t *word = &the_board->probe_word;
    uint64_t n = (uint64_t)which * 2u * PROBE_BLOCKS * PROBE_ROUNDS + side;
    for (unsigned b = 0; b < PROBE_BLOCKS; b++) {
        uint64_t from = isa_ticks();
        for (unsigned i = 0; i < PROBE_ROUNDS; i++, n += 2) {
            while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != n)
                isa_relax();
            __atomic_store_n(word, n + 1u, __ATOMIC_RELEASE);
        }
        block[b] = (double)(isa_ticks() - from) / PROBE_ROUNDS;
    }
    qsort(block, PROBE_BLOCKS, sizeof block[0], by_value);
    if (side == 0)
        the_board->probe[which] = block[PROBE_BLOCKS / 2];
}

static void *side_main(void *arg)
{
    struct start *s = arg;
    struct run *run = &s->run;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(s->cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0)
        bench_skip(run, "core %u is not to be had: %m", s->cpu);
    meet(s, 0);
    if (run->me == 0)
        probe(run->side, 0);
    meet(s, 1);
    run->system->side[run->measure->kind][run->side](run);
    meet(s, 2);
    if (run->me == 0)
        probe(run->side, 1);
    return NULL;
}

static void die_with_parent(pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(SAMPLE_FAILED);
}

static void run_processes(struct start *starts, unsigned sides)
{
    pid_t me = getpid();
    for (unsigned i = 0; i < sides; i++) {
        pid_t pid = fork();
        if (pid < 0)
            bench_skip(&starts[i].run, "fork: %m");
        if (pid == 0) {
            die_with_parent(me);
            side_main(&starts[i]);
            _exit(SAMPLE_OK);
        }
    }
    for (unsigned i = 0; i < sides; i++) {
        int status;
        if (wait(&status) < 0 || status != 0) {
            if (WIFEXITED(status))
                _exit(WEXITSTATUS(status));
            bench_fail(&starts[0].run, "a side was ended by signal %d", WTERMSIG(status));
        }
    }
}

static void run_threads(struct start *starts, unsigned sides)
{
    pthread_t thread[BENCH_CLIENTS + 1u];
    for (unsigned i = 0; i < sides; i++) {
        if (pthread_create(&thread[i], NULL, side_main, &starts[i]) != 0)
            bench_skip(&starts[i].run, "no thread to be had");
    }
    for (unsigned i = 0; i < sides; i++)
        pthread_join(thread[i], NULL);
}

/* As little disturbed as may be, and as many descriptors; without the privilege as it is. Sessions
 * share the cores evenly, so a session of its own, too. */
static void raise_limits(void)
{
    struct rlimit files;
    setsid();
    int group = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
    if (group >= 0) {
        (void)!write(group, "-20", 3);
        close(group);
    }
    setpriority(PRIO_PROCESS, 0, -20);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

/* The process of one sample. */
static void sample_main(struct start *first, const struct bench_cpus *cpus)
{
    struct start starts[BENCH_CLIENTS + 1u];
    struct run *run = &first->run;
    const struct measure *m = run->measure;
    unsigned clients = m->kind == KIND_CLIENTS ? m->param : 1u;
    raise_limits();
    run->mem = mmap(NULL, tool_bytes(run), PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (run->mem == MAP_FAILED)
        bench_skip(run, "memory: %m");
    run->crowded = clients > cpus->clients + 1u;
    first->sides = clients + 1u;
    if (run->system->setup)
        run->system->setup(run);
    for (unsigned i = 0; i <= clients; i++) {
        starts[i] = *first;
        starts[i].run.side = i == 1u;
        starts[i].run.me = i < 2u ? 0 : i - 1u;
        starts[i].cpu = i < 2u ? cpus->cpu[i]
                        : run->crowded || cpus->clients == 0
                            ? cpus->cpu[0]
                            : cpus->client[(i - 2u) % cpus->clients];
    }
    if (run->system->threads)
        run_threads(starts, first->sides);
    else
        run_processes(starts, first->sides);
    _exit(SAMPLE_OK);
}

/* Its end: the status, or -1 if it is not to be expected any more. */
static int await_end(pid_t pid)
{
    struct timespec most = {.tv_sec = GIVE_UP_NS / 1000000000u};
    sigset_t child;
    int status;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    uint64_t end = now_ns() + GIVE_UP_NS;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (now_ns() >= end) {
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            return -1;
        }
        sigtimedwait(&child, NULL, &most);
    }
    return status;
}

static void to_ns(struct sample *s, double ticks)
{
    s->result = the_board->result;
    s->result.value /= ticks;
    s->result.p50 /= ticks;
    s->result.p99 /= ticks;
    s->result.p999 /= ticks;
    s->probe[0] = the_board->probe[0] / ticks;
    s->probe[1] = the_board->probe[1] / ticks;
}

enum sample_end sample_take(const struct system *system, const struct measure *measure,
                            const struct bench_cpus *cpus, uint64_t ns, struct sample *sample,
                            char *why)
{
    double ticks = ticks_of_ns();
    struct start first = {.run = {.system = system,
                                  .measure = measure,
                                  .ticks = (uint64_t)(ticks * (double)ns),
                                  .ms = (uint64_t)(ticks * 1e6)}};
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    if (!the_board)
        the_board = mmap(NULL, sizeof *the_board, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    memset(the_board, 0, sizeof *the_board);
    first.run.result = &the_board->result;
    pid_t me = getpid(), pid = fork();
    if (pid == 0) {
        die_with_parent(me);
        sample_main(&first, cpus);
    }
    int status = pid < 0 ? -1 : await_end(pid);
    to_ns(sample, ticks_of_ns());
    memcpy(why, the_board->why, WHY_BYTES);
    if (status == 0)
        return SAMPLE_OK;
    if (!the_board->said)
        snprintf(why, WHY_BYTES,
                 status < 0 ? "did not come to its end: a message is lost"
                            : "ended without a word (status %#x)",
                 (unsigned)status);
    return status > 0 && WIFEXITED(status) && WEXITSTATUS(status) == SAMPLE_SKIPPED ? SAMPLE_SKIPPED
                                                                                    : SAMPLE_FAILED;
}

/* --- cores ---------------------------------------------------------------------------------------
 */

/* Are they threads of one core? */
static bool siblings(unsigned a, unsigned b)
{
    char path[96], text[64] = "";
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%u/topology/core_cpus", a);
    FILE *f = fopen(path, "r");
    if (!f)
        return false;
    if (!fgets(text, sizeof text, f))
        text[0] = 0;
    fclose(f);
    /* Groups of 32 bits, the last one first. */
    size_t end = strcspn(text, "\n");
    unsigned skip = b / 32u;
    char *group = text + end;
    do {
        *group = 0;
        while (group > text && group[-1] != ',')
            group--;
        if (skip == 0)
            return strtoul(group, NULL, 16) >> (b % 32u) & 1u;
        skip--;
    } while (group > text && group--);
    return false;
}

bool sample_choose_cpus(struct bench_cpus *cpus)
{
    cpu_set_t set;
    unsigned n = 0, usable[CPU_SETSIZE];
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return false;
    for (unsigned i = 0; i < CPU_SETSIZE; i++) {
        if (CPU_ISSET(i, &set))
            usable[n++] = i;
    }
    if (n < 2)
        return false;
    unsigned second = 1;
    while (second < n && siblings(usable[0], usable[second]))
        second++;
    if (second == n)
        second = 1;
    *cpus = (struct bench_cpus){.cpu = {usable[0], usable[second]}};
    for (unsigned i = 1; i < n && cpus->clients < BENCH_CLIENTS - 1u; i++) {
        if (i != second)
            cpus->client[cpus->clients++] = usable[i];
    }
    return true;
}
