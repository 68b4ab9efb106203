/* Port conformance of armv8m: what a task may touch. Programs that do what they may not end with
 * the right kind of fault and address (mpufault), on this core; every other piece of RAM and flash,
 * every device and the processor's own registers are out of reach; the regions of the MPU are
 * handed out and taken back rightly; system calls refuse what the task could not touch itself; a
 * program that never enters the kernel does not keep others from running. The programs before and
 * after go on.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/names.h"
#include "tests/port/check.h"
#include <board.h>

#define ANY_ADDR 0xffffffffu
#define STEP     0x1000u
#define REGIONS  8u

static const struct fault {
    const char *what;
    uintptr_t addr;
    uint32_t kind;
    uintptr_t told; /* address in the report */
} faults[] = {
    {"read", 0, SK_FAULT_READ, 0},
    {"write", 8, SK_FAULT_WRITE, 8},
    {"run", 0, SK_FAULT_EXEC, 0},
    {"read", BOARD_RAM + 0x40u, SK_FAULT_READ, BOARD_RAM + 0x40u}, /* the kernel's */
    {"write", BOARD_RAM + 0x40u, SK_FAULT_WRITE, BOARD_RAM + 0x40u},
    {"write", BOARD_FLASH, SK_FAULT_WRITE, BOARD_FLASH},
    {"run", BOARD_FLASH + 0x400u, SK_FAULT_EXEC, BOARD_FLASH + 0x400u},
    {"write-constant", 0, SK_FAULT_WRITE, ANY_ADDR},
    {"write-text", 0, SK_FAULT_WRITE, ANY_ADDR},
    {"run-data", 0, SK_FAULT_EXEC, ANY_ADDR},
    {"run-stack", 0, SK_FAULT_EXEC, ANY_ADDR},
    {"run-constant", 0, SK_FAULT_EXEC, ANY_ADDR},
    {"run", BOARD_UART0, SK_FAULT_EXEC, BOARD_UART0},
    {"run", 0xfffffffcu, SK_FAULT_EXEC, 0xfffffffcu}, /* looks like an exception return */
    {"not-thumb", 0, SK_FAULT_ILLEGAL, ANY_ADDR},
    {"stack", 0, SK_FAULT_STACK, ANY_ADDR},
    {"illegal", 0, SK_FAULT_ILLEGAL, ANY_ADDR},
    {"breakpoint", 0, SK_FAULT_ILLEGAL, ANY_ADDR},
    {"other-state", BOARD_FLASH, SK_FAULT_ILLEGAL, ANY_ADDR},
    {"unaligned", 0, SK_FAULT_ALIGN, ANY_ADDR},
    {"wild-call", 0x20, SK_FAULT_STACK, ANY_ADDR},
    {"wild-call", BOARD_RAM + 0x400u, SK_FAULT_STACK, ANY_ADDR},
    {"wild-call", 0x90000000u, SK_FAULT_STACK, ANY_ADDR},
    {"wild-call", 0xe000ed00u, SK_FAULT_STACK, ANY_ADDR},
    {"wild-fault", BOARD_RAM + 0x400u, SK_FAULT_STACK, ANY_ADDR},
    {"wild-fault", 0, SK_FAULT_STACK, ANY_ADDR},
    {"wild-wait", BOARD_RAM + 0x400u, SK_FAULT_STACK, ANY_ADDR},
    {"privilege", BOARD_RAM + 0x40u, SK_FAULT_READ, BOARD_RAM + 0x40u},
    {"lose-stack", 0, SK_FAULT_STACK, ANY_ADDR},
    {"forge", 0x01000000u, SK_FAULT_EXEC, 0},         /* goes to 0 */
    {"forge", 0x0100000bu, SK_FAULT_OTHER, ANY_ADDR}, /* as if it were a handler */
};

static char *hex(char *text, uintptr_t v)
{
    snprintf(text, 12, "%x", (unsigned)v);
    return text;
}

static bool run(const char *what, uintptr_t addr, struct proc_exit *how)
{
    char text[12];
    sk_tid tid;
    *how = (struct proc_exit){0};
    return check_spawn("mpufault", what, hex(text, addr), sk_my_core(), &tid) &&
           check_wait(tid, how);
}

static void judge(struct checks *c, const struct fault *f)
{
    struct proc_exit how;
    bool right = run(f->what, f->addr, &how) && how.cause == SK_CAUSE_FAULT &&
                 how.fault == f->kind && (f->told == ANY_ADDR || how.fault_addr == f->told);
    check(c, right, f->what);
    if (!right)
        printf("  address 0x%x: cause %u status %d fault %u address 0x%x pc 0x%x\n",
               (unsigned)f->addr, (unsigned)how.cause, (int)how.status, (unsigned)how.fault,
               (unsigned)how.fault_addr, (unsigned)how.fault_pc);
}

static void fault_checks(struct checks *c)
{
    for (unsigned i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        judge(c, &faults[i]);
}

/* What the core's record says is what there is. */
static void record_checks(struct checks *c)
{
    static const struct fault no_unit = {"fp", 0, SK_FAULT_ILLEGAL, ANY_ADDR};
    struct proc_core core;
    struct proc_exit how;
    check(c, proc_core_info(NULL, sk_my_core(), &core) == SK_OK && core.info.self, "the record");
    check(c, core.info.mpu_regions >= REGIONS && core.info.priority_bits >= 2, "of this processor");
    if (core.info.fpu)
        check(c, run("fp", 0, &how) && how.cause == SK_CAUSE_EXITED && how.status == 1,
              "it has a floating-point unit");
    else
        judge(c, &no_unit);
}

/* --- Everything else is out of reach ---------------------------------------------------------- */

static uint32_t probe(struct checks *c, const char *what, uintptr_t from, uintptr_t to)
{
    uint32_t own = 0, wrong = 0;
    for (uintptr_t a = from; a < to; a += STEP) {
        struct proc_exit how;
        bool ran = run(what, a, &how);
        if (ran && how.cause == SK_CAUSE_EXITED && how.status == 2)
            own++;
        else if (!ran || how.cause != SK_CAUSE_FAULT || how.fault_addr != a)
            wrong++;
    }
    check(c, wrong == 0, what);
    return own;
}

static void reach_checks(struct checks *c)
{
    static const uintptr_t devices[] = {
        BOARD_TIMER,  0x50001000u,  0x50002000u, BOARD_MHU0,  BOARD_MHU1,  BOARD_CPUID,
        BOARD_SYSCTL, BOARD_SPCTRL, BOARD_UART0, 0x50201000u, 0x40200000u, 0xe000e010u,
        0xe000e100u,  0xe000ed94u,  0xe0000000u, 0x80000000u, 0x20000000u, 0x38000000u};
    (void)probe(c, "read", BOARD_RAM, BOARD_RAM + BOARD_RAM_BYTES);
    (void)probe(c, "write", BOARD_RAM + 0x800u, BOARD_RAM + BOARD_RAM_BYTES);
    (void)probe(c, "write", BOARD_FLASH, BOARD_FLASH + 0x10000u);
    for (unsigned i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
        (void)probe(c, "read", devices[i], devices[i] + 1u);
        (void)probe(c, "write", devices[i], devices[i] + 1u);
    }
}

/* --- Regions --------------------------------------------------------------------------------- */

static void region_checks(struct checks *c)
{
    sk_handle r[REGIONS] = {0};
    uintptr_t at[REGIONS];
    uint32_t n = 0;
    sk_err err = SK_OK;
    check(c, sys_region_create(1, &r[0]) == SK_OK, "a region");
    check(c, sys_region_map(r[0], 0x1000, SK_PROT_R, &at[0]) == SK_ERR_ARG,
          "memory has one address only");
    check(c, sys_region_map(r[0], 0, SK_PROT_R | SK_PROT_W | SK_PROT_X, &at[0]) == SK_ERR_ARG,
          "writable or executable");
    check(c, sys_region_map(r[0], 0, SK_PROT_R | SK_PROT_W, &at[0]) == SK_OK, "mapped");
    *(volatile uint32_t *)at[0] = 1;
    check(c, sys_region_unmap(r[0]) == SK_OK && sys_close(r[0]) == SK_OK, "unmapped");
    while (n < REGIONS && err == SK_OK) {
        err = sys_region_create(1, &r[n]);
        if (err != SK_OK)
            break;
        err = sys_region_map(r[n], 0, SK_PROT_R | SK_PROT_W, &at[n]);
        n++;
    }
    check(c, n >= 2u && (err == SK_ERR_BUDGET || err == SK_ERR_NO_MEMORY),
          "regions come to an end");
    for (uint32_t i = 0; i < n; i++)
        sys_close(r[i]);
}

/* Text written as data, then run. The function does not depend on where it is. */
static int answer(int x)
{
    return x * 3 + 1;
}

static void text_checks(struct checks *c)
{
    sk_handle r = 0;
    uintptr_t at = 0;
    bool right = sys_region_create(1, &r) == SK_OK &&
                 sys_region_map(r, 0, SK_PROT_R | SK_PROT_W, &at) == SK_OK;
    if (right)
        memcpy((void *)at, (const void *)((uintptr_t)answer & ~(uintptr_t)1), 32);
    right = right && sys_region_unmap(r) == SK_OK &&
            sys_region_map(r, 0, SK_PROT_R | SK_PROT_X, &at) == SK_OK &&
            ((int (*)(int))(at | 1u))(7) == answer(7);
    check(c, right, "text that was just written runs");
    check(c, sys_call_2(SK_CALL_INFO, r, at) == SK_ERR_FAULT, "and is not written to");
    sys_close(r);
}

/* --- System calls ----------------------------------------------------------------------------- */

/* Each call that takes an address, with everything else as it should be: the far end of chan is in
 * fresh, that of console is another's. */
static bool all_refuse(sk_handle chan, sk_handle fresh, sk_handle console, uintptr_t a,
                       bool readable)
{
    struct sys_result res;
    const struct {
        uint32_t nr;
        uintptr_t a0, a1, a2;
        bool writes;
    } calls[] = {
        {SK_CALL_INFO, chan, a, 0, true},
        {SK_CALL_TASK_INFO, 0, a, 0, true},
        {SK_CALL_CHAN_OPEN, fresh, 9, a, true},
        {SK_CALL_CHAN_RECV, chan, a, 1, true},
        {SK_CALL_CHAN_SEND, chan, a, 1, false},
        {SK_CALL_CHAN_SEND_WAIT, chan, a, 1, false},
        {SK_CALL_CHAN_CALL, console, a, 1u | 1u << 8, false},
        {SK_CALL_LOG_WRITE, a, 16, 0, false},
    };
    bool right = true;
    for (unsigned i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        if (!calls[i].writes && readable)
            continue;
        sk_err err = sys_call(calls[i].nr, calls[i].a0, calls[i].a1, calls[i].a2, 0, 0, 0, &res);
        if (err != SK_ERR_FAULT)
            printf("  call %u at 0x%x: %s\n", (unsigned)calls[i].nr, (unsigned)a, sk_err_text(err));
        right = right && err == SK_ERR_FAULT;
    }
    return right;
}

static void pointer_checks(struct checks *c)
{
    extern char text_start[], rodata_end[], stack_start[];
    const struct sk_start *s = sk_self()->start;
    uintptr_t ram_end = (uintptr_t)(s->heap_addr + s->heap_bytes);
    const struct {
        uintptr_t addr;
        bool readable;
    } bad[] = {{0, false},
               {4, false},
               {BOARD_RAM, false},
               {BOARD_RAM + BOARD_RAM_BYTES - 64u, false},
               {BOARD_FLASH, false},
               {BOARD_UART0, false},
               {0xe000ed94u, false},
               {0xfffffff8u, false},
               {ram_end, false},
               {ram_end - 8u, false},
               {(uintptr_t)stack_start - 8u, false},
               {(uintptr_t)text_start, true},
               {(uintptr_t)rodata_end - 64u, true}};
    sk_handle chan = 0, fresh = 0;
    struct sk_chan_view view;
    struct sk_chan console;
    check(c, names_connect("console", sk_in_ms(5000), &console) == SK_OK, "a channel to a service");
    bool made =
        sys_chan_create(8, &chan, &fresh) == SK_OK && sys_chan_open(chan, 8, &view) == SK_OK;
    check(c, made, "a channel");
    for (unsigned i = 0; made && i < sizeof(bad) / sizeof(bad[0]); i++) {
        bool right = all_refuse(chan, fresh, console.handle, bad[i].addr, bad[i].readable);
        check(c, right, "system calls refuse addresses that are not the task's");
    }
    sys_close(chan);
    sk_chan_close(&console);
    sys_close(fresh);
}

static void preemption_checks(struct checks *c)
{
    sk_tid tid;
    struct proc_exit how;
    check(c, check_spawn("mpufault", "spin", "", sk_my_core(), &tid),
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
    pointer_checks(&c);
    region_checks(&c);
    text_checks(&c);
    fault_checks(&c);
    record_checks(&c);
    preemption_checks(&c);
    reach_checks(&c);
    return check_end(&c);
}
