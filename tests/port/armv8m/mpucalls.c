/* Port conformance of armv8m: system calls with arguments that make no sense. Every call number,
 * known or not, with each argument in turn replaced by addresses that are not the task's and by
 * other nonsense; registers that a call does not name full of the same. Whatever comes back is an
 * error of the table; the kernel, other tasks and this one's memory are as before.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/port/check.h"
#include <board.h>

#define WORDS    6u
#define BEYOND   4u /* call numbers behind the last */
#define CANARIES 32u

extern char text_start[], rodata_end[], stack_start[];

struct handles {
    sk_handle chan, far, port, region;
    uintptr_t memory; /* of the region, mapped */
};

static uint32_t canary[CANARIES];
static uint32_t own[72]; /* what results at an odd address may go to */

static bool make(struct handles *h)
{
    struct sk_chan_view view;
    return sys_chan_create(8, &h->chan, &h->far) == SK_OK &&
           sys_chan_open(h->chan, 9, &view) == SK_OK && sys_port_create(10, 1, &h->port) == SK_OK &&
           sys_region_create(1, &h->region) == SK_OK &&
           sys_region_map(h->region, 0, SK_PROT_R | SK_PROT_W, &h->memory) == SK_OK;
}

static void drop(const struct handles *h)
{
    sys_close(h->chan);
    sys_close(h->far);
    sys_close(h->port);
    sys_close(h->region);
}

/* Where the deadline of a call that may sleep stands; -1: it does not sleep. */
static int deadline_at(uint32_t nr)
{
    switch (nr) {
    case SK_CALL_WAIT:
        return 1;
    case SK_CALL_WAKE_WAIT:
    case SK_CALL_SEND_HANDLE:
    case SK_CALL_PORT_CONNECT:
    case SK_CALL_CORE_START:
    case SK_CALL_CORE_RESTART:
        return 2;
    case SK_CALL_CORE_CONNECT:
    case SK_CALL_CHAN_CALL:
    case SK_CALL_DEV_CALL:
        return 3;
    case SK_CALL_CHAN_SEND_WAIT:
        return 4;
    default:
        return -1;
    }
}

/* What a call has made by accident, or moved away. */
static void undo(struct handles *h, uint32_t nr, const struct sys_result *res)
{
    static const uint32_t makers[] = {SK_CALL_DUP,         SK_CALL_TAKE_HANDLE,
                                      SK_CALL_CHAN_CREATE, SK_CALL_PORT_CREATE,
                                      SK_CALL_PORT_ACCEPT, SK_CALL_REGION_CREATE};
    uintptr_t at;
    for (unsigned i = 0; i < sizeof(makers) / sizeof(makers[0]); i++)
        if (makers[i] == nr)
            sys_close((sk_handle)res->r1);
    if (nr == SK_CALL_CHAN_CREATE)
        sys_close((sk_handle)res->r2);
    if (nr == SK_CALL_REGION_MAP || nr == SK_CALL_REGION_UNMAP) {
        sys_region_unmap(h->region);
        sys_region_map(h->region, 0, SK_PROT_R | SK_PROT_W, &at);
    }
    if (nr == SK_CALL_TIMER)
        sys_timer(0, SK_FOREVER);
}

/* One call; false: its answer is none. */
static bool one(struct handles *h, uint32_t nr, const uintptr_t *arg)
{
    struct sys_result res = {0, 0, 0};
    uintptr_t a[WORDS];
    memcpy(a, arg, sizeof(a));
    int at = deadline_at(nr);
    if (at >= 0)
        a[at] = a[at + 1] = 0;
    /* Those that end what the others need, or this program. */
    if (nr == SK_CALL_EXIT || (nr == SK_CALL_CLOSE && a[0] != 0 && a[0] != 0xffffffffu) ||
        ((nr == SK_CALL_SEND_HANDLE || nr == SK_CALL_PORT_CONNECT) && a[1] == h->far))
        return true;
    sk_err err = sys_call(nr, a[0], a[1], a[2], a[3], a[4], a[5], &res);
    if (err == SK_OK)
        undo(h, nr, &res);
    return err <= SK_OK && err >= SK_ERR_LAST && (nr < SK_CALL_COUNT || err == SK_ERR_SYSCALL);
}

/* Every argument in turn is bad, over arguments with which some call makes sense. */
static bool one_number(struct handles *h, uint32_t nr)
{
    const uintptr_t end = (uintptr_t)(sk_self()->start->heap_addr + sk_self()->start->heap_bytes);
    const uintptr_t bad[] = {0,
                             1,
                             BOARD_RAM, /* the kernel's */
                             BOARD_RAM + 0x2345u,
                             BOARD_RAM + BOARD_RAM_BYTES - 8u, /* the other core's, or nobody's */
                             BOARD_FLASH,
                             (uintptr_t)text_start,
                             (uintptr_t)rodata_end - 4u,
                             (uintptr_t)stack_start - 4u,
                             end - 1u,
                             end,
                             (uintptr_t)own + 1u,
                             BOARD_UART0,
                             0x80000000u,
                             0xe000ed94u,
                             0xfffffff8u,
                             0xffffffffu,
                             h->chan ^ 0x1000u, /* another generation */
                             h->port,
                             h->region,
                             h->memory + SK_PAGE_BYTES - 32u};
    const uintptr_t sense[][WORDS] = {
        {h->chan, h->memory, 1, 0, 0, 0}, {h->chan, h->memory, 1u | 1u << 8, 0, 0, 0},
        {h->far, 9, h->memory, 0, 0, 0},  {h->memory, 16, 0, 0, 0, 0},
        {h->port, h->chan, 0, 0, 0, 0},   {h->region, 0, SK_PROT_R, 0, 0, 0},
        {0, h->memory, 0, 0, 0, 0},
    };
    bool right = true;
    for (unsigned s = 0; s < sizeof(sense) / sizeof(sense[0]); s++)
        for (unsigned i = 0; i < WORDS; i++)
            for (unsigned b = 0; b < sizeof(bad) / sizeof(bad[0]); b++) {
                uintptr_t arg[WORDS];
                memcpy(arg, sense[s], sizeof(arg));
                arg[i] = bad[b];
                right = one(h, nr, arg) && right;
            }
    return right;
}

static void number_checks(struct checks *c)
{
    static const uint32_t far[] = {0x7fffffff, 0x80000000, 0xffffff00, 0xffffffff};
    struct handles h;
    struct sk_task_info before, after;
    for (uint32_t i = 0; i < CANARIES; i++)
        canary[i] = ~i;
    sys_task_info(SK_HANDLE_NONE, &before);
    for (uint32_t n = 0; n < SK_CALL_COUNT + BEYOND + sizeof(far) / sizeof(far[0]); n++) {
        uint32_t nr = n < SK_CALL_COUNT + BEYOND ? n : far[n - SK_CALL_COUNT - BEYOND];
        bool made = make(&h);
        bool right = made && one_number(&h, nr);
        check(c, right, "a call with nonsense");
        if (!right)
            printf("  call %u%s\n", (unsigned)nr, made ? "" : ": nothing to try it with");
        if (made)
            drop(&h);
    }
    sys_task_info(SK_HANDLE_NONE, &after);
    bool same = true;
    for (uint32_t i = 0; i < CANARIES; i++)
        same = same && canary[i] == ~i;
    check(c, same, "memory of the caller is as before");
    check(c,
          before.handles == after.handles && before.ends == after.ends &&
              before.pages == after.pages,
          "nothing is left behind");
}

int main(void)
{
    struct checks c = {0, 0};
    number_checks(&c);
    return check_end(&c);
}
