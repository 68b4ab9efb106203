/* The interface of the example service `tables`: a table for each client, in memory that the client
 * donates with its connection.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef APPS_TABLES_H
#define APPS_TABLES_H

#include <stdint.h>

#define TABLES_NAME "tables"

enum {
    TABLES_PUT = 1, /* struct tables_entry: kept as long as the connection lives -> nothing */
    TABLES_GET,     /* the key -> the value */
};

struct tables_entry {
    uint64_t key, value;
};

#endif
