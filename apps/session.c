/* A client of the service `tables` that donates the memory for what it has kept there: session NAME
 * [N [TIMES]] has N values kept, and asks for them again.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "apps/tables.h"
#include "lib/names.h"

#include <stdio.h>
#include <stdlib.h>

#define CALL_MS    20000u
#define VALUE(key) ((uint64_t)(key)*0x9e3779b97f4a7c15u + 1u)

static sk_err put(struct sk_chan *chan, uint64_t key)
{
    struct tables_entry e = {key, VALUE(key)};
    return sk_call(chan, TABLES_PUT, &e, sizeof e, NULL, 0, NULL, sk_in_ms(CALL_MS));
}

/* All that was put is there, each as it was. */
static sk_err compare(struct sk_chan *chan, uint64_t count)
{
    for (uint64_t key = 0; key < count; key++) {
        uint64_t value = 0;
        sk_err err = sk_call(chan, TABLES_GET, &key, sizeof key, &value, sizeof value, NULL,
                             sk_in_ms(CALL_MS));
        if (err != SK_OK)
            return err;
        if (value != VALUE(key)) {
            printf("session: key %lu has the wrong value\n", (unsigned long)key);
            return SK_ERR_PROTOCOL;
        }
    }
    return SK_OK;
}

/* Who donates nothing gets nothing. */
static sk_err ask_without(const char *name)
{
    struct sk_chan chan;
    sk_err err = names_connect(name, sk_in_ms(CALL_MS), &chan);
    if (err != SK_OK)
        return err;
    err = put(&chan, 1);
    sk_chan_close(&chan);
    return err;
}

/* A connection with a page of memory: put count values, or as many as there is room for. */
static sk_err keep(const char *name, uint64_t count, uint64_t *kept)
{
    struct sk_chan chan;
    sk_err err = ask_without(name);
    *kept = 0;
    if (err != SK_ERR_BUDGET)
        return err == SK_OK ? SK_ERR_PROTOCOL : err;
    err = names_connect_quota(name, sk_in_ms(CALL_MS), &chan, SK_PAGE_BYTES);
    if (err != SK_OK)
        return err;
    while (err == SK_OK && *kept < count) {
        err = put(&chan, *kept);
        *kept += err == SK_OK;
    }
    if (err == SK_OK || err == SK_ERR_FULL)
        err = compare(&chan, *kept);
    sk_chan_close(&chan);
    return err;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : TABLES_NAME;
    uint64_t count = argc > 2 ? strtoul(argv[2], NULL, 10) : 100, kept = 0;
    unsigned long times = argc > 3 ? strtoul(argv[3], NULL, 10) : 1;
    sk_err err = SK_OK;
    while (err == SK_OK && times-- != 0)
        err = keep(name, count, &kept);
    if (err) {
        printf("session: %s: %s after %lu values\n", name, sk_err_text(err), (unsigned long)kept);
        return 1;
    }
    printf("session: %lu values kept in memory of one's own; none without\n", (unsigned long)kept);
    return 0;
}
