/* A program that does one thing it may not, named by its arguments `mpufault WHAT [ADDRESS]`;
 * mpucheck starts it and looks at what the kernel says. Status 1: nothing stopped it; 2: the
 * address is its own; 3: not tried. `spin` never enters the kernel.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/port/check.h"

extern char text_start[], rodata_end[], stack_start[];

static const uint32_t constant[4] = {1, 2, 3, 4};
static uint32_t data[4];

static volatile uint32_t *at(uintptr_t addr)
{
    __asm__("" : "+r"(addr)); /* or the compiler warns of it */
    return (volatile uint32_t *)addr;
}

static uint32_t deeper(uint32_t n)
{
    volatile uint8_t frame[128];
    frame[n % sizeof(frame)] = (uint8_t)n;
    return n == 0xffffffff ? 0 : deeper(n + 1u) + frame[(n + 1u) % sizeof(frame)];
}

static void run_at(uintptr_t addr)
{
    __asm__("" : "+r"(addr));
    ((void (*)(void))addr)();
}

static bool is_own(uintptr_t addr)
{
    const struct sk_start *s = sk_self()->start;
    return (addr >= (uintptr_t)text_start && addr < (uintptr_t)rodata_end) ||
           (addr >= (uintptr_t)stack_start && addr < s->heap_addr + s->heap_bytes);
}

/* --- One each; all of them end here or not at all -------------------------------------------- */

static void read_addr(uintptr_t addr)
{
    (void)*at(addr);
}
static void write_addr(uintptr_t addr)
{
    *at(addr) = 1;
}
static void write_constant(uintptr_t unused)
{
    (void)unused;
    *at((uintptr_t)constant) = 1;
}
static void write_text(uintptr_t unused)
{
    (void)unused;
    *at((uintptr_t)text_start) = 1;
}
static void run_addr(uintptr_t addr)
{
    run_at(addr | 1u);
}
static void run_data(uintptr_t unused)
{
    (void)unused;
    run_at((uintptr_t)data | 1u);
}
static void run_stack(uintptr_t unused)
{
    uint32_t here[4] = {unused};
    run_at((uintptr_t)here | 1u);
}
static void run_constant(uintptr_t unused)
{
    (void)unused;
    run_at((uintptr_t)constant | 1u);
}
static void not_thumb(uintptr_t unused)
{
    (void)unused;
    run_at((uintptr_t)text_start & ~(uintptr_t)1);
}
static void overflow(uintptr_t unused)
{
    (void)deeper((uint32_t)unused);
}
static void illegal(uintptr_t unused)
{
    (void)unused;
    __builtin_trap();
}
static void breakpoint(uintptr_t unused)
{
    (void)unused;
    __asm__ volatile("bkpt 1");
}
static void other_state(uintptr_t addr)
{
    __asm__ volatile("bxns %0" ::"r"(addr & ~(uintptr_t)1));
}
static void unaligned(uintptr_t unused)
{
    (void)unused;
    uintptr_t odd = (uintptr_t)data + 2u;
    __asm__ volatile("ldrd r2, r3, [%0]" ::"r"(odd) : "r2", "r3");
}
static void fp(uintptr_t unused)
{
    (void)unused;
    __asm__ volatile(".inst.w 0xeeb70a00" ::: "memory"); /* vmov.f32 s0, #1.0 */
}
/* With a stack pointer that is not its own: the kernel is called, an instruction fails, an
 * interrupt comes. */
static void wild_call(uintptr_t addr)
{
    __asm__ volatile("mov sp, %0\n\tsvc 0" ::"r"(addr & ~(uintptr_t)7) : "memory");
}
static void wild_fault(uintptr_t addr)
{
    __asm__ volatile("mov sp, %0\n\tudf 0" ::"r"(addr & ~(uintptr_t)7) : "memory");
}
static void wild_wait(uintptr_t addr)
{
    __asm__ volatile("mov sp, %0\n1:\tyield\n\tb 1b" ::"r"(addr & ~(uintptr_t)7) : "memory");
}
/* Privilege and masks cannot be taken: the attempts have no effect, then the read fails. */
static void take_privilege(uintptr_t addr)
{
    __asm__ volatile("msr control, %0\n\tcpsid i\n\tcpsid f\n\tmsr basepri, %1\n\tisb" ::"r"(0),
                     "r"(16)
                     : "memory");
    (void)*at(addr);
}
/* The memory that holds the stack is given away while the kernel works for the task. */
static void lose_stack(uintptr_t unused)
{
    sk_handle r;
    uintptr_t stack;
    (void)unused;
    if (sys_region_create(1, &r) != SK_OK ||
        sys_region_map(r, 0, SK_PROT_R | SK_PROT_W, &stack) != SK_OK)
        sys_exit(3);
    register uintptr_t r0 __asm__("r0") = r;
    register uint32_t r12 __asm__("r12") = SK_CALL_REGION_UNMAP;
    __asm__ volatile("mov sp, %1\n\tsvc 0" : "+r"(r0) : "r"(stack + 512u), "r"(r12) : "memory");
    __asm__ volatile("1: b 1b");
}
/* A message is received over the very registers that the processor has stored for this task, so
 * that it comes back with a state of its own making: xpsr is addr, pc is 0. */
static void forge(uintptr_t addr)
{
    sk_handle chan = 0, end = 0;
    struct sk_chan_view view;
    struct sk_msg m = {.ctl = sk_ctl_make(32, 0, 0, false)};
    m.w32[7] = addr;
    if (sys_chan_create(8, &chan, &end) != SK_OK || sys_chan_open(chan, 8, &view) != SK_OK ||
        sys_chan_open(end, 8, &view) != SK_OK || sys_chan_send(end, &m, 1) != SK_OK)
        sys_exit(3);
    register uintptr_t r0 __asm__("r0") = chan;
    register uintptr_t r2 __asm__("r2") = 1;
    register uint32_t r12 __asm__("r12") = SK_CALL_CHAN_RECV;
    __asm__ volatile("sub r1, sp, #40\n\tsvc 0" : "+r"(r0) : "r"(r2), "r"(r12) : "r1", "memory");
}
static void spin(uintptr_t unused)
{
    (void)unused;
    for (;;)
        sk_relax();
}

static const struct {
    const char *what;
    void (*act)(uintptr_t addr);
} acts[] = {
    {"read", read_addr},
    {"write", write_addr},
    {"write-constant", write_constant},
    {"write-text", write_text},
    {"run", run_addr},
    {"run-data", run_data},
    {"run-stack", run_stack},
    {"run-constant", run_constant},
    {"not-thumb", not_thumb},
    {"stack", overflow},
    {"illegal", illegal},
    {"breakpoint", breakpoint},
    {"other-state", other_state},
    {"unaligned", unaligned},
    {"fp", fp},
    {"wild-call", wild_call},
    {"wild-fault", wild_fault},
    {"wild-wait", wild_wait},
    {"privilege", take_privilege},
    {"lose-stack", lose_stack},
    {"forge", forge},
    {"spin", spin},
};

static uintptr_t number(const char *hex)
{
    uintptr_t v = 0;
    for (; *hex; hex++)
        v = v << 4 | (uintptr_t)(*hex <= '9' ? *hex - '0' : *hex - 'a' + 10);
    return v;
}

int main(int argc, char **argv)
{
    uintptr_t addr = argc > 2 ? number(argv[2]) : 0;
    if (argc < 2)
        return 3;
    if ((strcmp(argv[1], "read") == 0 || strcmp(argv[1], "write") == 0) && is_own(addr))
        return 2;
    for (unsigned i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
        if (strcmp(argv[1], acts[i].what) == 0) {
            acts[i].act(addr);
            return 1;
        }
    return 3;
}
