/* What is handed over: ends, ports and regions in messages, connections at ports; names; services
 * with an event loop; very many channels.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "area.h"
#include "lib/loop.h"

/* --- Handing over ---------------------------------------------------------------------------- */

enum { TAKE_END = 1, TAKE_REGION, TAKE_PORT };

/* Uses whatever it is sent, and says in its answers what it found. */
static int taker(void *arg)
{
    struct sk_chan c, other;
    struct sk_in in;
    (void)arg;
    PEER_CHECK(sk_chan_open(&c, sk_linux_given(0), SK_EV_CHAN) == SK_OK);
    while (sk_recv_until(&c, &in, sk_in_ms(LONG_MS)) == SK_OK) {
        uint64_t found = 0;
        uintptr_t at = 0;
        uint32_t pages = 0, count = in.handles;
        PEER_CHECK(in.handles != 0 && in.handle[0] != SK_HANDLE_NONE);
        if (in.label == TAKE_END) {
            struct sk_out out = {.label = 77};
            PEER_CHECK(sk_chan_open(&other, in.handle[0], SK_EV_CHAN) == SK_OK);
            PEER_CHECK(sk_send_try(&other, &out) == SK_OK);
            sk_chan_close(&other);
            found = count;
        } else if (in.label == TAKE_REGION) {
            PEER_CHECK(sys_region_map_all(in.handle[0], SK_PROT_R | SK_PROT_W, &at, &pages) ==
                       SK_OK);
            uint64_t *word = (uint64_t *)at;
            for (uint32_t i = 0; i < pages * (SK_PAGE_BYTES / 8u); i++)
                found += word[i];
            word[0] = 4711;
            PEER_CHECK(sys_region_unmap(in.handle[0]) == SK_OK);
            PEER_CHECK(sk_reply(&c, in.token, SK_OK, &found, 8, in.handle, 1, NULL) == SK_OK);
            continue;
        } else {
            sk_handle far;
            PEER_CHECK(sk_chan_create(&other, &far, SK_EV_CHAN) == SK_OK);
            PEER_CHECK(sys_port_accept(in.handle[0], &far) == SK_ERR_RIGHTS);
            PEER_CHECK(sys_port_connect(in.handle[0], far, sk_in_ms(LONG_MS)) == SK_OK);
            PEER_CHECK(sk_recv_until(&other, &in, sk_in_ms(LONG_MS)) == SK_ERR_PEER_DEAD);
            sk_chan_close(&other);
        }
        PEER_CHECK(sk_reply(&c, in.token, SK_OK, &found, 8, NULL, 0, NULL) == SK_OK);
    }
    return 0;
}

static struct sk_linux_child start_taker(struct setting *s, struct sk_chan *c)
{
    sk_handle far;
    ASSERT_OK(sk_chan_create(c, &far, SK_EV_CHAN));
    return start_peer(s, taker, NULL, &far, 1);
}

static void test_ends_move(void **state)
{
    struct sk_chan c, near[3];
    struct sk_in in;
    struct sk_linux_child peer = start_taker(*state, &c);
    for (uint32_t round = 0; round < 50; round++) {
        sk_handle far[3];
        uint32_t count = 1u + round % 3u;
        for (uint32_t i = 0; i < count; i++)
            ASSERT_OK(sk_chan_create(&near[i], &far[i], SK_EV_CHAN));
        struct sk_out out = {.label = TAKE_END, .handles = count, .handle = far};
        ASSERT_OK(sk_call_msg(&c, &out, &in, 8, sk_in_ms(LONG_MS)));
        assert_int_equal(in.w64[0], count);
        for (uint32_t i = 0; i < count; i++)
            assert_int_equal(sys_close(far[i]), SK_ERR_HANDLE);
        ASSERT_OK(sk_recv_until(&near[0], &in, sk_in_ms(LONG_MS)));
        assert_int_equal(in.label, 77);
        assert_int_equal(sk_recv_until(&near[0], &in, sk_in_ms(LONG_MS)), SK_ERR_PEER_DEAD);
        sk_chan_close(&near[0]);
        if (count > 1) /* the taker leaks them until it ends */
            for (uint32_t i = 1; i < count; i++)
                sk_chan_close(&near[i]);
    }
    /* A used end cannot move. */
    sk_handle used = c.handle;
    struct sk_out out = {.label = TAKE_END, .handles = 1, .handle = &used};
    assert_int_equal(sk_send_try(&c, &out), SK_ERR_BUSY);
    sk_chan_close(&c);
    end_peer(&peer, 0);
}

static void test_regions_move(void **state)
{
    struct sk_chan c;
    struct sk_in in;
    struct sk_linux_child peer = start_taker(*state, &c);
    for (uint32_t pages = 1; pages <= 256; pages *= 4u) { /* up to 1 MiB */
        uintptr_t at;
        sk_handle region;
        ASSERT_OK(sys_region_create(pages, &region));
        ASSERT_OK(sys_region_map(region, 0, SK_PROT_R | SK_PROT_W, &at));
        uint64_t sum = 0, *word = (uint64_t *)at;
        for (uint32_t i = 0; i < pages * (SK_PAGE_BYTES / 8u); i++) {
            assert_int_equal(word[i], 0);
            sum += word[i] = (uint64_t)i * pages;
        }
        struct sk_out out = {.label = TAKE_REGION, .handles = 1, .handle = &region};
        assert_int_equal(sk_send_try(&c, &out), SK_ERR_BUSY); /* it is mapped */
        ASSERT_OK(sys_region_unmap(region));
        ASSERT_OK(sk_call_msg(&c, &out, &in, 8, sk_in_ms(LONG_MS)));
        assert_int_equal(in.w64[0], sum);
        assert_int_equal(sys_region_map(region, 0, SK_PROT_R, &at), SK_ERR_HANDLE);
        assert_int_equal(in.handles, 1);
        ASSERT_OK(sys_region_map(in.handle[0], 0, SK_PROT_R, &at));
        assert_int_equal(*(uint64_t *)at, 4711);
        ASSERT_OK(sys_close(in.handle[0]));
    }
    sk_chan_close(&c);
    end_peer(&peer, 0);
}

static void test_ports(void **state)
{
    struct sk_chan c;
    struct sk_in in;
    sk_handle port, end;
    uint32_t events;
    struct sk_linux_child peer = start_taker(*state, &c);
    ASSERT_OK(sys_port_create(12, 2, &port));
    assert_int_equal(sys_port_accept(port, &end), SK_ERR_EMPTY);
    struct sk_call call;
    struct sk_out out = {.label = TAKE_PORT, .handles = 1, .handle = &port};
    ASSERT_OK(sk_call_begin(&c, &call, &out, &in, 8));
    ASSERT_OK(sk_wait_events(1u << 12, sk_in_ms(LONG_MS), &events));
    ASSERT_OK(sys_port_accept(port, &end));
    ASSERT_OK(sys_close(end)); /* turned away */
    ASSERT_OK(sk_call_end(&c, &call, sk_in_ms(LONG_MS)));
    /* Its queue: two places; the order of coming. */
    sk_handle pair[3][2], got;
    for (uint32_t i = 0; i < 3; i++)
        ASSERT_OK(sys_chan_create(8, &pair[i][0], &pair[i][1]));
    ASSERT_OK(sys_port_connect(port, pair[0][1], 0));
    ASSERT_OK(sys_port_connect(port, pair[1][1], 0));
    assert_int_equal(sys_port_connect(port, pair[2][1], 0), SK_ERR_FULL);
    for (uint32_t i = 0; i < 2; i++) {
        struct sk_handle_info info;
        struct sk_chan near;
        ASSERT_OK(sys_port_accept(port, &got));
        ASSERT_OK(sk_chan_open(&near, got, SK_EV_CHAN));
        ASSERT_OK(sys_close(pair[i][0]));
        assert_true(sk_chan_peer_closed(&near));
        ASSERT_OK(sys_info(near.handle, &info));
        assert_int_equal(info.state, SK_CHAN_CLOSED);
        sk_chan_close(&near);
    }
    ASSERT_OK(sys_port_connect(port, pair[2][1], 0));
    ASSERT_OK(sys_close(port)); /* with what waits in it */
    struct sk_chan near;
    ASSERT_OK(sk_chan_open(&near, pair[2][0], SK_EV_CHAN));
    assert_true(sk_chan_peer_closed(&near));
    sk_chan_close(&near);
    sk_chan_close(&c);
    end_peer(&peer, 0);
}

/* --- Names and services ---------------------------------------------------------------------- */

static int names_task(void *arg)
{
    (void)arg;
    return sk_linux_serve_names();
}

struct echo {
    struct sk_loop loop;
    struct sk_server server;
    struct sk_client client[40];
};

static sk_err on_echo(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                      struct sk_answer *a)
{
    (void)loop, (void)client;
    memcpy(a->bytes, in->bytes, in->len);
    a->len = in->len;
    return SK_OK;
}

static sk_err on_stop(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                      struct sk_answer *a)
{
    (void)client, (void)in, (void)a;
    sk_loop_stop(loop);
    return SK_OK;
}

static const struct sk_method echo_methods[] = {{.label = 1, .handle = on_echo},
                                                {.label = 2, .handle = on_stop}};

static int echo_service(void *name)
{
    struct echo *e = calloc(1, sizeof(*e));
    sk_loop_init(&e->loop, e->client, 40, e);
    e->server.methods = echo_methods;
    e->server.method_count = 2;
    PEER_CHECK(sk_serve(&e->loop, &e->server, SK_EV_PORT, 8) == SK_OK);
    PEER_CHECK(names_register(name, e->server.port) == SK_OK);
    sk_loop_run(&e->loop);
    free(e);
    return 3;
}

/* The queue of the service may be full: all come at once. */
static sk_err connect_echo(struct sk_chan *c)
{
    sk_ns until = sk_in_ms(LONG_MS);
    sk_err err;
    while ((err = names_connect("echo", until, c)) == SK_ERR_FULL && sk_now() < until)
        sk_sleep_until(sk_in_ms(1));
    return err;
}

static int echo_client(void *arg)
{
    struct sk_chan c;
    uint32_t calls = (uint32_t)(uintptr_t)arg;
    PEER_CHECK(connect_echo(&c) == SK_OK);
    for (uint32_t i = 0; i < calls; i++) {
        uint32_t back = 0, got;
        PEER_CHECK(sk_call(&c, 1, &i, 4, &back, 4, &got, sk_in_ms(LONG_MS)) == SK_OK);
        PEER_CHECK(got == 4 && back == i);
    }
    sk_chan_close(&c);
    return 0;
}

static void test_names(void **state)
{
    struct setting *s = *state;
    struct names_entry entry;
    struct sk_chan c;
    uint32_t at = 0;
    struct sk_linux_child names = start_peer(s, names_task, NULL, NULL, 0);
    assert_int_equal(names_list("", &at, &entry), SK_ERR_NOT_FOUND); /* it serves */
    assert_int_equal(names_connect("echo", 0, &c), SK_ERR_NOT_FOUND);
    sk_err none = names_wait("echo", sk_in_ms(50)); /* NOT_FOUND: it came too late to wait */
    assert_true(none == SK_ERR_TIMED_OUT || none == SK_ERR_NOT_FOUND);
    /* Clients before the service: they wait for the name. */
    struct sk_linux_child client[16];
    for (uint32_t i = 0; i < 16; i++)
        client[i] = start_peer(s, echo_client, (void *)(uintptr_t)100, NULL, 0);
    struct sk_linux_child echo = start_peer(s, echo_service, "echo", NULL, 0);
    ASSERT_OK(connect_echo(&c));
    ASSERT_OK(names_list("", &at, &entry));
    assert_string_equal(entry.name, "echo");
    assert_int_equal(entry.owner, echo.tid);
    assert_int_equal(names_list("", &at, &entry), SK_ERR_NOT_FOUND);
    assert_int_equal(names_unregister("echo"), SK_ERR_RIGHTS);
    for (uint32_t i = 0; i < 16; i++)
        end_peer(&client[i], 0);
    ASSERT_OK(sk_call(&c, 2, NULL, 0, NULL, 0, NULL, sk_in_ms(LONG_MS)));
    end_peer(&echo, 3);
    /* The name has died with its owner: soon, for its connection is. */
    sk_ns until = sk_in_ms(LONG_MS);
    while (names_wait("echo", 0) == SK_OK && sk_now() < until)
        sk_sleep_until(sk_in_ms(1));
    assert_int_equal(names_wait("echo", 0), SK_ERR_NOT_FOUND);
    sk_chan_close(&c);
    assert_int_equal(sk_linux_serve_names(), SK_ERR_EXISTS);
    if (s->processes) {
        int32_t status;
        ASSERT_OK(sk_linux_kill(&names));
        ASSERT_OK(sk_linux_await(&names, sk_in_ms(LONG_MS), &status));
        assert_int_equal(status, 128 + 9);
        assert_int_equal(names_wait("echo", 0), SK_ERR_PEER_DEAD);
        /* A new one, after a new connection. */
        sk_chan_close(sk_parent());
        names = start_peer(s, names_task, NULL, NULL, 0);
        at = 0;
        assert_int_equal(names_list("", &at, &entry), SK_ERR_NOT_FOUND);
    }
    ASSERT_OK(sk_linux_set_events(s->area, names.tid, 1u << SK_LINUX_EV_STOP));
    end_peer(&names, 0);
    assert_int_equal(sk_linux_set_events(s->area, names.tid, 1), SK_ERR_NOT_FOUND);
    assert_int_equal(names_wait("echo", 0), SK_ERR_PEER_DEAD);
}

/* More channels than there are ready bits, all idle but those that call now. */
static int many_server(void *arg)
{
    uint32_t count = (uint32_t)(uintptr_t)arg;
    struct sk_loop loop;
    struct sk_server server = {.methods = echo_methods, .method_count = 2};
    struct sk_client *client = calloc(count, sizeof(*client));
    struct sk_chan from;
    struct sk_in in;
    sk_linux_spin(20);
    sk_loop_init(&loop, client, count, NULL);
    sk_serve_port(&loop, &server, SK_HANDLE_NONE, 0);
    PEER_CHECK(sk_chan_open(&from, sk_linux_given(0), SK_EV_CHAN) == SK_OK);
    for (uint32_t i = 0; i < count; i++) {
        PEER_CHECK(sk_recv_until(&from, &in, sk_in_ms(LONG_MS)) == SK_OK);
        PEER_CHECK(sk_client_adopt(&loop, &server, in.handle[0], NULL, NULL) == SK_OK);
        PEER_CHECK(sk_reply(&from, in.token, SK_OK, NULL, 0, NULL, 0, NULL) == SK_OK);
    }
    sk_loop_run(&loop);
    free(client);
    return 5;
}

static void test_many_channels(void **state)
{
    const uint32_t count = 1500;
    struct sk_chan control, *c = calloc(count, sizeof(*c));
    struct sk_in in;
    sk_handle far;
    ASSERT_OK(sk_chan_create(&control, &far, SK_EV_CHAN));
    struct sk_linux_child peer = start_peer(*state, many_server, (void *)(uintptr_t)count, &far, 1);
    for (uint32_t i = 0; i < count; i++) {
        ASSERT_OK(sk_chan_create(&c[i], &far, SK_EV_CHAN));
        struct sk_out out = {.label = 1, .handles = 1, .handle = &far};
        ASSERT_OK(sk_call_msg(&control, &out, &in, 0, sk_in_ms(LONG_MS)));
    }
    for (uint32_t i = 0; i < 3000; i++) {
        uint32_t back = 0;
        struct sk_chan *one = &c[(i * 7u + i / 100u) % count];
        ASSERT_OK(sk_call(one, 1, &i, 4, &back, 4, NULL, sk_in_ms(LONG_MS)));
        assert_int_equal(back, i);
    }
    ASSERT_OK(sk_call(&c[count - 1u], 2, NULL, 0, NULL, 0, NULL, sk_in_ms(LONG_MS)));
    end_peer(&peer, 5);
    for (uint32_t i = 0; i < count; i++) {
        assert_true(sk_chan_peer_closed(&c[i]));
        sk_chan_close(&c[i]);
    }
    sk_chan_close(&control);
    free(c);
}

static void test_unsupported(void **state)
{
    uintptr_t at;
    sk_handle h, end[2];
    struct sk_stats stats;
    struct sk_lend lend = {.count = 0};
    struct sk_chan c;
    bool sent;
    (void)state;
    ASSERT_OK(sk_chan_create(&c, &h, SK_EV_CHAN));
    assert_int_equal(sys_chan_create(16 | 1 << 8, &end[0], &end[1]), SK_ERR_UNSUPPORTED);
    assert_int_equal(sys_chan_create(9, &end[0], &end[1]), SK_ERR_ARG);
    assert_int_equal(sys_stats(1, &stats), SK_ERR_UNSUPPORTED);
    assert_int_equal(sys_lend(c.handle, &lend, 0, 0, &sent), SK_ERR_UNSUPPORTED);
    assert_int_equal(sys_session_region(1, c.handle, &h), SK_ERR_UNSUPPORTED);
    ASSERT_OK(sys_region_create(1, &h));
    assert_int_equal(sys_region_map(h, 0x10000, SK_PROT_R, &at), SK_ERR_UNSUPPORTED);
    assert_int_equal(sys_region_map(h, 0, SK_PROT_R | SK_PROT_X, &at), SK_ERR_UNSUPPORTED);
    assert_int_equal(sys_region_map(h, 0, SK_PROT_W | SK_PROT_X, &at), SK_ERR_ARG);
    assert_int_equal(sys_region_create(SK_REGION_PAGES_MAX + 1u, &h), SK_ERR_ARG);
    assert_int_equal(sys_call_2(10000, 0, 0), SK_ERR_SYSCALL);
    assert_int_equal(sys_take_handle(c.handle, &h), SK_ERR_EMPTY);
    assert_int_equal(sys_close(0xfffff), SK_ERR_HANDLE);
    sk_chan_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOUR(test_ends_move),
        FOUR(test_regions_move),
        FOUR(test_ports),
        FOUR(test_names),
        FOUR(test_many_channels),
        {"test_unsupported", test_unsupported, up_asym_threads, setting_down, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
