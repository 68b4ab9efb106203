/* build/bench/native: takes one sample of one system at a time. What to measure, how often, and
 * what becomes of the samples is decided by bench/native.py, which speaks with it by --serve; it
 * can be used alone too: see the usage.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "sample.h"
#include "systems.h"
#include <linux/membarrier.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BENCH_SYSTEM(name) &name,
static const struct system *const systems[] = {
#include <systems.list>
};
#undef BENCH_SYSTEM

#define SYSTEMS  (sizeof systems / sizeof systems[0])
#define MEASURES (sizeof measures / sizeof measures[0])

static const struct measure measures[] = {
#define X(name, kind, param, slots, unit, about) {name, kind, param, slots, unit, about},
#include "measures.h"
#undef X
};

/* Peers that this program was built without: NAME PACKAGE. */
static const char *const absent[] = {
#include <absent.list>
    "- -",
};

static const struct system *find_system(const char *name)
{
    for (unsigned i = 0; i < SYSTEMS; i++) {
        if (strcmp(systems[i]->name, name) == 0)
            return systems[i];
    }
    return NULL;
}

static const struct measure *find_measure(const char *name)
{
    for (unsigned i = 0; i < MEASURES; i++) {
        if (strcmp(measures[i].name, name) == 0)
            return &measures[i];
    }
    return NULL;
}

static bool has(const struct system *s, const struct measure *m)
{
    return s->side[m->kind][0] && (m->kind != KIND_STREAM || !s->slots || s->slots == m->slots);
}

/* What this machine lacks that changes figures. */
static void list_notes(void)
{
    long can = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
    if (can < 0 || !(can & MEMBARRIER_CMD_GLOBAL_EXPEDITED))
        printf("note membarrier is missing here: who sends on Skerry's channels pays a fence\n");
}

static int list(void)
{
    list_notes();
    for (unsigned i = 0; i < sizeof absent / sizeof absent[0]; i++)
        printf("absent %s\n", absent[i]);
    for (unsigned i = 0; i < MEASURES; i++)
        printf("measure %s %s %s\n", measures[i].name, measures[i].unit, measures[i].about);
    for (unsigned i = 0; i < SYSTEMS; i++) {
        const struct system *s = systems[i];
        printf("system %s %s %s %s\n", s->name, s->hidden ? "hidden" : "shown",
               s->threads ? "threads" : "processes", s->about);
        for (unsigned k = 0; k < MEASURES; k++) {
            if (has(s, &measures[k]))
                printf("has %s %s\n", s->name, measures[k].name);
        }
    }
    return 0;
}

/* From nanoseconds for one operation to the measure's unit. */
static double in_unit(const struct measure *m, double ns)
{
    if (strcmp(m->unit, "us") == 0)
        return ns / 1000.0;
    if (strcmp(m->unit, "mps") == 0)
        return ns > 0 ? 1000.0 / ns : 0;
    if (strcmp(m->unit, "gbps") == 0)
        return ns > 0 ? m->param / ns : 0;
    return ns;
}

/* One line: what has come of one sample. */
static enum sample_end say_sample(const struct system *s, const struct measure *m,
                                  const struct bench_cpus *cpus, double ms)
{
    struct sample sample;
    char why[256];
    enum sample_end end = sample_take(s, m, cpus, (uint64_t)(ms * 1e6), &sample, why);
    const struct result *r = &sample.result;
    if (end == SAMPLE_OK)
        printf("sample value %g p50 %g p99 %g p999 %g probe %.1f %.1f ops %llu steps %llu "
               "dropped %llu lost %.3f\n",
               in_unit(m, r->value), in_unit(m, r->p50), in_unit(m, r->p99), in_unit(m, r->p999),
               sample.probe[0], sample.probe[1], (unsigned long long)r->ops,
               (unsigned long long)r->steps, (unsigned long long)r->dropped, r->lost);
    else
        printf("%s %s\n", end == SAMPLE_SKIPPED ? "skipped" : "failed", why);
    fflush(stdout);
    return end;
}

/* Requests on the standard input, a line each: SYSTEM MEASURE MILLISECONDS. */
static int serve(const struct bench_cpus *cpus)
{
    char line[256], system[64], measure[64];
    double ms;
    while (fgets(line, sizeof line, stdin)) {
        const struct system *s;
        const struct measure *m;
        if (sscanf(line, "%63s %63s %lf", system, measure, &ms) != 3 ||
            !(s = find_system(system)) || !(m = find_measure(measure)) || !has(s, m)) {
            printf("failed not understood: %s", line);
            fflush(stdout);
            continue;
        }
        say_sample(s, m, cpus, ms);
    }
    return 0;
}

static int usage(void)
{
    fprintf(stderr, "usage: native --list | native --serve | native SYSTEM MEASURE [MS [TIMES]]\n"
                    "  MS: milliseconds of a sample, 20 unless said; TIMES: how many, 5\n");
    return 2;
}

int main(int argc, char **argv)
{
    struct bench_cpus cpus;
    if (argc == 2 && strcmp(argv[1], "--list") == 0)
        return list();
    bool serves = argc == 2 && strcmp(argv[1], "--serve") == 0;
    if (!serves && (argc < 3 || argc > 5 || argv[1][0] == '-'))
        return usage();
    if (!sample_choose_cpus(&cpus)) {
        fprintf(stderr, "native: two cores are needed, and this process may use only one\n");
        return 1;
    }
    if (serves)
        return serve(&cpus);
    const struct system *s = find_system(argv[1]);
    const struct measure *m = find_measure(argv[2]);
    double ms = argc > 3 ? atof(argv[3]) : 20.0;
    int times = argc > 4 ? atoi(argv[4]) : 5;
    if (!s || !m || ms <= 0 || ms > 5000 || times < 1) {
        fprintf(stderr, "native: unknown system or measure (--list has them), or bad numbers\n");
        return 2;
    }
    if (!has(s, m)) {
        fprintf(stderr, "native: %s has no %s\n", s->name, m->name);
        return 2;
    }
    enum sample_end end = SAMPLE_OK;
    for (int i = 0; i < times && end == SAMPLE_OK; i++)
        end = say_sample(s, m, &cpus, ms);
    return (int)end;
}
