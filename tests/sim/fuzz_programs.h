/* See fuzz_programs.c. argv is the start block.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_SIM_FUZZ_PROGRAMS_H
#define TESTS_SIM_FUZZ_PROGRAMS_H

int fuzz_init(int argc, char **argv);
int fuzz_child(int argc, char **argv);

#endif
