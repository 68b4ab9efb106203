/* The shell: a client of `proc`, `names` and `console`, with no rights but those that the manifest
 * gives it. A command gets its words, its name first, and prints.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef SHELL_SHELL_H
#define SHELL_SHELL_H

#include "lib/proc.h"
#include "lib/self.h"
#include "text.h"

#define LINE_BYTES 200u
#define WORDS_MAX  20u

typedef void command_fn(uint32_t argc, char **argv);

/* Run the command of these words; says so if there is none. */
void shell_run(uint32_t argc, char **argv);

/* "subject: text of err", on a line. */
void shell_complain(const char *subject, sk_err err);

/* A core's number, or a complaint. */
bool shell_core(const char *word, sk_core *core);

/* tasks.c */
command_fn shell_ps, shell_run_program, shell_spawn, shell_wait, shell_kill;
/* cores.c */
command_fn shell_cores, shell_core_command, shell_log;
/* system.c */
command_fn shell_names, shell_ping, shell_stats, shell_halt;

#endif
