/* The interface of the service `echo`.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ECHO_ECHO_H
#define ECHO_ECHO_H

#define ECHO_NAME "echo"

enum {
    ECHO_SAME = 1, /* any bytes -> the same bytes */
};

#endif
