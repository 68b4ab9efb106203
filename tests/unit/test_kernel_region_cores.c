/* Regions that move between cores, call by call on a machine of plain memory: the right moves, the
 * bytes stay; tasks that die meanwhile; peers that lie; and in the end every page is back.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "region_cores.h"

static void all_back(void)
{
    for (sk_core c = 0; c < 3; c++)
        assert_same(gauges(kern_of(c)), before[c]);
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
        EXPECT(CALL(kern_of(0), t, REGION_MAP, h, 0, SK_PROT_R), SK_ERR_BUSY);
        fake_settle();
        EXPECT(CALL(kern_of(0), t, CLOSE, h), SK_ERR_HANDLE); /* it has arrived after all */
        close_end(1, take(1, via[1][0]));
        fake_settle();
        all_back();
    }
}

/* Closed while it is on its way: if it was refused there, it is closed here. */
static void test_closed_on_its_way(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) { /* a region, at home here; there; an end */
        fake_free();
        fake_machine(3);
        join_all();
        struct kern *k0 = kern_of(0);
        struct task *t = init_of(0);
        sk_handle x[2], h = make_region(kind == 1 ? 1 : 0);
        if (kind == 1) {
            give(1, via[1][0], h, SK_OK);
            h = take(0, via[0][1]);
        }
        if (kind == 2) {
            make_chan(k0, t, x);
            h = x[1];
        }
        for (unsigned i = 0; i < SK_ESCROW_MAX; i++)
            give(0, via[0][1], make_pages(0, 1), SK_OK);
        EXPECT(CALL(k0, t, SEND_HANDLE, via[0][kind == 1 ? 2 : 1], h, fake_now + 10), CALL_BLOCKED);
        fake_now += 10;
        kern_timer(k0);
        EXPECT(result(t), SK_ERR_TIMED_OUT);
        EXPECT(CALL(k0, t, CLOSE, h), SK_OK);
        EXPECT(CALL(k0, t, CLOSE, h), SK_OK); /* it is not known yet */
        if (kind == 1)
            close_end(2, via[2][0]); /* nobody is there any more */
        fake_settle();
        EXPECT(CALL(k0, t, CLOSE, h), SK_ERR_HANDLE);
        if (kind == 2)
            EXPECT(end_of(k0, t, x[0])->peer_gone, true);
        EXPECT(kern_of(1)->stats.regions, before[1].regions + SK_ESCROW_MAX);
        close_end(1, via[1][0]);
        fake_settle();
        EXPECT(k0->stats.regions, before[0].regions + (kind == 2));
        EXPECT(kern_of(1)->stats.regions, before[1].regions);
    }
}

/* A deadline in the past: the move goes on without the caller, who may not use it meanwhile. */
static void test_deadline_in_the_past(void **state)
{
    (void)state;
    join_all();
    struct kern *k0 = kern_of(0);
    struct task *t = init_of(0);
    sk_handle h = make_region(0);
    fake_now = SK_MS(5);
    EXPECT(CALL(k0, t, SEND_HANDLE, via[0][1], h, 1), CALL_BLOCKED);
    kern_timer(k0);
    EXPECT(t->state, SK_TASK_READY);
    EXPECT(result(t), SK_ERR_TIMED_OUT);
    EXPECT(CALL(k0, t, SEND_HANDLE, via[0][2], h, SK_FOREVER), SK_ERR_BUSY);
    fake_settle();
    EXPECT(CALL(k0, t, CLOSE, h), SK_ERR_HANDLE);
    close_end(1, take(1, via[1][0]));
    fake_settle();
    all_back();
}

/* Who has used up what it may have gets back what it has paid for all the time. */
static void test_budget_of_who_gets_it_back(void **state)
{
    (void)state;
    join_all();
    struct kern *k0 = kern_of(0);
    struct task *t = init_of(0);
    sk_handle h = make_region(0);
    t->pages_max = t->pages_used;
    give(0, via[0][1], h, SK_OK);
    EXPECT(CALL(k0, t, REGION_CREATE, 1, 0), SK_ERR_BUDGET); /* it counts while it is away */
    give(1, via[1][0], take(1, via[1][0]), SK_OK);
    close_end(0, take(0, via[0][1]));
    EXPECT(t->pages_used + PAGES, t->pages_max);
}

/* What waits in an escrow is its next holder's, whoever dies: at home, and away. */
static void test_sender_dies_before_it_is_taken(void **state)
{
    (void)state;
    warm(0, 1);
    for (sk_core home = 0; home < 2; home++) {
        fake_free();
        fake_machine(3);
        join_all();
        struct kern *k0 = kern_of(0);
        struct task *sender = fake_task(k0, "sender"), *taker = fake_task(k0, "taker");
        sk_handle h[2], x, y, r = make_region(home);
        if (home != 0) {
            give(1, via[1][0], r, SK_OK);
            r = take(0, via[0][1]);
        }
        uint8_t *bytes = bytes_of(0, r);
        memset(bytes, 0x55, PAGES * SK_PAGE_BYTES);
        make_chan(k0, init_of(0), h);
        pass_end(k0, h[0], sender, &x);
        pass_end(k0, h[1], taker, &y);
        pass_region(k0, r, sender, &r);
        EXPECT(CALL(k0, sender, SEND_HANDLE, x, r, 0), SK_OK);
        end_task(k0, sender);
        uint32_t own = taker->pages_used;
        EXPECT(CALL(k0, taker, TAKE_HANDLE, y), SK_OK);
        r = (sk_handle)taker->port.reg[1];
        EXPECT(CALL(k0, taker, REGION_MAP, r, 0, SK_PROT_R), SK_OK);
        EXPECT(bytes[77], 0x55);
        EXPECT(taker->pages_used, own + (home == 0 ? PAGES : 0));
        end_task(k0, taker);
        fake_settle();
        for (sk_core c = 0; c < 2; c++) {
            EXPECT(kern_of(c)->stats.regions, before[c].regions);
            EXPECT(kern_of(c)->ram_free, before[c].pages_free);
        }
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
        make_chan(k0, init_of(0), h);
        give(0, via[0][1], h[1], SK_OK);
        sk_handle far = take(1, via[1][0]);
        pass_end(k0, h[0], payer, &x[0]);
        pass_end(k1, far, holder, &x[1]);
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
    const struct CMUnitTest tests[] = {
        TEST(test_round_three_cores),
        TEST(test_refused),
        TEST(test_timed_out_is_in_doubt),
        TEST(test_closed_on_its_way),
        TEST(test_deadline_in_the_past),
        TEST(test_budget_of_who_gets_it_back),
        TEST(test_sender_dies_before_it_is_taken),
        TEST(test_payer_and_holder_die),
        TEST(test_hostile_gives),
        TEST(test_hostile_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
