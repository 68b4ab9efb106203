/* The simulation's command line. A run ends well if the shell's `halt` ended it with status 0 and
 * the script was done, or at the script's end (see script.c).
 * SPDX-License-Identifier: BSD-2-Clause */
#include "arch/host/history.h"
#include "arch/host/sim.h"
#include "arch/host/stage.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: sim --system FILE.system.bin [--cores N] [--seed X] [--runs K]\n"
    "           [--input SCRIPT | --scenario NAME] [--plan PLAN]\n"
    "           [--max-steps N] [--max-ms N] [--trace] [--quiet] [--allow-panic]\n"
    "           [--cpu-ms N]       a run that a sweep forks may take, of real time; usually 20000\n"
    "           [--again COMMAND]  what replays a run, for reports\n"
    "       sim --list             scenarios: name, cores, what happens\n"
    "       sim --plans            what a plan may be\n"
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
    OPT_CPU,
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
    OPT_RESTART_AT,
    OPT_SCENARIO,
    OPT_PLAN,
    OPT_AGAIN,
    OPT_LIST,
    OPT_PLANS
};

static const struct option options[] = {
    {"system", required_argument, NULL, OPT_SYSTEM},
    {"cores", required_argument, NULL, OPT_CORES},
    {"seed", required_argument, NULL, OPT_SEED},
    {"runs", required_argument, NULL, OPT_RUNS},
    {"input", required_argument, NULL, OPT_INPUT},
    {"max-steps", required_argument, NULL, OPT_STEPS},
    {"max-ms", required_argument, NULL, OPT_MS},
    {"cpu-ms", required_argument, NULL, OPT_CPU},
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
    {"scenario", required_argument, NULL, OPT_SCENARIO},
    {"plan", required_argument, NULL, OPT_PLAN},
    {"again", required_argument, NULL, OPT_AGAIN},
    {"list", no_argument, NULL, OPT_LIST},
    {"plans", no_argument, NULL, OPT_PLANS},
    {NULL, 0, NULL, 0},
};

/* What is not an option of the run itself. */
struct command {
    uint64_t runs;
    const char *system, *input, *again, *plan;
};

static void list(void)
{
    for (const struct sim_scenario *s = sim_scenarios; s->name != NULL; s++)
        printf("%-22s %u %-6s %s\n", s->name, s->cores, s->system ? s->system : "small", s->about);
    exit(0);
}

static void take_scenario(struct sim_options *o, const char *name)
{
    o->scenario = sim_scenarios;
    while (o->scenario->name != NULL && strcmp(o->scenario->name, name) != 0)
        o->scenario++;
    if (o->scenario->name == NULL) {
        fprintf(stderr, "sim: there is no scenario %s; sim --list lists them\n", name);
        exit(2);
    }
}

static void take_plan(struct sim_options *o, const char *text)
{
    const char *wrong = faults_parse(text, &o->faults);
    if (wrong != NULL) {
        fprintf(stderr, "sim: plan %s: %s\n%s", text, wrong, faults_usage);
        exit(2);
    }
}

/* Faults by chance. False: it is another option. */
static bool take_chance(struct sim_options *o, int c, uint64_t n)
{
    switch (c) {
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
        return false;
    }
    return true;
}

static void take_option(struct sim_options *o, int c, struct command *command)
{
    uint64_t n = optarg ? strtoull(optarg, NULL, 0) : 0;
    switch (c) {
    case OPT_SYSTEM:
        command->system = optarg;
        break;
    case OPT_CORES:
        o->cores = (sk_core)n;
        break;
    case OPT_SEED:
        o->seed = n;
        break;
    case OPT_RUNS:
        command->runs = n;
        break;
    case OPT_INPUT:
        command->input = optarg;
        break;
    case OPT_STEPS:
        o->max_steps = n;
        break;
    case OPT_MS:
        o->max_ns = SK_MS(n);
        break;
    case OPT_CPU:
        o->cpu_ms = (uint32_t)n;
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
    case OPT_SCENARIO:
        take_scenario(o, optarg);
        break;
    case OPT_PLAN:
        command->plan = optarg;
        take_plan(o, optarg);
        break;
    case OPT_AGAIN:
        command->again = optarg;
        break;
    case OPT_LIST:
        list();
        break;
    case OPT_PLANS:
        fputs(faults_usage, stdout);
        exit(0);
    default:
        if (take_chance(o, c, n))
            break;
        fputs(usage, stderr);
        exit(2);
    }
}

/* The command that replays a run with that seed, but for its plan. */
static const char *replay(const struct command *command, uint64_t seed, int argc, char **argv)
{
    static char text[2048];
    size_t n = 0;
    for (int i = 0; i < argc && command->again == NULL && n < sizeof(text); i++) {
        if (strcmp(argv[i], "--runs") == 0 || strcmp(argv[i], "--seed") == 0 ||
            strcmp(argv[i], "--plan") == 0)
            i++;
        else if (strcmp(argv[i], "--quiet") != 0)
            n += (size_t)snprintf(text + n, sizeof(text) - n, "%s ", argv[i]);
    }
    if (command->again != NULL)
        n = (size_t)snprintf(text, sizeof(text), "%s ", command->again);
    if (n < sizeof(text))
        snprintf(text + n, sizeof(text) - n, "--seed %llu", (unsigned long long)seed);
    return text;
}

static void report(const struct sim_options *o, const struct command *command, const char *again)
{
    size_t len;
    char rest[48];
    const char *output = uart_output(&len);
    size_t from = len > 3000 ? len - 3000 : 0;
    if (o->quiet && len != 0)
        fprintf(stderr, "--- end of the console output\n%s\n---\n", output + from);
    sim_print_state();
    history_print();
    fprintf(stderr, "sim: FAILED: scenario %s, seed %llu, mode %s, plan %s, step %llu: %s\n",
            o->scenario ? o->scenario->name : "of a script", (unsigned long long)o->seed,
            PORT_COPY_MODE ? "copy" : "shared", command->plan, (unsigned long long)sim.steps,
            sim.why);
    if (o->faults.sweep != 0) { /* here it was the run without an act */
        faults_format_rest(&o->faults, rest, sizeof(rest));
        fprintf(stderr, "sim: again: %s --plan none%s --trace\n", again, rest);
    } else {
        fprintf(stderr, "sim: again: %s --plan %s --trace\n", again, command->plan);
    }
}

/* All seeds. What is counted is printed for programs to read. */
static int run_all(struct sim_options *o, const struct command *command, int argc, char **argv)
{
    struct sweep_result sum = {0}, one;
    uint64_t seed = o->seed, runs = 0, length = 0;
    bool well = true;
    for (; runs < command->runs && well; runs++, o->seed++) {
        const char *again = replay(command, o->seed, argc, argv);
        if (o->faults.sweep != 0)
            sweep_begin(&o->faults, again);
        well = sim_run(o);
        sweep_child_end(well); /* a run that the sweep forked goes no further */
        sum.steps += sim.steps;
        length = runs == 0 ? sim.steps : length;
        if (!well)
            report(o, command, again);
        if (o->faults.sweep == 0)
            continue;
        sweep_end(&one);
        sum.points += one.points;
        sum.runs += one.runs;
        sum.failed += one.failed;
        sum.tasks += one.tasks;
        sum.cores += one.cores;
        sum.steps += one.steps;
    }
    if (command->again != NULL || o->faults.sweep != 0)
        printf("result length %llu points %llu tasks %llu cores %llu runs %llu failed %llu "
               "steps %llu\n",
               (unsigned long long)length, (unsigned long long)sum.points,
               (unsigned long long)sum.tasks, (unsigned long long)sum.cores,
               (unsigned long long)(sum.runs + runs), (unsigned long long)(sum.failed + !well),
               (unsigned long long)sum.steps);
    else if (runs > 1 && well)
        fprintf(stderr, "sim: %llu runs, all well, from seed %llu\n", (unsigned long long)runs,
                (unsigned long long)seed);
    return well && sum.failed == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct sim_options o = {
        .cores = 4, .seed = 1, .max_steps = 20000000, .max_ns = SK_MS(600000), .cpu_ms = 20000};
    struct command command = {.runs = 1, .input = "-", .plan = "none"};
    int c;
    size_t len;
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
        take_option(&o, c, &command);
    if (command.system == NULL || optind != argc || o.cores < 1 || o.cores > SK_CORES_MAX) {
        fputs(usage, stderr);
        return 2;
    }
    o.system = read_file(command.system, &o.system_bytes);
    if (o.scenario == NULL)
        o.script = read_file(command.input, &len);
    else
        o.cores = o.scenario->cores;
    sim_signals_install();
    return run_all(&o, &command, argc, argv);
}
