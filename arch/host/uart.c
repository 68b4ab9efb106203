/* The machine's one UART, after the PL011 (ARM DDI 0183: registers and interrupts as there): two
 * FIFOs of 16, a byte takes CHAR_NS in either direction. What it sends is the run's output; what it
 * receives is what the script types. Its interrupt is a level: it stays until the cause is gone.
 * Not modelled: errors, modem lines, DMA, baud rate.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "arch/host/sim.h"
#include "arch/host/include/mmio.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIFO       16u
#define CHAR_NS    2000u
#define TIMEOUT_NS (4u * CHAR_NS) /* receive: that long nothing more came */

enum {
    DR = 0x00,
    RSR = 0x04,
    FR = 0x18,
    LCRH = 0x2c,
    CR = 0x30,
    IFLS = 0x34,
    IMSC = 0x38,
    RIS = 0x3c,
    MIS = 0x40,
    ICR = 0x44,
    PERIPH_ID = 0xfe0
};
enum { FR_BUSY = 1 << 3, FR_RXFE = 1 << 4, FR_TXFF = 1 << 5, FR_RXFF = 1 << 6, FR_TXFE = 1 << 7 };
enum { INT_RX = 1 << 4, INT_TX = 1 << 5, INT_RT = 1 << 6 };
enum { LCRH_FEN = 1 << 4, CR_UARTEN = 1, CR_TXE = 1 << 8, CR_RXE = 1 << 9 };

static struct uart {
    uint64_t base;
    uint32_t irq;
    uint32_t lcrh, cr, ifls, imsc, ibrd, fbrd;
    uint8_t rx[FIFO];
    uint32_t rx_first, rx_count;
    sk_ns rx_last_ns, rx_next_ns; /* last byte came; the next may */
    sk_ns tx_idle_ns;             /* all bytes are out */
    bool tx_armed;                /* the FIFO was above its trigger: falling to it interrupts */
    bool tx_raised;
    bool routed[SK_CORES_MAX];
    char *output;
    size_t output_len, output_room;
    size_t tail; /* bytes of the programs' last line, as long as it has no end */
} uart;

void uart_reset(void)
{
    char *output = uart.output;
    size_t room = uart.output_room;
    uart = (struct uart){.output = output, .output_room = room, .ifls = 0x12, .cr = 0x300};
    const struct sk_sys_header *sys = sim.tpl->sys;
    for (uint32_t i = 0; i < sys->dev_count && uart.base == 0; i++) {
        const struct sk_sys_dev *d = system_dev(sys, i);
        if (strncmp(d->name, "uart", 4) == 0) {
            uart.base = d->base;
            uart.irq = d->irq;
        }
    }
}

void uart_core_reset(sk_core core)
{
    uart.routed[core] = false;
}

/* --- Output ---------------------------------------------------------------------------------- */

/* Put text before the last `tail` bytes of what is kept; what is shown is not put in order. */
static void emit(const char *text, size_t len, size_t tail)
{
    if (uart.output_len + len + 1u > uart.output_room) {
        uart.output_room = (uart.output_len + len + 1u) * 2u;
        uart.output = realloc(uart.output, uart.output_room);
    }
    char *at = uart.output + uart.output_len - tail;
    memmove(at + len, at, tail);
    memcpy(at, text, len);
    uart.output_len += len;
    uart.output[uart.output_len] = '\0';
    if (!sim.opt.quiet) {
        fwrite(text, 1, len, stdout);
        fflush(stdout);
    }
    script_output();
}

/* A kernel that breaks speaks in the middle of what programs print. Whoever reads a prompt is not
 * misled by that, and the script is not either: it comes before the line that has no end yet, as
 * far as that was not waited for. */
void uart_early(const char *text, size_t len)
{
    if (uart.tail > uart.output_len - script_seen())
        uart.tail = uart.output_len - script_seen();
    emit(text, len, uart.tail);
}

const char *uart_output(size_t *len)
{
    *len = uart.output_len;
    return uart.output_len == 0 ? "" : uart.output;
}

static uint32_t fifo_depth(void)
{
    return uart.lcrh & LCRH_FEN ? FIFO : 1u;
}

static uint32_t tx_level(void)
{
    if (uart.tx_idle_ns <= sim.now)
        return 0;
    return (uint32_t)((uart.tx_idle_ns - sim.now + CHAR_NS - 1u) / CHAR_NS);
}

static uint32_t tx_trigger(void)
{
    static const uint8_t eighths[8] = {1, 2, 4, 6, 7, 7, 7, 7};
    return fifo_depth() == 1u ? 0u : FIFO * eighths[uart.ifls & 7u] / 8u;
}

static void tx_settle(void)
{
    if (uart.tx_armed && tx_level() <= tx_trigger()) {
        uart.tx_armed = false;
        uart.tx_raised = true;
    }
}

static void tx_put(uint32_t v)
{
    char c = (char)v;
    if ((uart.cr & (CR_UARTEN | CR_TXE)) != (CR_UARTEN | CR_TXE))
        return;
    if (tx_level() >= fifo_depth()) /* a driver that does not look loses bytes */
        return;
    uart.tx_idle_ns = (uart.tx_idle_ns > sim.now ? uart.tx_idle_ns : sim.now) + CHAR_NS;
    if (tx_level() > tx_trigger()) {
        uart.tx_armed = true;
        uart.tx_raised = false;
    }
    uart.tail = c == '\n' ? 0 : uart.tail + 1u;
    emit(&c, 1, 0);
}

/* --- Input ----------------------------------------------------------------------------------- */

static uint32_t rx_trigger(void)
{
    static const uint8_t eighths[8] = {1, 2, 4, 6, 7, 7, 7, 7};
    return fifo_depth() == 1u ? 1u : FIFO * eighths[(uart.ifls >> 3) & 7u] / 8u;
}

static bool rx_on(void)
{
    return (uart.cr & (CR_UARTEN | CR_RXE)) == (CR_UARTEN | CR_RXE);
}

void uart_advance(void)
{
    while (rx_on() && uart.rx_next_ns <= sim.now && uart.rx_count < fifo_depth()) {
        int c = script_next_char();
        if (c < 0)
            break;
        uart.rx[(uart.rx_first + uart.rx_count++) % FIFO] = (uint8_t)c;
        uart.rx_last_ns = sim.now;
        uart.rx_next_ns = sim.now + CHAR_NS;
    }
    tx_settle();
    if (script_done())
        sim_finish(SIM_SCRIPT_END);
}

static uint32_t raw(void)
{
    tx_settle();
    uint32_t v = uart.tx_raised ? INT_TX : 0;
    if (uart.rx_count >= rx_trigger())
        v |= INT_RX;
    if (uart.rx_count != 0 && sim.now >= uart.rx_last_ns + TIMEOUT_NS)
        v |= INT_RT;
    return v;
}

static uint32_t rx_get(void)
{
    if (uart.rx_count == 0)
        return 0;
    uint8_t c = uart.rx[uart.rx_first];
    uart.rx_first = (uart.rx_first + 1u) % FIFO;
    uart.rx_count--;
    return c;
}

/* --- Interrupt ------------------------------------------------------------------------------- */

bool uart_irq_pending(sk_core core)
{
    return uart.routed[core] && (raw() & uart.imsc) != 0;
}

void uart_irq_taken(sk_core core, uint32_t *irq)
{
    uart.routed[core] = false;
    *irq = uart.irq;
}

sk_err uart_irq_route(sk_core core, uint32_t irq, bool on)
{
    if (irq == 0 || irq >= 1020)
        return SK_ERR_ARG;
    if (irq == uart.irq)
        uart.routed[core] = on;
    return SK_OK;
}

/* The sooner of two times, if it is still to come: what is over has been seen to, or waits for a
 * core that executes nothing. */
static sk_ns sooner(sk_ns next, sk_ns at)
{
    return at > sim.now && at < next ? at : next;
}

sk_ns uart_next_ns(void)
{
    if (sim.cpu[0].mode == CORE_HALTED || sim.cpu[0].mode == CORE_HUNG)
        return SK_FOREVER; /* nobody is left to hear it */
    /* The script is asked when there is room for a byte. */
    sk_ns wake = script_wake_ns();
    sk_ns next = sooner(SK_FOREVER, wake > uart.rx_next_ns ? wake : uart.rx_next_ns);
    bool heard = false;
    for (uint32_t c = 0; c < SK_CORES_MAX; c++)
        heard = heard || uart.routed[c];
    if (!heard)
        return next;
    if ((uart.imsc & INT_RT) && uart.rx_count != 0)
        next = sooner(next, uart.rx_last_ns + TIMEOUT_NS);
    if (uart.tx_armed && (uart.imsc & INT_TX))
        next = sooner(next, uart.tx_idle_ns - (sk_ns)tx_trigger() * CHAR_NS);
    if (uart.rx_count < fifo_depth())
        next = sooner(next, uart.rx_next_ns); /* the script may have more to type */
    return next;
}

/* --- Registers ------------------------------------------------------------------------------- */

/* The running task touches addr: a fault if it is no device of its own. */
static bool owned(uintptr_t addr, uint32_t kind)
{
    struct port_cpu *cpu = sim.cur;
    sim_step();
    if (addr % 4 == 0 && sim_device_mapped(cpu->space, addr))
        return true;
    cpu->fault = (struct port_fault){.kind = kind, .addr = addr};
    sim.inside = true;
    sim_enter_kernel(REASON_FAULT);
    sim_fail("core %u resumed a task that had faulted", cpu->core);
}

uint32_t sim_mmio_read32(uintptr_t addr)
{
    static const uint8_t id[8] = {0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};
    owned(addr, SK_FAULT_READ);
    if (addr - uart.base >= SK_PAGE_BYTES)
        return 0;
    uint32_t reg = (uint32_t)(addr - uart.base);
    uart_advance();
    switch (reg) {
    case DR:
        return rx_get();
    case FR:
        return (uart.rx_count == 0 ? FR_RXFE : 0u) | (tx_level() == 0 ? FR_TXFE : FR_BUSY) |
               (tx_level() >= fifo_depth() ? FR_TXFF : 0u) |
               (uart.rx_count >= fifo_depth() ? FR_RXFF : 0u);
    case LCRH:
        return uart.lcrh;
    case CR:
        return uart.cr;
    case IFLS:
        return uart.ifls;
    case IMSC:
        return uart.imsc;
    case RIS:
        return raw();
    case MIS:
        return raw() & uart.imsc;
    default:
        return reg >= PERIPH_ID ? id[(reg - PERIPH_ID) / 4u] : 0;
    }
}

void sim_mmio_write32(uintptr_t addr, uint32_t v)
{
    owned(addr, SK_FAULT_WRITE);
    if (addr - uart.base >= SK_PAGE_BYTES)
        return;
    switch (addr - uart.base) {
    case DR:
        tx_put(v);
        break;
    case LCRH:
        uart.lcrh = v;
        break;
    case CR:
        uart.cr = v;
        break;
    case IFLS:
        uart.ifls = v;
        break;
    case IMSC:
        uart.imsc = v;
        break;
    case ICR:
        if (v & INT_TX)
            uart.tx_raised = false;
        if (v & INT_RT)
            uart.rx_last_ns = sim.now;
        break;
    default:
        break;
    }
}
