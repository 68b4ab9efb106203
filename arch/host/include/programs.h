/* The programs of the simulation, linked into one process under their own names. The table is
 * written by the build and ends with {0, 0}. An entry's address is a task's entry point.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef HOST_PROGRAMS_H
#define HOST_PROGRAMS_H

struct host_program {
    const char *name;
    int (*main)(int argc, char **argv);
};

extern const struct host_program host_programs[];

#endif
