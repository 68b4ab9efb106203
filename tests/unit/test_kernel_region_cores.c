/* Regions that move between cores, call by call on a machine of plain memory: the right moves, the
 * bytes stay; who dies at which step; and in the end every page is back.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "restart_machine.h"
#include "kernel/memory.h"

#define PAGES 3u

static struct kern *kern_of(sk_core core)
{
    return fake_cpu[core].k;
}

static struct region *region_of(sk_core core, sk_handle h)
{
    return &kern_of(core)->regions[init_of(core)->handles[SK_HANDLE_INDEX(h)].index];
}

static uint8_t *bytes_of(sk_core core, sk_handle h)
{
    return (uint8_t *)region_of(core, h)->first;
}

static sk_handle make_pages(sk_core core, uint32_t pages)
{
    EXPECT(CALL(kern_of(core), init_of(core), REGION_CREATE, pages, 0), SK_OK);
    return (sk_handle)init_of(core)->port.reg[1];
}

static sk_handle make_region(sk_core core)
{
    return make_pages(core, PAGES);
}

static void give(sk_core core, sk_handle via, sk_handle h, sk_err expected)
{
    EXPECT(CALL(kern_of(core), init_of(core), SEND_HANDLE, via, h, SK_FOREVER), CALL_BLOCKED);
    fake_settle();
    EXPECT(init_of(core)->state, SK_TASK_READY);
    EXPECT(result(init_of(core)), expected);
}

static sk_handle take(sk_core core, sk_handle via)
{
    EXPECT(CALL(kern_of(core), init_of(core), TAKE_HANDLE, via), SK_OK);
    return (sk_handle)init_of(core)->port.reg[1];
}

/* Channels between each two of three cores: via[a][b] is a's end towards b. */
static sk_handle via[3][3];
static struct sk_stats before[3];

static void join_all(void)
{
    for (sk_core a = 0; a < 3; a++)
        for (sk_core b = a + 1; b < 3; b++)
            join(a, b, &via[a][b], &via[b][a]);
    for (sk_core c = 0; c < 3; c++)
        before[c] = gauges(kern_of(c));
}

static void all_back(void)
{
    for (sk_core c = 0; c < 3; c++)
        assert_same(gauges(kern_of(c)), before[c]);
}

static unsigned mapped(const struct task *t, sk_paddr first)
{
    unsigned n = 0;
    for (unsigned i = 0; i < FAKE_MAPS; i++)
        n += fake_map[i].task == t && fake_map[i].addr == first;
    return n;
}

/* 0 -> 1 -> 2 -> 0 -> 1: written by each, read by the next, in place. */
static void test_round_three_cores(void **state)
{
    (void)state;
    join_all();
    static const sk_core way[] = {0, 1, 2, 0, 1, 0, 2, 1};
    uint32_t pages[3] = {init_of(0)->pages_used, init_of(1)->pages_used, init_of(2)->pages_used};
    sk_handle h = make_region(0);
    uint8_t *bytes = bytes_of(0, h);
    for (unsigned n = 0; n + 1 < sizeof(way) / sizeof(way[0]); n++) {
        sk_core from = way[n], to = way[n + 1];
        struct task *t = init_of(from);
        EXPECT(CALL(kern_of(from), t, REGION_MAP, h, 0, SK_PROT_R | SK_PROT_W), SK_OK);
        assert_ptr_equal(t->port.reg[1], bytes);
        EXPECT(t->port.reg[2], PAGES); /* it need not believe who sent it */
        EXPECT(mapped(t, (uintptr_t)bytes), 1);
        EXPECT(bytes[PAGES * SK_PAGE_BYTES - 1u], n == 0 ? 0 : 100 + n - 1);
        bytes[PAGES * SK_PAGE_BYTES - 1u] = (uint8_t)(100 + n);
        EXPECT(CALL(kern_of(from), t, SEND_HANDLE, via[from][to], h, 0), SK_ERR_BUSY);
        EXPECT(CALL(kern_of(from), t, REGION_UNMAP, h), SK_OK);
        EXPECT(mapped(t, (uintptr_t)bytes), 0);
        give(from, via[from][to], h, SK_OK);
        EXPECT(CALL(kern_of(from), t, CLOSE, h), SK_ERR_HANDLE);
        h = take(to, via[to][from]);
        assert_ptr_equal(bytes_of(to, h), bytes);
        EXPECT(region_of(to, h)->foreign, to != 0);
        for (sk_core c = 0; c < 3; c++) /* the home's account has it, nobody else's */
            EXPECT(init_of(c)->pages_used, pages[c] + (c == 0 ? PAGES : 0));
        EXPECT(CALL(kern_of(to), init_of(to), REGION_MAP, h, 0, SK_PROT_R | SK_PROT_X),
               to == 0 ? SK_OK : SK_ERR_UNSUPPORTED);
        if (to == 0)
            EXPECT(CALL(kern_of(to), init_of(to), REGION_UNMAP, h), SK_OK);
    }
    close_end(1, h);
    fake_settle();
    all_back();
    h = make_region(0); /* the same pages: nobody sees what was there */
    for (size_t i = 0; i < PAGES * SK_PAGE_BYTES; i++)
        EXPECT(bytes_of(0, h)[i], 0);
    close_end(0, h);
}

static void test_refused(void **state)
{
    (void)state;
    join_all();
    struct task *t = init_of(0);
    sk_handle h = make_pages(0, 1), full[SK_ESCROW_MAX];
    for (unsigned i = 0; i < SK_ESCROW_MAX; i++) {
        full[i] = make_pages(0, 1);
        give(0, via[0][1], full[i], SK_OK);
    }
    give(0, via[0][1], h, SK_ERR_FULL);
    EXPECT(CALL(kern_of(0), t, REGION_MAP, h, 0, SK_PROT_R), SK_OK); /* still its own */
    EXPECT(CALL(kern_of(0), t, REGION_UNMAP, h), SK_OK);
    give(0, via[0][2], h, SK_OK);
    h = take(2, via[2][0]);
    for (unsigned i = 0; i < SK_ESCROW_MAX; i++) {
        sk_handle back = take(1, via[1][0]);
        give(1, via[1][2], back, SK_OK); /* over the home, to where there is room */
    }
    give(2, via[2][0], h, SK_OK); /* home, where it waits in an escrow */
    /* The other end closes with all that waits in it. */
    close_end(2, via[2][1]);
    close_end(0, via[0][2]);
    fake_settle();
    for (sk_core c = 0; c < 3; c++)
        EXPECT(kern_of(c)->stats.regions, before[c].regions);
    close_end(1, via[1][2]);
    close_end(2, via[2][0]);
    fake_settle();
}

static void test_timed_out_is_in_doubt(void **state)
{
    (void)state;
    join_all();
    struct task *t = init_of(0);
    for (int home = 1; home >= 0; home--) { /* it is at home here, or over there */
        sk_handle h = make_region(home ? 0 : 1);
        if (!home) {
            give(1, via[1][0], h, SK_OK);
            h = take(0, via[0][1]);
        }
        EXPECT(CALL(kern_of(0), t, SEND_HANDLE, via[0][1], h, fake_now + 10), CALL_BLOCKED);
        fake_now += 10;
        kern_timer(kern_of(0));
        EXPECT(result(t), SK_ERR_TIMED_OUT);
        EXPECT(CALL(kern_of(0), t, CLOSE, h), SK_ERR_BUSY);
        EXPECT(CALL(kern_of(0), t, REGION_MAP, h, 0, SK_PROT_R), SK_ERR_BUSY);
        fake_settle();
        EXPECT(CALL(kern_of(0), t, CLOSE, h), SK_ERR_HANDLE); /* it has arrived after all */
        close_end(1, take(1, via[1][0]));
        fake_settle();
        all_back();
    }
}

/* Who pays dies while it is away; then who holds it: mapped, or in an escrow, or taken. */
static void test_payer_and_holder_die(void **state)
{
    (void)state;
    warm(0, 1);
    for (unsigned way = 0; way < 12; way++) {
        fake_free();
        fake_machine(3);
        join_all();
        struct kern *k0 = kern_of(0), *k1 = kern_of(1);
        struct task *payer = fake_task(k0, "payer"), *holder = fake_task(k1, "holder");
        sk_handle h[2], x[2], r;
        /* Ends of a channel between the two tasks, as TASK_GIVE leaves them. */
        make_chan(k0, init_of(0), h);
        give(0, via[0][1], h[1], SK_OK);
        sk_handle far = take(1, via[1][0]);
        struct handle *he = &init_of(0)->handles[SK_HANDLE_INDEX(h[0])];
        struct end *e = end_of(k0, init_of(0), h[0]);
        handle_remove(k0, init_of(0), he);
        chan_end_disown(e);
        EXPECT(chan_end_adopt(k0, payer, e, &x[0]), SK_OK);
        e = end_of(k1, init_of(1), far);
        handle_remove(k1, init_of(1), &init_of(1)->handles[SK_HANDLE_INDEX(far)]);
        chan_end_disown(e);
        EXPECT(chan_end_adopt(k1, holder, e, &x[1]), SK_OK);
        EXPECT(CALL(k0, payer, REGION_CREATE, PAGES, 0), SK_OK);
        r = (sk_handle)payer->port.reg[1];
        uint8_t *bytes = (uint8_t *)k0->regions[payer->handles[SK_HANDLE_INDEX(r)].index].first;
        memset(bytes, 0x77, PAGES * SK_PAGE_BYTES);
        EXPECT(CALL(k0, payer, SEND_HANDLE, x[0], r, SK_FOREVER), CALL_BLOCKED);
        if (way % 6 == 5) { /* before it is answered, or even asked */
            task_end(k0, payer, SK_CAUSE_KILLED, 0);
            kern_idle(k0);
            if (way == 11)
                end_task(k1, holder);
            else
                fake_settle();
        } else {
            fake_settle();
        }
        if (way % 6 != 0 && way != 11) {
            EXPECT(CALL(k1, holder, TAKE_HANDLE, x[1]), SK_OK);
            r = (sk_handle)holder->port.reg[1];
            if (way % 6 >= 2)
                EXPECT(CALL(k1, holder, REGION_MAP, r, 0, SK_PROT_R | SK_PROT_W), SK_OK);
            if (way % 6 == 4)
                EXPECT(CALL(k1, holder, CLOSE, r), SK_OK);
        }
        if (way < 6 && way != 5)
            end_task(k0, payer);
        if (way != 11) {
            EXPECT(bytes[5], way == 4 ? 0 : 0x77); /* it outlives its payer */
            end_task(k1, holder);
        }
        if (way >= 6 || way == 5)
            end_task(k0, payer);
        fake_settle();
        EXPECT(k0->stats.regions, before[0].regions);
        EXPECT(k1->stats.regions, before[1].regions);
        EXPECT(k0->ram_free, before[0].pages_free);
        EXPECT(k1->ram_free, before[1].pages_free);
    }
}

/* --- Who has it ------------------------------------------------------------------------------- */

static bool waits(const struct kern *k, const struct region *r)
{
    for (uint32_t i = 0; i < k->end_count; i++)
        for (uint32_t n = 0; k->ends[i].state != END_FREE && n < k->ends[i].escrow_count; n++) {
            const struct item *item = &k->ends[i].escrow[n];
            if (item->kind == SK_KIND_REGION && item->index == r->index && item->gen == r->gen)
                return true;
        }
    return false;
}

/* May a task here use it, or take it, now? */
static unsigned usable(const struct kern *k, sk_paddr first)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < k->region_count; i++) {
        const struct region *r = &k->regions[i];
        if (!r->in_use || r->first != first || region_lost(r))
            continue;
        n += waits(k, r);
        for (uint32_t h = 0; h < k->tasks[0].handles_max; h++) {
            const struct handle *he = &k->tasks[0].handles[h];
            n += he->kind == SK_KIND_REGION && he->index == i && !he->in_flight;
        }
    }
    return n;
}

static bool deliver_one(void)
{
    for (int c = 0; c < FAKE_CORES; c++) {
        struct port_cpu *cpu = &fake_cpu[c];
        if (cpu->ram == NULL || cpu->halted || !cpu->bell)
            continue;
        cpu->bell = false;
        kern_doorbell(cpu->k);
        return true;
    }
    return false;
}

static void break_core(sk_core core)
{
    if (setjmp(fake_halt) == 0)
        kern_panic(kern_of(core), "a test");
}

static void close_all(sk_core core)
{
    struct kern *k = kern_of(core);
    struct task *t = init_of(core);
    for (unsigned i = 2; i < t->handles_max; i++) {
        sk_handle h = SK_HANDLE_MAKE(i, t->handles[i].gen);
        if (t->handles[i].kind == SK_KIND_CHAN || t->handles[i].kind == SK_KIND_REGION)
            EXPECT(CALL(k, t, CLOSE, h), SK_OK);
    }
}

/* A region goes from `from` to `to`, `steps` doorbells far; the victim breaks then, and everybody
 * but the victim hears of it; at no moment can two use it. Then the victim begins anew, and all is
 * back. home: where the region's pages are. */
static void broken_at(sk_core home, sk_core from, sk_core to, sk_core victim, int steps, bool dead)
{
    char what[80];
    snprintf(what, sizeof(what), "home %u, from %u to %u, core %u %s after %d steps", home, from, to,
             victim, dead ? "breaks" : "begins anew", steps);
    fake_free();
    fake_machine(3);
    join_all();
    sk_handle h = make_region(home);
    sk_paddr first = region_of(home, h)->first;
    if (home != from) {
        give(home, via[home][from], h, SK_OK);
        h = take(from, via[from][home]);
    }
    struct task *t = init_of(from);
    EXPECT(CALL(kern_of(from), t, SEND_HANDLE, via[from][to], h, SK_FOREVER), CALL_BLOCKED);
    while (steps-- > 0 && deliver_one())
        ;
    if (dead) {
        break_core(victim);
        unsigned who = 0;
        for (bool more = true; more;) {
            more = deliver_one();
            who = 0;
            for (sk_core c = 0; c < 3; c++)
                who += c == victim ? 0 : usable(kern_of(c), first);
            assert_true(who <= 1);
        }
        if (from != victim) {
            EXPECT(t->state, SK_TASK_READY);
            if (result(t) != SK_OK && usable(kern_of(from), first) == 0) /* in doubt, and says so */
                EXPECT(CALL(kern_of(from), t, CLOSE, h), SK_ERR_BUSY);
            if (who == 0 && home != victim) /* nobody else gets the pages */
                EXPECT(kern_of(home)->stats.regions, before[home].regions + 1);
        }
    }
    fake_restart(victim);
    fake_settle();
    for (sk_core c = 0; c < 3; c++)
        EXPECT(fake_cpu[c].halted, false);
    unsigned who = 0;
    for (sk_core c = 0; c < 3; c++)
        who += usable(kern_of(c), first);
    unsigned home_again = home != victim && kern_of(home)->stats.regions == before[home].regions;
    unsigned sent_to_it = to == victim && result(t) == SK_OK; /* so it went with that core */
    if (who + home_again != (home != victim) ||
        (home != victim && from != victim && who != !sent_to_it))
        fail_msg("%s: %u can use it, %u came home, the sender was told %d", what, who, home_again,
                 result(t));
    for (sk_core c = 0; c < 3; c++)
        close_all(c);
    fake_settle();
    for (sk_core c = 0; c < 3; c++) {
        EXPECT(kern_of(c)->stats.regions, 0);
        EXPECT(kern_of(c)->stats.chans, 0);
        EXPECT(kern_of(c)->link[(c + 1) % 3].state == LINK_DOWN, false);
    }
    for (sk_core a = 0; a < 3; a++)
        for (sk_core b = 0; b < 3; b++)
            if (a != b)
                expect_whole(a, b);
}

static void test_a_core_breaks_at_each_step(void **state)
{
    (void)state;
    for (sk_core home = 0; home < 3; home++)
        for (sk_core from = 0; from < 3; from++)
            for (sk_core to = 0; to < 3; to++)
                for (sk_core victim = 1; from != to && victim < 3; victim++)
                    for (int steps = 0; steps < 9; steps++)
                        for (int dead = 0; dead < 2; dead++)
                            broken_at(home, from, to, victim, steps, dead);
}

/* What is mapped when the home begins anew is not there any more. */
static void test_home_begins_anew(void **state)
{
    (void)state;
    join_all();
    sk_handle h[3], far[2];
    for (unsigned i = 0; i < 3; i++) {
        h[i] = make_region(1);
        give(1, via[1][0], h[i], SK_OK);
        if (i < 2)
            far[i] = take(0, via[0][1]);
    }
    EXPECT(CALL(kern_of(0), init_of(0), REGION_MAP, far[0], 0, SK_PROT_R | SK_PROT_W), SK_OK);
    sk_paddr first = region_of(0, far[0])->first;
    break_core(1);
    fake_settle();
    EXPECT(mapped(init_of(0), first), 1); /* while it is only dead, what was written can be read */
    fake_restart(1);
    fake_settle();
    EXPECT(mapped(init_of(0), first), 0);
    for (unsigned i = 0; i < 3; i++) {
        sk_handle lost = i < 2 ? far[i] : take(0, via[0][1]); /* one was in an escrow */
        EXPECT(CALL(kern_of(0), init_of(0), REGION_MAP, lost, 0, SK_PROT_R), SK_ERR_PEER_DEAD);
        EXPECT(CALL(kern_of(0), init_of(0), SEND_HANDLE, via[0][2], lost, 0), SK_ERR_PEER_DEAD);
        close_end(0, lost);
    }
    EXPECT(kern_of(0)->stats.regions, before[0].regions);
}

/* --- A peer that lies ------------------------------------------------------------------------ */

static void test_hostile_gives(void **state)
{
    (void)state;
    for (int kind = 0; kind < 9; kind++) {
        fake_free();
        fake_machine(3);
        join_all();
        struct kern *k0 = kern_of(0), *k1 = kern_of(1);
        struct end *e = end_of(k0, init_of(0), via[0][1]);
        struct sk_link_give g = {.dest = {SK_TO_ESCROW, e->index, e->gen},
                                 .kind = SK_KIND_REGION,
                                 .index = 1,
                                 .gen = k1->regions[1].gen,
                                 .slots = 2,
                                 .paddr = (uintptr_t)fake_cpu[1].ram,
                                 .home = 1};
        switch (kind) {
        case 0: /* the last page is not the sender's */
            g.paddr += (FAKE_PAGES - 1u) * SK_PAGE_BYTES;
            break;
        case 1:
            g.paddr = (uintptr_t)fake_cpu[2].ram;
            break;
        case 2:
            g.paddr += 8;
            break;
        case 3:
            g.slots = SK_REGION_PAGES_MAX + 1u;
            break;
        case 4:
            g.slots = 0;
            break;
        case 5:
            g.home = 2;
            break;
        case 6:
            g.index = SK_LINK_REGIONS;
            break;
        case 7:
            g.gen ^= 0x01000000u; /* of another epoch */
            break;
        default:
            break; /* twice */
        }
        struct sk_msg m = {.label = SK_LINK_GIVE};
        memcpy(m.bytes, &g, sizeof(g));
        link_request(k1, &k1->link[0], &m);
        if (kind == 8) {
            kern_doorbell(k0);
            EXPECT(k0->link[1].state, LINK_UP);
            g.paddr += SK_PAGE_BYTES; /* a part of it again */
            g.index++;
            memcpy(m.bytes, &g, sizeof(g));
            link_request(k1, &k1->link[0], &m);
        }
        kern_doorbell(k0);
        EXPECT(k0->link[1].state, LINK_DOWN);
        EXPECT(k0->stats.regions, before[0].regions + (kind == 8));
        EXPECT(k0->panic_why != NULL, false);
    }
}

/* Requests about regions that the asker does not have, and flips of every bit there is. */
static void test_hostile_requests(void **state)
{
    (void)state;
    for (int kind = 0; kind < 6; kind++) {
        fake_free();
        fake_machine(3);
        join_all();
        struct kern *k0 = kern_of(0), *k1 = kern_of(1);
        sk_handle h = make_region(0);
        uint32_t pages = k0->ram_free;
        struct region *r = region_of(0, h);
        struct sk_link_move move = {.core = 2, .index = r->index, .gen = r->gen};
        move.core = kind == 1 ? 77 : kind == 2 ? 1 : 2;
        move.index += kind == 3 ? 60000 : 0;
        move.gen += kind == 4;
        struct sk_msg m = {.label = SK_LINK_MOVE_REGION};
        memcpy(m.bytes, &move, sizeof(move));
        if (kind == 5) {
            for (uint32_t i = 0; i < 64; i++) {
                struct place p = {0, (uint16_t)i, GEN_FIRST(1)};
                link_flip(k1, &p, SK_LINK_REGION, 0);
            }
            kern_doorbell(k0);
            EXPECT(k0->link[1].state, LINK_UP);
        } else {
            link_request(k1, &k1->link[0], &m);
            kern_doorbell(k0);
            EXPECT(k0->link[1].state, LINK_DOWN);
        }
        EXPECT(r->in_use, true); /* it is the task's, as before */
        EXPECT(k0->ram_free, pages);
        EXPECT(CALL(k0, init_of(0), REGION_MAP, h, 0, SK_PROT_R), SK_OK);
        EXPECT(CALL(k0, init_of(0), CLOSE, h), SK_OK);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup3, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_round_three_cores),     TEST(test_refused),
        TEST(test_timed_out_is_in_doubt), TEST(test_payer_and_holder_die),
        TEST(test_home_begins_anew),      TEST(test_a_core_breaks_at_each_step),
        TEST(test_hostile_gives),         TEST(test_hostile_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
