/* A program that does one thing it may not, named by its argument; portmachine starts it and looks
 * at what the kernel says. Status 1: nothing stopped it. `spin` never enters the kernel.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/port/check.h"

static const uint32_t constant[4] = {1, 2, 3, 4};

static volatile uint32_t *at(uintptr_t addr)
{
    __asm__("" : "+r"(addr)); /* or the compiler warns of it */
    return (volatile uint32_t *)addr;
}

static uint32_t deeper(uint32_t n)
{
    volatile uint8_t frame[256];
    frame[n % sizeof(frame)] = (uint8_t)n;
    return n == 0xffffffff ? 0 : deeper(n + 1u) + frame[(n + 1u) % sizeof(frame)];
}

static void run_at(uintptr_t addr)
{
    __asm__("" : "+r"(addr));
    ((void (*)(void))addr)();
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    uint32_t data[4] = {0};
    if (strcmp(what, "read-null") == 0)
        return (int)(*at(0) & 0u) + 1;
    if (strcmp(what, "write-null") == 0)
        *at(8) = 1;
    if (strcmp(what, "read-kernel") == 0)
        return (int)(*at(0xffffff8040200000) & 0u) + 1;
    if (strcmp(what, "write-constant") == 0)
        *at((uintptr_t)constant) = 1;
    if (strcmp(what, "write-text") == 0)
        *at((uintptr_t)main) = 1;
    if (strcmp(what, "run-null") == 0)
        run_at(0);
    if (strcmp(what, "run-stack") == 0)
        run_at((uintptr_t)data);
    if (strcmp(what, "run-constant") == 0)
        run_at((uintptr_t)constant);
    if (strcmp(what, "odd-pc") == 0)
        run_at((uintptr_t)main + 2u);
    if (strcmp(what, "stack") == 0)
        return (int)(deeper(0) & 0u) + 1;
    if (strcmp(what, "illegal") == 0)
        __builtin_trap();
    while (strcmp(what, "spin") == 0)
        sk_relax();
    return 1;
}
