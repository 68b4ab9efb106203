/* What apps/broker.c does for apps/lend.c. Every request comes with a loan.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef APPS_BROKER_H
#define APPS_BROKER_H

#define BROKER_NAME "broker"

enum {
    BROKER_PUT = 1, /* lent for reading: kept */
    BROKER_GET,     /* lent for writing: what was kept, or as much of it as there is room for */
    BROKER_OFFER,   /* lent for reading: answered when somebody has taken it */
    BROKER_TAKE,    /* lent for writing: the offer is copied to it; waits for one */
    BROKER_KEEP,    /* lent for both: read and written again and again, never answered */
    BROKER_LAST,    /* without a loan: what became of the last KEEP: struct broker_last */
};

struct broker_last {
    unsigned uses; /* that went well */
    int err;       /* that ended it; 0: it goes on */
};

#endif
