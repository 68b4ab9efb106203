/* Leads the kernels through as much as this system can ask of them, so that the longest way through
 * one is seen: many clients of one service on both cores, every system call with sense and without,
 * ends of tasks that held much, tasks killed in the middle, a core that begins again while all of
 * that goes on. Runs under `./skerry bench guest`, which counts.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/console.h"
#include "lib/proc.h"
#include "lib/self.h"

#include <marker.h>
#include <stdio.h>
#include <stdlib.h>

#define MANY     "8"
#define ROUNDS   "20"
#define FOR_EVER "100000000"
#define CORE_MS  1000u
#define REPEATS  3u
#define SHORT_MS 4u /* enough to be in the middle */
#define PATIENCE 100u

static void check(sk_err err, const char *what)
{
    if (err == SK_OK)
        return;
    printf("worst: %s: %s\n", what, sk_err_text(err));
    (void)console_sync();
    MARKER_DONE();
    exit(1);
}

/* Channels of those before are memory until their far ends have let go: it tries again. */
static sk_tid start(const char *name, const char *count, const char *rounds, sk_core core)
{
    const char *const argv[] = {name, "echo", count, rounds};
    sk_tid tid = SK_TID_NONE;
    sk_err err = SK_OK;
    for (unsigned i = 0; i < PATIENCE; i++) {
        err = proc_spawn(NULL, name, 4, argv, core, &tid);
        if (err != SK_ERR_NO_MEMORY)
            break;
        sk_sleep_until(sk_in_ms(10));
    }
    check(err, name);
    return tid;
}

static void wait_end(sk_tid tid)
{
    struct proc_exit how;
    check(proc_wait(NULL, tid, &how, SK_FOREVER), "wait");
}

/* The same on every core at a time. */
static void on_all(const char *name, const char *count, const char *rounds)
{
    sk_tid tid[SK_CORES_MAX];
    for (sk_core core = 0; core < sk_cores(); core++)
        tid[core] = start(name, count, rounds, core);
    for (sk_core core = 0; core < sk_cores(); core++)
        wait_end(tid[core]);
}

static void kill_in_the_middle(sk_core core)
{
    sk_tid tid = start("portclients", MANY, FOR_EVER, core);
    sk_sleep_until(sk_in_ms(SHORT_MS));
    check(proc_kill(NULL, tid), "kill");
    wait_end(tid);
}

static void core_begins_again(sk_core core)
{
    sk_tid tid = start("portclients", MANY, FOR_EVER, 0);
    for (unsigned i = 0; i < REPEATS; i++) {
        sk_sleep_until(sk_in_ms(SHORT_MS));
        (void)start("bench_mess", "", "", core);
        (void)start("portclients", "4", FOR_EVER, core);
        check(proc_core_restart(NULL, core, sk_in_ms(CORE_MS)), "core restart");
    }
    check(proc_kill(NULL, tid), "kill");
    wait_end(tid);
}

int main(void)
{
    on_all("portclients", MANY, ROUNDS);
    on_all("mpucalls", "", "");
    for (unsigned i = 0; i < REPEATS; i++) {
        on_all("bench_mess", "", "");
        kill_in_the_middle(0);
        kill_in_the_middle(sk_cores() - 1u);
    }
    core_begins_again(1);
    printf("figure done 1\n");
    fflush(stdout);
    check(console_sync(), "console");
    MARKER_DONE();
    return 0;
}
