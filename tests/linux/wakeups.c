/* wakeups [ROUND-TRIPS] [--seed X]: is a wake-up ever lost? Two processes, each bound to a
 * processor of its own where there are two, throw a message to and fro through the sleeping path, a
 * random moment apart, so that publishing and going to sleep meet in all ways; with membarrier,
 * fenced, and with a membarrier that fails each time it is used. A wake-up that is lost leaves both
 * asleep: the time that is set for that is long. SPDX-License-Identifier: BSD-2-Clause */
#include "lib/chan.h"
#include "lib/rpc.h"
#include "lib/self.h"
#include <linux/membarrier.h>
#include <sched.h>
#include <skerry_linux.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LONG_MS 20000u /* only a hang takes so long */

int __real_sk_linux_membarrier(int command);
int __wrap_sk_linux_membarrier(int command);

static bool broken; /* membarrier fails */

int __wrap_sk_linux_membarrier(int command)
{
    if (broken && command == MEMBARRIER_CMD_GLOBAL_EXPEDITED)
        return -1;
    return __real_sk_linux_membarrier(command);
}

/* Of both, in memory of their own. */
struct tally {
    uint64_t sleeps[2], barriers[2], failed[2];
};

struct trip {
    uint32_t count;
    uint64_t seed;
    int cpu[2];
    struct tally *tally;
};

/* Not the clock: fetching it would be a rhythm. */
static void wait_a_moment(uint64_t *chance)
{
    *chance = *chance * 6364136223846793005u + 1442695040888963407u;
    uint32_t turns = (uint32_t)(*chance >> 33) % 400u;
    for (uint32_t i = 0; i < turns; i++)
        __asm__ volatile("" : : : "memory");
}

static int throw_and_catch(struct sk_chan *c, const struct trip *t, uint32_t side)
{
    uint64_t chance = t->seed * 2u + side;
    struct sk_in in;
    struct sk_linux_stats before, after;
    sk_linux_stats(&before);
    sk_linux_spin(0);
    for (uint32_t i = 0; i < t->count; i++) {
        struct sk_out out = {.label = (uint16_t)(i & 0xfffu)};
        if (side == 0 && sk_send_until(c, &out, sk_in_ms(LONG_MS)) != SK_OK)
            return 2;
        wait_a_moment(&chance);
        sk_err err = sk_recv_until(c, &in, sk_in_ms(LONG_MS));
        if (err != SK_OK || in.label != out.label) {
            fprintf(stderr, "wakeups: side %u, message %u: error %d\n", side, i, err);
            return 3;
        }
        wait_a_moment(&chance);
        if (side == 1 && sk_send_until(c, &out, sk_in_ms(LONG_MS)) != SK_OK)
            return 4;
    }
    sk_linux_stats(&after);
    t->tally->sleeps[side] = after.sleeps - before.sleeps;
    t->tally->barriers[side] = after.barriers - before.barriers;
    t->tally->failed[side] = after.barriers_failed - before.barriers_failed;
    return 0;
}

static int far_side(void *trip)
{
    struct sk_chan c;
    if (sk_chan_open(&c, sk_linux_given(0), SK_EV_CHAN) != SK_OK)
        return 1;
    return throw_and_catch(&c, trip, 1);
}

static void must(bool is, const char *what)
{
    if (is)
        return;
    fprintf(stderr, "wakeups: %s\n", what);
    exit(1);
}

/* The first two processors that this process may use. */
static void find_cpus(int cpu[2])
{
    cpu_set_t set;
    int n = 0;
    cpu[0] = cpu[1] = -1;
    must(sched_getaffinity(0, sizeof(set), &set) == 0, "no affinity");
    for (int i = 0; i < CPU_SETSIZE && n < 2; i++)
        if (CPU_ISSET((unsigned)i, &set))
            cpu[n++] = i;
    if (n == 1)
        cpu[1] = cpu[0];
}

static void run(const char *name, uint32_t mode, const struct trip *t)
{
    struct sk_linux_params p = {.tasks = 4, .channels = 4, .mode = mode};
    struct sk_linux_area *a;
    struct sk_linux_child child;
    struct sk_chan c;
    sk_handle far;
    int32_t status;
    memset(t->tally, 0, sizeof(*t->tally));
    must(sk_linux_create(&p, &a) == SK_OK, "no area");
    struct sk_linux_task mine = {.cpu_plus_1 = t->cpu[0] + 1};
    must(sk_linux_task_begin(a, &mine) == SK_OK, "no task");
    must(sk_chan_create(&c, &far, SK_EV_CHAN) == SK_OK, "no channel");
    struct sk_linux_task how = {.cpu_plus_1 = t->cpu[1] + 1, .give = &far, .give_count = 1};
    must(sk_linux_start_process(a, &how, far_side, (void *)(uintptr_t)t, &child) == SK_OK,
         "no other");
    sk_ns begun = sk_now();
    int bad = throw_and_catch(&c, t, 0);
    must(sk_linux_await(&child, sk_in_ms(LONG_MS), &status) == SK_OK, "the other does not end");
    printf("wakeups: %s, seed %llu: %u round trips, slept %llu + %llu times, %llu barriers, %llu "
           "failed, %.1f us each\n",
           name, (unsigned long long)t->seed, t->count, (unsigned long long)t->tally->sleeps[0],
           (unsigned long long)t->tally->sleeps[1],
           (unsigned long long)(t->tally->barriers[0] + t->tally->barriers[1]),
           (unsigned long long)(t->tally->failed[0] + t->tally->failed[1]),
           (double)(sk_now() - begun) * 1e-3 / t->count);
    must(bad == 0 && status == 0, "a wake-up was lost");
    /* It was the sleeping path, and in that mode. */
    must(t->tally->sleeps[0] + t->tally->sleeps[1] > t->count / 10u, "they hardly ever slept");
    must((t->tally->barriers[0] != 0) == (mode == SK_LINUX_ASYMMETRIC), "the wrong mode");
    must(mode != SK_LINUX_ASYMMETRIC || t->tally->barriers[0] >= t->tally->sleeps[0],
         "a sleep without a barrier");
    must((t->tally->failed[0] != 0) == broken, "membarrier failed, or did not");
    sk_chan_close(&c);
    sk_linux_task_end(0);
    must(sk_linux_leave(a) == SK_OK, "the area cannot be left");
}

int main(int argc, char **argv)
{
    struct trip t = {.count = 100000, .seed = 1};
    for (int i = 1; i < argc; i++)
        if (i + 1 < argc && strcmp(argv[i], "--seed") == 0)
            t.seed = strtoull(argv[++i], NULL, 10);
        else
            t.count = (uint32_t)strtoul(argv[i], NULL, 10);
    must(t.count != 0, "usage: wakeups [ROUND-TRIPS] [--seed X]");
    find_cpus(t.cpu);
    t.tally =
        mmap(NULL, sizeof(*t.tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(t.tally != MAP_FAILED, "no memory");
    if (__real_sk_linux_membarrier(MEMBARRIER_CMD_QUERY) & MEMBARRIER_CMD_GLOBAL_EXPEDITED) {
        run("asymmetric", SK_LINUX_ASYMMETRIC, &t);
        broken = true;
        run("membarrier fails", SK_LINUX_ASYMMETRIC, &t);
        broken = false;
    }
    run("fenced", SK_LINUX_FENCED, &t);
    return 0;
}
