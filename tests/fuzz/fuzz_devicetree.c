/* The hardware description of the arm64 board: trees like QEMU's with parts left out, doubled and
 * damaged, and any bytes. What is found is in range, and nothing outside the tree is read.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "input.h"
#include "arch/arm64/machine.h"
#include "devicetree/board.h"

#include <libfdt.h>
#include <stdlib.h>
#include <sys/mman.h>

#define MOST 8192u

uint8_t *fuzz_fdt;
uint32_t fuzz_fdt_bytes;

_Noreturn void boot_fail(const char *why);
_Noreturn void boot_fail(const char *why)
{
    FUZZ_FAIL("boot_fail: %s", why);
}

/* A property with so many cells: of the given kind, or a few more or fewer, or any. */
static void cells(struct input *in, const char *name, const uint32_t *usual, uint32_t n)
{
    fdt32_t value[12] = {0};
    uint8_t b = input_u8(in);
    uint32_t len = b < 0xe0 ? n : b % 12u;
    for (uint32_t i = 0; i < n && i < 12; i++)
        value[i] = cpu_to_fdt32(usual[i]);
    if (b >= 0xc0)
        value[b % 12u] = input_u32(in);
    if (b != 0xff)
        fdt_property(fuzz_fdt, name, value, (int)(len * sizeof(value[0])));
}

static void text(struct input *in, const char *name, const char *usual)
{
    uint8_t b = input_u8(in);
    if (b < 0xe0)
        fdt_property_string(fuzz_fdt, name, usual);
    else if (b < 0xf8) /* not terminated */
        fdt_property(fuzz_fdt, name, usual, (int)(b % (strlen(usual) + 1u)));
}

/* A node as the board has it, with `word` for its text property. */
static void node(struct input *in, const char *name, const char *property, const char *word,
                 const char *list, const uint32_t *value, uint32_t n)
{
    for (uint8_t b = input_u8(in), times = b < 0xd0 ? 1 : b % 4u; times > 0; times--) {
        fdt_begin_node(fuzz_fdt, name);
        text(in, property, word);
        if (list != NULL)
            cells(in, list, value, n);
        if (input_u8(in) >= 0xf0)
            cells(in, "#address-cells", (uint32_t[]){input_u8(in) % 5u}, 1);
        fdt_end_node(fuzz_fdt);
    }
}

static void build(struct input *in)
{
    static const uint32_t two[] = {2}, one[] = {1}, nothing[] = {0};
    fdt_create(fuzz_fdt, (int)fuzz_fdt_bytes);
    fdt_finish_reservemap(fuzz_fdt);
    fdt_begin_node(fuzz_fdt, "");
    cells(in, "#address-cells", two, 1);
    cells(in, "#size-cells", two, 1);
    node(in, "memory@40000000", "device_type", "memory", "reg",
         (uint32_t[]){0, 0x40000000, 0, 0x8000000}, 4);
    fdt_begin_node(fuzz_fdt, "cpus");
    cells(in, "#address-cells", one, 1);
    cells(in, "#size-cells", nothing, 1);
    for (uint32_t c = 0, n = input_below(in, 12); c < n; c++)
        node(in, "cpu", "device_type", "cpu", "reg", &c, 1);
    fdt_end_node(fuzz_fdt);
    fdt_begin_node(fuzz_fdt, "psci");
    text(in, "compatible", "arm,psci-0.2");
    text(in, "method", "smc");
    fdt_end_node(fuzz_fdt);
    node(in, "intc@8000000", "compatible", "arm,gic-v3", "reg",
         (uint32_t[]){0, 0x8000000, 0, 0x10000, 0, 0x80a0000, 0, 0xf60000}, 8);
    node(in, "timer", "compatible", "arm,armv8-timer", "interrupts",
         (uint32_t[]){1, 13, 4, 1, 14, 4, 1, 11, 4, 1, 10, 4}, 12);
    node(in, "pl011@9000000", "compatible", "arm,pl011", "reg",
         (uint32_t[]){0, 0x9000000, 0, 0x1000}, 4);
    fdt_end_node(fuzz_fdt);
    fdt_finish(fuzz_fdt);
}

/* A block of MOST bytes that ends where nothing is mapped: libfdt is not instrumented. */
static void memory_once(void)
{
    static uint8_t *base;
    if (base == NULL) {
        base = mmap(NULL, 2 * MOST, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        FUZZ_CHECK(base != MAP_FAILED && mprotect(base + MOST, MOST, PROT_NONE) == 0);
    }
    fuzz_fdt = base;
    fuzz_fdt_bytes = MOST;
}

/* The first byte: 0 takes the bytes as they are, otherwise a tree is made and then damaged. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = input_of(data, size);
    struct machine *m = calloc(1, sizeof(*m));
    memory_once();
    memset(fuzz_fdt, 0, MOST);
    if (input_u8(&in) == 0) {
        fuzz_fdt_bytes = in.left < MOST ? (uint32_t)in.left & ~7u : MOST;
        fuzz_fdt += MOST - fuzz_fdt_bytes;
        if (fuzz_fdt_bytes < 64) /* there is always memory; what it holds is another matter */
            fuzz_fdt -= 64;
        input_bytes(&in, fuzz_fdt, fuzz_fdt_bytes);
    } else {
        build(&in);
        for (unsigned n = 0; in.left != 0 && n < 8; n++) {
            uint16_t at = input_u16(&in);
            fuzz_fdt[at < 0x4000 ? at % 64u : at % MOST] = input_u8(&in);
        }
    }
    const char *why = board_discover(m, size % 3u);
    if (why == NULL) {
        FUZZ_CHECK(m->cores >= 1 && m->cores <= SK_CORES_MAX);
        FUZZ_CHECK(m->mpidr[0] == size % 3u);
        FUZZ_CHECK(m->timer_irq >= 16 && m->timer_irq < 32);
    }
    free(m);
    return 0;
}
