/* Commands about names and the machine.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "shell.h"
#include "lib/console.h"
#include "lib/names.h"
#include "lib/start.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PINGS_MAX  1000u
#define LOOK_MS    100u /* between looks for Ctrl-C */
#define PING_MS    5000u
#define CONNECT_MS 2000u

void shell_names(uint32_t argc, char **argv)
{
    struct names_entry e;
    char tid[TEXT_TID_BYTES];
    uint32_t index = 0;
    sk_err err;
    while ((err = names_list(argc > 1 ? argv[1] : "", &index, &e)) == SK_OK) {
        text_from_tid(tid, e.owner);
        printf("%-24s %s\n", e.name, tid);
    }
    if (err != SK_ERR_NOT_FOUND)
        shell_complain("names", err);
}

static int by_size(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Label 0 is nobody's: a service answers that it does not know it, which is a round trip. */
static sk_err ping_once(struct sk_chan *chan, uint32_t *ns)
{
    sk_ns begin = sk_now();
    sk_err err = sk_call(chan, 0, NULL, 0, NULL, 0, NULL, sk_in_ms(PING_MS));
    sk_ns took = sk_now() - begin;
    *ns = took < 0xffffffffu ? (uint32_t)took : 0xffffffffu;
    return err == SK_ERR_UNSUPPORTED ? SK_OK : err;
}

/* count round trips to name, told at the end; what each took goes to ns. */
static void ping(const char *name, uint32_t *ns, uint32_t count)
{
    struct sk_chan chan;
    uint32_t done = 0;
    sk_err err = names_connect(name, sk_in_ms(CONNECT_MS), &chan);
    if (err == SK_ERR_TIMED_OUT || err == SK_ERR_NOT_FOUND) {
        printf("no such name: %s\n", name);
        return;
    }
    if (err) {
        shell_complain(name, err);
        return;
    }
    sk_ns look = sk_in_ms(LOOK_MS);
    while (err == SK_OK && done < count) {
        err = ping_once(&chan, &ns[done]);
        done += err == SK_OK ? 1u : 0u;
        if (err == SK_OK && sk_now() >= look) {
            err = console_interrupted() ? SK_ERR_CANCELLED : SK_OK;
            look = sk_in_ms(LOOK_MS);
        }
    }
    sk_chan_close(&chan);
    if (err)
        printf("%s: %s after %u of %u round trips\n", name, sk_err_text(err), (unsigned)done,
               (unsigned)count);
    if (done == 0)
        return;
    qsort(ns, done, sizeof ns[0], by_size);
    printf("%s: %u round trips, min %u ns, median %u ns, max %u ns\n", name, (unsigned)done,
           (unsigned)ns[0], (unsigned)ns[done / 2u], (unsigned)ns[done - 1u]);
}

void shell_ping(uint32_t argc, char **argv)
{
    uint32_t count = 10;
    if (argc > 2 && (!text_number(argv[2], PINGS_MAX, &count) || count == 0)) {
        printf("ping: not a count from 1 to %u: %s\n", PINGS_MAX, argv[2]);
        return;
    }
    uint32_t *ns = malloc(count * sizeof *ns);
    if (ns == NULL) {
        printf("ping: no memory for %u round trips\n", (unsigned)count);
        return;
    }
    ping(argv[1], ns, count);
    free(ns);
}

void shell_stats(uint32_t argc, char **argv)
{
    sk_core core = sk_my_core();
    struct sk_stats s;
    if (argc > 1 && !shell_core(argv[1], &core))
        return;
    sk_err err = proc_stats(NULL, core, &s);
    if (err) {
        printf("core %u: %s\n", (unsigned)core, sk_err_text(err));
        return;
    }
    printf("core %u: pages %u of %u free, tasks %u, handles %u, ends %u, chans %u, ports %u, "
           "regions %u\n",
           (unsigned)core, (unsigned)s.pages_free, (unsigned)s.pages_total, (unsigned)s.tasks,
           (unsigned)s.handles, (unsigned)s.ends, (unsigned)s.chans, (unsigned)s.ports,
           (unsigned)s.regions);
    printf("since boot: %llu system calls, %llu switches, %llu doorbells rung, %llu taken\n",
           (unsigned long long)s.syscalls, (unsigned long long)s.switches,
           (unsigned long long)s.doorbells_sent, (unsigned long long)s.doorbells_taken);
}

void shell_halt(uint32_t argc, char **argv)
{
    (void)argc, (void)argv;
    (void)console_sync();
    shell_complain("halt", proc_halt(NULL, 0));
}
