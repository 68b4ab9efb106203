/* See death.h: death [ROUNDS [SEED]]. Each round crashes, hangs and stops the last core while all
 * clients have calls under way, and waits until it is back and every client goes on. Before the
 * rounds and after them, with no client left, the other cores must have the same in use.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "death.h"
#include "lib/proc.h"
#include "lib/self.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MS  60000u   /* whatever takes longer never comes */
#define PAUSE_NS 3000000u /* at most so long after the clients' progress a core dies */
#define PROGRESS 12u      /* and at most so many answers */
#define POLL_MS  4u

#define WAYS 3u

static const struct way {
    uint32_t ask, cause;
    const char *name;
} ways[WAYS] = {{SK_ASK_CRASH, SK_CRASH_PANIC, "crash"},
                {SK_ASK_HANG, SK_CRASH_FORCED, "hang"},
                {SK_ASK_STOP, SK_CRASH_STOPPED, "stop"}};

/* Of the deaths in one way, until the next death. */
struct tally {
    uint32_t deaths, answered, refused, dead, timed_out, ran;
};

struct drive {
    struct sk_chan witness;
    struct death_status status, before;
    struct tally tally[WAYS];
    struct sk_crash record;
    struct tally seen; /* of all that the witness has been told */
    uint32_t way;      /* of the last death */
    sk_core core;      /* that dies */
    uint32_t epoch;    /* of it */
    uint32_t strays;   /* it was taken for silent, and had not been asked to */
    uint32_t late;     /* it was silent before it answered, or obeyed when it was quarantined */
    uint32_t clients;
    sk_tid tid[DEATH_CLIENTS];
    uint32_t random;
    const char *doing;
    uint32_t round;
};

static uint32_t random_below(struct drive *d, uint32_t limit)
{
    d->random ^= d->random << 13;
    d->random ^= d->random >> 17;
    d->random ^= d->random << 5;
    return d->random % limit;
}

static _Noreturn void fail(struct drive *d, const char *what, sk_err err)
{
    for (sk_core c = 0; c < sk_cores(); c++) {
        struct proc_core core = {.tasks = 0};
        sk_err told = proc_core_info(NULL, c, &core);
        printf("death: core %u: state %u, epoch %u, %s\n", (unsigned)c, (unsigned)core.info.state,
               (unsigned)core.info.epoch, sk_err_text(told));
    }
    for (uint32_t c = 0; c <= d->clients; c++) {
        struct proc_exit how = {.cause = 0};
        sk_err told = c == 0 ? SK_OK : proc_wait(NULL, d->tid[c], &how, sys_now());
        printf("death: client %u: answered %u times; its end: %s, cause %u, status %d\n",
               (unsigned)c, (unsigned)(d->status.answered[c] - d->before.answered[c]),
               sk_err_text(told), (unsigned)how.cause, (int)how.status);
    }
    printf("death: FAILED in round %u, %s: %s: %s\n", (unsigned)d->round, d->doing, what,
           sk_err_text(err));
    exit(1);
}

static void look(struct drive *d)
{
    static const char *const what[] = {"",
                                       "ran twice",
                                       "ran after it was settled",
                                       "was answered and never ran",
                                       "was refused and ran",
                                       "is no number of that client"};
    sk_err err = sk_call(&d->witness, DEATH_STATUS, NULL, 0, &d->status, sizeof(d->status), NULL,
                         sk_in_ms(10000));
    if (err != SK_OK)
        fail(d, "the witness does not answer", err);
    const struct death_status *s = &d->status;
    if (s->wrong == 0)
        return;
    printf("death: FAILED in round %u, %s: number %u of client %u %s; %u mistakes\n",
           (unsigned)d->round, d->doing, (unsigned)s->number, (unsigned)s->client, what[s->what],
           (unsigned)s->wrong);
    exit(1);
}

/* Until the core is seen off, as it must be whatever it does; where the host gives an emulated core
 * no time it may be quarantined before it can obey. */
static void wait_fence(struct drive *d)
{
    struct proc_core core;
    bool slow = false;
    sk_ns end = sk_in_ms(WAIT_MS);
    for (;;) {
        sk_err err = proc_core_info(NULL, d->core, &core);
        if (err == SK_OK && core.info.epoch != d->epoch)
            fail(d, "the core has begun again by itself", SK_OK);
        slow = slow || (err == SK_OK && core.info.state == SK_CORE_QUARANTINED);
        if (err == SK_OK && core.info.state == SK_CORE_FENCED) {
            d->late += slow;
            return;
        }
        if (sys_now() > end)
            fail(d, slow ? "the core stays quarantined" : "the core does not come off", err);
        sk_sleep_until(sk_in_ms(POLL_MS));
    }
}

/* What its kernel has left: of that life, and how it ended; where, if it was forced. False: it had
 * been silent before it could do what it was asked. */
static bool ended_by(struct drive *d, uint32_t cause)
{
    const struct sk_crash *r = &d->record;
    sk_err err = proc_core_record(NULL, d->core, &d->record);
    if (err != SK_OK)
        fail(d, "the crash record", err);
    bool silent = r->cause == SK_CRASH_FORCED || r->cause == SK_CRASH_GIVEN_UP;
    if (r->epoch == d->epoch && (r->cause == cause || silent) &&
        (r->cause != SK_CRASH_FORCED || (r->regs >= 2 && r->reg[0] != 0)))
        return r->cause == cause;
    printf("death: record of epoch %u, cause %u, %u registers; expected epoch %u, cause %u\n",
           (unsigned)r->epoch, (unsigned)r->cause, (unsigned)r->regs, (unsigned)d->epoch,
           (unsigned)cause);
    fail(d, "the crash record is another's", SK_OK);
}

/* Lost again before it is looked at: wait_progress will see. */
static void begin_again(struct drive *d)
{
    struct proc_core now;
    sk_err err = proc_core_start(NULL, d->core, sk_in_ms(WAIT_MS));
    if (err == SK_OK || err == SK_ERR_PEER_DEAD)
        err = proc_core_info(NULL, d->core, &now);
    if (err != SK_OK || now.info.epoch <= d->epoch)
        fail(d, "the core does not come back", err);
    d->epoch = now.info.epoch;
}

/* A host that gives an emulated core no time for the length of a suspicion makes it silent. It is
 * ordered off then, and all that is checked holds as for any death. */
static bool strayed(struct drive *d)
{
    struct proc_core core;
    sk_err err = proc_core_info(NULL, d->core, &core);
    if (err != SK_OK || core.info.state == SK_CORE_RUNNING)
        return false;
    wait_fence(d);
    (void)ended_by(d, SK_CRASH_FORCED);
    begin_again(d);
    d->strays++;
    return true;
}

/* Until every client, the guest too, has been answered `more` times. */
static void wait_progress(struct drive *d, uint32_t more)
{
    sk_ns end = sk_in_ms(WAIT_MS);
    d->before = d->status;
    for (uint32_t polls = 1;; polls++) {
        bool all = true;
        look(d);
        for (uint32_t c = 0; c <= d->clients; c++)
            all = all && d->status.answered[c] - d->before.answered[c] >= more;
        if (all)
            return;
        if (polls % 32u == 0 && strayed(d))
            d->before = d->status;
        if (sys_now() > end)
            fail(d, "a client does not go on", SK_ERR_TIMED_OUT);
        sk_sleep_until(sk_in_ms(POLL_MS));
    }
}

/* What the clients have been told since the last death is that death's. */
static void count(struct drive *d)
{
    const struct death_status *s = &d->status;
    struct tally now = {
        .refused = s->refused, .dead = s->dead, .timed_out = s->timed_out, .ran = s->ran};
    struct tally *t = &d->tally[d->way];
    for (uint32_t c = 0; c <= d->clients; c++)
        now.answered += s->answered[c];
    t->answered += now.answered - d->seen.answered;
    t->refused += now.refused - d->seen.refused;
    t->dead += now.dead - d->seen.dead;
    t->timed_out += now.timed_out - d->seen.timed_out;
    t->ran += now.ran - d->seen.ran;
    d->seen = now;
}

/* It dies in that way while everybody has calls under way, and begins again. False: it was
 * silent before. */
static bool kill_core(struct drive *d, uint32_t w)
{
    d->doing = ways[w].name;
    sk_err err;
    do {
        /* Answers to calls of before the last death may be among them, never so many. */
        wait_progress(d, DEATH_FLIGHTS + 1u + random_below(d, PROGRESS));
        sk_sleep_until(sys_now() + random_below(d, PAUSE_NS));
        look(d);
        count(d);
        d->way = w;
        err = proc_core_ask(NULL, d->core, ways[w].ask, sk_in_ms(WAIT_MS));
    } while (err == SK_ERR_CORE_DOWN && strayed(d));
    if (err != SK_OK && err != SK_ERR_PEER_DEAD)
        fail(d, "asking", err);
    d->late += err != SK_OK;
    wait_fence(d);
    bool obeyed = ended_by(d, ways[w].cause);
    begin_again(d);
    look(d);
    d->tally[w].deaths += obeyed;
    return obeyed;
}

static void go(struct drive *d, uint32_t on)
{
    struct death_word word = {.verdict = on};
    sk_err err = death_ask(&d->witness, DEATH_GO, &word);
    if (err != SK_OK)
        fail(d, "the witness does not answer", err);
}

static void start_clients(struct drive *d)
{
    d->clients = 0;
    for (sk_core c = 0; c < sk_cores(); c++) {
        char id[4];
        if (c == d->core)
            continue;
        snprintf(id, sizeof(id), "%u", (unsigned)++d->clients);
        const char *argv[] = {"death_client", id};
        sk_err err = proc_spawn(NULL, argv[0], 2, argv, c, &d->tid[d->clients]);
        if (err != SK_OK)
            fail(d, "starting a client", err);
    }
}

/* Every call has ended, or a client would not. */
static void end_clients(struct drive *d)
{
    struct proc_exit how;
    for (uint32_t c = 1; c <= d->clients; c++) {
        sk_err err = proc_wait(NULL, d->tid[c], &how, sk_in_ms(WAIT_MS));
        if (err != SK_OK || how.cause != SK_CAUSE_EXITED || how.status != 0) {
            printf("death: client %u: cause %u, status %d\n", (unsigned)c, (unsigned)how.cause,
                   (int)how.status);
            fail(d, "a client's end", err);
        }
    }
}

static void tell(const struct drive *d)
{
    printf("death: lost unasked %u times, late %u times\n", (unsigned)d->strays, (unsigned)d->late);
    for (uint32_t w = 0; w < WAYS; w++) {
        const struct tally *t = &d->tally[w];
        printf("death: %s: %u deaths; answered %u, refused %u, may have run %u: dead %u, timed out "
               "%u, of these ran %u\n",
               ways[w].name, (unsigned)t->deaths, (unsigned)t->answered, (unsigned)t->refused,
               (unsigned)(t->dead + t->timed_out), (unsigned)t->dead, (unsigned)t->timed_out,
               (unsigned)t->ran);
    }
}

static void play(struct drive *d, uint32_t rounds)
{
    go(d, 1);
    look(d);
    d->doing = "beginning";
    start_clients(d);
    count(d);
    memset(d->tally, 0, sizeof(d->tally));
    for (d->round = 1; d->round <= rounds; d->round++) {
        for (uint32_t w = 0; w < WAYS; w++)
            while (!kill_core(d, w))
                d->strays++;
        if (d->round % 10u == 0)
            printf("death: %u rounds\n", (unsigned)d->round);
    }
    d->doing = "the end";
    wait_progress(d, 1);
    count(d);
    go(d, 0);
    end_clients(d);
    look(d);
}

/* What is in use there, without what only counts. */
static sk_err in_use(sk_core core, struct sk_stats *stats)
{
    sk_err err = proc_stats(NULL, core, stats);
    stats->syscalls = stats->switches = stats->doorbells_sent = stats->doorbells_taken = 0;
    return err;
}

/* Tearing down takes its time. */
static void compare(struct drive *d, const struct sk_stats *before)
{
    sk_ns end = sk_in_ms(WAIT_MS);
    for (sk_core c = 0; c < sk_cores(); c++) {
        struct sk_stats now;
        while (c != d->core) {
            sk_err err = in_use(c, &now);
            if (err == SK_OK && memcmp(&now, &before[c], sizeof(now)) == 0)
                break;
            if (sys_now() > end) {
                printf("death: core %u: pages %u, tasks %u, handles %u, ends %u, chans %u; before "
                       "%u, %u, %u, %u, %u\n",
                       (unsigned)c, (unsigned)now.pages_free, (unsigned)now.tasks,
                       (unsigned)now.handles, (unsigned)now.ends, (unsigned)now.chans,
                       (unsigned)before[c].pages_free, (unsigned)before[c].tasks,
                       (unsigned)before[c].handles, (unsigned)before[c].ends,
                       (unsigned)before[c].chans);
                fail(d, "not all has been given back", err);
            }
            sk_sleep_until(sk_in_ms(10));
        }
    }
}

static void settle_down(struct drive *d, struct sk_stats *stats)
{
    do /* no stray is to be under way */
        sk_sleep_until(sk_in_ms(500));
    while (strayed(d));
    for (sk_core c = 0; c < sk_cores(); c++) {
        sk_err err = c == d->core ? SK_OK : in_use(c, &stats[c]);
        if (err != SK_OK)
            fail(d, "asking for statistics", err);
    }
}

int main(int argc, char **argv)
{
    struct drive *d = calloc(1, sizeof(*d));
    struct sk_stats *stats = calloc(SK_CORES_MAX, sizeof(*stats));
    if (d == NULL || stats == NULL || sk_cores() < 2)
        return 2;
    uint32_t rounds = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 10u;
    uint32_t seed = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1u;
    d->random = seed * 2654435761u + 1u;
    d->core = (sk_core)(sk_cores() - 1u);
    d->doing = "beginning";
    sk_err err = names_connect(DEATH_WITNESS, sk_in_ms(WAIT_MS), &d->witness);
    if (err != SK_OK)
        fail(d, "connecting to the witness", err);
    struct proc_core core;
    err = proc_core_info(NULL, d->core, &core);
    if (err != SK_OK || core.info.state != SK_CORE_RUNNING)
        fail(d, "the core does not run", err);
    d->epoch = core.info.epoch;
    printf("death: core %u, %u rounds of crash, hang and stop, seed %u\n", (unsigned)d->core,
           (unsigned)rounds, (unsigned)seed);
    play(d, 1); /* what is made once and kept is there then */
    settle_down(d, stats);
    play(d, rounds);
    tell(d);
    compare(d, stats);
    printf("death: %u rounds, all is as the clients were told\n", (unsigned)rounds);
    return 0;
}
