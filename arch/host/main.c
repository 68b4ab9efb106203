/* The simulation's command line. A run ends well if the shell's `halt` ended it with status 0 and
 * the script was done, or at the script's end (see script.c).
 * SPDX-License-Identifier: BSD-2-Clause */
#include "arch/host/sim.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: sim --system FILE.system.bin [--cores N] [--seed X] [--runs K] [--input SCRIPT]\n"
    "           [--max-steps N] [--max-ms N] [--trace] [--quiet] [--allow-panic]\n"
    "           [--fault-task N] [--scribble-chan N] [--scribble-link N] [--panic-core N]\n"
    "           [--restart-core N] [--no-page N] [--lost-bell N]\n"
    "                                               one fault in N steps (or page requests), by "
    "the seed\n"
    "           [--restart-at N]   the last core begins anew at step N\n"
    "A script is what is typed, a line after each prompt; more in arch/host/script.c.\n";

/* All of f, zero-terminated; the caller keeps it to the end. */
static char *read_all(FILE *f, size_t *len)
{
    size_t room = 65536;
    char *text = malloc(room);
    *len = 0;
    for (;;) {
        size_t n = fread(text + *len, 1, room - *len - 1u, f);
        *len += n;
        if (n == 0)
            break;
        if (*len + 1u == room)
            text = realloc(text, room *= 2u);
    }
    text[*len] = '\0';
    return text;
}

static char *read_file(const char *name, size_t *len)
{
    FILE *f = strcmp(name, "-") == 0 ? stdin : fopen(name, "rb");
    if (f == NULL) {
        perror(name);
        exit(2);
    }
    char *text = read_all(f, len);
    if (f != stdin)
        fclose(f);
    return text;
}

enum {
    OPT_SYSTEM = 1,
    OPT_CORES,
    OPT_SEED,
    OPT_RUNS,
    OPT_INPUT,
    OPT_STEPS,
    OPT_MS,
    OPT_TRACE,
    OPT_QUIET,
    OPT_ALLOW,
    OPT_FAULT,
    OPT_CHAN,
    OPT_LINK,
    OPT_PANIC,
    OPT_PAGE,
    OPT_BELL,
    OPT_RESTART,
    OPT_RESTART_AT
};

static const struct option options[] = {
    {"system", required_argument, NULL, OPT_SYSTEM},
    {"cores", required_argument, NULL, OPT_CORES},
    {"seed", required_argument, NULL, OPT_SEED},
    {"runs", required_argument, NULL, OPT_RUNS},
    {"input", required_argument, NULL, OPT_INPUT},
    {"max-steps", required_argument, NULL, OPT_STEPS},
    {"max-ms", required_argument, NULL, OPT_MS},
    {"trace", no_argument, NULL, OPT_TRACE},
    {"quiet", no_argument, NULL, OPT_QUIET},
    {"allow-panic", no_argument, NULL, OPT_ALLOW},
    {"fault-task", required_argument, NULL, OPT_FAULT},
    {"scribble-chan", required_argument, NULL, OPT_CHAN},
    {"scribble-link", required_argument, NULL, OPT_LINK},
    {"panic-core", required_argument, NULL, OPT_PANIC},
    {"no-page", required_argument, NULL, OPT_PAGE},
    {"lost-bell", required_argument, NULL, OPT_BELL},
    {"restart-core", required_argument, NULL, OPT_RESTART},
    {"restart-at", required_argument, NULL, OPT_RESTART_AT},
    {NULL, 0, NULL, 0},
};

static void take_option(struct sim_options *o, int c, uint64_t *runs, const char **system,
                        const char **input)
{
    uint64_t n = optarg ? strtoull(optarg, NULL, 0) : 0;
    switch (c) {
    case OPT_SYSTEM:
        *system = optarg;
        break;
    case OPT_CORES:
        o->cores = (sk_core)n;
        break;
    case OPT_SEED:
        o->seed = n;
        break;
    case OPT_RUNS:
        *runs = n;
        break;
    case OPT_INPUT:
        *input = optarg;
        break;
    case OPT_STEPS:
        o->max_steps = n;
        break;
    case OPT_MS:
        o->max_ns = SK_MS(n);
        break;
    case OPT_TRACE:
        o->trace = true;
        break;
    case OPT_QUIET:
        o->quiet = true;
        break;
    case OPT_ALLOW:
        o->allow_panic = true;
        break;
    case OPT_FAULT:
        o->plan.fault_task = (uint32_t)n;
        break;
    case OPT_CHAN:
        o->plan.scribble_chan = (uint32_t)n;
        break;
    case OPT_LINK:
        o->plan.scribble_link = (uint32_t)n;
        break;
    case OPT_PANIC:
        o->plan.panic_core = (uint32_t)n;
        break;
    case OPT_PAGE:
        o->plan.no_page = (uint32_t)n;
        break;
    case OPT_BELL:
        o->plan.lost_bell = (uint32_t)n;
        break;
    case OPT_RESTART:
        o->plan.restart_core = (uint32_t)n;
        break;
    case OPT_RESTART_AT:
        o->plan.restart_at = n;
        break;
    default:
        fputs(usage, stderr);
        exit(2);
    }
}

static void report(const struct sim_options *o, int argc, char **argv)
{
    size_t len;
    const char *output = uart_output(&len);
    size_t from = len > 3000 ? len - 3000 : 0;
    if (o->quiet)
        fprintf(stderr, "--- end of the console output\n%s\n---\n", output + from);
    sim_print_state();
    fprintf(stderr, "sim: FAILED with seed %llu: %s\nsim: again:", (unsigned long long)o->seed,
            sim.why);
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--runs") == 0 || strcmp(argv[i], "--seed") == 0)
            i++;
        else if (strcmp(argv[i], "--quiet") != 0)
            fprintf(stderr, " %s", argv[i]);
    fprintf(stderr, " --seed %llu\n", (unsigned long long)o->seed);
}

int main(int argc, char **argv)
{
    struct sim_options o = {.cores = 4, .seed = 1, .max_steps = 20000000, .max_ns = SK_MS(600000)};
    uint64_t runs = 1;
    const char *system = NULL, *input = "-";
    int c;
    size_t len;
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
        take_option(&o, c, &runs, &system, &input);
    if (system == NULL || optind != argc || o.cores < 1 || o.cores > SK_CORES_MAX) {
        fputs(usage, stderr);
        return 2;
    }
    o.system = read_file(system, &o.system_bytes);
    o.script = read_file(input, &len);
    sim_signals_install();
    for (uint64_t n = 0; n < runs; n++, o.seed++)
        if (!sim_run(&o)) {
            report(&o, argc, argv);
            return 1;
        }
    if (runs > 1)
        fprintf(stderr, "sim: %llu runs, all well\n", (unsigned long long)runs);
    return 0;
}
