/* See explore.h.
 *   explore [--asymmetric yes] [--scenario NAME] [--weaken FILE:LINE[=HOW]] [--choices A,B,...]
 *           [--sites]
 * Ends with 0 if no run failed, 1 if one did (it is replayed with a trace), 2 if it cannot tell.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/order/explore.h"
#include "arch/host/co.h"
#include "tests/order/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DEPTH_MAX   2000u
#define STACK_BYTES 65536u
#define STATES_MAX  (1u << 24)
#define SOON        20000u /* runs */

enum status { RUNS, SLEEPS, ENDED };

struct thread {
    struct co co;
    enum status status;
    bool woken;
    uint64_t learnt; /* since it settled */
};

struct choice {
    uint8_t taken, of;
};

struct kept kept;
struct tally tally;

static struct kept kept_at_start;
static struct tally tally_at_start;
static struct co main_co;
static struct thread threads[MODEL_THREADS];
static _Alignas(64) uint8_t stacks[MODEL_THREADS][STACK_BYTES];
static const struct scenario *scenario;

static struct choice path[DEPTH_MAX];
static unsigned depth, known; /* choices made in this run; those that are repeated */
static bool failed, tracing;
static char failure[400];
static bool ending; /* no thread runs any more: the scenario looks at what came of it */
static jmp_buf end_failed;

/* --- States that were seen -------------------------------------------------------------------- */

/* Open addressing. The lowest bit says whether it is still being explored. */
static uint64_t *seen;
static size_t seen_size, seen_count;

static uint64_t *seen_slot(uint64_t key)
{
    size_t i = (size_t)(key >> 2) & (seen_size - 1);
    while (seen[i] != 0 && (seen[i] | 1) != (key | 1))
        i = (i + 1) & (seen_size - 1);
    return &seen[i];
}

static void seen_grow(void)
{
    uint64_t *old = seen;
    size_t n = seen_size;
    seen_size = n ? 2 * n : 1u << 16;
    seen = calloc(seen_size, sizeof(*seen));
    if (seen == NULL || seen_size > STATES_MAX) {
        fprintf(stderr, "explore: too many states\n");
        exit(2);
    }
    for (size_t i = 0; i < n; i++)
        if (old[i] != 0)
            *seen_slot(old[i]) = old[i];
    free(old);
}

static void seen_clear(void)
{
    free(seen);
    seen = NULL;
    seen_size = seen_count = 0;
    seen_grow();
}

/* States on the path of this run, with the choices that led there. */
static struct {
    uint64_t key;
    unsigned depth;
} open_state[DEPTH_MAX];
static unsigned open_count;

enum look { NEW, DONE, ROUND };

static enum look look_at(uint64_t key)
{
    key |= 3; /* open, and not zero */
    uint64_t *s = seen_slot(key);
    if (*s != 0)
        return *s & 1 ? ROUND : DONE;
    *s = key;
    open_state[open_count].key = key;
    open_state[open_count++].depth = depth;
    if (++seen_count * 2 > seen_size)
        seen_grow();
    return NEW;
}

/* Only what the first n choices led to is still being explored. */
static void close_states(unsigned n)
{
    while (open_count != 0 && open_state[open_count - 1].depth > n)
        *seen_slot(open_state[--open_count].key) &= ~(uint64_t)1;
}

/* --- What scenarios and the model call -------------------------------------------------------- */

static void leave(void)
{
    co_switch(&threads[model_thread].co, &main_co);
}

void ex_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(failure, sizeof(failure), format, args);
    va_end(args);
    failed = true;
    if (ending)
        longjmp(end_failed, 1);
    leave();
    abort(); /* nobody comes back */
}

unsigned ex_pick(unsigned n)
{
    if (n < 2)
        return 0;
    if (depth == DEPTH_MAX)
        ex_fail("the explorer has no room for a longer run");
    if (depth == known)
        path[known++] = (struct choice){0, (uint8_t)n};
    struct choice c = path[depth++];
    if ((c.of != 0 && c.of != n) || c.taken >= n)
        ex_fail("these choices do not fit the scenario");
    return c.taken;
}

unsigned ex_choose(unsigned n)
{
    unsigned taken = ex_pick(n);
    ex_learn(taken);
    return taken;
}

void ex_step(void)
{
    leave();
}

void ex_learn(uint64_t what)
{
    struct thread *t = &threads[model_thread];
    t->learnt = hash_bytes(t->learnt, &what, sizeof(what));
}

void ex_settle_at(uint32_t line, const void *p, size_t bytes)
{
    threads[model_thread].learnt = hash_bytes(line, p, bytes);
}

void ex_sleep(void)
{
    struct thread *t = &threads[model_thread];
    ex_trace("sleeps");
    t->status = SLEEPS;
    leave();
    t->status = RUNS;
    t->woken = false;
    ex_trace("wakes");
}

void ex_wake(unsigned thread)
{
    ex_trace("wakes the other");
    threads[thread].woken = true;
}

bool ex_interrupt(void)
{
    struct thread *t = &threads[model_thread];
    bool taken = t->woken && ex_pick(2) == 1;
    ex_learn(taken);
    if (taken)
        t->woken = false;
    return taken;
}

bool ex_tracing(void)
{
    return tracing;
}

void ex_trace(const char *format, ...)
{
    va_list args;
    if (!tracing)
        return;
    va_start(args, format);
    printf("  thread %u  ", model_thread);
    vprintf(format, args);
    printf("\n");
    va_end(args);
}

/* --- One run ---------------------------------------------------------------------------------- */

static void thread_main(void *arg)
{
    struct thread *t = arg;
    co_began();
    scenario->thread[t - threads]();
    t->status = ENDED;
    model_thread_ends();
    leave();
}

static void run_thread(unsigned t)
{
    model_thread = t;
    co_switch(&main_co, &threads[t].co);
}

static void start_run(void)
{
    depth = 0;
    failed = false;
    model_return();
    kept = kept_at_start;
    tally = tally_at_start;
    memset(threads, 0, sizeof(threads));
    for (unsigned t = 0; t < MODEL_THREADS; t++) {
        co_init(&threads[t].co, stacks[t], STACK_BYTES, thread_main, &threads[t]);
        run_thread(t); /* to before its first access */
    }
}

static uint64_t state_hash(void)
{
    uint64_t h = hash_bytes(model_hash(), &tally, sizeof(tally));
    for (unsigned t = 0; t < MODEL_THREADS; t++) {
        uint64_t own[] = {threads[t].status, threads[t].woken, threads[t].learnt};
        h = hash_bytes(h, own, sizeof(own));
    }
    return h;
}

static void fail_here(const char *what)
{
    snprintf(failure, sizeof(failure), "%s", what);
    failed = true;
}

/* Until both are done, a state is met again, or something is wrong. */
static void run_once(void)
{
    start_run();
    while (!failed) {
        unsigned can[MODEL_THREADS], n = 0, ended = 0;
        for (unsigned t = 0; t < MODEL_THREADS; t++) {
            ended += threads[t].status == ENDED;
            if (threads[t].status == RUNS || (threads[t].status == SLEEPS && threads[t].woken))
                can[n++] = t;
        }
        if (ended == MODEL_THREADS) {
            ending = true;
            if (setjmp(end_failed) == 0)
                scenario->end();
            ending = false;
            return;
        }
        if (n == 0) {
            fail_here("lost wake-up: who still runs sleeps, and nobody will wake it");
            return;
        }
        if (depth == known && !tracing) {
            enum look look = look_at(state_hash());
            if (look == DONE)
                return;
            if (look == ROUND) {
                fail_here("it goes round and round");
                return;
            }
        }
        run_thread(can[ex_pick(n)]);
    }
}

/* --- All runs --------------------------------------------------------------------------------- */

static void prepare(const struct scenario *s)
{
    scenario = s;
    memset(&kept, 0, sizeof(kept));
    memset(&tally, 0, sizeof(tally));
    model_begin();
    s->begin();
    model_threads();
    model_keep();
    kept_at_start = kept;
    tally_at_start = tally;
}

static bool next_path(void)
{
    while (known != 0 && path[known - 1].taken + 1u == path[known - 1].of)
        known--;
    if (known == 0)
        return false;
    path[known - 1].taken++;
    close_states(known - 1);
    return true;
}

static bool replay(const struct scenario *s)
{
    prepare(s);
    tracing = true;
    run_once();
    tracing = false;
    printf("  %s\n", failed ? failure : "nothing is wrong with this run");
    return !failed;
}

/* All runs, or the first `most`: then nothing is said if none of them failed. */
static bool explore(const struct scenario *s, uint64_t most)
{
    uint64_t runs = 0;
    clock_t began = clock();
    prepare(s);
    seen_clear();
    open_count = known = 0;
    do {
        run_once();
        runs++;
    } while (!failed && next_path() && runs != most);
    if (!failed && runs == most)
        return true;
    double seconds = (double)(clock() - began) / CLOCKS_PER_SEC;
    printf("%-10s %9llu runs, %9zu states, %5.1f s  %s\n", s->name, (unsigned long long)runs,
           seen_count, seconds, failed ? "FAILED" : "ok");
    if (failed) {
        printf("  %s\n  again: --scenario %s --choices ", failure, s->name);
        for (unsigned i = 0; i < depth; i++)
            printf("%s%u", i ? "," : "", path[i].taken);
        printf("\n");
        known = depth;
        (void)replay(s);
        failed = true;
    }
    fflush(stdout);
    return !failed;
}

/* Choices from a string; `of` is not known and learnt as they are used. */
static void read_choices(const char *text)
{
    for (known = 0; *text && known < DEPTH_MAX; known++) {
        char *end;
        path[known].taken = (uint8_t)strtoul(text, &end, 10);
        path[known].of = 0;
        text = *end ? end + 1 : end;
    }
}

static const char *option(int argc, char **argv, const char *name)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return argv[i + 1];
    return NULL;
}

static bool explore_all(const char *only, const char *choices, uint64_t most, bool *any)
{
    bool good = true;
    for (const struct scenario *const *list = scenario_lists + model_asymmetric; *list; list++) {
        for (const struct scenario *s = *list; s->name && good; s++) {
            if (only && strcmp(only, s->name) != 0)
                continue;
            *any = true;
            if (choices)
                read_choices(choices);
            good = choices ? replay(s) : explore(s, most);
        }
    }
    return good;
}

int main(int argc, char **argv)
{
    const char *only = option(argc, argv, "--scenario");
    const char *choices = option(argc, argv, "--choices");
    const char *weaken = option(argc, argv, "--weaken");
    bool print_sites = strcmp(argv[argc - 1], "--sites") == 0, any = false, good = true;
    model_asymmetric = option(argc, argv, "--asymmetric") != NULL;
    model_weaken(weaken);
    /* Most mistakes show soon, in one scenario or the other. */
    if (weaken && !choices)
        good = explore_all(only, NULL, SOON, &any);
    if (good)
        good = explore_all(only, choices, UINT64_MAX, &any);
    if (print_sites)
        model_print_sites();
    if (!any || (weaken && !model_weakened())) {
        fprintf(stderr, "explore: no such scenario or place\n");
        return 2;
    }
    return good ? 0 : 1;
}
