/* Port conformance of machines with translation and interrupts: where mappings may be, what memory
 * may be used for, faults told with kind and address, text that was just written, preemption.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/port/check.h"

#define FREE_ADDR ((uint64_t)0x50000000) /* nothing is there in any program */

static const struct {
    const char *what;
    uint32_t kind;
    bool has_addr;
    uint64_t addr;
} faults[] = {
    {"read-null", SK_FAULT_READ, true, 0},
    {"write-null", SK_FAULT_WRITE, true, 8},
    {"read-kernel", SK_FAULT_READ, true, 0xffffff8040200000},
    {"write-constant", SK_FAULT_WRITE, false, 0},
    {"write-text", SK_FAULT_WRITE, false, 0},
    {"run-null", SK_FAULT_EXEC, true, 0},
    {"run-stack", SK_FAULT_EXEC, false, 0},
    {"run-constant", SK_FAULT_EXEC, false, 0},
    {"odd-pc", SK_FAULT_ALIGN, false, 0},
    {"stack", SK_FAULT_STACK, false, 0},
    {"illegal", SK_FAULT_ILLEGAL, false, 0},
};

static void fault_checks(struct checks *c)
{
    for (unsigned i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        sk_tid tid;
        struct proc_exit how = {0};
        bool ran = check_spawn("portfault", faults[i].what, "", sk_my_core(), &tid) &&
                   check_wait(tid, &how);
        bool right = ran && how.cause == SK_CAUSE_FAULT && how.fault == faults[i].kind &&
                     (!faults[i].has_addr || how.fault_addr == faults[i].addr);
        check(c, right, faults[i].what);
        if (!right)
            printf("  cause %u status %d fault %u address 0x%llx pc 0x%llx\n", (unsigned)how.cause,
                   (int)how.status, (unsigned)how.fault, (unsigned long long)how.fault_addr,
                   (unsigned long long)how.fault_pc);
    }
}

static void address_checks(struct checks *c)
{
    static const uint64_t bad[] = {FREE_ADDR + 8u, (uint64_t)1 << 38, (uint64_t)1 << 47,
                                   0xffffff8040200000, 0xfffffffffffff000};
    sk_handle r = 0, other = 0;
    uint64_t at;
    check(c, sys_region_create(2, &r) == SK_OK && sys_region_create(1, &other) == SK_OK, "regions");
    bool refused = true;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        refused = refused && sys_region_map(r, bad[i], SK_PROT_R, &at) == SK_ERR_ARG;
    check(c, refused, "mappings are refused where no task may have any");
    check(c, sys_region_map(r, FREE_ADDR, SK_PROT_R | SK_PROT_W, &at) == SK_OK && at == FREE_ADDR,
          "a mapping at an address of one's choice");
    check(c, sys_region_map(other, FREE_ADDR + SK_PAGE_BYTES, SK_PROT_R, &at) == SK_ERR_EXISTS,
          "not over another one");
    volatile uint32_t *word = (volatile uint32_t *)(uintptr_t)(FREE_ADDR + SK_PAGE_BYTES);
    *word = 0x12345678;
    sys_region_unmap(r);
    check(c,
          sys_region_map(other, FREE_ADDR + SK_PAGE_BYTES, SK_PROT_R, &at) == SK_OK && *word == 0,
          "another page at the address of an old mapping");
    sys_close(r);
    sys_close(other);
}

static int answer(int x)
{
    return x * 3 + 1;
}

static int other_answer(int x)
{
    return x * 5 + 2;
}

/* Text written as data, then run; twice at one address. Both functions are a few instructions that
 * do not depend on where they are. */
static void text_checks(struct checks *c)
{
    int (*const from[])(int) = {answer, other_answer};
    bool right = true;
    for (unsigned i = 0; i < 2; i++) {
        sk_handle r = 0;
        uint64_t at;
        if (sys_region_create(1, &r) != SK_OK ||
            sys_region_map(r, 0, SK_PROT_R | SK_PROT_W, &at) != SK_OK)
            break;
        memcpy((void *)(uintptr_t)at, (const void *)(uintptr_t)from[i], 64);
        sys_region_unmap(r);
        if (sys_region_map(r, FREE_ADDR, SK_PROT_R | SK_PROT_X, &at) != SK_OK)
            right = false;
        else
            right = right && ((int (*)(int))(uintptr_t)at)(7) == from[i](7);
        sys_close(r);
    }
    check(c, right, "text that was just written runs");
}

static void preemption_checks(struct checks *c)
{
    sk_tid tid;
    struct proc_exit how;
    check(c, check_spawn("portfault", "spin", "", sk_my_core(), &tid),
          "a program that never yields");
    sk_ns start = sk_now();
    for (unsigned i = 0; i < 5; i++) {
        sk_sleep_until(sk_in_ms(5));
        (void)sys_yield();
    }
    check(c, sk_now() - start < SK_MS(5000), "others of its priority go on");
    check(c, proc_kill(NULL, tid) == SK_OK && check_wait(tid, &how) && how.cause == SK_CAUSE_KILLED,
          "and it can be killed");
}

int main(void)
{
    struct checks c = {0, 0};
    address_checks(&c);
    text_checks(&c);
    fault_checks(&c);
    preemption_checks(&c);
    return check_end(&c);
}
