/* The shell's lines and its table of commands. The end of input ends nothing: the next line may
 * come.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "shell.h"
#include "lib/console.h"
#include "lib/start.h"

#include <stdio.h>
#include <string.h>

#define RETRY_MS 100u

static command_fn help, repeat, leave;

static const struct command {
    const char *name;
    uint32_t least, most; /* words, the name included */
    command_fn *run;
    const char *usage, *what;
} commands[] = {
    {"help", 1, 1, help, "help", "this text"},
    {"ps", 1, 1, shell_ps, "ps", "tasks of all cores"},
    {"cores", 1, 1, shell_cores, "cores", "the cores and their kernels"},
    {"names", 1, 2, shell_names, "names [PREFIX]", "registered names and their owners"},
    {"run", 2, WORDS_MAX, shell_run_program, "run [-c CORE] PROG [ARG...]", "run and wait"},
    {"spawn", 2, WORDS_MAX, shell_spawn, "spawn [-c CORE] PROG [ARG...]", "start; prints the tid"},
    {"wait", 2, 2, shell_wait, "wait TID", "until it ends; prints how"},
    {"kill", 2, 2, shell_kill, "kill TID", "end a task"},
    {"log", 1, 2, shell_log, "log [CORE]", "how a core ended last; its kernel's log"},
    {"ping", 2, 3, shell_ping, "ping NAME [COUNT]", "round trips to a service"},
    {"core", 3, 3, shell_core_command, "core start|stop|restart|crash|hang N", "a core's life"},
    {"stats", 1, 2, shell_stats, "stats [CORE]", "what is in use on a core"},
    {"repeat", 3, WORDS_MAX, repeat, "repeat N COMMAND...", "the same again and again"},
    {"exit", 1, 1, leave, "exit", "end this shell; init starts the first one anew"},
    {"halt", 1, 1, shell_halt, "halt", "power the machine off"},
};
#define COMMANDS (sizeof commands / sizeof commands[0])

static void help(uint32_t argc, char **argv)
{
    (void)argc, (void)argv;
    for (uint32_t i = 0; i < COMMANDS; i++)
        printf("%-30s %s\n", commands[i].usage, commands[i].what);
    printf("Ctrl-C kills what run waits for, and ends wait, ping and repeat.\n");
}

static void leave(uint32_t argc, char **argv)
{
    (void)argc, (void)argv;
    sk_exit(0);
}

static void repeat(uint32_t argc, char **argv)
{
    uint32_t n;
    if (!text_number(argv[1], 1000000, &n)) {
        printf("repeat: not a number: %s\n", argv[1]);
        return;
    }
    if (strcmp(argv[2], "repeat") == 0) {
        printf("repeat: not inside itself\n");
        return;
    }
    for (; n > 0 && !console_interrupted(); n--)
        shell_run(argc - 2u, argv + 2);
}

void shell_run(uint32_t argc, char **argv)
{
    for (uint32_t i = 0; i < COMMANDS; i++) {
        const struct command *c = &commands[i];
        if (strcmp(c->name, argv[0]) != 0)
            continue;
        if (argc < c->least || argc > c->most)
            printf("usage: %s\n", c->usage);
        else
            c->run(argc, argv);
        return;
    }
    printf("no such command: %s (try help)\n", argv[0]);
}

void shell_complain(const char *subject, sk_err err)
{
    printf("%s: %s\n", subject, sk_err_text(err));
}

bool shell_core(const char *word, sk_core *core)
{
    if (text_number(word, SK_CORES_MAX, core) && *core < sk_cores())
        return true;
    printf("no such core: %s\n", word);
    return false;
}

/* One line, read and done. */
static void turn(void)
{
    char line[LINE_BYTES];
    char *word[WORDS_MAX];
    (void)console_focus(true);
    printf("skerry> ");
    sk_stdout_flush();
    sk_err err = console_read_line(line, sizeof line);
    if (err == SK_ERR_EMPTY) {
        printf("\n");
        return;
    }
    if (err) { /* no console now */
        sk_sleep_until(sk_in_ms(RETRY_MS));
        return;
    }
    uint32_t n = text_split(line, word, WORDS_MAX);
    if (n > WORDS_MAX)
        printf("too many words\n");
    else if (n > 0)
        shell_run(n, word);
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    printf("Skerry on %u core%s. help lists the commands.\n", (unsigned)sk_cores(),
           sk_cores() == 1 ? "" : "s");
    for (;;)
        turn();
}
