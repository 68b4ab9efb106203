/* Port conformance of the store->load pair (seam.h), on which sleep and wake stand: two tasks on
 * two cores count up a word each and load the other's after every store. Whoever loads y at its own
 * count i has stored i before the other stores y + 1; so at y + 1 the other loads i or more, or a
 * load went ahead of its store. The words are in the part of a channel's page that the channel does
 * not use; the peer's record comes through it too, piece by piece.
 * Needs two cores, and an emulator that runs them at the same time. `portorder peer`: the other
 * side.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/names.h"
#include "tests/port/check.h"
#include <seam.h>

#define NAME       "port.order"
#define COUNT      16384u
#define PIECE      128u
#define WAYS       8u
#define PIECES     (COUNT / PIECE)
#define RUNS       8u
#define END        0xffffffffu
#define PATIENCE   20000u /* ms: the other side is gone */
#define LINE_WORDS 16u

struct line {
    uint32_t word, pad[LINE_WORDS - 1u];
};

/* Behind struct sk_chan_mem. The peer writes done, peer and piece; the master the rest. */
struct shared {
    struct line go, done; /* number of the step that is to be done; that has been done */
    struct line master[WAYS], peer[WAYS];
    uint32_t piece[PIECE];
};
_Static_assert(sizeof(struct sk_chan_mem) + sizeof(struct shared) <= SK_PAGE_BYTES,
               "fits the page");

struct record {
    uint32_t loaded[COUNT + 2u]; /* [i]: after the store of i, from 1 */
};

static void count_up(struct line *mine, const struct line *theirs, struct record *r)
{
    for (uint32_t i = 1; i <= COUNT; i++) {
        seam_store_seq(&mine[i % WAYS].word, i);
        r->loaded[i] = seam_load_seq(&theirs[i % WAYS].word);
    }
}

/* Step 1 of a run counts, each later one puts out a piece of the record. */
static int peer(struct record *r)
{
    struct sk_chan c;
    if (names_connect(NAME, sk_in_ms(PATIENCE), &c) != SK_OK)
        return 1;
    uintptr_t page = xport_end_page(&c.end);
    if (page == 0)
        return 1;
    struct shared *s = (struct shared *)(page + sizeof(struct sk_chan_mem));
    for (uint32_t step = 1;; step++) {
        uint32_t go;
        sk_ns deadline = sk_in_ms(PATIENCE);
        while ((go = seam_load_acquire(&s->go.word)) != step && go != END)
            if (sk_now() > deadline)
                return 1;
        if (go == END)
            return 0;
        uint32_t part = (step - 1u) % (PIECES + 1u);
        if (part == 0)
            count_up(s->peer, s->master, r);
        else
            memcpy(s->piece, &r->loaded[(part - 1u) * PIECE + 1u], sizeof(s->piece));
        seam_store_release(&s->done.word, step);
    }
}

static bool wait_done(const struct shared *s, uint32_t step)
{
    sk_ns deadline = sk_in_ms(PATIENCE);
    while (seam_load_acquire(&s->done.word) != step) {
        if (sk_now() > deadline)
            return false;
        sk_relax();
    }
    return true;
}

/* How often a load went ahead; *met counts the loads that saw the other side at work. */
static uint32_t compare(const struct record *mine, const struct record *theirs, uint32_t *met)
{
    uint32_t ahead = 0;
    for (uint32_t i = 1; i <= COUNT; i++) {
        uint32_t y = mine->loaded[i];
        uint32_t next = y != 0 ? y + WAYS : i % WAYS != 0 ? i % WAYS : WAYS;
        if (next > COUNT)
            break;
        if (y != 0)
            ++*met;
        if (theirs->loaded[next] < i)
            ahead++;
    }
    return ahead;
}

static bool one_run(struct shared *s, uint32_t *step, struct record *mine, struct record *theirs)
{
    for (uint32_t w = 0; w < WAYS; w++) { /* the peer stands still */
        seam_store_relaxed(&s->master[w].word, 0);
        seam_store_relaxed(&s->peer[w].word, 0);
    }
    seam_store_release(&s->go.word, ++*step);
    count_up(s->master, s->peer, mine);
    bool alive = wait_done(s, *step);
    for (uint32_t p = 0; p < PIECES && alive; p++) {
        seam_store_release(&s->go.word, ++*step);
        alive = wait_done(s, *step);
        memcpy(&theirs->loaded[p * PIECE + 1u], s->piece, sizeof(s->piece));
    }
    return alive;
}

static void run_checks(struct checks *c, struct shared *s)
{
    static struct record mine, theirs;
    uint32_t step = 0, ahead = 0, met = 0;
    bool alive = true;
    for (uint32_t n = 0; n < RUNS && alive; n++) {
        alive = one_run(s, &step, &mine, &theirs);
        ahead += alive ? compare(&mine, &theirs, &met) : 0u;
    }
    seam_store_release(&s->go.word, END);
    printf("loads that met the other side: %u; ahead of their store: %u\n", (unsigned)met,
           (unsigned)ahead);
    check(c, alive, "both sides run");
    check(c, ahead == 0, "no load goes ahead of its store");
}

static void order_checks(struct checks *c)
{
    sk_handle port = 0, end = 0;
    sk_tid tid;
    struct sk_chan_view view;
    struct proc_exit how = {0};
    uint32_t events;
    check(c, sys_port_create(SK_EV_PORT, 1, &port) == SK_OK && names_register(NAME, port) == SK_OK,
          "a name");
    check(c, check_spawn("portorder", "peer", "", sk_cores() - 1u, &tid), "the other side starts");
    sk_err err = sk_wait_events(1u << SK_EV_PORT, sk_in_ms(PATIENCE), &events);
    if (err == SK_OK)
        err = sys_port_accept(port, &end);
    if (err == SK_OK)
        err = sys_chan_open(end, SK_EV_FREE, &view);
    check(c, err == SK_OK && view.mem != 0, "it connects");
    if (err != SK_OK)
        return;
    run_checks(c, (struct shared *)(uintptr_t)(view.mem + sizeof(struct sk_chan_mem)));
    check(c, check_wait(tid, &how) && how.status == 0, "the other side ends well");
}

int main(int argc, char **argv)
{
    static struct record record;
    struct checks c = {0, 0};
    if (argc > 1 && strcmp(argv[1], "peer") == 0)
        return peer(&record);
    check(&c, true, "one core has no order to keep");
    if (sk_cores() > 1)
        order_checks(&c);
    return check_end(&c);
}
