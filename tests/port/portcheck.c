/* Port conformance, what every port must do: the clock, timers, system calls and their results,
 * checked access to a task's memory, regions, channels, registers across task switches, tasks on
 * every core. Its children are `portchild`: a program may be there but once on a core.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/port/check.h"
#include "tests/port/fp_sums.h"

#define MY_BIT   SK_EV_FREE
#define MY_EVENT (1u << MY_BIT)

static void clock_checks(struct checks *c)
{
    bool forward = true;
    sk_ns last = sk_now();
    for (unsigned i = 0; i < 1000; i++) {
        sk_ns now = sk_now();
        forward = forward && now >= last;
        last = now;
    }
    check(c, forward, "the clock never goes backwards");
    bool early = false;
    for (unsigned us = 0; us < 3000; us += 100) {
        uint32_t events;
        uint64_t ready;
        sk_ns deadline = sk_now() + us * (sk_ns)1000;
        sk_err err = sys_wait(0, deadline, &events, &ready);
        early = early || err != SK_ERR_TIMED_OUT || sk_now() < deadline;
    }
    check(c, !early, "a wait does not end before its deadline");
}

/* Where the machine stood still until the timer's time had come, it is not too late to try again
 * with one that is farther away. */
static bool cancelled_is_silent(void)
{
    for (uint32_t ms = 2; ms <= 512; ms *= 2) {
        uint32_t events;
        uint64_t ready;
        sk_ns at = sk_in_ms(ms);
        sys_timer(MY_BIT, at);
        sys_timer(MY_BIT, SK_FOREVER);
        bool in_time = sk_now() < at;
        sk_err err = sys_wait(MY_EVENT, at + SK_MS(3), &events, &ready);
        if (in_time)
            return err == SK_ERR_TIMED_OUT;
    }
    return false;
}

static void timer_checks(struct checks *c)
{
    uint32_t events;
    uint64_t ready;
    sk_ns at = sk_in_ms(2);
    check(c, sys_timer(MY_BIT, at) == SK_OK, "a timer can be set");
    check(c, sys_wait(MY_EVENT, SK_FOREVER, &events, &ready) == SK_OK && events == MY_EVENT,
          "a timer sets its event");
    check(c, sk_now() >= at, "a timer is not early");
    sys_timer(MY_BIT, sk_in_ms(5000));
    check(c, sys_wait(MY_EVENT, sk_in_ms(2), &events, &ready) == SK_ERR_TIMED_OUT,
          "the earlier of two deadlines counts");
    sys_timer(MY_BIT, sk_in_ms(2));
    check(c, sys_wait(MY_EVENT, sk_in_ms(20000), &events, &ready) == SK_OK,
          "a timer set again replaces the other");
    check(c, cancelled_is_silent(), "a cancelled timer is silent");
    check(c, sys_timer(32, 0) == SK_ERR_ARG, "there is no event bit 32");
}

static void call_checks(struct checks *c)
{
    struct sys_result res;
    check(c, sys_nop() == SK_OK, "nop");
    check(c, sys_yield() == SK_OK, "yield");
    check(c, sys_call(SK_CALL_COUNT, 0, 0, 0, 0, 0, 0, &res) == SK_ERR_SYSCALL, "unknown call");
    check(c, sys_call(0xffffffff, 0, 0, 0, 0, 0, 0, &res) == SK_ERR_SYSCALL, "number out of range");
    check(c, sys_close(0) == SK_ERR_HANDLE, "no handle");
    check(c, sys_close(0xffffffff) == SK_ERR_HANDLE, "wild handle");
}

/* Addresses that no task of any machine may use, as system call buffers. */
static void bad_address_checks(struct checks *c, sk_handle h)
{
    static const uint64_t bad[] = {8,
                                   0x1000,
                                   (uint64_t)1 << 39,
                                   0x7ffffffffffff000,
                                   0xffffff8040200000,
                                   0xffffffc041000000,
                                   0xfffffffffffffff8};
    bool in = true, out = true;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct sys_result res;
        out = out && sys_call(SK_CALL_INFO, h, (uintptr_t)bad[i], 0, 0, 0, 0, &res) == SK_ERR_FAULT;
        in = in &&
             sys_call(SK_CALL_LOG_WRITE, (uintptr_t)bad[i], 16, 0, 0, 0, 0, &res) == SK_ERR_FAULT;
    }
    check(c, out, "results do not go to addresses that are not the task's");
    check(c, in, "text does not come from addresses that are not the task's");
}

static bool all_zero(const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (p[i] != 0)
            return false;
    return true;
}

static void region_checks(struct checks *c)
{
    const size_t len = 3 * SK_PAGE_BYTES;
    sk_handle r = 0;
    uintptr_t at = 0;
    struct sk_handle_info info;
    check(c, sys_region_create(3, &r) == SK_OK, "a region can be made");
    bad_address_checks(c, r);
    check(c, sys_region_map(r, 0, SK_PROT_W | SK_PROT_X | SK_PROT_R, &at) == SK_ERR_ARG,
          "writable and executable is refused");
    check(c, sys_region_map(r, 0, SK_PROT_R | SK_PROT_W, &at) == SK_OK, "it can be mapped");
    uint8_t *p = (uint8_t *)at;
    check(c, all_zero(p, len), "fresh memory is zero");
    memset(p, 0x5a, len);
    uint8_t *edge = p + SK_PAGE_BYTES - sizeof(info) / 2u;
    check(c, sys_call_2(SK_CALL_INFO, r, sys_addr(edge)) == SK_OK, "a result may cross pages");
    memcpy(&info, edge, sizeof(info));
    check(c, info.kind == SK_KIND_REGION, "and is right");
    check(c, sys_call_2(SK_CALL_INFO, r, at + len - 8u) == SK_ERR_FAULT,
          "a result that leaves the region is refused");
    check(c, p[len - 8u] == 0x5a, "with nothing written");
    check(c, sys_region_unmap(r) == SK_OK, "it can be unmapped");
    check(c, sys_call_2(SK_CALL_INFO, r, at) == SK_ERR_FAULT, "then it is not the task's memory");
    check(c, sys_region_map(r, 0, SK_PROT_R, &at) == SK_OK, "mapped again, to read");
    p = (uint8_t *)at;
    check(c, p[0] == 0x5a && p[len - 1u] == 0x5a, "its contents are still there");
    check(c, sys_call_2(SK_CALL_INFO, r, at) == SK_ERR_FAULT, "results do not go there now");
    check(c, sys_close(r) == SK_OK, "closed");
    check(c, sys_region_create(3, &r) == SK_OK, "made again");
    check(c, sys_region_map(r, 0, SK_PROT_R, &at) == SK_OK, "mapped");
    check(c, all_zero((const uint8_t *)at, len), "memory of somebody before is zeroed");
    sys_close(r);
}

static void channel_checks(struct checks *c)
{
    struct sk_chan a = {0}, b = {0};
    struct sk_in in;
    sk_handle end;
    check(c, sk_chan_create(&a, &end, MY_BIT) == SK_OK, "a channel can be made");
    check(c, sk_chan_open(&b, end, MY_BIT) == SK_OK, "and joined to oneself");
    bool fine = true;
    for (uint32_t i = 0; i < 100; i++) {
        uint32_t words[2] = {i, ~i};
        struct sk_out out = {.label = 7, .len = sizeof(words), .bytes = words};
        fine = fine && sk_send_try(&a, &out) == SK_OK && sk_recv_try(&b, &in) == SK_OK &&
               in.label == 7 && in.w32[0] == i && in.w32[1] == ~i;
    }
    check(c, fine, "a hundred messages go through");
    check(c, sk_recv_try(&a, &in) == SK_ERR_EMPTY, "nothing comes back");
    check(c, sk_chan_same_core(&a), "the peer shares the core");
    sk_chan_close(&b);
    check(c, sk_chan_peer_closed(&a), "the end of the peer shows");
    check(c, sk_recv_try(&a, &in) == SK_ERR_PEER_DEAD, "and is told");
    sk_chan_close(&a);
}

/* Two tasks keep different numbers in floating-point registers over yields and preemptions. */
static void fp_checks(struct checks *c)
{
    sk_tid tid;
    struct proc_exit how;
    check(c, check_spawn("portchild", "fp", "3", sk_my_core(), &tid), "a child starts");
    bool mine = fp_sums(5);
    check(c, check_wait(tid, &how) && how.cause == SK_CAUSE_EXITED && how.status == 0 && mine,
          "floating-point registers are each task's own");
}

static void core_checks(struct checks *c)
{
    for (sk_core core = 0; core < sk_cores(); core++) {
        sk_tid tid;
        struct proc_exit how = {0};
        struct proc_core info;
        check(c,
              check_spawn("portchild", "core", "x", core, &tid) && check_wait(tid, &how) &&
                  how.cause == SK_CAUSE_EXITED && how.status == 10 + (int)core,
              "a task runs on each core, and knows which");
        check(c,
              proc_core_info(NULL, core, &info) == SK_OK && info.info.state == SK_CORE_RUNNING &&
                  info.info.epoch != 0 && info.info.pages_private != 0,
              "each kernel knows its epoch and its pages");
    }
}

int main(void)
{
    struct checks c = {0, 0};
    clock_checks(&c);
    timer_checks(&c);
    call_checks(&c);
    region_checks(&c);
    channel_checks(&c);
    fp_checks(&c);
    core_checks(&c);
    return check_end(&c);
}
