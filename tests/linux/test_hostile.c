/* A member that writes random words over the whole area: the others get errors, in bounded time,
 * and nothing else. SECONDS=60 makes it longer, SEED the same again.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "area.h"
#include "lib/loop.h"
#include <sys/mman.h>
#include <sys/stat.h>

static uint32_t first_seed;
static uint32_t calls_good, calls_bad, begun;

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    uint64_t x = *state ^ *state >> 33;
    return x * 0xff51afd7ed558ccdu >> 7;
}

/* Words that look like what belongs there, and any others. */
static uint64_t nasty(uint64_t *state)
{
    uint64_t r = next_random(state);
    switch (r % 6u) {
    case 0:
        return r;
    case 1:
        return ~(uint64_t)0;
    case 2: /* a decisive word: state, small index, small generation */
        return (r >> 8 & 7u) | (r >> 16 & 127u) << 4 | (r >> 32 & 63u) << 32;
    case 3:
        return (r >> 8 & 7u) | 0xfffffff0u | (r >> 32 & 3u) << 32;
    case 4: /* a header of a line */
        return r & 0x0fffffffu;
    default:
        return 0;
    }
}

static int scribbler(void *arg)
{
    struct setting *s = arg;
    struct stat st;
    uint64_t state = first_seed;
    int fd = sk_linux_fd(s->area);
    PEER_CHECK(fstat(fd, &st) == 0);
    uint64_t words = (uint64_t)st.st_size / 8u;
    uint64_t *at = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    PEER_CHECK(at != MAP_FAILED);
    for (;;) {
        uint64_t r = next_random(&state);
        /* Mostly the tables and the first channels, where something is going on. */
        uint64_t near = 0x20000u / 8u;
        uint64_t i = r % 8u != 0 ? (r >> 8) % near : (r >> 8) % words;
        ((volatile uint64_t *)at)[i] = nasty(&state);
    }
}

static int answers(void *arg)
{
    struct sk_in in;
    sk_ns until = sk_in_ms(*(uint32_t *)arg);
    while (sk_now() < until) {
        struct sk_chan c;
        if (sk_chan_open(&c, sk_linux_given(0), SK_EV_CHAN) != SK_OK)
            break;
        while (sk_now() < until) {
            sk_err err = sk_recv_until(&c, &in, sk_in_ms(1));
            if (err == SK_ERR_PROTOCOL || err == SK_ERR_PEER_DEAD)
                break;
            if (err == SK_OK) {
                sk_in_drop_handles(&in);
                (void)sk_reply(&c, in.token, SK_OK, in.bytes, 8, NULL, 0, NULL);
            }
        }
        sk_chan_close(&c);
    }
    return 0;
}

/* One of everything, with short deadlines. Any result will do. */
static void try_everything(struct setting *s, uint32_t round)
{
    struct sk_chan c, d;
    struct sk_in in;
    struct sk_loop loop;
    struct sk_linux_child child;
    sk_handle far = 0, port = 0, region = 0, pair[2] = {0, 0};
    uint32_t life = 10, pages = 0, events;
    uint64_t back;
    uintptr_t at = 0;
    if (sk_chan_create(&c, &far, SK_EV_CHAN) == SK_OK) {
        struct sk_linux_task how = {.give = &far, .give_count = 1};
        bool started = round % 4u == 0 &&
                       sk_linux_start_thread(s->area, &how, answers, &life, &child) == SK_OK;
        for (uint32_t i = 0; i < 20; i++)
            *(sk_call(&c, 1, &back, 8, &back, 8, NULL, sk_in_ms(1)) == SK_OK ? &calls_good
                                                                             : &calls_bad) += 1u;
        if (sys_region_create(1u + round % 9u, &region) == SK_OK) {
            if (sys_region_map_all(region, SK_PROT_R | SK_PROT_W, &at, &pages) == SK_OK) {
                memset((void *)at, 1, pages * SK_PAGE_BYTES);
                (void)sys_region_unmap(region);
            }
            struct sk_out out = {.label = 3, .handles = 1, .handle = &region};
            (void)sk_send_until(&c, &out, sk_in_ms(1));
        }
        (void)sk_recv_until(&c, &in, sk_in_ms(1));
        if (started) {
            int32_t status;
            ASSERT_OK(sk_linux_await(&child, sk_in_ms(LONG_MS), &status));
        }
        sk_chan_close(&c);
    }
    if (sys_port_create(9, 16, &port) == SK_OK && sys_chan_create(8, &pair[0], &pair[1]) == SK_OK) {
        (void)sys_port_connect(port, pair[1], sk_in_ms(1));
        if (sys_port_accept(port, &far) == SK_OK && sk_chan_open(&d, far, SK_EV_CHAN) == SK_OK) {
            sk_loop_init(&loop, NULL, 0, NULL);
            struct sk_source source = {.chan = d};
            sk_source_attach(&loop, &source);
            sk_loop_step(&loop, sk_in_ms(1));
            sk_source_detach(&loop, &source);
            sk_chan_close(&source.chan);
        }
        (void)sys_take_handle(pair[0], &far);
    }
    (void)sk_wait_events(~0u, sk_in_ms(1), &events);
    (void)sys_close(pair[0]);
    (void)sys_close(pair[1]);
    (void)sys_close(port);
    (void)sys_close(region);
}

static void test_scribbled_over(void **state)
{
    struct setting *s = *state;
    int32_t status;
    uint32_t seconds = getenv("SECONDS") ? (uint32_t)atoi(getenv("SECONDS")) : 2u;
    first_seed = getenv("SEED") ? (uint32_t)strtoul(getenv("SEED"), NULL, 0) : (uint32_t)getpid();
    fprintf(stderr, "# SEED=%u\n", first_seed);
    struct sk_linux_child bad = start_peer(s, scribbler, s, NULL, 0);
    sk_ns until = sk_now() + seconds * SK_MS(1000);
    for (uint32_t round = 0; sk_now() < until; round++) {
        try_everything(s, round);
        if (round % 16u == 15u) { /* a task of that name is perhaps no more: be a new one */
            sk_linux_task_end(0);
            for (uint32_t i = 0; i < 1000 && sk_linux_task_begin(s->area, NULL) != SK_OK; i++)
                usleep(100);
            if (sk_linux_given(0) != SK_HANDLE_NONE)
                fail_msg("given what nobody gave");
            begun++;
        }
    }
    fprintf(stderr, "# calls: %u answered, %u not; a task %u times\n", calls_good, calls_bad,
            begun);
    assert_true(calls_good != 0 && calls_bad != 0 && begun != 0);
    assert_int_equal(kill(bad.pid, SIGKILL), 0);
    ASSERT_OK(sk_linux_await(&bad, sk_in_ms(LONG_MS), &status));
    assert_int_equal(status, 128 + SIGKILL);
}

/* Says in the midst of the other's call that it has called itself, which nobody waits for; then
 * answers after all. */
static int says_self(void *arg)
{
    struct sk_chan c;
    struct sk_in in;
    (void)arg;
    PEER_CHECK(sk_chan_open(&c, sk_linux_given(0), SK_EV_CHAN) == SK_OK);
    PEER_CHECK(sk_recv_until(&c, &in, sk_in_ms(LONG_MS)) == SK_OK);
    uint32_t token = in.token;
    struct sk_chan_status *theirs = (struct sk_chan_status *)(uintptr_t)c.end.status - 1;
    __atomic_store_n(&theirs->same_core, SK_CHAN_SELF, __ATOMIC_SEQ_CST);
    PEER_CHECK(sys_wake(c.handle) == SK_OK);
    PEER_CHECK(sk_recv_until(&c, &in, sk_in_ms(LONG_MS)) == SK_OK);
    PEER_CHECK(sk_reply(&c, (uint16_t)token, SK_OK, NULL, 0, NULL, 0, NULL) == SK_OK);
    PEER_CHECK(sk_recv_until(&c, &in, sk_in_ms(LONG_MS)) == SK_ERR_PEER_DEAD);
    return 0;
}

static void test_call_that_ends_early_is_forgotten(void **state)
{
    struct sk_chan c;
    struct sk_in in;
    sk_handle far;
    ASSERT_OK(sk_chan_create(&c, &far, SK_EV_CHAN));
    struct sk_linux_child peer = start_peer(*state, says_self, NULL, &far, 1);
    sk_linux_spin(0);
    assert_int_equal(sk_call(&c, 1, NULL, 0, NULL, 0, NULL, sk_in_ms(LONG_MS)), SK_ERR_STATE);
    assert_null(c.call[0]); /* it was on the stack of the call */
    struct sk_out out = {.label = 2};
    ASSERT_OK(sk_send_try(&c, &out));
    sk_err err;
    while ((err = sk_recv_try(&c, &in)) == SK_ERR_EMPTY)
        ;
    ASSERT_OK(err);
    ASSERT_OK(sk_call_deliver(&c, &in));
    assert_int_equal(c.call_busy, 0);
    sk_chan_close(&c);
    end_peer(&peer, 0);
}

static int up(void **state)
{
    return setting_up(state, SK_LINUX_ANY, true);
}

/* What is left in the area says nothing any more. */
static int down(void **state)
{
    struct setting *s = *state;
    sk_linux_task_end(0);
    int bad = sk_linux_leave(s->area) != SK_OK;
    free(s);
    return bad ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"test_call_that_ends_early_is_forgotten", test_call_that_ends_early_is_forgotten,
         up_asym_threads, setting_down, NULL},
        {"test_scribbled_over", test_scribbled_over, up, down, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
