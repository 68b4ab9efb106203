/* The real ring and level words between two threads on two processors, with the seam of this
 * machine: messages of one to four lines drawn from a seed, every one checked; both sides sleep.
 *   stress MESSAGES SEED [ring]     ring: not the level words, which want the seam of kernels
 * Sleeping is a counter and a futex, without any order of its own, so that the thread sanitizer
 * takes every order from the ring. A lost wake-up makes it hang. Bounded by a count, not by time.
 * SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/level.h"
#include "base/ring.h"

#define SLOTS 16u

static struct {
    struct sk_chan_ctl line[2];
    struct sk_msg slot[SLOTS];
    uint32_t bell __attribute__((aligned(64)));
    uint32_t bell_ack __attribute__((aligned(64)));
} shared __attribute__((aligned(64)));

static struct sleeper {
    uint32_t rung __attribute__((aligned(64)));
    uint64_t slept;
} sleepers[2];

static uint32_t messages, first_seed;

static void die(const char *what, uint32_t number)
{
    fprintf(stderr, "stress: message %u: %s (seed %u)\n", number, what, first_seed);
    _exit(1);
}

static void wake(unsigned whom)
{
    __atomic_fetch_add(&sleepers[whom].rung, 1, __ATOMIC_RELAXED);
    syscall(SYS_futex, &sleepers[whom].rung, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* Until rung more often than *seen. */
static void sleep_until_rung(unsigned self, uint32_t *seen)
{
    sleepers[self].slept++;
    while (__atomic_load_n(&sleepers[self].rung, __ATOMIC_RELAXED) == *seen)
        syscall(SYS_futex, &sleepers[self].rung, FUTEX_WAIT_PRIVATE, *seen, NULL, NULL, 0);
    *seen += 1;
}

static void pin(unsigned thread)
{
    cpu_set_t all, one;
    CPU_ZERO(&one);
    if (sched_getaffinity(0, sizeof(all), &all) != 0)
        return;
    int want = (int)thread % CPU_COUNT(&all);
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &all) && want-- == 0)
            CPU_SET(cpu, &one);
    (void)sched_setaffinity(0, sizeof(one), &one);
}

static uint32_t draw(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static uint64_t content(uint32_t number, uint32_t line, uint32_t word)
{
    return number * 0x9e3779b97f4a7c15u + line * 16u + word;
}

/* --- Messages --------------------------------------------------------------------------------- */

static void *send_messages(void *arg)
{
    struct ring_tx tx;
    struct sk_msg m[SK_SLOTS_MAX];
    uint32_t seed = first_seed, rung = 0;
    (void)arg;
    pin(0);
    ring_tx_init(&tx, shared.slot, SLOTS, &shared.line[0], &shared.line[1], 1);
    for (uint32_t n = 0; n < messages; n++) {
        uint32_t lines = draw(&seed) % 8 < 5 ? 1 : 1 + draw(&seed) % SK_SLOTS_MAX;
        for (uint32_t i = 0; i < lines; i++) {
            m[i].ctl = sk_ctl_make(SK_PAYLOAD_BYTES, lines - 1 - i, 0, false);
            m[i].label = (uint16_t)n;
            m[i].token = (uint16_t)lines;
            for (uint32_t w = 0; w < 7; w++)
                m[i].w64[w] = content(n, i, w);
        }
        bool asleep;
        while (ring_send(&tx, m, lines, &asleep) != SK_OK)
            if (ring_want(&tx, lines))
                sleep_until_rung(0, &rung);
        if (asleep)
            wake(1);
    }
    return NULL;
}

static void *take_messages(void *arg)
{
    struct ring_rx rx;
    struct sk_msg m[SK_SLOTS_MAX];
    uint32_t seed = first_seed, rung = 0;
    (void)arg;
    pin(1);
    ring_rx_init(&rx, shared.slot, SLOTS, &shared.line[1], &shared.line[0], 1);
    for (uint32_t n = 0; n < messages; n++) {
        uint32_t want = draw(&seed) % 8 < 5 ? 1 : 1 + draw(&seed) % SK_SLOTS_MAX;
        uint32_t lines;
        bool asleep;
        sk_err err;
        while ((err = ring_recv(&rx, m, SK_SLOTS_MAX, &lines, &asleep)) == SK_ERR_EMPTY)
            if (ring_arm(&rx))
                sleep_until_rung(1, &rung);
        if (err != SK_OK || lines != want)
            die(err != SK_OK ? "garbage" : "of another length", n);
        for (uint32_t i = 0; i < lines; i++)
            for (uint32_t w = 0; w < 7; w++)
                if (m[i].label != (uint16_t)n || m[i].w64[w] != content(n, i, w))
                    die("lost, doubled or torn", n);
        if (asleep)
            wake(0);
    }
    return NULL;
}

/* --- Level words: a request in the ring, and a bell that is rung once until it is answered ------
 */

static void *send_requests(void *arg)
{
    struct ring_tx tx;
    struct sk_msg m = {.ctl = 0};
    uint32_t bell = 0;
    bool ignored;
    (void)arg;
    pin(0);
    ring_tx_init(&tx, shared.slot, SLOTS, &shared.line[0], &shared.line[1], 2);
    for (uint32_t n = 0; n < messages; n++) {
        m.w64[0] = n;
        while (ring_send(&tx, &m, 1, &ignored) != SK_OK)
            sched_yield();
        if (level_count_once(&shared.bell, &bell, &shared.bell_ack))
            wake(1);
    }
    return NULL;
}

static void *take_requests(void *arg)
{
    struct ring_rx rx;
    struct sk_msg m;
    uint32_t seen = 0, rung = 0, lines, n = 0;
    bool ignored;
    (void)arg;
    pin(1);
    ring_rx_init(&rx, shared.slot, SLOTS, &shared.line[1], &shared.line[0], 2);
    while (n < messages) {
        sleep_until_rung(1, &rung);
        if (!level_read(&shared.bell, &seen, &shared.bell_ack))
            continue;
        (void)seam_load_seq(&shared.bell); /* as link_doorbell reads its level words: with seq */
        while (ring_recv(&rx, &m, 1, &lines, &ignored) == SK_OK)
            if (m.w64[0] != n++)
                die("lost or doubled request", n - 1);
    }
    return NULL;
}

static void both(const char *name, void *(*a)(void *), void *(*b)(void *))
{
    pthread_t first, second;
    memset(&shared, 0, sizeof(shared));
    memset(sleepers, 0, sizeof(sleepers));
    if (pthread_create(&first, NULL, a, NULL) != 0 || pthread_create(&second, NULL, b, NULL) != 0)
        die("no thread", 0);
    pthread_join(first, NULL);
    pthread_join(second, NULL);
    printf("%s: %u passed, the sender slept %llu times, the receiver %llu\n", name, messages,
           (unsigned long long)sleepers[0].slept, (unsigned long long)sleepers[1].slept);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: stress MESSAGES SEED [ring]\n");
        return 2;
    }
    messages = (uint32_t)strtoul(argv[1], NULL, 0);
    first_seed = (uint32_t)strtoul(argv[2], NULL, 0);
    both("messages", send_messages, take_messages);
    if (argc == 3)
        both("requests", send_requests, take_requests);
    return 0;
}
